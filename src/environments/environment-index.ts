import type { Store } from '../store/store.ts';
import type { EnvironmentRecord } from './record.ts';

/**
 * The names of an organization's environments, so that they can be listed.
 *
 * It is written before an environment and taken away after all that is stored of it: what exists is always in it,
 * and what is in it need not exist. What somebody who died half-way has left behind is found by its id here.
 */
export interface EnvironmentIndex {
  add(environment: ListedEnvironment): Promise<void>;
  remove(environment: ListedEnvironment): Promise<void>;
  count(organizationId: string): Promise<number>;
  /** The ids that stand beside each name, which is `project/name`: more than one where something was left behind. */
  names(organizationId: string): Promise<ReadonlyMap<string, readonly string[]>>;
}

type ListedEnvironment = Pick<EnvironmentRecord, 'organization' | 'project' | 'name' | 'id'>;

const PAGE = 1000;

export const openEnvironmentIndex = (store: Store): EnvironmentIndex => ({
  add: (environment) => store.add(keyOf(environment.organization.id), memberOf(environment), 0),
  remove: (environment) => store.remove(keyOf(environment.organization.id), memberOf(environment)),
  count: async (organizationId) => (await store.page(keyOf(organizationId), 0, 0)).total,

  async names(organizationId) {
    const members: string[] = [];
    for (;;) {
      const page = await store.page(keyOf(organizationId), members.length, PAGE, true);
      members.push(...page.members);
      if (page.members.length === 0 || members.length >= page.total) break;
    }
    const names = new Map<string, readonly string[]>();
    for (const member of members) {
      const end = member.lastIndexOf('/');
      const name = member.slice(0, end);
      names.set(name, [...(names.get(name) ?? []), member.slice(end + 1)]);
    }
    return names;
  },
});

const keyOf = (organizationId: string): string => `environments/${organizationId}`;

/** Of one environment alone: another one of the same name is another member, and nobody takes it away by mistake. */
const memberOf = ({ project, name, id }: ListedEnvironment): string => `${project}/${name}/${id}`;

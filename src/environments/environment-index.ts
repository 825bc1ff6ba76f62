import type { Store } from '../store/store.ts';
import type { EnvironmentRecord } from './record.ts';

/**
 * The names of an organization's environments, so that they can be listed.
 *
 * It is written before an environment and taken away after it: what exists is always in it, and what is in it need
 * not exist.
 */
export interface EnvironmentIndex {
  add(environment: EnvironmentRecord): Promise<void>;
  remove(environment: EnvironmentRecord): Promise<void>;
  count(organizationId: string): Promise<number>;
  /** As `project/name`; a name may come twice. */
  names(organizationId: string): Promise<readonly string[]>;
}

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
    return members.map((member) => member.slice(0, member.lastIndexOf('/')));
  },
});

const keyOf = (organizationId: string): string => `environments/${organizationId}`;

/** Of one environment alone: another one of the same name is another member, and nobody takes it away by mistake. */
const memberOf = ({ project, name, id }: EnvironmentRecord): string => `${project}/${name}/${id}`;

import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Random } from '../system.ts';
import { type HeldNames, openHeldNames, refuseHeld } from './held-names.ts';
import type { Identified } from './run.ts';

/** A stack as the store knows it: its id, and how many runs it has had. */
export interface KnownStack extends Identified {
  readonly project: Identified;
  /** Version of its newest run; 0 before the first. */
  readonly runs: number;
}

/**
 * The immutable ids behind names: given at first sight, never given again.
 *
 * A name that is deleted and comes back gets another id, so that trust in the old one never covers the new one. Those
 * who trust names and not ids are kept from that by `held`: such a name is refused until its quarantine is over.
 */
export interface Directory {
  readonly held: HeldNames;
  organization(name: string, declaredId: string | undefined): Promise<Identified>;
  /** The organization if it has an id; this never gives one. */
  findOrganization(name: string, declaredId: string | undefined): Promise<Identified | undefined>;
  project(organization: Identified, name: string): Promise<Identified>;
  stack(organization: Identified, project: string, name: string): Promise<KnownStack>;
  /** `declared`: in the operator's own file, who needs nobody's leave to use a name again. */
  environment(
    organization: Identified,
    project: string,
    name: string,
    from?: { readonly declared: true },
  ): Promise<Identified>;
  /** Ends the environment with this id, and forgets the id; false when the name has another one, or none. */
  deleteEnvironment(organization: Identified, project: string, name: string, id: string): Promise<boolean>;
  /** The stack if it exists; this never makes one. */
  findStack(organization: Identified, project: string, name: string): Promise<KnownStack | undefined>;
  /** The environment if its name has an id; this never gives one. */
  findEnvironment(organization: Identified, project: string, name: string): Promise<Identified | undefined>;
  /** The project if it exists; this never makes one. */
  findProject(organization: Identified, name: string): Promise<Identified | undefined>;
  /** The names of the organization's stacks, in order. */
  listStacks(organization: Identified, offset: number, count: number): Promise<StackNames>;
  /** Forgets the stack and its ordinals; what it did stays in the organization's lists until its time is over. */
  deleteStack(organization: Identified, project: string, name: string): Promise<boolean>;
}

/** A page of the names of stacks. */
export interface StackNames {
  readonly stacks: readonly { readonly project: string; readonly stack: string }[];
  /** On all pages. */
  readonly total: number;
}

/** Where a stack's document and the log of its runs live: one key, so that an ordinal is given in one step. */
export const stackKey = (organizationId: string, project: string, name: string): string =>
  `stack/${organizationId}/${project}/${name}`;

/** Where an environment's document lives: its id since somebody first named it, all else since it was created. */
export const environmentKey = (organizationId: string, project: string, name: string): string =>
  `environment/${organizationId}/${project}/${name}`;

/** 9999-12-31T23:59:59Z: a document written over one that expires keeps that time unless it is given another. */
const FOR_EVER = 253_402_300_799_000;

/** What is left of a deleted environment, so that versions go on; after a day nobody holds one of what is gone. */
const GONE = JSON.stringify({});
const GONE_KEPT_MS = 86_400_000;

/** Attempts of a change against others at the same moment. */
const ATTEMPTS = 10;

/** `quarantine`: seconds for which the names of what was deleted are not given again. */
export const openDirectory = (store: Store, random: Random, quarantine = 0): Directory => {
  const held = openHeldNames(store, quarantine);
  const find = async (key: string) => {
    const stored = await store.get(key);
    const id = stored && (JSON.parse(stored.value) as { id?: string }).id;
    return id === undefined ? undefined : { id, length: stored?.length ?? 0 };
  };
  const identify = async (key: string, may: () => Promise<void> = async () => undefined) => {
    const known = await find(key);
    if (known) return known;
    await may();
    const id = random.uuid();
    if (await store.create(key, JSON.stringify({ id }))) return { id, length: 0 };
    return (await find(key)) ?? { id, length: 0 };
  };
  const listKey = ({ id }: Identified) => `stacks/${id}`;
  const projectKey = (organization: Identified, name: string) => `project/${organization.id}/${name}`;

  return {
    held,
    async organization(name, declaredId) {
      return { name, id: declaredId ?? (await identify(`organization/${name}`)).id };
    },
    async findOrganization(name, declaredId) {
      const id = declaredId ?? (await find(`organization/${name}`))?.id;
      return id === undefined ? undefined : { name, id };
    },
    async project(organization, name) {
      return { name, id: (await identify(projectKey(organization, name))).id };
    },
    async stack(organization, project, name) {
      const [owner, known] = await Promise.all([
        identify(projectKey(organization, project)),
        identify(stackKey(organization.id, project, name), async () => {
          await refuseHeld(held, organization, { kind: 'stack', project, name });
          // Listed before it is there: nobody finds a stack that is there and not listed.
          await store.add(listKey(organization), `${project}/${name}`, 0);
        }),
      ]);
      return { name, id: known.id, project: { name: project, id: owner.id }, runs: known.length };
    },
    async environment(organization, project, name, from) {
      const key = environmentKey(organization.id, project, name);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const stored = await store.get(key);
        const known = stored && (JSON.parse(stored.value) as { id?: string }).id;
        if (known !== undefined) return { name, id: known };
        if (!from?.declared) await refuseHeld(held, organization, { kind: 'environment', project, name });
        const id = random.uuid();
        const written = await store.replace(key, stored?.version ?? 0, JSON.stringify({ id }), { expiresAt: FOR_EVER });
        if (written !== 'conflict') return { name, id };
      }
      throw new Refusal('conflict');
    },
    async deleteEnvironment(organization, project, name, id) {
      const key = environmentKey(organization.id, project, name);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const stored = await store.get(key);
        if (!stored || (JSON.parse(stored.value) as { id?: string }).id !== id) return false;
        const expiresAt = (await store.time()) + GONE_KEPT_MS;
        if ((await store.replace(key, stored.version, GONE, { expiresAt })) !== 'conflict') return true;
      }
      throw new Refusal('conflict');
    },
    async findStack(organization, project, name) {
      const [owner, known] = await Promise.all([
        find(projectKey(organization, project)),
        find(stackKey(organization.id, project, name)),
      ]);
      return owner && known && { name, id: known.id, project: { name: project, id: owner.id }, runs: known.length };
    },
    async findEnvironment(organization, project, name) {
      const known = await find(environmentKey(organization.id, project, name));
      return known && { name, id: known.id };
    },
    async findProject(organization, name) {
      const known = await find(projectKey(organization, name));
      return known && { name, id: known.id };
    },
    async listStacks(organization, offset, count) {
      const { members, total } = await store.page(listKey(organization), offset, count, true);
      const stacks = members.map((path) => {
        const [project = '', stack = ''] = path.split('/');
        return { project, stack };
      });
      return { stacks, total };
    },
    async deleteStack(organization, project, name) {
      // Off the list first: whoever makes it again a moment later is listed anew.
      await store.remove(listKey(organization), `${project}/${name}`);
      return store.delete(stackKey(organization.id, project, name));
    },
  };
};

import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { type EpochSeconds, writeTime } from '../system.ts';
import type { Identified } from './run.ts';

/** A stack's or an environment's name inside an organization. */
export interface HeldName {
  readonly kind: 'stack' | 'environment';
  readonly project: string;
  readonly name: string;
}

/** Why a name cannot be given again yet. */
export interface Hold {
  readonly until: EpochSeconds;
  /** Trust documents that named it when it went: as sentences show them. */
  readonly documents: readonly string[];
}

/**
 * Names of what was deleted, kept from being given again for a while.
 *
 * Subjects of v1 are made of names: whoever makes a stack of the same name gets in wherever the old one was trusted.
 */
export interface HeldNames {
  /** Holds a name from now on; `undefined`: this installation holds none. */
  hold(organization: Identified, name: HeldName, documents: readonly string[]): Promise<Hold | undefined>;
  find(organization: Identified, name: HeldName): Promise<Hold | undefined>;
  /** The names that are held now, those first that come free first; at most a thousand. */
  list(organization: Identified): Promise<readonly (HeldName & Hold)[]>;
  /** False when it was not held. */
  release(organization: Identified, name: HeldName): Promise<boolean>;
}

/** Most documents that a refusal names. */
const MOST_NAMED = 5;

const MOST_LISTED = 1000;

/** `quarantine`: seconds; 0 holds nothing. */
export const openHeldNames = (store: Store, quarantine: number): HeldNames => {
  const find = async (organization: Identified, name: HeldName): Promise<Hold | undefined> => {
    const stored = await store.get(keyOf(organization, name));
    return stored && (JSON.parse(stored.value) as Hold);
  };

  return {
    find,
    async hold(organization, name, documents) {
      if (quarantine === 0) return undefined;
      const until = Math.floor((await store.time()) / 1000) + quarantine;
      const held: Hold = { until, documents: documents.slice(0, MOST_NAMED) };
      await store.put(keyOf(organization, name), JSON.stringify(held), { expiresAt: until * 1000 });
      await store.add(listKey(organization), memberOf(name), until);
      return held;
    },
    async list(organization) {
      const key = listKey(organization);
      await store.trim(key, Math.floor((await store.time()) / 1000));
      const { members } = await store.page(key, 0, MOST_LISTED, true);
      const held = await Promise.all(
        members.map(nameOf).map(async (name) => ({ name, hold: await find(organization, name) })),
      );
      return held.flatMap(({ name, hold }) => (hold ? [{ ...name, ...hold }] : []));
    },
    async release(organization, name) {
      const released = await store.delete(keyOf(organization, name));
      await store.remove(listKey(organization), memberOf(name));
      return released;
    },
  };
};

/** Refuses a name that is held. */
export const refuseHeld = async (held: HeldNames, organization: Identified, name: HeldName): Promise<void> => {
  const hold = await held.find(organization, name);
  if (!hold) return;
  throw new Refusal('name_quarantined', {
    name: `${name.project}/${name.name}`,
    until: writeTime(hold.until),
    documents: hold.documents.join('; ') || 'none that was generated here',
  });
};

/** Names of projects, stacks and environments hold no slash. */
const memberOf = ({ kind, project, name }: HeldName): string => `${kind}/${project}/${name}`;

const nameOf = (member: string): HeldName => {
  const [kind, project = '', name = ''] = member.split('/');
  return { kind: kind === 'stack' ? 'stack' : 'environment', project, name };
};

const keyOf = ({ id }: Identified, { kind, project, name }: HeldName): string =>
  `held/${kind}/${id}/${project}/${name}`;

const listKey = ({ id }: Identified): string => `held-names/${id}`;

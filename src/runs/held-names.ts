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
  /** False when it was not held. */
  release(organization: Identified, name: HeldName): Promise<boolean>;
}

/** Most documents that a refusal names. */
const MOST_NAMED = 5;

/** `quarantine`: seconds; 0 holds nothing. */
export const openHeldNames = (store: Store, quarantine: number): HeldNames => ({
  async hold(organization, name, documents) {
    if (quarantine === 0) return undefined;
    const until = Math.floor((await store.time()) / 1000) + quarantine;
    const held: Hold = { until, documents: documents.slice(0, MOST_NAMED) };
    await store.put(keyOf(organization, name), JSON.stringify(held), { expiresAt: until * 1000 });
    return held;
  },
  async find(organization, name) {
    const stored = await store.get(keyOf(organization, name));
    return stored && (JSON.parse(stored.value) as Hold);
  },
  release: (organization, name) => store.delete(keyOf(organization, name)),
});

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

const keyOf = ({ id }: Identified, { kind, project, name }: HeldName): string =>
  `held/${kind}/${id}/${project}/${name}`;

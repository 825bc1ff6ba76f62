import { bootstrap } from '../keys/change.ts';
import { append } from '../keys/lifecycle.ts';
import { makeKey } from '../keys/new-key.ts';
import { chooseSigner, type Ring, type SigningAlgorithm, upcomingKeys } from '../keys/ring.ts';
import type { SealingKeys } from '../keys/seal.ts';
import { type StoredRing, writeRing } from '../keys/stored-ring.ts';
import type { Timing } from '../keys/timing.ts';
import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';

export interface RingPlace {
  readonly name: string;
  readonly store: Store;
  readonly sealingKeys: SealingKeys;
  readonly timing: Timing;
}

/**
 * Makes an issuer's first ring, with one key; `undefined`: somebody else made it meanwhile.
 *
 * With an embedded store the key signs at once. With Redis it signs after S: by then every replica that came up beside
 * this one has read it.
 */
export const firstRing = async (
  { name, store, sealingKeys, timing }: RingPlace,
  alg: SigningAlgorithm,
  now: EpochSeconds,
): Promise<StoredRing | undefined> => {
  const signFrom = store.kind === 'redis' ? now + Math.ceil(timing.staleness) : now;
  return writeRing(store, bootstrap(name, await makeKey(name, alg, sealingKeys), now, signFrom, timing), 0);
};

/**
 * Brings a ring back into a store that lost it; `undefined`: somebody else changed the store meanwhile.
 *
 * When nobody has its private halves any more, it gets a new key, which waits until verifiers know it; the public halves
 * stay, so that tokens that are out keep verifying.
 */
export const restoreRing = async (
  { name, store, sealingKeys, timing }: RingPlace,
  ring: Ring,
  version: number,
  now: EpochSeconds,
): Promise<StoredRing | undefined> => {
  if (chooseSigner(ring, now) || upcomingKeys(ring, now).length > 0) return writeRing(store, ring, version);
  const change = append(ring, await makeKey(name, ring.alg, sealingKeys), now, timing);
  if (!change.done) throw new Error(change.sentence);
  return writeRing(store, { ...change.ring, gen: ring.gen }, version);
};

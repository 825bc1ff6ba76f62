import type { EpochSeconds } from '../system.ts';
import { changed } from './change.ts';
import { chooseSigner, type Ring, type RingKey, settle, type Tombstone } from './ring.ts';
import type { StoredRing } from './stored-ring.ts';
import { publishFloor, type Timing } from './timing.ts';

/** The public part of a ring: what may leave the store and the process. */
export const publicRing = (ring: Ring): Ring => ({
  ...ring,
  keys: ring.keys.map(({ sealed: _private, ...key }) => key),
});

/** Are these two the same but for how private halves are sealed? */
export const samePublicly = (a: Ring, b: Ring): boolean => canonical(a) === canonical(b);

const canonical = (ring: Ring): string =>
  JSON.stringify([
    ring.gen,
    ring.alg,
    [...ring.keys]
      .sort((a, b) => (a.kid < b.kid ? -1 : 1))
      .map((key) => [key.kid, key.publishedAt, key.signFrom, key.signUntil, key.removeAt, key.revoked?.at ?? 0]),
    ring.tombstones.map(({ kid }) => kid).sort(),
  ]);

/**
 * Has the store gone back behind what this replica has served, or taken another road?
 *
 * True when its generation is lower, when it forgot a key that is still owed to verifiers, or when the same generation
 * says something else. Happens after a failover that lost writes, a restored backup, or a flushed store.
 */
export const wentBack = (held: Ring, loaded: Ring, now: EpochSeconds): boolean => {
  if (loaded.gen < held.gen) return true;
  if (loaded.gen === held.gen) return !samePublicly(held, loaded);
  const known = new Set([...loaded.keys, ...loaded.tombstones].map(({ kid }) => kid));
  return held.keys.some((key) => !known.has(key.kid) && !key.revoked && now < key.removeAt);
};

/** What a replica makes of what it read: nothing there and nothing known; fine; or the store has gone back, and this is both joined. */
export type Judgement =
  | { readonly kind: 'new' }
  | { readonly kind: 'good'; readonly stored: StoredRing }
  | { readonly kind: 'back'; readonly union: Ring };

/** Compares what the store says with what this replica has served. A held ring that nothing alive was signed with does not count. */
export const judge = (
  held: Ring | undefined,
  stored: StoredRing | undefined,
  now: EpochSeconds,
  timing: Timing,
): Judgement => {
  const owed = held?.keys.some((key) => now < key.removeAt) ? held : undefined;
  if (!stored) return owed ? { kind: 'back', union: changed(owed, owed.keys, now, timing) } : { kind: 'new' };
  return owed && wentBack(owed, stored.ring, now)
    ? { kind: 'back', union: merge(owed, stored.ring, now, timing) }
    : { kind: 'good', stored };
};

/**
 * Joins two histories of one ring: the union of their keys, one generation above both.
 *
 * A key that left stays away, and revoked wins; every time takes the later value, because a later switch is always safe; and a key that not all
 * replicas can have known for the floor waits for it, as long as another one can sign meanwhile.
 */
export const merge = (a: Ring, b: Ring, now: EpochSeconds, timing: Timing): Ring => {
  const newer = a.gen > b.gen || (a.gen === b.gen && canonical(a) >= canonical(b)) ? a : b;
  const older = newer === a ? b : a;
  const tombstones = joinTombstones(newer.tombstones, older.tombstones);
  const kids = new Set([...newer.keys, ...older.keys].map(({ kid }) => kid));
  const joined = [...kids].sort().map((kid) => {
    const [first, second] = [newer, older].map((ring) => ring.keys.find((key) => key.kid === kid));
    return joinKeys((first ?? second) as RingKey, second ?? (first as RingKey));
  });
  const keys = joined.filter(({ kid }) => !tombstones.has(kid));
  return {
    ...older,
    ...newer,
    gen: Math.max(a.gen, b.gen) + 1,
    keys: settle(withYoungWaiting(keys, newer, now, timing), now, timing),
    tombstones: [...tombstones.values()],
  };
};

const joinKeys = (newer: RingKey, older: RingKey): RingKey => {
  const { sealed: ofOlder, ...rest } = older;
  const { sealed = ofOlder, ...key } = newer;
  const latest = (field: 'publishedAt' | 'signFrom' | 'signUntil' | 'removeAt') => Math.max(newer[field], older[field]);
  const times = { publishedAt: latest('publishedAt'), signFrom: latest('signFrom'), removeAt: latest('removeAt') };
  const [first, second] = [newer.revoked, older.revoked];
  const revoked = first && second ? (first.at <= second.at ? first : second) : (first ?? second);
  if (revoked) return { ...rest, ...key, ...times, signUntil: Math.min(newer.signUntil, older.signUntil), revoked };
  return { ...rest, ...key, ...times, signUntil: latest('signUntil'), ...(sealed !== undefined && { sealed }) };
};

const joinTombstones = (newer: readonly Tombstone[], older: readonly Tombstone[]): ReadonlyMap<string, Tombstone> => {
  const joined = new Map(newer.map((tombstone) => [tombstone.kid, tombstone]));
  for (const tombstone of older) {
    const other = joined.get(tombstone.kid);
    const reason = tombstone.reason === 'revoked' || other?.reason === 'revoked' ? 'revoked' : 'expired';
    const removedAt = Math.max(tombstone.removedAt, other?.removedAt ?? 0);
    joined.set(tombstone.kid, { ...tombstone, ...other, removedAt, reason });
  }
  return joined;
};

const withYoungWaiting = (
  keys: readonly RingKey[],
  ring: Ring,
  now: EpochSeconds,
  timing: Timing,
): readonly RingKey[] => {
  const known = now - publishFloor(timing);
  const isOld = (key: RingKey) => key.publishedAt <= known && key.sealed !== undefined;
  if (!chooseSigner({ ...ring, keys: keys.filter(isOld) }, now)) return keys;
  return keys.map((key) =>
    isOld(key) || key.revoked ? key : { ...key, signFrom: Math.max(key.signFrom, now + publishFloor(timing)) },
  );
};

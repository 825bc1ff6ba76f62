import type { EpochSeconds } from '../system.ts';
import { type Ring, type RingKey, settle } from './ring.ts';
import { lonelyWindow, retention, type Timing } from './timing.ts';

/** A new key pair on its way into a ring: self-tested and sealed, known to nobody yet. */
export type NewKey = Pick<RingKey, 'kid' | 'alg' | 'jwk'> & { readonly sealed: string };

export type ChangeRefusal =
  | 'kid_reused'
  | 'wrong_algorithm'
  | 'spare_exists'
  | 'ring_full'
  | 'no_spare'
  | 'reason_required'
  | 'nothing_to_roll_back'
  | 'private_half_destroyed'
  | 'unknown_key'
  | 'too_early'
  | 'last_key'
  | 'replacement_required';

/**
 * What became of a change: the next ring, or why there is none.
 *
 * `ring` is the given one, unchanged, when there was nothing to do. `sentence` is for the operator.
 */
export type Change =
  | { readonly done: true; readonly ring: Ring; readonly sentence: string; readonly takesEffect?: EpochSeconds }
  | { readonly done: false; readonly refusal: ChangeRefusal; readonly sentence: string };

export const refused = (refusal: ChangeRefusal, sentence: string): Change => ({ done: false, refusal, sentence });

/** The ring after a change: one generation later, its windows settled. */
export const changed = (
  ring: Ring,
  keys: readonly RingKey[],
  now: EpochSeconds,
  timing: Timing,
  more: Partial<Ring> = {},
): Ring => ({ ...ring, ...more, gen: ring.gen + 1, keys: settle(keys, now, timing) });

/** What a key gets that starts at `signFrom`: an end of its own, and time in the JWKS for its last token. */
export const windowFrom = (signFrom: EpochSeconds, timing: Timing) => {
  const signUntil = signFrom + lonelyWindow(timing);
  return { signFrom, signUntil, removeAt: signUntil + retention(timing) };
};

/** A new key as it enters a ring. */
export const enter = (
  key: NewKey,
  now: EpochSeconds,
  signFrom: EpochSeconds,
  origin: RingKey['origin'],
  timing: Timing,
): RingKey => ({ ...key, publishedAt: now, ...windowFrom(signFrom, timing), origin });

/** Replaces one key of the ring by what `edit` makes of it. */
export const edited = (keys: readonly RingKey[], kid: string, edit: (key: RingKey) => RingKey): readonly RingKey[] =>
  keys.map((key) => (key.kid === kid ? edit(key) : key));

/** Moves the waiting keys, in the given order, so that each starts at least T after the one before it. */
export const queued = (
  keys: readonly RingKey[],
  behind: EpochSeconds,
  order: readonly RingKey[],
  timing: Timing,
): readonly RingKey[] => {
  let result = keys;
  let earliest = behind + timing.rotationPeriod;
  for (const waiting of order) {
    const signFrom = Math.max(waiting.signFrom, earliest);
    result = edited(result, waiting.kid, (key) => ({ ...key, ...windowFrom(signFrom, timing), origin: 'scheduled' }));
    earliest = signFrom + timing.rotationPeriod;
  }
  return result;
};

/** Gives one key a fresh window from `signFrom` on. */
export const startAt = (
  ring: Pick<Ring, 'keys'>,
  chosen: RingKey,
  signFrom: EpochSeconds,
  origin: RingKey['origin'],
  timing: Timing,
): readonly RingKey[] => edited(ring.keys, chosen.kid, (key) => ({ ...key, ...windowFrom(signFrom, timing), origin }));

/** The first ring of an issuer. Nobody knows an older key, so this one signs from `signFrom` without having been published before. */
export const bootstrap = (
  name: string,
  key: NewKey,
  now: EpochSeconds,
  signFrom: EpochSeconds,
  timing: Timing,
): Ring => ({
  format: 1,
  name,
  gen: 1,
  alg: key.alg,
  keys: [enter(key, now, signFrom, 'bootstrap', timing)],
  tombstones: [],
});

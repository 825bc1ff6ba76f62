import type { EpochSeconds } from '../system.ts';
import { lonelyWindow, longestWindow, overlap, retention, type Timing } from './timing.ts';

export type SigningAlgorithm = 'RS256' | 'ES256';

/** Members of a published key, exactly these. Verifiers refuse others (AWS: `key_ops`; Google: `x5c`). */
export type PublicJwk =
  | {
      readonly kty: 'RSA';
      readonly use: 'sig';
      readonly alg: 'RS256';
      readonly kid: string;
      readonly n: string;
      readonly e: string;
    }
  | {
      readonly kty: 'EC';
      readonly use: 'sig';
      readonly alg: 'ES256';
      readonly kid: string;
      readonly crv: 'P-256';
      readonly x: string;
      readonly y: string;
    };

/** One signing key: its phase is derived from these times, never stored. */
export interface RingKey {
  /** RFC 7638 thumbprint; never reused. */
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly jwk: PublicJwk;
  /** Private half as a JWE under a sealing key; absent once destroyed. */
  readonly sealed?: string;
  readonly publishedAt: EpochSeconds;
  readonly signFrom: EpochSeconds;
  readonly signUntil: EpochSeconds;
  readonly removeAt: EpochSeconds;
  /** Why it signs: the first key, the plan, an operator's `rotate`, `rotate --unsafe`, or because no other key could sign. */
  readonly origin: 'bootstrap' | 'scheduled' | 'manual' | 'unsafe' | 'recovery';
  readonly revoked?: { readonly at: EpochSeconds; readonly reason: string };
}

/** What is remembered of a key that left: its thumbprint may not come back. */
export interface Tombstone {
  readonly kid: string;
  readonly removedAt: EpochSeconds;
  readonly reason: 'expired' | 'revoked';
}

/** One issuer's signing keys as one versioned document with absolute times. */
export interface Ring {
  readonly format: 1;
  /** The issuer it belongs to. */
  readonly name: string;
  /** Grows by one with every change; a replica never goes back. */
  readonly gen: number;
  /** Algorithm of the keys to come. */
  readonly alg: SigningAlgorithm;
  readonly keys: readonly RingKey[];
  readonly tombstones: readonly Tombstone[];
}

/**
 * Where a key stands in its life.
 *
 * `published`: known, signs later; `active`: may sign; `retiring`: signs no more, verifies its last tokens;
 * `gone`: nothing it signed is alive; `revoked`: out of the JWKS whatever its times say.
 */
export type Phase = 'published' | 'active' | 'retiring' | 'gone' | 'revoked';

export const phaseOf = (key: RingKey, now: EpochSeconds): Phase => {
  if (key.revoked) return 'revoked';
  if (now < key.signFrom) return 'published';
  if (now < key.signUntil) return 'active';
  return now < key.removeAt ? 'retiring' : 'gone';
};

/** Oldest switch first; of two that switch together the one that will sign comes last. */
const bySwitch = (a: RingKey, b: RingKey): number => a.signFrom - b.signFrom || (a.kid < b.kid ? 1 : -1);

/**
 * The key that signs at `now`: of those that may, the one that started last; ties by the smaller `kid`.
 *
 * `usable` says whether this replica can sign with it (private half in memory, public half served). No
 * candidate means no token: there is no fallback to a key of another phase.
 */
export const chooseSigner = (
  ring: Ring,
  now: EpochSeconds,
  usable: (kid: string) => boolean = () => true,
): RingKey | undefined => {
  let chosen: RingKey | undefined;
  for (const key of ring.keys) {
    if (phaseOf(key, now) !== 'active' || !usable(key.kid)) continue;
    if (!chosen || bySwitch(chosen, key) < 0) chosen = key;
  }
  return chosen;
};

/** Keys that have yet to sign, the next one first. */
export const upcomingKeys = (ring: Pick<Ring, 'keys'>, now: EpochSeconds): readonly RingKey[] =>
  ring.keys.filter((key) => phaseOf(key, now) === 'published').sort(bySwitch);

/**
 * What the JWKS holds at `now`, in its order: the signing key first (some verifiers read no further), then
 * the later switch before the earlier one.
 *
 * A function of the ring and its phases alone, so all replicas agree byte for byte. Never empty while
 * the ring has an unrevoked key: a ring whose every key is gone still shows the last of them.
 */
export const publishedKeys = (ring: Ring, now: EpochSeconds): readonly RingKey[] => {
  const valid = ring.keys.filter((key) => !key.revoked);
  const alive = valid.filter((key) => now < key.removeAt);
  const shown = alive.length > 0 ? alive : valid.sort((a, b) => b.removeAt - a.removeAt || bySwitch(b, a)).slice(0, 1);
  const first = chooseSigner(ring, now);
  return shown.sort((a, b) => Number(b === first) - Number(a === first) || bySwitch(b, a));
};

/** The next instant after `now` at which some key changes its phase; `Infinity` when none will. */
export const nextBoundary = (ring: Ring, now: EpochSeconds): EpochSeconds => {
  let next = Number.POSITIVE_INFINITY;
  for (const key of ring.keys) {
    for (const time of [key.signFrom, key.signUntil, key.removeAt]) if (time > now && time < next) next = time;
  }
  return next;
};

/** Does the ring remember this thumbprint, as a key or as a tombstone? */
export const remembers = (ring: Ring, kid: string): boolean =>
  ring.keys.some((key) => key.kid === kid) || ring.tombstones.some((tombstone) => tombstone.kid === kid);

/**
 * Gives every key that signs or will sign the end that its successor dictates.
 *
 * A key stops G after its successor starts; the newest one ends by itself after 2T; no key signs for more
 * than 3T or beside two others. A key without a private half cannot sign, so its window is over. Every
 * change to a ring ends here, which is why "at most two signers, and two only during G" (I4) holds for all of them.
 */
export const settle = (keys: readonly RingKey[], now: EpochSeconds, timing: Timing): readonly RingKey[] => {
  const line = keys.filter((key) => !key.revoked && key.sealed !== undefined && key.signUntil > now).sort(bySwitch);
  return keys.map((key) => {
    if (key.revoked || key.signUntil <= now) return key;
    if (key.sealed === undefined) return { ...key, signFrom: Math.min(key.signFrom, now), signUntil: now };
    const at = line.indexOf(key);
    const [next, afterNext] = [line[at + 1], line[at + 2]];
    const signUntil = Math.min(
      next ? next.signFrom + overlap(timing) : Math.max(key.signUntil, key.signFrom + lonelyWindow(timing)),
      afterNext?.signFrom ?? Number.POSITIVE_INFINITY,
      key.signFrom + longestWindow(timing),
    );
    if (signUntil === key.signUntil) return key;
    // A replica that has not read this change yet signs by the old end for up to G more.
    const lastSignature = Math.max(signUntil, Math.min(key.signUntil, now + overlap(timing)));
    return { ...key, signUntil, removeAt: lastSignature + retention(timing) };
  });
};

import type { EpochSeconds } from '../system.ts';
import type { NewKey } from './change.ts';
import { append, destroyPrivate, isFull, remove, schedule, withdraw } from './lifecycle.ts';
import { chooseSigner, type Ring, upcomingKeys } from './ring.ts';
import { leadTime, overlap, publishFloor, type Timing } from './timing.ts';

/** One thing that is due. */
export type Step =
  | { readonly kind: 'append' }
  | { readonly kind: 'schedule'; readonly kid: string; readonly signFrom: EpochSeconds }
  | { readonly kind: 'withdraw'; readonly kid: string }
  | { readonly kind: 'destroy'; readonly kid: string }
  | { readonly kind: 'remove'; readonly kid: string };

/**
 * What has to be done to a ring at `now`: nothing, for most of its life.
 *
 * Any replica may do it, at any time, late or twice: each step is guarded again where it is applied.
 */
export const plan = (ring: Ring, now: EpochSeconds, timing: Timing): readonly Step[] => {
  const spare = planSpare(ring, now, timing);
  return [
    ...spare,
    ...planSwitch(ring, now, timing),
    ...planWithdrawal(ring, now, timing),
    ...ring.keys
      .filter((key) => key.sealed !== undefined && now >= key.signUntil + timing.rollbackHold)
      .map(({ kid }) => ({ kind: 'destroy', kid }) as const),
    ...planRemoval(ring, now, spare.length > 0),
  ];
};

/** A spare is published at all times, so that an emergency finds one that verifiers already know. */
const planSpare = (ring: Ring, now: EpochSeconds, timing: Timing): readonly Step[] =>
  upcomingKeys(ring, now).some((key) => key.alg === ring.alg) || isFull(ring, now, timing) ? [] : [{ kind: 'append' }];

/** Nobody would sign before the next key starts: it starts earlier, as far as the floor allows. */
const planSwitch = (ring: Ring, now: EpochSeconds, timing: Timing): readonly Step[] => {
  const [next] = upcomingKeys(ring, now);
  if (!next) return [];
  const signer = chooseSigner(ring, now);
  const wanted = signer ? Math.max(now, signer.signUntil - overlap(timing)) : now;
  const signFrom = Math.max(wanted, next.publishedAt + publishFloor(timing));
  const isGap = next.signFrom > (signer?.signUntil ?? now);
  return isGap && signFrom < next.signFrom ? [{ kind: 'schedule', kid: next.kid, signFrom }] : [];
};

/** After a change of algorithm the spare of the old one goes, once its successor is old enough to sign. */
const planWithdrawal = (ring: Ring, now: EpochSeconds, timing: Timing): readonly Step[] => {
  const live = ring.keys.filter((key) => !key.revoked && key.sealed !== undefined && now < key.signUntil);
  const isWarm = live.some((key) => key.alg === ring.alg && now >= key.publishedAt + leadTime(timing));
  return upcomingKeys(ring, now)
    .filter((key) => isWarm && key.alg !== ring.alg)
    .map(({ kid }) => ({ kind: 'withdraw', kid }));
};

/** Some key stays in any case: the one that is just being appended, one that is alive, or else the last. */
const planRemoval = (ring: Ring, now: EpochSeconds, isAppending: boolean): readonly Step[] => {
  const gone = ring.keys.filter((key) => now >= key.removeAt);
  const remains = isAppending || ring.keys.some((key) => !key.revoked && now < key.removeAt);
  const last = gone.filter((key) => !key.revoked).at(-1);
  return gone.filter((key) => remains || key !== last).map(({ kid }) => ({ kind: 'remove', kid }));
};

/** What one application of a plan did. */
export interface Carried {
  /** One generation later; the given ring when every step had become pointless. */
  readonly ring: Ring;
  readonly steps: readonly (Step & { readonly sentence: string })[];
}

/** Applies the steps in one change of the ring, leaving out those whose guard says no. An `append` needs `key`. */
export const carryOut = (
  ring: Ring,
  steps: readonly Step[],
  key: NewKey | undefined,
  now: EpochSeconds,
  timing: Timing,
): Carried => {
  let next = ring;
  const done: (Step & { readonly sentence: string })[] = [];
  for (const step of steps) {
    const change = apply(next, step, key, now, timing);
    if (!change?.done || change.ring === next) continue;
    next = change.ring;
    done.push({ ...step, sentence: change.sentence });
  }
  return { ring: done.length > 0 ? { ...next, gen: ring.gen + 1 } : ring, steps: done };
};

const apply = (ring: Ring, step: Step, key: NewKey | undefined, now: EpochSeconds, timing: Timing) => {
  switch (step.kind) {
    case 'append':
      return key && append(ring, key, now, timing);
    case 'schedule':
      return schedule(ring, step.kid, step.signFrom, now, timing);
    case 'withdraw':
      return withdraw(ring, step.kid, now, timing);
    case 'destroy':
      return destroyPrivate(ring, step.kid, now, timing);
    case 'remove':
      return remove(ring, step.kid, now, timing);
  }
};

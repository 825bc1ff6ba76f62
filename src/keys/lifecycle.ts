import type { EpochSeconds } from '../system.ts';
import { type Change, changed, edited, enter, type NewKey, queued, refused, startAt } from './change.ts';
import { chooseSigner, publishedKeys, type Ring, remembers, type SigningAlgorithm, upcomingKeys } from './ring.ts';
import { leadTime, longestWindow, overlap, publishFloor, retention, spell, type Timing } from './timing.ts';

/** How long a thumbprint is remembered after its key left. */
const TOMBSTONE_SECONDS = 90 * 86_400;

/**
 * Publishes the next key and schedules its switch in the same step: T after the one before it, and never
 * before it has been published for P.
 *
 * When no key can sign any more (all ends passed while the installation was switched off, private halves lost),
 * the new one signs as soon as the floor allows: C + S + 2σ after its publication, not P.
 */
export const append = (ring: Ring, key: NewKey, now: EpochSeconds, timing: Timing): Change => {
  if (remembers(ring, key.kid)) return refused('kid_reused', `The ring already knew a key ${key.kid}.`);
  if (key.alg !== ring.alg) return refused('wrong_algorithm', `New keys of this ring are ${ring.alg}, not ${key.alg}.`);
  const waiting = upcomingKeys(ring, now);
  if (waiting.some((spare) => spare.alg === ring.alg))
    return refused('spare_exists', 'A spare key is published already.');
  if (isFull(ring, now, timing)) return refused('ring_full', fullSentence(timing));

  const before = chooseSigner(ring, now) ?? waiting[0];
  if (!before) {
    const recovery = enter(key, now, now + publishFloor(timing), 'recovery', timing);
    return {
      done: true,
      ring: changed(ring, [...ring.keys, recovery], now, timing),
      sentence: `No key could sign; ${key.kid} is published and signs in ${spell(publishFloor(timing))}.`,
      takesEffect: recovery.signFrom,
    };
  }
  const regular = Math.max(before.signFrom + timing.rotationPeriod, now + leadTime(timing));
  const latest = before.signFrom + longestWindow(timing) - overlap(timing);
  const signFrom = Math.min(regular, Math.max(latest, now + publishFloor(timing)));
  const others = queued(
    ring.keys,
    signFrom,
    waiting.filter((spare) => spare !== before),
    timing,
  );
  return {
    done: true,
    ring: changed(ring, [...others, enter(key, now, signFrom, 'scheduled', timing)], now, timing),
    sentence: `Key ${key.kid} is published and signs in ${spell(signFrom - now)}.`,
    takesEffect: signFrom,
  };
};

/** May no further key be published? */
export const isFull = (ring: Ring, now: EpochSeconds, timing: Timing): boolean =>
  publishedKeys(ring, now).length >= timing.maxKeys;

const fullSentence = (timing: Timing): string =>
  `The ring publishes ${timing.maxKeys} keys, the most that "maxKeys" allows; wait until an old one leaves.`;

/** Brings the next switch forward to `signFrom`, never before the key has been published for the floor. */
export const schedule = (
  ring: Ring,
  kid: string,
  signFrom: EpochSeconds,
  now: EpochSeconds,
  timing: Timing,
): Change => {
  const key = upcomingKeys(ring, now).find((candidate) => candidate.kid === kid);
  if (!key) return refused('unknown_key', `The ring has no waiting key ${kid}.`);
  if (signFrom < now || signFrom < key.publishedAt + publishFloor(timing)) {
    return refused('too_early', `Key ${kid} is too young to sign.`);
  }
  return {
    done: true,
    ring: changed(ring, startAt(ring, key, signFrom, 'recovery', timing), now, timing),
    sentence: `Key ${kid} signs in ${spell(signFrom - now)}, because no other key can.`,
    takesEffect: signFrom,
  };
};

/** Makes `alg` the algorithm of the keys to come; the switch itself is a regular rotation. */
export const changeAlgorithm = (ring: Ring, alg: SigningAlgorithm, now: EpochSeconds, timing: Timing): Change => {
  if (ring.alg === alg) return { done: true, ring, sentence: `New keys are ${alg} already.` };
  const waiting = upcomingKeys(ring, now);
  const due = waiting[0]?.signFrom ?? now;
  const [first, ...rest] = [...waiting].sort((a, b) => Number(b.alg === alg) - Number(a.alg === alg));
  const start = first && Math.max(due, first.publishedAt + leadTime(timing));
  const keys =
    first?.alg === alg && start !== undefined
      ? queued(startAt(ring, first, start, 'scheduled', timing), start, rest, timing)
      : ring.keys;
  return { done: true, ring: changed(ring, keys, now, timing, { alg }), sentence: `New keys are ${alg} from now on.` };
};

/** Takes a waiting key out of the line: it never signs again, and stays published as long as a token of it could live. */
export const withdraw = (ring: Ring, kid: string, now: EpochSeconds, timing: Timing): Change => {
  const key = upcomingKeys(ring, now).find((candidate) => candidate.kid === kid);
  if (!key) return refused('unknown_key', `The ring has no waiting key ${kid}.`);
  const { sealed: _destroyed, ...rest } = key;
  const removeAt = now + overlap(timing) + retention(timing);
  const keys = edited(ring.keys, kid, () => ({ ...rest, signFrom: now, signUntil: now, removeAt }));
  return { done: true, ring: changed(ring, keys, now, timing), sentence: `Key ${kid} is withdrawn.` };
};

/** Deletes the private half of a key that stopped signing H ago. There is no way back. */
export const destroyPrivate = (ring: Ring, kid: string, now: EpochSeconds, timing: Timing): Change => {
  const key = ring.keys.find((candidate) => candidate.kid === kid);
  if (!key) return refused('unknown_key', `The ring has no key ${kid}.`);
  if (now < key.signUntil + timing.rollbackHold) {
    return refused(
      'too_early',
      `The private half of ${kid} is kept for another ${spell(key.signUntil + timing.rollbackHold - now)}.`,
    );
  }
  const { sealed: _destroyed, ...rest } = key;
  return {
    done: true,
    ring: changed(
      ring,
      edited(ring.keys, kid, () => rest),
      now,
      timing,
    ),
    sentence: `The private half of ${kid} is destroyed.`,
  };
};

/** Drops a key that nothing alive was signed with; its thumbprint is remembered. The last key never leaves. */
export const remove = (ring: Ring, kid: string, now: EpochSeconds, timing: Timing): Change => {
  const key = ring.keys.find((candidate) => candidate.kid === kid);
  if (!key) return refused('unknown_key', `The ring has no key ${kid}.`);
  if (now < key.removeAt) return refused('too_early', `Key ${kid} leaves in ${spell(key.removeAt - now)}.`);
  const keys = ring.keys.filter((other) => other !== key);
  if (!keys.some((other) => !other.revoked)) return refused('last_key', `Key ${kid} is the last one of its ring.`);
  const tombstones = [
    ...ring.tombstones.filter((tombstone) => now < tombstone.removedAt + TOMBSTONE_SECONDS),
    { kid, removedAt: now, reason: key.revoked ? 'revoked' : 'expired' } as const,
  ];
  return { done: true, ring: changed(ring, keys, now, timing, { tombstones }), sentence: `Key ${kid} has left.` };
};

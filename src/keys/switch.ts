import type { EpochSeconds } from '../system.ts';
import { type Change, changed, edited, type NewKey, queued, refused, startAt, windowFrom } from './change.ts';
import { append } from './lifecycle.ts';
import { chooseSigner, type Ring, type RingKey, settle, upcomingKeys } from './ring.ts';
import { leadTime, longestWindow, overlap, publishFloor, spell, switchNotice, type Timing } from './timing.ts';

/** Lets the next key sign as soon as it is old enough, instead of at its regular time; never later than planned. */
export const rotate = (ring: Ring, now: EpochSeconds, timing: Timing): Change => {
  const [next] = upcomingKeys(ring, now);
  if (!next) {
    return refused(
      'no_spare',
      'No spare key is published yet. A running server publishes one within seconds; try again.',
    );
  }
  const soonest = Math.max(now + switchNotice(timing), next.publishedAt + leadTime(timing));
  if (next.signFrom <= soonest) {
    return {
      done: true,
      ring,
      sentence: `Nothing to do: key ${next.kid} is due to sign in ${spell(next.signFrom - now)}.`,
      takesEffect: next.signFrom,
    };
  }
  return {
    done: true,
    ring: changed(ring, startAt(ring, next, soonest, 'manual', timing), now, timing),
    sentence: `Key ${next.kid} signs in ${spell(soonest - now)}.`,
    takesEffect: soonest,
  };
};

/**
 * Lets the next key sign now, however young it is: for emergencies only.
 *
 * Waives the time a key is published ahead, never the retention of the old one. The sentence predicts for how long
 * verifiers with a cache may refuse new tokens. `replacement` is used when no spare is published.
 */
export const rotateUnsafe = (
  ring: Ring,
  request: { readonly reason: string; readonly replacement?: NewKey },
  now: EpochSeconds,
  timing: Timing,
): Change => {
  if (request.reason.trim() === '')
    return refused('reason_required', 'Say why with --reason; it goes into the audit log.');
  const withSpare = orReplacement(ring, request.replacement, now, timing);
  if (!('keys' in withSpare)) return withSpare;
  const [next] = upcomingKeys(withSpare, now);
  if (!next) return refused('replacement_required', 'No spare key is published.');
  // The latest start signs: a key that started in this very second is only overtaken in the next one.
  const signFrom = Math.max(now, (chooseSigner(withSpare, now)?.signFrom ?? 0) + 1);
  return {
    done: true,
    ring: changed(ring, startAt(withSpare, next, signFrom, 'unsafe', timing), now, timing),
    sentence: `Key ${next.kid} signs ${signFrom > now ? 'from the next second on' : 'now'}. ${predictFailures(next, now, timing)}`,
    takesEffect: signFrom,
  };
};

const predictFailures = (key: RingKey, now: EpochSeconds, timing: Timing): string => {
  const window = key.publishedAt + publishFloor(timing) - now;
  return window > 0
    ? `Verifiers that cached the key set before it was published may refuse new tokens for up to ${spell(window)}.`
    : 'It has been published long enough: verifiers that honour max-age know it.';
};

/** The ring as it stands when it has a spare; else with the replacement as its spare, in the same generation. */
const orReplacement = (
  ring: Ring,
  replacement: NewKey | undefined,
  now: EpochSeconds,
  timing: Timing,
): Ring | Change => {
  if (!replacement || upcomingKeys(ring, now).length > 0) return ring;
  const appended = append(ring, replacement, now, timing);
  return appended.done ? { ...appended.ring, gen: ring.gen } : appended;
};

/**
 * Undoes the last switch: the key before signs again at once, the present one goes back to waiting and stays published.
 *
 * A switch that was asked for with `rotate` and has not happened yet is called off instead. Refused once the
 * old private half is destroyed (H after it stopped signing) or its public half has left the JWKS.
 */
export const rollback = (ring: Ring, now: EpochSeconds, timing: Timing): Change => {
  const signing = chooseSigner(ring, now);
  const waiting = upcomingKeys(ring, now);
  const [next, ...later] = waiting;
  if (signing && next?.origin === 'manual') {
    const latest = signing.signFrom + longestWindow(timing) - overlap(timing);
    const signFrom = Math.min(Math.max(signing.signFrom + timing.rotationPeriod, now + leadTime(timing)), latest);
    if (signFrom <= next.signFrom) {
      return refused(
        'nothing_to_roll_back',
        `Key ${signing.kid} has signed for as long as a key may; the switch stands.`,
      );
    }
    const keys = queued(startAt(ring, next, signFrom, 'scheduled', timing), signFrom, later, timing);
    return {
      done: true,
      ring: changed(ring, keys, now, timing),
      sentence: `The switch is called off: key ${signing.kid} goes on signing, ${next.kid} follows in ${spell(signFrom - now)}.`,
      takesEffect: now,
    };
  }

  const old = previousSigner(ring, signing, now);
  if (!old) return refused('nothing_to_roll_back', 'No earlier key is published: there is nothing to go back to.');
  if (old.sealed === undefined || now >= old.signUntil + timing.rollbackHold) {
    return refused(
      'private_half_destroyed',
      `Key ${old.kid} stopped signing ${spell(now - old.signUntil)} ago and its private half is kept for ${spell(timing.rollbackHold)} only; use "rotate" for a fresh key.`,
    );
  }
  const keys = edited(ring.keys, old.kid, (key) => ({ ...key, ...windowFrom(now, timing), origin: 'manual' }));
  const order = signing ? [signing, ...waiting] : waiting;
  return {
    done: true,
    ring: changed(ring, queued(keys, now, order, timing), now, timing),
    sentence: `Key ${old.kid} signs again${signing ? `; ${signing.kid} stays published and waits for its turn` : ''}.`,
    takesEffect: now,
  };
};

const previousSigner = (ring: Ring, signing: RingKey | undefined, now: EpochSeconds): RingKey | undefined =>
  ring.keys
    .filter((key) => !key.revoked && key !== signing && key.signFrom <= now && key.signFrom < key.signUntil)
    .filter((key) => now < key.removeAt)
    .sort((a, b) => b.signUntil - a.signUntil || (a.kid < b.kid ? -1 : 1))[0];

/**
 * Takes a key out of the JWKS for good, in an emergency: its tokens die as caches expire, within C.
 *
 * When it was the one that signs, the spare takes over as soon as it has been published for the floor; until then
 * nothing is issued (`unsafe` waives that). `replacement` is used when no spare is published.
 */
export const revoke = (
  ring: Ring,
  request: { readonly kid: string; readonly reason: string; readonly unsafe?: boolean; readonly replacement?: NewKey },
  now: EpochSeconds,
  timing: Timing,
): Change => {
  const key = ring.keys.find((candidate) => candidate.kid === request.kid);
  if (!key) return refused('unknown_key', `The ring has no key ${request.kid}.`);
  if (request.reason.trim() === '')
    return refused('reason_required', 'Say why with --reason; it goes into the audit log.');
  if (key.revoked) return { done: true, ring, sentence: `Key ${key.kid} was revoked before.` };

  const { sealed: _destroyed, ...rest } = key;
  const mark = { at: now, reason: request.reason };
  const keys = edited(ring.keys, key.kid, () => ({ ...rest, signUntil: Math.min(key.signUntil, now), revoked: mark }));
  const without = { ...ring, keys: settle(keys, now, timing) };
  const gone = `Key ${key.kid} is revoked; verifiers drop it within ${spell(timing.cacheMaxAge + timing.staleness)}.`;
  const signer = chooseSigner(without, now);
  if (signer) {
    return { done: true, ring: changed(ring, keys, now, timing), sentence: `${gone} Key ${signer.kid} signs.` };
  }
  const withSpare = orReplacement(without, request.replacement, now, timing);
  if (!('keys' in withSpare)) return withSpare;
  const ready = (spare: RingKey) => (request.unsafe ? now : Math.max(now, spare.publishedAt + publishFloor(timing)));
  const [next] = [...upcomingKeys(withSpare, now)].sort((a, b) => ready(a) - ready(b) || a.signFrom - b.signFrom);
  if (!next) return refused('replacement_required', 'No spare key is published.');
  const signFrom = ready(next);
  const origin = request.unsafe && signFrom < next.publishedAt + publishFloor(timing) ? 'unsafe' : 'recovery';
  return {
    done: true,
    ring: changed(ring, startAt(withSpare, next, signFrom, origin, timing), now, timing),
    sentence:
      signFrom > now
        ? `${gone} Nothing is issued for ${spell(signFrom - now)}: then ${next.kid} is known everywhere and signs.`
        : `${gone} Key ${next.kid} signs now. ${predictFailures(next, now, timing)}`,
    takesEffect: signFrom,
  };
};

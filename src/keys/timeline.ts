import type { EpochSeconds } from '../system.ts';
import { chooseSigner, type Phase, phaseOf, type Ring, type RingKey, upcomingKeys } from './ring.ts';
import { sealedWith } from './seal.ts';
import type { Timing } from './timing.ts';

/** One key of a ring as an operator sees it: no public half, no sealed one. */
export interface KeyRow {
  readonly kid: string;
  readonly alg: RingKey['alg'];
  readonly phase: Phase;
  readonly signs: 'now' | 'next' | 'no';
  readonly origin: RingKey['origin'];
  readonly publishedAt: EpochSeconds;
  readonly signFrom: EpochSeconds;
  readonly signUntil: EpochSeconds;
  readonly removeAt: EpochSeconds;
  /** When the private half is destroyed; absent once it is. */
  readonly destroyAt?: EpochSeconds;
  /** Id of the sealing key of the private half; absent once it is destroyed. */
  readonly sealedWith?: string;
  readonly revoked?: RingKey['revoked'];
}

/** Something that will happen by itself, or has to. */
export interface TimelineEvent {
  readonly at: EpochSeconds;
  readonly kid: string;
  readonly what: 'starts signing' | 'stops signing' | 'private half destroyed' | 'leaves the key set';
}

/** A ring for a table and a timeline. */
export interface RingView {
  readonly name: string;
  readonly gen: number;
  readonly alg: Ring['alg'];
  readonly now: EpochSeconds;
  readonly signsNow?: string;
  readonly signsNext?: { readonly kid: string; readonly at: EpochSeconds };
  /** In the order in which they sign. */
  readonly keys: readonly KeyRow[];
  /** What is still to come, earliest first. */
  readonly timeline: readonly TimelineEvent[];
}

/** Shows a ring at an instant: what signs now, what signs next and when, when each key leaves. */
export const viewRing = (ring: Ring, now: EpochSeconds, timing: Timing): RingView => {
  const signing = chooseSigner(ring, now)?.kid;
  const [next] = upcomingKeys(ring, now);
  const keys = [...ring.keys].sort((a, b) => a.signFrom - b.signFrom || (a.kid < b.kid ? 1 : -1));
  return {
    name: ring.name,
    gen: ring.gen,
    alg: ring.alg,
    now,
    ...(signing && { signsNow: signing }),
    ...(next && { signsNext: { kid: next.kid, at: next.signFrom } }),
    keys: keys.map((key) => ({
      kid: key.kid,
      alg: key.alg,
      phase: phaseOf(key, now),
      signs: key.kid === signing ? 'now' : key.kid === next?.kid ? 'next' : 'no',
      origin: key.origin,
      publishedAt: key.publishedAt,
      signFrom: key.signFrom,
      signUntil: key.signUntil,
      removeAt: key.removeAt,
      ...(key.sealed !== undefined && {
        destroyAt: key.signUntil + timing.rollbackHold,
        sealedWith: sealerOf(key.sealed),
      }),
      ...(key.revoked && { revoked: key.revoked }),
    })),
    timeline: keys
      .flatMap((key) => eventsOf(key, timing))
      .filter(({ at }) => at > now)
      .sort((a, b) => a.at - b.at),
  };
};

/** A damaged seal must not hide the rest of the ring. */
const sealerOf = (sealed: string): string => {
  try {
    return sealedWith(sealed);
  } catch {
    return 'unreadable';
  }
};

const eventsOf = (key: RingKey, timing: Timing): readonly TimelineEvent[] => {
  const { kid } = key;
  if (key.revoked) return [];
  return [
    { at: key.signFrom, kid, what: 'starts signing' },
    { at: key.signUntil, kid, what: 'stops signing' },
    ...(key.sealed === undefined
      ? []
      : [{ at: key.signUntil + timing.rollbackHold, kid, what: 'private half destroyed' } as const]),
    { at: key.removeAt, kid, what: 'leaves the key set' },
  ];
};

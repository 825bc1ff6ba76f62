import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, EpochMs, Random, System } from '../system.ts';

/** Time as the runner needs it: to read, and to let pass. */
export interface Pace {
  readonly clock: Clock;
  readonly random: Random;
  /** Lets time pass; ends at once, and without an error, when the signal is given. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
}

export const realPace = ({ clock, random }: System): Pace => ({
  clock,
  random,
  pause: (ms, signal) => sleep(ms, undefined, signal && { signal }).catch(() => undefined),
});

/** A machine that sleeps stops our timers, not the clock: it is looked at least this often. */
const LOOK_MS = 5_000;

/** Waits for an instant, or for the signal. */
export const waitUntil = async ({ clock, pause }: Pace, atMs: EpochMs, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const left = atMs - clock.nowMs();
    if (left <= 0) return;
    await pause(Math.min(left, LOOK_MS), signal);
  }
};

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;

/**
 * Tries again for as long as what went wrong passes and the budget lasts; throws what went wrong last.
 *
 * Each delay is twice the one before it, and spread, so that many runners that were refused together do not come back
 * together.
 */
export const persist = async <T>(
  attempt: () => Promise<T>,
  pace: Pace,
  {
    budgetMs,
    isPassing,
    signal,
  }: {
    readonly budgetMs: number;
    readonly isPassing: (reason: unknown) => boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<T> => {
  const end = pace.clock.monotonicMs() + budgetMs;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    try {
      return await attempt();
    } catch (reason) {
      const wait = delay * (0.5 + ((pace.random.bytes(1)[0] ?? 0) / 255) * 0.5);
      if (!isPassing(reason) || pace.clock.monotonicMs() + wait > end || signal?.aborted) throw reason;
      await pace.pause(wait, signal);
      if (signal?.aborted) throw reason;
    }
  }
};

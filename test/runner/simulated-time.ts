import type { Pace } from '../../src/runner/pace.ts';
import type { Clock } from '../../src/system.ts';

/** Time that passes when everybody waits: hours in a moment, always in the same order. */
export interface SimulatedTime {
  readonly pace: Pace;
  readonly clock: Clock;
  /** Lets time pass up to an instant: every pause that ends until then ends in its turn. */
  runUntil(ms: number): Promise<void>;
}

interface Pause {
  readonly atMs: number;
  end(): void;
}

/** Whatever is not a pause takes no time: real promises settle in between. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

export const simulateTime = (startMs = Date.UTC(2026, 0, 1)): SimulatedTime => {
  let nowMs = startMs;
  const pauses = new Set<Pause>();
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  return {
    clock,
    pace: {
      clock,
      random: { bytes: (length) => new Uint8Array(length).fill(255), uuid: () => 'u' },
      pause: (ms, signal) =>
        new Promise((resolve) => {
          const pause: Pause = {
            atMs: nowMs + ms,
            end() {
              pauses.delete(pause);
              signal?.removeEventListener('abort', pause.end);
              resolve();
            },
          };
          if (signal?.aborted) resolve();
          else {
            pauses.add(pause);
            signal?.addEventListener('abort', pause.end);
          }
        }),
    },
    async runUntil(ms) {
      for (;;) {
        await settle();
        const next = [...pauses].sort((left, right) => left.atMs - right.atMs)[0];
        if (!next || next.atMs > ms) break;
        nowMs = Math.max(nowMs, next.atMs);
        next.end();
      }
      nowMs = Math.max(nowMs, ms);
    },
  };
};

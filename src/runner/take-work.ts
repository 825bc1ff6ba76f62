import type { Pace } from './pace.ts';
import { RunProblem } from './run-desk.ts';
import { retryAfterMs } from './schedule.ts';

export interface TakeWorkTools<Work> {
  /** Asks for work; `undefined`: there is none now. Throws `RunProblem`; one that does not pass ends everything. */
  poll(): Promise<Work | undefined>;
  /** Does it. Never throws. */
  run(work: Work): Promise<void>;
  readonly pace: Pace;
  readonly maxParallel: number;
  /** How long to wait after there was nothing. */
  readonly idleMs: number;
  /** Told why there is no answer, each time anew. */
  failed(problem: RunProblem): void;
}

/**
 * Takes work and does it, so much at a time, until `drain` is given; then finishes what it has.
 *
 * What was handed out is done, also when `drain` came while it was asked for: nobody else will.
 */
export const takeWork = async <Work>(tools: TakeWorkTools<Work>, drain: AbortSignal): Promise<void> => {
  const { pace, maxParallel, idleMs } = tools;
  const active = new Set<Promise<void>>();
  const drained = new Promise<void>((resolve) => {
    if (drain.aborted) resolve();
    else drain.addEventListener('abort', () => resolve());
  });
  let failures = 0;
  try {
    while (!drain.aborted) {
      if (active.size >= maxParallel) {
        await Promise.race([...active, drained]);
        continue;
      }
      try {
        const work = await tools.poll();
        failures = 0;
        if (work === undefined) await pause(pace, idleMs, drain);
        else {
          const doing = tools.run(work).finally(() => active.delete(doing));
          active.add(doing);
        }
      } catch (reason) {
        if (!(reason instanceof RunProblem) || reason.kind !== 'passing') throw reason;
        failures += 1;
        tools.failed(reason);
        await pause(pace, retryAfterMs(failures), drain);
      }
    }
  } finally {
    await Promise.all(active);
  }
};

/** Spread, so that many agents do not ask together. */
const pause = (pace: Pace, ms: number, drain: AbortSignal): Promise<void> =>
  pace.pause(ms * (0.75 + ((pace.random.bytes(1)[0] ?? 0) / 255) * 0.5), drain);

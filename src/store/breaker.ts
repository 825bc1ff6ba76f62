import type { Clock } from '../system.ts';

const FAILURES = 5;
const WITHIN_MS = 1_000;
const OPEN_MS = 500;

/** Leave to call: an ordinary call, or the one that finds out whether the server is back. */
export type Leave = 'call' | 'probe';

/**
 * Keeps callers from waiting for a server that does not answer.
 *
 * Five failures in a row within a second open it: for half a second every caller is refused at once, then
 * one of them may try; its success closes the breaker, its failure opens it again. A success in between starts
 * the count anew, so one lost shard of a cluster does not take the others with it.
 */
export const breaker = (clock: Pick<Clock, 'monotonicMs'>) => {
  let failures: number[] = [];
  let openUntil: number | undefined;
  let probing = false;

  return {
    /** Asks for leave; `undefined` is a refusal. Whoever gets leave must call `settle`. */
    admit(): Leave | undefined {
      if (openUntil === undefined) return 'call';
      if (probing || clock.monotonicMs() < openUntil) return undefined;
      probing = true;
      return 'probe';
    },

    settle(leave: Leave, answered: boolean): void {
      if (leave === 'probe') probing = false;
      if (answered) {
        failures = [];
        openUntil = undefined;
        return;
      }
      const now = clock.monotonicMs();
      failures = [...failures.filter((time) => time > now - WITHIN_MS), now].slice(-FAILURES);
      if (leave === 'probe' || (openUntil === undefined && failures.length === FAILURES)) openUntil = now + OPEN_MS;
    },
  };
};

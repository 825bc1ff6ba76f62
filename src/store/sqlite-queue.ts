import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../system.ts';
import { isBusy, sqliteError } from './sqlite-file.ts';
import { StoreError } from './store.ts';

/** Milliseconds until a transaction that another process kept out is tried again. */
const AGAIN_MS = 5;

interface Waiting {
  readonly writes: boolean;
  readonly work: () => unknown;
  readonly until: number;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface Queue {
  /** Runs `work` in a transaction; it must be fit to run again, because a failing neighbour undoes it once. */
  run<T>(writes: boolean, work: () => T): Promise<T>;
  close(): Promise<void>;
}

/**
 * Group commit: everything that waits when the event loop comes round shares one transaction, hence one fsync.
 *
 * Promises: calls run in the order in which they were made; each is answered after the commit, never before;
 * one that fails leaves no trace and does not touch the others; one that cannot begin within `timeoutMs`
 * fails as `unavailable`, with nothing written.
 */
export const sqliteQueue = (database: DatabaseSync, path: string, clock: Clock, timeoutMs: number): Queue => {
  let waiting: Waiting[] = [];
  let scheduled = false;
  let closed = false;

  const schedule = (afterMs = 0): void => {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    if (afterMs === 0) setImmediate(drain);
    else setTimeout(drain, afterMs);
  };

  const drain = (): void => {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      answer(batch, transact(batch));
    } catch (error) {
      if (isBusy(error)) {
        waiting = keepUntilDeadline(batch, error).concat(waiting);
        schedule(AGAIN_MS);
      } else if (batch.length === 1) {
        batch[0]?.reject(sqliteError(error, path));
      } else {
        for (const one of batch) alone(one);
      }
    }
  };

  /** One transaction for all of them: gives their results, or throws with nothing written. */
  const transact = (batch: readonly Waiting[]): readonly unknown[] => {
    database.exec(batch.some((one) => one.writes) ? 'BEGIN IMMEDIATE' : 'BEGIN');
    try {
      const results = batch.map((one) => one.work());
      database.exec('COMMIT');
      return results;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };

  /** Somebody in the batch failed: each gets a transaction of its own, so that only the culprit fails. */
  const alone = (one: Waiting): void => {
    try {
      answer([one], transact([one]));
    } catch (error) {
      one.reject(sqliteError(error, path));
    }
  };

  const answer = (batch: readonly Waiting[], results: readonly unknown[]): void => {
    for (const [position, one] of batch.entries()) one.resolve(results[position] as never);
  };

  const keepUntilDeadline = (batch: readonly Waiting[], error: unknown): Waiting[] => {
    const now = clock.monotonicMs();
    for (const one of batch) if (one.until <= now) one.reject(sqliteError(error, path));
    return batch.filter((one) => one.until > now);
  };

  return {
    run: (writes, work) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new StoreError('unavailable', 'The store is closed.'));
        waiting.push({ writes, work, until: clock.monotonicMs() + timeoutMs, resolve, reject });
        schedule();
      }),
    async close() {
      closed = true;
      while (waiting.length > 0) await new Promise(setImmediate);
    },
  };
};

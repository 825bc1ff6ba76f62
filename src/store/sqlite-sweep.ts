import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../system.ts';

const EVERY_MS = 60_000;
/** While there is more to remove, it goes on this soon. */
const SOON_MS = 100;
const KEYS_AT_ONCE = 100;
const RECORDS_AT_ONCE = 1_000;

/**
 * Gives the space of expired things back.
 *
 * Nothing depends on it: reads pass over what has expired. Each step is small, so that no caller waits for it.
 */
export const sqliteSweep = (database: DatabaseSync, clock: Clock) => {
  let dueMs = clock.monotonicMs();
  const dead = (table: string) =>
    database.prepare(`SELECT key FROM ${table} WHERE expires_at <= ? LIMIT ${KEYS_AT_ONCE}`);
  const drop = (table: string) => database.prepare(`DELETE FROM ${table} WHERE key = ?`);
  const owners = (['document', 'free_log'] as const).map((table) => ({ dead: dead(table), drop: drop(table) }));
  const counters = { dead: dead('counter'), drop: drop('counter') };
  const dropRecords = database.prepare(
    `DELETE FROM record WHERE key = ?1 AND position IN
       (SELECT position FROM record WHERE key = ?1 LIMIT ${RECORDS_AT_ONCE})`,
  );

  return {
    /** Whether it is time for a step; true for one caller only. */
    isDue(): boolean {
      const now = clock.monotonicMs();
      if (now < dueMs) return false;
      dueMs = now + EVERY_MS;
      return true;
    },

    /** One step, inside a transaction of the caller. */
    some(): void {
      const now = clock.nowMs();
      let budget = RECORDS_AT_ONCE;
      let found = 0;
      for (const { dead, drop } of owners) {
        for (const { key } of dead.all(now) as { key: string }[]) {
          found += 1;
          if (budget <= 0) break;
          const gone = Number(dropRecords.run(key).changes);
          budget -= gone;
          // The owner goes last: without it, what is left of its log could never be found again.
          if (gone < RECORDS_AT_ONCE) drop.run(key);
        }
      }
      for (const { key } of counters.dead.all(now) as { key: string }[]) {
        found += 1;
        counters.drop.run(key);
      }
      dueMs = clock.monotonicMs() + (found > 0 ? SOON_MS : EVERY_MS);
    },
  };
};

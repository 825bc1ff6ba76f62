import type { DatabaseSync } from 'node:sqlite';
import type { Clock, EpochMs } from '../system.ts';
import { checkKey, checkNumber, checkRecords, checkValue } from './limits.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { sqliteQueue } from './sqlite-queue.ts';
import { sqliteSweep } from './sqlite-sweep.ts';
import type { AppendOptions, LogRecord, Replaced, Store, Stored, WriteOptions } from './store.ts';
import { watchers } from './watchers.ts';

export interface SqliteOptions {
  /** True: checks the whole file first and holds it as its only server. False: a command beside a server. */
  readonly server: boolean;
  /** Milliseconds that a call may wait for another process's write. */
  readonly timeoutMs: number;
}

interface DocumentRow {
  readonly value: string;
  readonly version: number;
  readonly openUntil: EpochMs | null;
  readonly expiresAt: EpochMs | null;
  readonly length: number;
}

/**
 * The embedded store: one SQLite file, no other process needed.
 *
 * What it acknowledges is on the disk. Calls that wait together share one transaction; see `sqliteQueue`.
 * Store time is the clock that is handed in. Hints of `watch` reach this process only.
 */
export const openSqlite = async (path: string, clock: Clock, options: SqliteOptions): Promise<Store> => {
  const file = openSqliteFile(path, options.server);
  const queue = sqliteQueue(file.database, path, clock, options.timeoutMs);
  const sweep = sqliteSweep(file.database, clock);
  const hints = watchers();
  const sql = prepare(file.database);

  const reading = <T>(work: () => T): Promise<T> => queue.run(false, work);
  const writing = async <T>(work: () => T): Promise<T> => {
    const result = await queue.run(true, work);
    if (sweep.isDue()) void queue.run(true, sweep.some).catch(() => undefined);
    return result;
  };

  const find = (key: string): DocumentRow | undefined =>
    sql.document.get(key, clock.nowMs()) as unknown as DocumentRow | undefined;

  const write = (key: string, value: string, found: DocumentRow | undefined, options: WriteOptions): number => {
    // Where there is no living document there may be a dead one, whose log must not become the new one's.
    if (found === undefined) sql.dropRecords.run(key);
    const version = (found?.version ?? 0) + 1;
    sql.write.run(key, value, version, options.openUntil ?? null, options.expiresAt ?? null, found?.length ?? 0);
    return version;
  };

  const replace = async (key: string, expected: number, value: string, options: WriteOptions): Promise<Replaced> => {
    checkKey(key);
    checkValue(value);
    const replaced = await writing((): Replaced => {
      const found = find(key);
      if ((found?.version ?? 0) !== expected) return 'conflict';
      const openUntil = options.openUntil ?? found?.openUntil ?? undefined;
      const expiresAt = options.expiresAt ?? found?.expiresAt ?? undefined;
      const kept = {
        ...(openUntil === undefined ? {} : { openUntil }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      return { version: write(key, value, found, kept) };
    });
    if (replaced !== 'conflict') hints.changed(key);
    return replaced;
  };

  const insert = (key: string, after: number, records: readonly string[]): number => {
    for (const [offset, record] of records.entries()) sql.record.run(key, after + offset + 1, record);
    return after + 1;
  };

  const appendToDocument = (key: string, records: readonly string[], { openUntil, keep }: AppendOptions) => {
    const found = find(key);
    const time = clock.nowMs();
    if (found === undefined) return 'absent';
    if (found.openUntil !== null && found.openUntil <= time) return 'closed';
    const open = found.openUntil === null ? null : Math.max(found.openUntil, openUntil ?? 0);
    sql.lengthen.run(found.length + records.length, open, key);
    const position = insert(key, found.length, records);
    if (keep !== undefined) sql.dropOldRecords.run(key, found.length + records.length - keep);
    return { position, time };
  };

  const appendToFreeLog = (key: string, records: readonly string[], { expiresAt }: AppendOptions) => {
    const time = clock.nowMs();
    const found = sql.freeLog.get(key, time) as { length: number; expiresAt: EpochMs | null } | undefined;
    if (found === undefined) sql.dropRecords.run(key);
    const length = found?.length ?? 0;
    sql.writeFreeLog.run(key, expiresAt ?? found?.expiresAt ?? null, length + records.length);
    return { position: insert(key, length, records), time };
  };

  const removeMember = (key: string, member: string): void => {
    if (sql.removeMember.run(key, member).changes > 0) sql.count.run(key, -1);
  };

  return {
    kind: 'sqlite',

    async get(key) {
      checkKey(key);
      const found = await reading(() => find(key));
      return found && stored(found);
    },

    async put(key, value, options = {}) {
      checkKey(key);
      checkValue(value);
      const version = await writing(() => write(key, value, find(key), options));
      hints.changed(key);
      return { version };
    },

    async create(key, value, options = {}) {
      return (await replace(key, 0, value, options)) !== 'conflict';
    },

    async replace(key, expected, value, options = {}) {
      return replace(key, expected, value, options);
    },

    async delete(key) {
      checkKey(key);
      const existed = await writing(() => {
        const found = find(key);
        sql.dropDocument.run(key);
        sql.dropRecords.run(key);
        return found !== undefined;
      });
      if (existed) hints.changed(key);
      return existed;
    },

    async increment(key, options = {}) {
      checkKey(key);
      return writing(() => {
        const found = sql.counter.get(key, clock.nowMs()) as { value: number; expiresAt: EpochMs | null } | undefined;
        const value = (found?.value ?? 0) + 1;
        sql.writeCounter.run(key, value, options.expiresAt ?? found?.expiresAt ?? null);
        return value;
      });
    },

    async append(key, records, options) {
      checkKey(key);
      checkRecords(records, options);
      return writing(() =>
        options.to === 'document' ? appendToDocument(key, records, options) : appendToFreeLog(key, records, options),
      );
    },

    async read(key, from, count) {
      checkKey(key);
      const rows = await reading(() => sql.read.all(key, clock.nowMs(), from, Math.max(count, 0)));
      return (rows as unknown as LogRecord[]).map(({ position, value }) => ({ position, value }));
    },

    async add(key, member, score) {
      checkKey(key);
      checkNumber(score);
      await writing(() => {
        if (sql.moveMember.run(score, key, member).changes > 0) return;
        sql.addMember.run(key, member, score);
        sql.count.run(key, 1);
      });
    },

    async remove(key, member) {
      checkKey(key);
      await writing(() => removeMember(key, member));
    },

    async page(key, offset, count, ascending = false) {
      checkKey(key);
      return reading(() => {
        const rows = (ascending ? sql.pageUp : sql.pageDown).all(key, Math.max(count, 0), offset);
        const total = sql.total.get(key) as { members: number } | undefined;
        return { members: rows.map((row) => String(row['member'])), total: total?.members ?? 0 };
      });
    },

    async trim(key, score) {
      checkKey(key);
      checkNumber(score);
      return writing(() => {
        const gone = Number(sql.trim.run(key, score).changes);
        if (gone > 0) sql.count.run(key, -gone);
        return gone;
      });
    },

    async time() {
      return clock.nowMs();
    },

    async durability() {
      return 'disk';
    },

    async watch(prefix, changed) {
      return hints.watch(prefix, changed);
    },

    async close() {
      hints.close();
      await queue.close();
      if (file.database.isOpen) file.close();
    },
  };
};

const stored = (row: DocumentRow): Stored => ({
  value: row.value,
  version: row.version,
  length: row.length,
  ...(row.openUntil === null ? {} : { openUntil: row.openUntil }),
});

/** Every statement, prepared once. Times of the store are handed in: SQLite's own clock is never asked. */
const prepare = (database: DatabaseSync) => {
  const statement = (text: string) => database.prepare(text);
  const living = '(expires_at IS NULL OR expires_at > ?2)';
  return {
    document: statement(
      `SELECT value, version, open_until AS openUntil, expires_at AS expiresAt, length
       FROM document WHERE key = ?1 AND ${living}`,
    ),
    write: statement(
      `INSERT INTO document (key, value, version, open_until, expires_at, length) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version,
         open_until = excluded.open_until, expires_at = excluded.expires_at, length = excluded.length`,
    ),
    lengthen: statement('UPDATE document SET length = ?, open_until = ? WHERE key = ?'),
    dropDocument: statement('DELETE FROM document WHERE key = ?'),
    dropRecords: statement('DELETE FROM record WHERE key = ?'),
    dropOldRecords: statement('DELETE FROM record WHERE key = ? AND position <= ?'),
    record: statement('INSERT INTO record (key, position, value) VALUES (?, ?, ?)'),
    read: statement(
      `SELECT position, value FROM record WHERE key = ?1 AND position >= ?3
         AND EXISTS (SELECT 1 FROM document WHERE key = ?1 AND ${living}
           UNION ALL SELECT 1 FROM free_log WHERE key = ?1 AND ${living})
       ORDER BY position LIMIT ?4`,
    ),
    freeLog: statement(`SELECT length, expires_at AS expiresAt FROM free_log WHERE key = ?1 AND ${living}`),
    writeFreeLog: statement('INSERT OR REPLACE INTO free_log (key, expires_at, length) VALUES (?, ?, ?)'),
    counter: statement(`SELECT value, expires_at AS expiresAt FROM counter WHERE key = ?1 AND ${living}`),
    writeCounter: statement('INSERT OR REPLACE INTO counter (key, value, expires_at) VALUES (?, ?, ?)'),
    addMember: statement('INSERT INTO member (key, member, score) VALUES (?, ?, ?)'),
    moveMember: statement('UPDATE member SET score = ? WHERE key = ? AND member = ?'),
    removeMember: statement('DELETE FROM member WHERE key = ? AND member = ?'),
    trim: statement('DELETE FROM member WHERE key = ? AND score <= ?'),
    count: statement(
      `INSERT INTO total (key, members) VALUES (?, ?)
       ON CONFLICT (key) DO UPDATE SET members = members + excluded.members`,
    ),
    total: statement('SELECT members FROM total WHERE key = ?'),
    pageUp: statement('SELECT member FROM member WHERE key = ? ORDER BY score, member LIMIT ? OFFSET ?'),
    pageDown: statement('SELECT member FROM member WHERE key = ? ORDER BY score DESC, member DESC LIMIT ? OFFSET ?'),
  };
};

import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { StoreError, StoreUnfit } from './store.ts';

/** Milliseconds that SQLite itself waits for another process's write; the event loop stands still meanwhile. */
const BUSY_MS = 20;
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE document (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL,
    open_until INTEGER, expires_at INTEGER, length INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX document_end ON document (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE free_log (key TEXT PRIMARY KEY, expires_at INTEGER, length INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX free_log_end ON free_log (expires_at) WHERE expires_at IS NOT NULL;

  -- The records of both kinds of logs; whether they count is said by the row that owns them.
  CREATE TABLE record (
    key TEXT NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE counter (key TEXT PRIMARY KEY, value INTEGER NOT NULL, expires_at INTEGER) STRICT, WITHOUT ROWID;
  CREATE INDEX counter_end ON counter (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE member (
    key TEXT NOT NULL, member TEXT NOT NULL, score REAL NOT NULL, PRIMARY KEY (key, member)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX member_order ON member (key, score, member);
  -- Counting a million members for each page would stop the server.
  CREATE TABLE total (key TEXT PRIMARY KEY, members INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** An open database file, and what must be called to let it go. */
export interface SqliteFile {
  readonly database: DatabaseSync;
  close(): void;
}

/**
 * Opens the database file of an embedded store, and makes it when there is none.
 *
 * Promises: only its owner can read it, its log and its index (0600); a commit is on the disk when it returns
 * (`synchronous=FULL`, looked at after setting); a server has checked the whole file and is the only server on it.
 * Throws `StoreUnfit` and `StoreError` (`corrupt`) with a message that says what to do.
 */
export const openSqliteFile = (path: string, server: boolean): SqliteFile => {
  makePrivate(path);
  const lock = server ? lockForServer(path) : undefined;
  try {
    return guarded(path, () => {
      const database = connect(path);
      setUp(database, path);
      if (server) checkWhole(database, path);
      return {
        database,
        close() {
          database.close();
          lock?.close();
        },
      };
    });
  } catch (error) {
    lock?.close();
    throw error;
  }
};

/**
 * Copies the database into a new file, complete at one instant, while servers go on writing.
 *
 * Never overwrites: an existing file is refused. The copy is checked before this returns.
 */
export const backupSqlite = async (path: string, file: string): Promise<void> => {
  if (!existsSync(path)) throw new StoreUnfit(`There is no store at ${path}.`);
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    throw new StoreUnfit(`${file} cannot be made: it exists already, or its folder cannot be written.`, {
      cause: error,
    });
  }
  const source = guarded(path, () => connect(path));
  try {
    // One step for the whole file: in several, every write of a server would make it start again.
    await backup(source, file, { rate: 2 ** 31 - 1 });
  } finally {
    source.close();
  }
  guarded(file, () => {
    const copy = connect(file);
    checkWhole(copy, file);
    copy.close();
  });
};

const connect = (path: string): DatabaseSync =>
  new DatabaseSync(path, { timeout: BUSY_MS, enableDoubleQuotedStringLiterals: false });

/** The file exists with mode 0600 before SQLite sees it; its -wal and -shm take their mode from it. */
const makePrivate = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
};

/** Holds a second, empty database exclusively: the operating system lets go of it when the process dies, however it dies. */
const lockForServer = (path: string): DatabaseSync => {
  const file = `${path}.lock`;
  makePrivate(file);
  const lock = new DatabaseSync(file);
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new StoreUnfit(
      `Another server uses the store ${path}. An embedded store takes one server: stop the other one, give this one ` +
        'its own RUNPASS_DATA, or put both on one Redis (store: redis://…).',
      { cause: error },
    );
  }
};

const setUp = (database: DatabaseSync, path: string): void => {
  database.exec('PRAGMA trusted_schema = OFF');
  if (pragma(database, 'journal_mode = WAL') !== 'wal') {
    throw new StoreUnfit(`The file system of ${path} cannot hold a write-ahead log; put the store on a local disk.`);
  }
  database.exec('PRAGMA synchronous = FULL');
  if (pragma(database, 'synchronous') !== 2) {
    throw new StoreUnfit(`SQLite did not take synchronous=FULL for ${path}: what it acknowledges could be lost.`);
  }
  if (pragma(database, 'user_version') === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  const version = pragma(database, 'user_version');
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as { count: number };
  if (version === 0 && tables.count === 0) database.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
  database.exec('COMMIT');
  if (version !== SCHEMA_VERSION && tables.count > 0) {
    throw new StoreUnfit(
      version === 0
        ? `${path} is a database, but not a store of Runpass; name another file.`
        : `${path} was made by a newer Runpass (schema ${version}, this one knows ${SCHEMA_VERSION}); start that one.`,
    );
  }
};

const checkWhole = (database: DatabaseSync, path: string): void => {
  const found = pragma(database, 'quick_check(1)');
  if (found !== 'ok') throw damaged(path, new Error(String(found)));
};

const pragma = (database: DatabaseSync, text: string): unknown => {
  const row = database.prepare(`PRAGMA ${text}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
};

const guarded = <T>(path: string, open: () => T): T => {
  try {
    return open();
  } catch (error) {
    throw error instanceof StoreUnfit ? error : sqliteError(error, path);
  }
};

const damaged = (path: string, cause: unknown): StoreError =>
  new StoreError(
    'corrupt',
    `The store ${path} is damaged. Stop every Runpass on it, move it away together with its -wal and -shm files, and ` +
      'put a backup (made by "runpass store backup") in its place.',
    { cause },
  );

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html. */
const CORRUPT = 11;
const NOTADB = 26;
const BUSY = 5;
const LOCKED = 6;
const IOERR = 10;

const resultCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;

/** Somebody else writes at this moment; nothing happened. */
export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(resultCode(error));

/** SQLite's error as the port knows it. */
export const sqliteError = (error: unknown, path: string): StoreError => {
  if (error instanceof StoreError) return error;
  const code = resultCode(error);
  if (code === CORRUPT || code === NOTADB) return damaged(path, error);
  if (code === IOERR) return new StoreError('timeout', `The disk under the store ${path} failed.`, { cause: error });
  const why = isBusy(error) ? 'another process holds it' : 'it cannot be read or written';
  return new StoreError('unavailable', `The store ${path} did not take the call: ${why}.`, { cause: error });
};

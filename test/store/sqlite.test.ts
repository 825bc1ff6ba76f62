import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { openSqlite } from '../../src/store/sqlite.ts';
import { backupSqlite, openSqliteFile } from '../../src/store/sqlite-file.ts';
import { systemClock } from '../../src/system.ts';
import { storeContract } from '../contract/store.ts';
import { movableClock } from './movable-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'runpass-sqlite-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const freshPath = (): string => {
  files += 1;
  return join(folder, String(files), 'runpass.db');
};
const server = { server: true, timeoutMs: 250 } as const;
const command = { server: false, timeoutMs: 250 } as const;

storeContract('sqlite', async () => {
  const clock = movableClock();
  const path = freshPath();
  let store = await openSqlite(path, clock, server);
  return {
    store,
    pass: async (ms) => clock.pass(ms),
    async restart() {
      await store.close();
      store = await openSqlite(path, clock, server);
      return store;
    },
    stop: () => store.close(),
  };
});

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

/** Runs statements in another process, as a Runpass command beside the server would. */
const inAnotherProcess = (path: string, sql: string): void => {
  const code =
    'const { DatabaseSync } = require("node:sqlite"); new DatabaseSync(process.argv[1]).exec(process.argv[2])';
  execFileSync(process.execPath, ['-e', code, path, sql]);
};

describe('the file of an embedded store', () => {
  it('can be read by its owner only, with everything beside it, also when it was made looser', async () => {
    const path = freshPath();
    const store = await openSqlite(path, systemClock, server);
    await store.put('key', 'value');
    for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}.lock`]) assert.equal(mode(file), '600', file);
    assert.equal(mode(join(path, '..')), '700');
    await store.close();

    const loose = join(folder, 'loose.db');
    writeFileSync(loose, '', { mode: 0o644 });
    await (await openSqlite(loose, systemClock, server)).close();
    assert.equal(mode(loose), '600');
  });

  it('takes one server, and tells the second one what to do', async () => {
    const path = freshPath();
    const first = await openSqlite(path, systemClock, server);
    await assert.rejects(openSqlite(path, systemClock, server), {
      name: 'StoreUnfit',
      message: /Another server uses the store/,
    });
    await first.close();
    await (await openSqlite(path, systemClock, server)).close();
  });

  it('lets go of the server lock when the server is killed', async () => {
    const path = freshPath();
    const store = await openSqlite(path, systemClock, server);
    await store.close();
    const code = `
      const { DatabaseSync } = require('node:sqlite');
      const lock = new DatabaseSync(process.argv[1]);
      lock.exec('BEGIN EXCLUSIVE');
      console.log('held');
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['-e', code, `${path}.lock`], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    await assert.rejects(openSqlite(path, systemClock, server), { name: 'StoreUnfit' });
    holder.kill('SIGKILL');
    await new Promise((resolve) => holder.once('exit', resolve));
    await (await openSqlite(path, systemClock, server)).close();
  });

  it('takes writes of another process while a server runs, and both see them', async () => {
    const path = freshPath();
    const store = await openSqlite(path, systemClock, server);
    await store.put('key', 'server');
    inAnotherProcess(path, "UPDATE document SET value = 'command', version = 2 WHERE key = 'key'");
    assert.deepEqual(await store.get('key'), { value: 'command', version: 2, length: 0 });
    const beside = await openSqlite(path, systemClock, command);
    assert.deepEqual(await beside.replace('key', 2, 'again'), { version: 3 });
    assert.equal((await store.get('key'))?.value, 'again');
    await beside.close();
    await store.close();
  });

  it('waits for another writer no longer than a call may take, writes nothing, and goes on afterwards', async () => {
    const path = freshPath();
    const store = await openSqlite(path, systemClock, { ...server, timeoutMs: 100 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const from = performance.now();
    await assert.rejects(store.put('key', 'value'), { name: 'StoreError', kind: 'unavailable' });
    assert.ok(performance.now() - from < 250);
    const patient = store.put('key', 'patient');
    setTimeout(() => other.exec('ROLLBACK'), 30);
    assert.deepEqual(await patient, { version: 1 });
    other.close();
    await store.close();
  });

  it('commits what waits together, and a call that fails leaves its neighbours alone', async () => {
    const path = freshPath();
    const store = await openSqlite(path, systemClock, server);
    await store.put('log', 'value');
    inAnotherProcess(path, "INSERT INTO record (key, position, value) VALUES ('log', 1, 'in the way')");
    const answers = await Promise.allSettled([
      store.put('before', 'value'),
      store.append('log', ['record'], { to: 'document' }),
      store.put('after', 'value'),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await store.get('before'), { value: 'value', version: 1, length: 0 });
    assert.deepEqual(await store.get('after'), { value: 'value', version: 1, length: 0 });
    assert.deepEqual(await store.get('log'), { value: 'value', version: 1, length: 0 });
    await store.close();
  });

  it('has every commit on the disk before it is acknowledged', () => {
    const file = openSqliteFile(freshPath(), true);
    const setting = (name: string) => Object.values(file.database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    assert.equal(setting('synchronous'), 2);
    assert.equal(setting('journal_mode'), 'wal');
    assert.equal(setting('trusted_schema'), 0);
    file.close();
  });

  it('gives the space of what has expired back, log and all', async () => {
    const clock = movableClock();
    const path = freshPath();
    const store = await openSqlite(path, clock, server);
    const expiresAt = clock.nowMs() + 1_000;
    await store.create('document', 'value', { expiresAt });
    await store.append(
      'document',
      Array.from({ length: 2_500 }, () => 'record'),
      { to: 'document' },
    );
    await store.append('log', ['record'], { to: 'free', expiresAt });
    await store.increment('counter', { expiresAt });
    await store.append('kept', ['record'], { to: 'free' });
    const rows = (): number => {
      const database = new DatabaseSync(path, { readOnly: true });
      const tables = ['document', 'free_log', 'counter', 'record'].map((table) => `SELECT count(*) AS n FROM ${table}`);
      const total = (database.prepare(tables.join(' UNION ALL ')).all() as { n: number }[]).reduce(
        (sum, { n }) => sum + n,
        0,
      );
      database.close();
      return total;
    };
    clock.pass(1_000);
    for (let writes = 0; writes < 20 && rows() > 2; writes += 1) {
      clock.pass(60_000);
      await store.add('index', 'member', writes);
      await new Promise(setImmediate);
    }
    assert.equal(rows(), 2);
    await store.close();
  });
});

describe('a damaged or foreign file', () => {
  it('is refused at the start of a server, with what to do', async () => {
    const path = freshPath();
    const store = await openSqlite(path, systemClock, server);
    for (let n = 0; n < 200; n += 1) await store.put(`key-${n}`, 'value '.repeat(200));
    await store.close();
    const file = openSync(path, 'r+');
    const size = statSync(path).size;
    for (let offset = 4_096; offset < size; offset += 4_096) writeSync(file, Buffer.alloc(64, 0xff), 0, 64, offset);
    closeSync(file);
    await assert.rejects(openSqlite(path, systemClock, server), {
      name: 'StoreError',
      kind: 'corrupt',
      message: /is damaged.*backup/s,
    });
  });

  it('is refused when it is no database at all', async () => {
    const path = join(folder, 'text.db');
    writeFileSync(path, 'this is not a database, and long enough to be looked at as one. '.repeat(100));
    await assert.rejects(openSqlite(path, systemClock, command), { name: 'StoreError', kind: 'corrupt' });
  });

  it('is refused when another program or a newer Runpass made it', async () => {
    const foreign = join(folder, 'foreign.db');
    inAnotherProcess(foreign, 'CREATE TABLE theirs (a)');
    await assert.rejects(openSqlite(foreign, systemClock, server), {
      name: 'StoreUnfit',
      message: /not a store of Runpass/,
    });

    const newer = freshPath();
    await (await openSqlite(newer, systemClock, server)).close();
    inAnotherProcess(newer, 'PRAGMA user_version = 99');
    await assert.rejects(openSqlite(newer, systemClock, server), { name: 'StoreUnfit', message: /newer Runpass/ });
  });
});

describe('a backup of an embedded store', () => {
  it('is complete while a server writes, private, and opens as a store', async () => {
    const path = freshPath();
    const store = await openSqlite(path, systemClock, server);
    await store.append('log', ['before'], { to: 'free' });
    const writing = (async () => {
      for (let n = 0; n < 200; n += 1) await store.append('log', [`record ${n}`], { to: 'free' });
    })();
    const file = join(folder, 'backup.db');
    await backupSqlite(path, file);
    await writing;
    await store.close();
    assert.equal(mode(file), '600');
    const restored = await openSqlite(file, systemClock, server);
    const records = await restored.read('log', 1, 1_000);
    assert.equal(records[0]?.value, 'before');
    assert.deepEqual(
      records.map(({ position }) => position),
      Array.from(records, (_, n) => n + 1),
    );
    await restored.close();
  });

  it('never overwrites a file, and says so', async () => {
    const path = freshPath();
    await (await openSqlite(path, systemClock, server)).close();
    const file = join(folder, 'precious');
    writeFileSync(file, 'precious');
    await assert.rejects(backupSqlite(path, file), { name: 'StoreUnfit', message: /exists already/ });
    assert.equal(readFileSync(file, 'utf8'), 'precious');
    await assert.rejects(backupSqlite(join(folder, 'missing.db'), join(folder, 'new')), { name: 'StoreUnfit' });
    assert.equal(existsSync(join(folder, 'new')), false);
  });
});

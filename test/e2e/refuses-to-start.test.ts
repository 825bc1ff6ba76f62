import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createSealingKey } from '../../src/keys/sealing-file.ts';
import { systemRandom } from '../../src/system.ts';
import { type RedisOptions, startRedis, type TestRedis, withoutRedis } from '../redis.ts';
import { ask, askForToken, haveRings, install, SHORTEST, serve, serveUntilItEnds, startRun } from './replica.ts';

const redisOf = async (t: TestContext, options: RedisOptions = {}): Promise<TestRedis> => {
  const redis = await startRedis(options);
  t.after(() => redis.stop());
  return redis;
};

describe('a server refuses a Redis that', { skip: withoutRedis }, () => {
  const unfit: Readonly<Record<string, readonly [config: string, sentence: RegExp]>> = {
    'throws data away': ['maxmemory-policy allkeys-lru', /maxmemory-policy allkeys-lru\): set maxmemory-policy noevic/],
    'does not write to its disk': [
      'appendonly no',
      /does not write what it acknowledges to its disk: set appendonly yes/,
    ],
    'is a replica': ['replicaof 127.0.0.1 1', /is a replica: name the master, or use redis\+sentinel/],
  };
  for (const [how, [config, sentence]] of Object.entries(unfit)) {
    test(`${how}, with status 2 and what to set`, async (t) => {
      const redis = await redisOf(t, { config: [config] });
      const place = await install(t, { store: redis.url });
      const { status, stderr } = await serveUntilItEnds(t, place);
      assert.equal(status, 2, stderr);
      assert.match(stderr, sentence);
      assert.ok(stderr.includes(`127.0.0.1:${redis.port}`), 'names the server');
    });
  }

  test('wants another password, without showing the one it was given', async (t) => {
    const redis = await redisOf(t, { password: 'right-password' });
    const place = await install(t, { store: `redis://:wrong-password@127.0.0.1:${redis.port}` });
    const { status, stdout, stderr } = await serveUntilItEnds(t, place);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /Redis refuses the user name and password/);
    assert.doesNotMatch(stdout + stderr, /wrong-password/);
  });

  test('holds keys that another sealing key sealed, naming both', async (t) => {
    const redis = await redisOf(t);
    const place = await install(t, { store: redis.url });
    await haveRings(place);
    rmSync(join(place.folder, 'keys'), { recursive: true });
    await createSealingKey(join(place.folder, 'keys'), systemRandom);
    const { status, stderr } = await serveUntilItEnds(t, place);
    assert.equal(status, 2, stderr);
    const ids = new Set(stderr.match(/\b[A-Za-z0-9_-]{8,}\b/g));
    assert.match(stderr, /sealed|sealing key/);
    assert.ok(ids.size >= 2, stderr);
  });

  test('has no sealing key beside it', async (t) => {
    const redis = await redisOf(t);
    const place = await install(t, { store: redis.url, sealingKey: false });
    const { status, stderr } = await serveUntilItEnds(t, place);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /There is no sealing key in .*: make one with "runpass keys init"/);
  });
});

describe('a server refuses to start', () => {
  test('without the sealing key of the keys that its store holds', async (t) => {
    const place = await install(t, { sealingKey: false });
    const first = await serve(t, place);
    first.signal('SIGTERM');
    assert.equal((await first.ended).status, 0);
    rmSync(join(place.folder, 'keys'), { recursive: true });
    const { status, stderr } = await serveUntilItEnds(t, place);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /holds sealed signing keys, but there is no sealing key in .*put back the file sealing\.key/);
  });

  test('beside another server on the same SQLite file', async (t) => {
    const place = await install(t);
    const first = await serve(t, place);
    const { status, stderr } = await serveUntilItEnds(t, place);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /runpass\.db/);
    assert.equal((await ask(first.base, '/readyz/issue')).status, 200, 'the first goes on');
  });

  test('with an http: URL that is not this machine', async (t) => {
    const place = await install(t);
    const { status, stderr } = await serveUntilItEnds(t, place, { env: { RUNPASS_URL: 'http://runpass.example.com' } });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /RUNPASS_URL.*https:\/\/runpass\.example\.com/s);
  });

  test('on a port that is taken, with status 1', async (t) => {
    const place = await install(t);
    const first = await serve(t, place);
    const env = {
      RUNPASS_PORT: String(first.port),
      RUNPASS_STORE: 'memory:',
      RUNPASS_DATA: join(place.folder, 'other'),
    };
    const { status, stderr } = await serveUntilItEnds(t, place, { env });
    assert.equal(status, 1, stderr);
    assert.match(stderr, new RegExp(`Port ${first.port} of 127\\.0\\.0\\.1 is taken`));
  });

  const root = process.getuid?.() === 0 ? 'root writes everywhere' : false;
  test('with a data folder that it cannot write', { skip: root }, async (t) => {
    const place = await install(t);
    mkdirSync(join(place.folder, 'data'));
    chmodSync(join(place.folder, 'data'), 0o500);
    const { status, stderr } = await serveUntilItEnds(t, place);
    assert.ok(status === 1 || status === 2, stderr);
    assert.match(stderr, /\/data\//);
    assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace');
  });

  test('with a data folder that is a file', async (t) => {
    const place = await install(t);
    writeFileSync(join(place.folder, 'data'), '');
    const { status, stderr } = await serveUntilItEnds(t, place);
    assert.ok(status === 1 || status === 2, stderr);
    assert.match(stderr, /\/data/);
    assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace');
  });
});

test('the token of another store is left alone, and the next start after it is moved away makes one', async (t) => {
  const place = await install(t);
  mkdirSync(join(place.folder, 'data'));
  writeFileSync(join(place.folder, 'data/admin.token'), 'of another store');
  const first = await serve(t, place);
  assert.equal(place.adminToken(), 'of another store');
  first.process.kill('SIGTERM');
  await first.ended;
  rmSync(join(place.folder, 'data/admin.token'));
  await serve(t, place);
  assert.match(place.adminToken(), /^rpa_/);
});

test('a server in memory issues at once and forgets everything, its first token too', async (t) => {
  const place = await install(t, { store: 'memory:', settings: SHORTEST });
  const replica = await serve(t, place);
  const run = await startRun(replica.base, place.adminToken());
  assert.equal((await askForToken(replica.base, run)).status, 200);
  assert.match(replica.output(), /memory \(everything is forgotten when the server ends\)/);

  const admin = place.adminToken();
  replica.signal('SIGKILL');
  await replica.ended;
  const next = await serve(t, place);
  assert.notEqual(place.adminToken(), admin);
  assert.equal((await ask(next.base, '/api/user', { token: admin })).status, 401);
  assert.equal((await ask(next.base, '/api/user', { token: place.adminToken() })).status, 200);
});

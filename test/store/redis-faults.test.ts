import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import type { Store } from '../../src/store/store.ts';
import { startCluster, startRedis, type TestRedis, until, withoutRedis } from '../redis.ts';
import { answering, failureOf, open, wait } from './redis-store.ts';

describe('a Redis that fails', { skip: withoutRedis }, () => {
  let redis: TestRedis;
  let store: Store;
  before(async () => {
    redis = await startRedis();
    store = await open(redis.settings);
  });
  after(async () => {
    await store?.close();
    await redis?.stop();
  });

  it('stalls no call beyond its deadline, then opens the breaker, and is used again when it goes on', async () => {
    redis.pause();
    const first = await Promise.all(
      Array.from({ length: 20 }, (_, n) => failureOf(() => store.put(`stalled-${n}`, 'value'))),
    );
    for (const { kind, ms } of first) {
      assert.equal(kind, 'timeout');
      assert.ok(ms < 300, `answered after ${ms} ms`);
    }
    const held = await Promise.all(Array.from({ length: 20 }, () => failureOf(() => store.get('stalled-0'))));
    for (const { kind, ms } of held) {
      assert.equal(kind, 'unavailable');
      assert.ok(ms < 20, `held back after ${ms} ms`);
    }
    redis.resume();
    const from = performance.now();
    await until(answering(store));
    assert.ok(performance.now() - from < 1_500);
  });

  it('still answers by the deadline when calls keep coming while it stalls', async () => {
    redis.pause();
    const answers: Promise<{ ms: number }>[] = [];
    for (let n = 0; n < 40; n += 1) {
      answers.push(failureOf(() => store.increment('stalled')));
      await wait(20);
    }
    for (const { ms } of await Promise.all(answers)) assert.ok(ms < 300, `answered after ${ms} ms`);
    redis.resume();
    await until(answering(store));
  });

  it('fails calls at once while it is gone, and is used again within two seconds of its return', async () => {
    await store.put('kept', 'value');
    await redis.kill();
    await wait(20);
    const { kind, ms } = await failureOf(() => store.put('kept', 'changed'));
    assert.equal(kind, 'unavailable');
    assert.ok(ms < 50, `answered after ${ms} ms`);
    await wait(1_500);
    await redis.restart();
    const from = performance.now();
    await until(answering(store));
    assert.ok(performance.now() - from < 2_000, `back after ${performance.now() - from} ms`);
    assert.deepEqual(await store.get('kept'), { value: 'value', version: 1, length: 0 });
  });

  it('leaves the outcome of calls in flight open when it is killed', async () => {
    const calls = Array.from({ length: 50 }, (_, n) =>
      store.put(`in-flight-${n}`, 'value').then(() => 'answered', String),
    );
    await Promise.all([wait(1).then(() => redis.kill()), ...calls]);
    for (const call of calls) assert.match(await call, /answered|lost before it answered|cannot be reached|pause/);
    await redis.restart();
    await until(answering(store));
  });

  it('may forget our scripts', async () => {
    const client = new Redis(redis.port);
    await store.put('scripted', 'value');
    await client.script('FLUSH');
    assert.deepEqual(await store.put('scripted', 'value'), { version: 2 });
    await client.script('FLUSH');
    const found = await Promise.all([store.get('scripted'), store.get('scripted')]);
    assert.deepEqual(
      found.map((document) => document?.version),
      [2, 2],
    );
    client.disconnect();
  });

  it('refuses writes without closing the way to reads', async () => {
    const client = new Redis(redis.port);
    await client.config('SET', 'min-replicas-to-write', '1');
    for (let n = 0; n < 10; n += 1)
      assert.equal((await failureOf(() => store.put('refused', 'value'))).kind, 'unavailable');
    assert.equal(await store.get('refused'), undefined);
    await client.config('SET', 'min-replicas-to-write', '0');
    await store.put('refused', 'value');
    client.disconnect();
  });

  it('gives the others that are asked for together with a damaged one', async () => {
    const client = new Redis(redis.port);
    await client.set('runpass:d:{damaged}', 'not ours');
    await store.put('whole', 'value');
    const [damaged, whole] = await Promise.allSettled([store.get('damaged'), store.get('whole')]);
    assert.ok(damaged.status === 'rejected' && damaged.reason.kind === 'corrupt');
    assert.ok(whole.status === 'fulfilled' && whole.value?.value === 'value');
    client.disconnect();
  });

  it('is damaged where something else stands under our keys, and no failure ever shows a value', async () => {
    const client = new Redis(redis.port);
    await client.set('runpass:d:{damaged}', 'not ours');
    const { kind, error } = await failureOf(() => store.put('damaged', 'TOP-SECRET-VALUE'));
    assert.equal(kind, 'corrupt');
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('TOP-SECRET-VALUE'));
    client.disconnect();
  });
});

describe('a Redis Cluster that loses a master', { skip: withoutRedis }, () => {
  it('goes on with the keys of the others, and with all of them when it returns', async () => {
    const cluster = await startCluster();
    const store = await open(cluster.settings);
    const keys = Array.from({ length: 30 }, (_, n) => `key-${n}`);
    await Promise.all(keys.map((key) => store.put(key, 'value')));
    const answered = async (): Promise<number> => {
      const gone: string[] = [];
      for (const key of keys) await store.get(key).catch(() => gone.push(key));
      return keys.length - gone.length;
    };
    assert.equal(await answered(), keys.length);
    await cluster.nodes[1]?.kill();
    const { ms } = await failureOf(async () => {
      for (const key of keys) await store.put(key, 'value');
    });
    assert.ok(ms < 1_000);
    await cluster.nodes[1]?.restart();
    await until(async () => (await answered()) === keys.length);
    await store.close();
    await cluster.stop();
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { Secret } from '../../src/secret.ts';
import type { RedisSettings } from '../../src/store/redis-connect.ts';
import type { RedisOptions } from '../../src/store/redis-link.ts';
import { freePort, startRedis, startSentinel, until, withoutRedis } from '../redis.ts';
import { answering, failureOf, open } from './redis-store.ts';

describe('a Redis at the start', { skip: withoutRedis }, () => {
  const refused = async (config: readonly string[], message: RegExp): Promise<void> => {
    const redis = await startRedis({ config });
    try {
      await assert.rejects(open(redis.settings), { name: 'StoreUnfit', message });
      const store = await open(redis.settings, { acceptVolatile: true });
      await store.put('key', 'value');
      await store.close();
    } finally {
      await redis.stop();
    }
  };

  it('is refused when it evicts, with what to set, unless a volatile store is accepted', () =>
    refused(['maxmemory-policy allkeys-lru'], /maxmemory-policy allkeys-lru\): set maxmemory-policy noeviction/));

  it('is refused when it does not persist, with what to set, unless a volatile store is accepted', () =>
    refused(['appendonly no'], /set appendonly yes/));

  it('says how durable its writes are', async () => {
    const durabilityWith = async (config: readonly string[], options: Partial<RedisOptions> = {}) => {
      const redis = await startRedis({ config });
      const store = await open(redis.settings, options);
      const durability = await store.durability();
      await store.close();
      await redis.stop();
      return durability;
    };
    assert.equal(await durabilityWith([]), 'disk');
    assert.equal(await durabilityWith(['appendfsync everysec']), 'process');
    assert.equal(await durabilityWith(['appendonly no'], { acceptVolatile: true }), 'memory');
  });

  it('is refused when it is a replica', async () => {
    const master = await startRedis();
    const replica = await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`] });
    await assert.rejects(open(replica.settings, { acceptVolatile: true }), {
      name: 'StoreUnfit',
      message: /is a replica/,
    });
    await replica.stop();
    await master.stop();
  });

  it('counts a write only when the replicas asked for hold it', async () => {
    const master = await startRedis();
    const replica = await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`] });
    const client = new Redis(master.port);
    await until(async () => (await client.info('replication')).includes('state=online'));
    const store = await open(master.settings, { replicas: 1, timeoutMs: 1_000 });
    assert.equal(await store.durability(), 'replicated');
    assert.deepEqual(await store.put('key', 'value'), { version: 1 });
    await store.add('index', 'member', 1);
    assert.equal(await store.increment('counter'), 1);
    await replica.kill();
    const { kind } = await failureOf(() => store.put('key', 'value'));
    assert.equal(kind, 'timeout');
    assert.equal((await store.get('key'))?.version, 2);
    await store.close();
    client.disconnect();
    await master.stop();
  });

  it('may be away: the store opens, refuses calls, and works when it comes', async () => {
    const port = await freePort();
    const settings: RedisSettings = {
      kind: 'redis',
      topology: 'single',
      nodes: [{ host: '127.0.0.1', port }],
      database: 0,
      tls: false,
      keyPrefix: 'runpass:',
    };
    const store = await open(settings);
    assert.equal((await failureOf(() => store.get('key'))).kind, 'unavailable');
    await assert.rejects(store.durability(), { kind: 'unavailable' });
    const redis = await startRedis({ port });
    await until(answering(store));
    assert.equal(await store.durability(), 'disk');
    await store.close();
    await redis.stop();
  });

  it('is reached by TLS with a password, and refused with a wrong one or an unknown certificate', async () => {
    const redis = await startRedis({ tls: true, password: 'p@ss/word' });
    const store = await open(redis.settings);
    assert.deepEqual(await store.put('key', 'value'), { version: 1 });
    await store.close();
    const wrong = { ...redis.settings, password: new Secret('wrong') };
    await assert.rejects(open(wrong), { name: 'StoreUnfit', message: /user name and password/ });
    const { password: _, ...without } = redis.settings;
    await assert.rejects(open(without), { name: 'StoreUnfit', message: /user name and password/ });
    const { ca: __, ...unknown } = redis.settings;
    await assert.rejects(open(unknown), { name: 'StoreUnfit', message: /certificate.*store\.ca/ });
    await redis.stop();
  });

  it('is found by Sentinel, and its successor too', async () => {
    const sentinel = await startSentinel();
    const store = await open(sentinel.settings);
    await store.put('key', 'value');
    const client = new Redis(sentinel.master.port);
    assert.equal(await client.hget('runpass:d:{key}', 'v'), 'value');
    await client.wait(1, 1_000);
    client.disconnect();
    await sentinel.master.kill();
    await until(() => store.put('key', 'again').then(Boolean, () => false));
    const successor = new Redis(sentinel.replica.port);
    assert.equal(await successor.hget('runpass:d:{key}', 'v'), 'again');
    successor.disconnect();
    await store.close();
    await sentinel.stop();
  });
});

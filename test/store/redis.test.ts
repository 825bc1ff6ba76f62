import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { Secret } from '../../src/secret.ts';
import type { RedisSettings } from '../../src/store/redis-connect.ts';
import { storeContract } from '../contract/store.ts';
import { startCluster, startRedis, until, withoutRedis } from '../redis.ts';
import { answering, open, wait } from './redis-store.ts';

storeContract(
  'redis',
  async () => {
    const redis = await startRedis();
    // The model test and the values of megabytes share two busy cores with other test files.
    const store = await open(redis.settings, { timeoutMs: 2_000 });
    return {
      store,
      pass: wait,
      async restart() {
        await redis.kill();
        await redis.restart();
        await until(answering(store));
        return store;
      },
      async stop() {
        await store.close();
        await redis.stop();
      },
    };
  },
  { skip: withoutRedis },
);

storeContract(
  'redis cluster',
  async () => {
    const cluster = await startCluster();
    const store = await open(cluster.settings, { timeoutMs: 2_000 });
    return {
      store,
      pass: wait,
      async stop() {
        await store.close();
        await cluster.stop();
      },
    };
  },
  { skip: withoutRedis },
);

const elsewhere = process.env['REDIS_URL'];

storeContract(
  'redis at REDIS_URL',
  async () => {
    const url = new URL(elsewhere ?? '');
    const settings: RedisSettings = {
      kind: 'redis',
      topology: 'single',
      nodes: [{ host: url.hostname, port: Number(url.port || 6379) }],
      database: Number(url.pathname.slice(1) || 0),
      tls: url.protocol === 'rediss:',
      keyPrefix: `runpass-test-${process.pid}:`,
      ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
      ...(url.password === '' ? {} : { password: new Secret(decodeURIComponent(url.password)) }),
    };
    const store = await open(settings, { timeoutMs: 2_000, acceptVolatile: true });
    return {
      store,
      pass: wait,
      async stop() {
        await store.close();
        const client = new Redis(elsewhere ?? '');
        for await (const keys of client.scanStream({ match: `${settings.keyPrefix}*` })) {
          if (keys.length > 0) await client.unlink(keys);
        }
        client.disconnect();
      },
    };
  },
  { skip: elsewhere === undefined ? 'REDIS_URL names no server' : false },
);

describe('a Redis store', { skip: withoutRedis }, () => {
  it('reads a hundred documents that are asked for at once with a few commands', async () => {
    const redis = await startRedis();
    const store = await open(redis.settings);
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.get(`document-${n}`)));
    const client = new Redis(redis.port);
    const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1];
    assert.ok(Number(calls) < 10, `${calls} commands`);
    client.disconnect();
    await store.close();
    await redis.stop();
  });
});

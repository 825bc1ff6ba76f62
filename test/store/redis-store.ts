import assert from 'node:assert/strict';
import { openRedis } from '../../src/store/redis.ts';
import type { RedisSettings } from '../../src/store/redis-connect.ts';
import type { RedisOptions } from '../../src/store/redis-link.ts';
import { type Store, StoreError } from '../../src/store/store.ts';
import { silentLog, systemClock, systemRandom } from '../../src/system.ts';

const system = { clock: systemClock, random: systemRandom, log: silentLog };
const strict: RedisOptions = { timeoutMs: 250, acceptVolatile: false, replicas: 0 };
/** Opens a Redis store as strictly as an installation would. */
export const open = (settings: RedisSettings, options: Partial<RedisOptions> = {}): Promise<Store> =>
  openRedis(settings, { ...strict, ...options }, system);

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Whether the store answers at this moment. */
export const answering = (store: Store) => () => store.time().then(Boolean, () => false);

/** Calls once and gives the kind of its failure and how long it took. */
export const failureOf = async (
  call: () => Promise<unknown>,
): Promise<{ kind: string; ms: number; error: StoreError }> => {
  const from = performance.now();
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    return { kind: error.kind, ms: performance.now() - from, error };
  }
  throw new assert.AssertionError({ message: 'the call was answered' });
};

import type { TestContext } from 'node:test';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { type Clock, systemClock } from '../../src/system.ts';
import { startRedis, withoutRedis } from '../redis.ts';
import { open } from '../store/redis-store.ts';

/** The stores that a race is run on: each gives two ends of one store, as two replicas have them. */
export const STORES: readonly {
  readonly name: string;
  readonly skip: string | false;
  open(t: TestContext): Promise<readonly [Store, Store]>;
}[] = [
  {
    name: 'memory',
    skip: false,
    async open() {
      const store = memoryStore(systemClock);
      return [store, store];
    },
  },
  {
    name: 'redis',
    skip: withoutRedis,
    async open(t) {
      const redis = await startRedis();
      const stores = [await open(redis.settings, { timeoutMs: 2000 }), await open(redis.settings, { timeoutMs: 2000 })];
      t.after(async () => {
        await Promise.all(stores.map((store) => store.close()));
        await redis.stop();
      });
      return stores as [Store, Store];
    },
  },
];

/** A store in memory that counts what it is asked. */
export const countingStore = (clock: Clock): { readonly store: Store; readonly calls: string[] } => {
  const calls: string[] = [];
  const store = new Proxy(memoryStore(clock), {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return method.apply(target, args) as unknown;
      };
    },
  });
  return { store, calls };
};

import type { Settings } from '../settings/settings.ts';
import type { System } from '../system.ts';
import type { Store } from './store.ts';

export interface OpenOptions {
  /** True for `serve`: an embedded store is checked whole and takes one server only. False for commands beside it. */
  readonly server: boolean;
}

/**
 * Opens the store that the settings name.
 *
 * Loads only the backend it needs: with an embedded store no Redis client costs start-up time.
 * Throws `StoreUnfit`, or `StoreError` of kind `corrupt`, with a message that says what to do.
 */
export const openStore = async (settings: Settings['store'], system: System, options: OpenOptions): Promise<Store> => {
  const { backend, timeoutMs, acceptVolatile, replicas } = settings;
  switch (backend.kind) {
    case 'memory':
      return (await import('./memory.ts')).memoryStore(system.clock);
    case 'sqlite':
      return (await import('./sqlite.ts')).openSqlite(backend.path, system.clock, { ...options, timeoutMs });
    case 'redis':
      return (await import('./redis.ts')).openRedis(backend, { timeoutMs, acceptVolatile, replicas }, system);
  }
};

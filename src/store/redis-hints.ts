import type { RedisClient } from './redis-connect.ts';

type Changed = (key: string) => void;

/**
 * Hears from Redis which documents changed, on a connection of its own that is made with the first watcher.
 *
 * Only a hint: whatever fails here is tried again with the next connection, and nobody is told.
 */
export const redisHints = (connect: () => RedisClient, channel: string) => {
  const listeners = new Map<string, Set<Changed>>();
  let client: RedisClient | undefined;

  const subscribe = (pattern: string): void => void client?.psubscribe(pattern).catch(() => undefined);

  const listen = (): RedisClient => {
    const made = connect();
    made.on('error', () => undefined);
    made.on('ready', () => {
      for (const pattern of listeners.keys()) subscribe(pattern);
    });
    made.on('pmessage', (pattern: string, from: string) => {
      for (const changed of listeners.get(pattern) ?? []) changed(from.slice(channel.length));
    });
    return made;
  };

  return {
    watch(prefix: string, changed: Changed): () => Promise<void> {
      const pattern = `${channel}${prefix}`.replace(/[\\*?[\]]/g, '\\$&').concat('*');
      const known = listeners.get(pattern) ?? new Set();
      listeners.set(pattern, known.add(changed));
      client ??= listen();
      if (client.status === 'ready') subscribe(pattern);
      return async () => {
        known.delete(changed);
        if (known.size > 0) return;
        listeners.delete(pattern);
        if (client?.status === 'ready') client.punsubscribe(pattern).catch(() => undefined);
      };
    },

    close(): void {
      listeners.clear();
      client?.disconnect();
    },
  };
};

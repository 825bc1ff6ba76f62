import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from './redis-connect.ts';
import { type Durability, StoreUnfit } from './store.ts';

/**
 * Looks whether the server keeps what it acknowledges, before anything is entrusted to it.
 *
 * Asks every master. Throws `StoreUnfit`, naming the server, each problem and the setting that mends it;
 * with `acceptVolatile` only a replica is refused. Gives how durable an acknowledged write is.
 */
export const checkFitness = async (client: RedisClient, acceptVolatile: boolean): Promise<Durability> => {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  const found = await Promise.all(nodes.map(look));
  const problems = found.flatMap((one) => [...one.mistaken, ...(acceptVolatile ? [] : one.volatile)]);
  if (problems.length > 0) {
    throw new StoreUnfit(
      `This Redis could lose signing keys and runs, or mix them up:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
        'Mend it there (redis.conf or CONFIG SET), or set store.acceptVolatile: true for a trial where losing them does not matter.',
    );
  }
  return WEAKEST_FIRST.find((level) => found.some((one) => one.durability === level)) ?? 'memory';
};

const WEAKEST_FIRST = ['memory', 'process', 'disk'] as const satisfies readonly Durability[];

interface Findings {
  readonly mistaken: readonly string[];
  readonly volatile: readonly string[];
  readonly durability: Durability;
}

const look = async (node: Redis): Promise<Findings> => {
  const address = `${node.options.host}:${node.options.port}`;
  const info = fields(await node.info());
  const policy = info['maxmemory_policy'] ?? 'unknown';
  const appendOnly = info['aof_enabled'] === '1';
  const mistaken =
    info['role'] === 'slave'
      ? [`${address} is a replica: name the master, or use redis+sentinel:// or redis+cluster://`]
      : [];
  const volatile = [
    ...(policy === 'noeviction'
      ? []
      : [
          `${address} throws data away when its memory is full (maxmemory-policy ${policy}): set maxmemory-policy noeviction`,
        ]),
    ...(appendOnly ? [] : [`${address} does not write what it acknowledges to its disk: set appendonly yes`]),
  ];
  const durability = appendOnly ? ((await syncsAlways(node)) ? 'disk' : 'process') : 'memory';
  return { mistaken, volatile, durability };
};

/** Managed servers hide their settings; then the default (once a second) is assumed. */
const syncsAlways = async (node: Redis): Promise<boolean> => {
  const reply: unknown = await node.config('GET', 'appendfsync').catch(() => undefined);
  return Array.isArray(reply) && reply[1] === 'always';
};

const fields = (info: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    info
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );

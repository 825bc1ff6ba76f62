import type { System } from '../system.ts';
import { checkKey, checkNumber, checkRecords, checkValue } from './limits.ts';
import { connectRedis, type RedisSettings } from './redis-connect.ts';
import { documentReader } from './redis-documents.ts';
import { redisHints } from './redis-hints.ts';
import { linkRedis, type RedisLink, type RedisOptions } from './redis-link.ts';
import type { Argument } from './redis-scripts.ts';
import type { Appended, LogRecord, Replaced, Store, Stored, WriteOptions } from './store.ts';

/**
 * The shared store: any number of Runpass replicas over one Redis (single, Sentinel or Cluster).
 *
 * Each key lives in one hash slot, its braces around the whole of it; store time is the server's. Every mutation
 * is one command or one script. Reads go to masters only. A server that cannot be reached does not stop this from
 * opening: calls fail as `unavailable` until it is there. One that is there and unfit does (`StoreUnfit`).
 */
export const openRedis = async (settings: RedisSettings, options: RedisOptions, system: System): Promise<Store> => {
  const link = await linkRedis(() => connectRedis(settings, options.timeoutMs), options, system);
  const keys = keysUnder(settings.keyPrefix);
  return redisStore(
    link,
    keys,
    documentReader(link, { together: settings.topology !== 'cluster' }),
    redisHints(() => connectRedis(settings, options.timeoutMs), keys.channel),
  );
};

type Keys = ReturnType<typeof keysUnder>;

const keysUnder = (prefix: string) => ({
  document: (key: string): string => `${prefix}d:{${key}}`,
  log: (key: string): string => `${prefix}l:{${key}}`,
  counter: (key: string): string => `${prefix}c:{${key}}`,
  index: (key: string): string => `${prefix}i:{${key}}`,
  channel: `${prefix}changed:`,
});

const redisStore = (
  link: RedisLink,
  keys: Keys,
  readDocument: ReturnType<typeof documentReader>,
  hints: ReturnType<typeof redisHints>,
): Store => {
  const replace = async (key: string, expected: number, value: string, options: WriteOptions): Promise<Replaced> => {
    checkKey(key);
    checkValue(value);
    const parameters = [...written(key, value, options), expected];
    const version = Number(await link.write('replace', [keys.document(key), keys.log(key), ...parameters]));
    return version === 0 ? 'conflict' : { version };
  };

  const written = (key: string, value: string, options: WriteOptions): readonly Argument[] => [
    value,
    options.openUntil ?? '',
    options.expiresAt ?? '',
    `${keys.channel}${key}`,
  ];

  return {
    kind: 'redis',

    async get(key) {
      checkKey(key);
      return stored(await readDocument(keys.document(key)));
    },

    async put(key, value, options = {}) {
      checkKey(key);
      checkValue(value);
      const parameters = written(key, value, options);
      return { version: Number(await link.write('put', [keys.document(key), keys.log(key), ...parameters])) };
    },

    async create(key, value, options = {}) {
      return (await replace(key, 0, value, options)) !== 'conflict';
    },

    async replace(key, expected, value, options = {}) {
      return replace(key, expected, value, options);
    },

    async delete(key) {
      checkKey(key);
      const parameters = [keys.document(key), keys.log(key), `${keys.channel}${key}`];
      return (await link.write('delete', parameters)) === 1;
    },

    async increment(key, { expiresAt } = {}) {
      checkKey(key);
      const counter = keys.counter(key);
      return Number(
        await (expiresAt === undefined ? link.write('incr', [counter]) : link.write('increment', [counter, expiresAt])),
      );
    },

    async append(key, records, options) {
      checkKey(key);
      checkRecords(records, options);
      return appended(
        options.to === 'document'
          ? await link.write('append', [
              keys.document(key),
              keys.log(key),
              options.openUntil ?? '',
              options.keep ?? '',
              ...records,
            ])
          : await link.write('append-free', [keys.log(key), options.expiresAt ?? '', ...records]),
      );
    },

    async read(key, from, count) {
      checkKey(key);
      if (count < 1) return [];
      const parameters = [keys.log(key), `${Math.max(from, 1)}-0`, '+', 'COUNT', count];
      return ((await link.read('xrange', parameters)) as Entry[]).map(logRecord);
    },

    async add(key, member, score) {
      checkKey(key);
      checkNumber(score);
      await link.write('zadd', [keys.index(key), score, member]);
    },

    async remove(key, member) {
      checkKey(key);
      await link.write('zrem', [keys.index(key), member]);
    },

    async page(key, offset, count, ascending = false) {
      checkKey(key);
      const parameters = [keys.index(key), offset, Math.max(count, 0), ascending ? 1 : 0];
      const [total, members] = (await link.read('page', parameters)) as [number, string[]];
      return { members, total };
    },

    async trim(key, score) {
      checkKey(key);
      checkNumber(score);
      return Number(await link.write('zremrangebyscore', [keys.index(key), '-inf', score]));
    },

    async time() {
      const [seconds, microseconds] = (await link.read('time', [])) as [string, string];
      return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    },

    async durability() {
      return link.durability();
    },

    async watch(prefix, changed) {
      return hints.watch(prefix, changed);
    },

    async close() {
      hints.close();
      link.close();
    },
  };
};

/** `v n u l` of a document's hash; no version, no document. */
const stored = (reply: unknown): Stored | undefined => {
  const [value, version, openUntil, length] = reply as (string | null)[];
  if (value == null || version == null) return undefined;
  return {
    value,
    version: Number(version),
    length: Number(length ?? 0),
    ...(openUntil == null ? {} : { openUntil: Number(openUntil) }),
  };
};

const appended = (reply: unknown): Appended => {
  if (reply === 'absent' || reply === 'closed') return reply;
  const [position, time] = reply as [number, number];
  return { position, time };
};

/** An entry of the stream: its id is `<position>-0`, its only field is `r`. */
type Entry = readonly [id: string, fields: readonly [field: string, value: string]];

const logRecord = ([id, [, value]]: Entry): LogRecord => ({ position: Number.parseInt(id, 10), value });

import type { Clock } from '../system.ts';
import { checkKey, checkNumber, checkRecords, checkValue } from './limits.ts';
import type { AppendOptions, Replaced, Store, Stored, WriteOptions } from './store.ts';
import { watchers } from './watchers.ts';

interface Document {
  value: string;
  version: number;
  openUntil: number | undefined;
  expiresAt: number | undefined;
  readonly log: Log;
}

/** The records that are kept, and how many were dropped before them. */
interface Log {
  readonly kept: string[];
  dropped: number;
}

interface FreeLog {
  readonly log: Log;
  expiresAt: number | undefined;
}

interface Counter {
  value: number;
  expiresAt: number | undefined;
}

/**
 * The store that lives in this process and dies with it: for tests, and the model that the others are tested against.
 *
 * It is written to be obviously right rather than fast: one map per kind of thing, expiry looked at on every access.
 */
export const memoryStore = (clock: Clock): Store => {
  const documents = new Map<string, Document>();
  const freeLogs = new Map<string, FreeLog>();
  const counters = new Map<string, Counter>();
  const indexes = new Map<string, Map<string, number>>();
  const hints = watchers();

  /** What the map holds under the key, unless its end has come: then it is removed, and gone. */
  const alive = <T extends { readonly expiresAt: number | undefined }>(map: Map<string, T>, key: string) => {
    checkKey(key);
    const found = map.get(key);
    if (found?.expiresAt === undefined || found.expiresAt > clock.nowMs()) return found;
    map.delete(key);
    return undefined;
  };

  const write = (key: string, value: string, version: number, log: Log, options: WriteOptions): void => {
    const { openUntil, expiresAt } = options;
    documents.set(key, { value: value.toWellFormed(), version, openUntil, expiresAt, log });
    hints.changed(key);
  };

  const replace = (key: string, expected: number, value: string, options: WriteOptions): Replaced => {
    checkValue(value);
    const found = alive(documents, key);
    if ((found?.version ?? 0) !== expected) return 'conflict';
    const { openUntil = found?.openUntil, expiresAt = found?.expiresAt } = options;
    write(key, value, expected + 1, found?.log ?? emptyLog(), {
      ...(openUntil === undefined ? {} : { openUntil }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    return { version: expected + 1 };
  };

  const logOf = (key: string, options: AppendOptions): Log | 'absent' | 'closed' => {
    if (options.to === 'free') {
      const found = alive(freeLogs, key) ?? { log: emptyLog(), expiresAt: undefined };
      found.expiresAt = options.expiresAt ?? found.expiresAt;
      freeLogs.set(key, found);
      return found.log;
    }
    const found = alive(documents, key);
    if (found === undefined) return 'absent';
    if (found.openUntil !== undefined) {
      if (found.openUntil <= clock.nowMs()) return 'closed';
      found.openUntil = Math.max(found.openUntil, options.openUntil ?? 0);
    }
    return found.log;
  };

  const index = (key: string): Map<string, number> => {
    checkKey(key);
    return indexes.get(key) ?? new Map();
  };

  return {
    kind: 'memory',

    async get(key): Promise<Stored | undefined> {
      const found = alive(documents, key);
      if (found === undefined) return undefined;
      const { value, version, openUntil, log } = found;
      return { value, version, length: lengthOf(log), ...(openUntil === undefined ? {} : { openUntil }) };
    },

    async put(key, value, options = {}) {
      checkValue(value);
      const found = alive(documents, key);
      const version = (found?.version ?? 0) + 1;
      write(key, value, version, found?.log ?? emptyLog(), options);
      return { version };
    },

    async create(key, value, options = {}) {
      return replace(key, 0, value, options) !== 'conflict';
    },

    async replace(key, expected, value, options = {}) {
      return replace(key, expected, value, options);
    },

    async delete(key) {
      const existed = alive(documents, key) !== undefined;
      documents.delete(key);
      if (existed) hints.changed(key);
      return existed;
    },

    async increment(key, options = {}) {
      const found = alive(counters, key) ?? { value: 0, expiresAt: undefined };
      found.value += 1;
      found.expiresAt = options.expiresAt ?? found.expiresAt;
      counters.set(key, found);
      return found.value;
    },

    async append(key, records, options) {
      checkRecords(records, options);
      const log = logOf(key, options);
      if (log === 'absent' || log === 'closed') return log;
      const position = lengthOf(log) + 1;
      for (const record of records) log.kept.push(record.toWellFormed());
      if (options.keep !== undefined)
        log.dropped += log.kept.splice(0, Math.max(log.kept.length - options.keep, 0)).length;
      return { position, time: clock.nowMs() };
    },

    async read(key, from, count) {
      const { kept, dropped } = (alive(documents, key) ?? alive(freeLogs, key))?.log ?? emptyLog();
      const start = Math.max(from - 1 - dropped, 0);
      return kept
        .slice(start, start + Math.max(count, 0))
        .map((value, offset) => ({ position: dropped + start + offset + 1, value }));
    },

    async add(key, member, score) {
      checkNumber(score);
      indexes.set(key, index(key).set(member.toWellFormed(), score));
    },

    async remove(key, member) {
      index(key).delete(member);
    },

    async page(key, offset, count, ascending = false) {
      const members = [...index(key)].sort(byScoreThenText).map(([member]) => member);
      if (!ascending) members.reverse();
      return { members: members.slice(offset, offset + Math.max(count, 0)), total: members.length };
    },

    async trim(key, score) {
      checkNumber(score);
      const members = index(key);
      const gone = [...members].filter(([, own]) => own <= score);
      for (const [member] of gone) members.delete(member);
      return gone.length;
    },

    async time() {
      return clock.nowMs();
    },

    async durability() {
      return 'memory';
    },

    async watch(prefix, changed) {
      return hints.watch(prefix, changed);
    },

    async close() {
      hints.close();
    },
  };
};

const emptyLog = (): Log => ({ kept: [], dropped: 0 });

const lengthOf = ({ kept, dropped }: Log): number => dropped + kept.length;

/** Texts are ordered by their UTF-8 bytes, as Redis and SQLite order them. */
const byScoreThenText = ([left, leftScore]: [string, number], [right, rightScore]: [string, number]): number =>
  leftScore - rightScore || Buffer.compare(Buffer.from(left), Buffer.from(right));

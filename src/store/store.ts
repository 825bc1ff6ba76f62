import type { EpochMs } from '../system.ts';

/**
 * A stored document.
 *
 * `version` starts at 1 and grows by one with every `put` and `replace`; after a
 * delete it starts again, so documents under compare-and-swap are never deleted.
 */
export interface Stored {
  readonly value: string;
  readonly version: number;
  /** The document takes appends before this instant of store time; absent: always; 0: never again. */
  readonly openUntil?: EpochMs;
  /** Position of the newest record of its log; 0 when nothing was appended. */
  readonly length: number;
}

export interface WriteOptions {
  /** The document and its log vanish at this instant of store time. Absent: kept for ever. */
  readonly expiresAt?: EpochMs;
  /** See `Stored.openUntil`. */
  readonly openUntil?: EpochMs;
}

/** Answer of `replace`: the new version, or why nothing was written. */
export type Replaced = { readonly version: number } | 'conflict';

/** Answer of `append`: position of the first of the new records (1, 2, 3, …), or why nothing was written. */
export type Appended = { readonly position: number; readonly time: EpochMs } | 'closed' | 'absent';

export interface AppendOptions {
  /**
   * `document`: the log belongs to an existing document; refused as `absent` when there is none and as
   * `closed` when `openUntil` is not after store time. `free`: the log stands alone and is made on first use.
   */
  readonly to: 'document' | 'free';
  /** Moves the document's `openUntil` in the same step (never backwards). */
  readonly openUntil?: EpochMs;
  /** For a free log: the whole log vanishes at this instant. */
  readonly expiresAt?: EpochMs;
  /** For a document's log: only the newest `keep` records are kept; positions go on. Absent: all of them. */
  readonly keep?: number;
}

export interface LogRecord {
  readonly position: number;
  readonly value: string;
}

export interface Page {
  readonly members: readonly string[];
  readonly total: number;
}

/** How much an acknowledged write survives: nothing, the process, power loss of one disk, loss of a machine. */
export type Durability = 'memory' | 'process' | 'disk' | 'replicated';

/**
 * Where everything lives: documents, logs, ordered indexes and counters, each under one key.
 *
 * Promises: every method is atomic on its one key; no method spans two keys (that is why a
 * Redis Cluster works); what is acknowledged is as durable as `durability()` says; reads see this
 * replica's earlier writes. Every call ends within `store.timeoutMs` (250 ms by default), with an
 * answer or a `StoreError`. Keys are made of `[A-Za-z0-9._:/@-]`, at most 512 characters; they never
 * hold a secret, and neither do values: hash it or seal it first. Values are unicode text, at most 4 MiB.
 *
 * Times are store time. An expired document is gone at exactly `expiresAt` (inclusive).
 * A key names one thing for its life: a document with its log, a free log, an index or a counter.
 */
export interface Store {
  readonly kind: 'redis' | 'sqlite' | 'memory';

  get(key: string): Promise<Stored | undefined>;
  /** Writes whatever was there before; keeps the log. */
  put(key: string, value: string, options?: WriteOptions): Promise<{ readonly version: number }>;
  /** True for exactly one caller per key, until the document is deleted or expires. */
  create(key: string, value: string, options?: WriteOptions): Promise<boolean>;
  /**
   * Compare-and-swap: writes only where the stored version is `expected` (0: no document).
   * An absent option leaves the stored `openUntil` and `expiresAt` as they are.
   */
  replace(key: string, expected: number, value: string, options?: WriteOptions): Promise<Replaced>;
  /** Removes the document and its log. False when there was none. */
  delete(key: string): Promise<boolean>;

  /** Adds one to a counter that starts at 0 and gives its new value; contiguous under concurrency. */
  increment(key: string, options?: { readonly expiresAt?: EpochMs }): Promise<number>;

  /**
   * Appends records in order, all or none. With no records it checks that the document is open and moves
   * `openUntil`, nothing else; `position` is then where the next record will stand.
   */
  append(key: string, records: readonly string[], options: AppendOptions): Promise<Appended>;
  /** Records from position `from` (1 is the first) upward, at most `count`; fewer only at the end. */
  read(key: string, from: number, count: number): Promise<readonly LogRecord[]>;

  /** Puts a member into an ordered index, or moves it. Members are ordered by score, then by text. */
  add(key: string, member: string, score: number): Promise<void>;
  remove(key: string, member: string): Promise<void>;
  /** Members from `offset` on, highest score first (or lowest, when `ascending`). */
  page(key: string, offset: number, count: number, ascending?: boolean): Promise<Page>;
  /** Removes the members whose score is at most `score`; gives how many. */
  trim(key: string, score: number): Promise<number>;

  /** Store time: the reference for every schedule. */
  time(): Promise<EpochMs>;
  durability(): Promise<Durability>;
  /** A hint that a document changed; may be lost, may come late, never needed for correctness. */
  watch(prefix: string, changed: (key: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * Why a call to the store failed.
 *
 * `unavailable`: nothing was written. `timeout`: unknown, it may have happened; read by version before trying again.
 * `corrupt`: the stored bytes are damaged; never to be used.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'unavailable' | 'timeout' | 'corrupt';

  constructor(kind: StoreError['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * A store that answers but must not be used as it stands: it may forget what it acknowledged, somebody else
 * holds it, or a newer Runpass made it. Thrown only while opening; the message says what to do about it.
 */
export class StoreUnfit extends Error {
  override readonly name = 'StoreUnfit';
}

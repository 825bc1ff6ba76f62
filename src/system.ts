import { randomBytes, randomUUID } from 'node:crypto';

/** Seconds since 1970-01-01T00:00:00Z, whole. RFC 7519, section 2 (NumericDate). */
export type EpochSeconds = number;

/** Milliseconds since 1970-01-01T00:00:00Z. Only where the store or Node counts in milliseconds. */
export type EpochMs = number;

/**
 * The time, handed to everything that needs it.
 *
 * Nothing else in `src` reads a clock, so that a test can stand at any instant
 * and no rule about time is ever tested by waiting.
 */
export interface Clock {
  /** The wall clock, in milliseconds. */
  nowMs(): EpochMs;
  /** Milliseconds from an arbitrary start; never jumps, never goes back. */
  monotonicMs(): number;
}

/** Whole seconds of a clock; every time that stands in a token or a document goes through here. */
export const epochSeconds = (clock: Pick<Clock, 'nowMs'>): EpochSeconds => Math.floor(clock.nowMs() / 1000);

/** Unpredictable bytes and identifiers, handed in for the same reason as the time. */
export interface Random {
  bytes(length: number): Uint8Array;
  uuid(): string;
}

/** What a log line may carry: flat, short, never a token, key or secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured log. Messages are fixed sentences; what varies goes into the fields. */
export interface Log {
  debug(message: string, fields?: LogFields, cause?: unknown): void;
  info(message: string, fields?: LogFields, cause?: unknown): void;
  warn(message: string, fields?: LogFields, cause?: unknown): void;
  error(message: string, fields?: LogFields, cause?: unknown): void;
}

/** The outside world, as far as the inner rooms may know it. */
export interface System {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
};

/** A log that says nothing: for pure tests and for commands whose output is their answer. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Calls `task` every `intervalMs` until stopped; a call never overlaps the one before it. */
export interface Repeater {
  stop(): Promise<void>;
}

/**
 * Repeats a task for as long as the process lives, without keeping it alive.
 *
 * The wait is spread by up to `jitter` (0.2 means ±20 %), so that replicas do not
 * march in step. A failing task is the task's own business: it must not throw.
 */
export const repeat = (task: () => Promise<void>, intervalMs: number, jitter = 0): Repeater => {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const schedule = (): void => {
    const spread = 1 + jitter * ((randomBytes(2).readUInt16BE() / 0xffff) * 2 - 1);
    timer = setTimeout(() => {
      running = task().finally(() => {
        if (!stopped) schedule();
      });
    }, intervalMs * spread);
    timer.unref();
  };
  schedule();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

/** A time of ours on the wire: RFC 3339, UTC, whole seconds. */
export const writeTime = (time: EpochSeconds): string => new Date(time * 1000).toISOString().replace('.000Z', 'Z');

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Whole seconds of an RFC 3339 time; `undefined` for any other text, also for days that no calendar has. */
export const readTime = (text: string): EpochSeconds | undefined => {
  const found = RFC_3339.exec(text);
  const ms = found ? Date.parse(text.replace(' ', 'T').toUpperCase()) : Number.NaN;
  if (!found || Number.isNaN(ms)) return undefined;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day <= lastDay ? Math.floor(ms / 1000) : undefined;
};

/** Whole seconds of a time in an HTTP header, such as `Date`; `undefined` for any other text. RFC 9110, section 5.6.7. */
export const readHttpDate = (text: string): EpochSeconds | undefined => {
  const ms = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 1000;
};

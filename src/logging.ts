import pino from 'pino';
import type { Log, LogFields } from './system.ts';

/** Where lines go; `flushSync` writes those that wait. */
type LogStream = pino.DestinationStream & { flushSync?(): void };

/** What our own secrets and any JWT look like: nothing of that shape leaves through a log, whoever wrote the text. */
const SECRET_SHAPES = /\beyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9._-]*|\brp[ar]_[A-Za-z0-9_-]{8,}/g;

const scrub = (text: string): string => text.replace(SECRET_SHAPES, '[secret]').slice(0, 2_000);

/**
 * The server's log: one JSON line an event, on the stream that is handed in.
 *
 * Redacted by construction: messages are fixed sentences, fields are flat and short, and of an error only its
 * name, message and stack are written, with everything scrubbed that looks like a secret.
 */
export const openLog = (level: 'debug' | 'info' | 'warn' | 'error', to: LogStream): Log => {
  const formatters = { level: (label: string) => ({ level: label }) };
  const lines = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message', formatters },
    to,
  );
  const write = (at: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields, cause?: unknown) => {
    if (!lines.isLevelEnabled(at)) return;
    lines[at]({ ...scrubFields(fields), ...describeCause(cause) }, message);
    if (at === 'warn' || at === 'error') to.flushSync?.();
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};

const scrubFields = (fields: LogFields = {}): LogFields => {
  const clean: Record<string, LogFields[string]> = {};
  for (const [name, value] of Object.entries(fields)) clean[name] = typeof value === 'string' ? scrub(value) : value;
  return clean;
};

const describeCause = (cause: unknown): LogFields => {
  if (cause === undefined) return {};
  if (!(cause instanceof Error)) return { cause: scrub(String(cause)) };
  const inner = cause.cause instanceof Error ? { because: scrub(`${cause.cause.name}: ${cause.cause.message}`) } : {};
  return { cause: scrub(`${cause.name}: ${cause.message}`), stack: scrub(cause.stack ?? ''), ...inner };
};

/**
 * Where log lines go: standard output, many in one write, since a busy server writes thousands a second.
 *
 * A line waits for a tenth of a second at most, a warning or an error not at all; what still waits when the process
 * ends is written then.
 */
export const standardOutput = (): LogStream =>
  pino.destination({ dest: 1, sync: false, minLength: 8 * 1024, periodicFlush: 100 });

import type { EpochMs } from '../system.ts';

/** A token that stands in files. */
export interface HeldToken {
  readonly askedMs: EpochMs;
  readonly expiresMs: EpochMs;
  /** The run gets none that lives longer. */
  readonly isLast: boolean;
}

/** How renewing it has gone so far. */
export interface Trouble {
  readonly failures: number;
  /** When the last attempt ended. */
  readonly lastMs: EpochMs;
}

/** What to do with a token in files now. `wait` names an instant that always lies ahead. */
export type Move =
  | { readonly kind: 'wait'; readonly untilMs: EpochMs }
  | { readonly kind: 'refresh' }
  /** It is about to expire: better no file than one that is refused. */
  | { readonly kind: 'remove' }
  | { readonly kind: 'end' };

/** Part of a life after which a token is renewed: then most of an hour is left to try, or of five minutes one. */
const REFRESH_AFTER = 0.8;
/** A reader that has just opened the file still has this much time to use the token, or a tenth of its life. */
const MARGIN_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

export const refreshAtMs = ({ askedMs, expiresMs }: HeldToken): EpochMs =>
  askedMs + REFRESH_AFTER * (expiresMs - askedMs);

/** When the file must be gone, if nothing better has taken its place. */
export const goneAtMs = ({ askedMs, expiresMs }: HeldToken): EpochMs =>
  expiresMs - Math.min(MARGIN_MS, (expiresMs - askedMs) / 10);

/** How long to wait after so many failures in a row. */
export const retryAfterMs = (failures: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16), LONGEST_RETRY_MS);

/**
 * A token is renewed at 80 % of its life, and after a failure again and again; its file goes before it expires, never
 * because renewing failed.
 */
export const nextMove = (held: HeldToken, isGone: boolean, trouble: Trouble | undefined, nowMs: EpochMs): Move => {
  const goneAt = isGone ? Number.POSITIVE_INFINITY : goneAtMs(held);
  if (nowMs >= goneAt) return { kind: 'remove' };
  const refreshAt = held.isLast
    ? Number.POSITIVE_INFINITY
    : trouble
      ? trouble.lastMs + retryAfterMs(trouble.failures)
      : refreshAtMs(held);
  if (nowMs >= refreshAt) return { kind: 'refresh' };
  const untilMs = Math.min(goneAt, refreshAt);
  return Number.isFinite(untilMs) ? { kind: 'wait', untilMs } : { kind: 'end' };
};

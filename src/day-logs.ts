import type { LogRecord, Store } from './store/store.ts';
import { type EpochSeconds, writeTime } from './system.ts';

/** Logs of which each UTC day has its own, so that a day vanishes as a whole. */

const DAY = 86_400;

/** `YYYY-MM-DD`: days compare as texts. */
export const dayOf = (time: EpochSeconds): string => writeTime(time).slice(0, 10);

/** Days since 1970-01-01: the score of a day in the indexes. */
export const dayNumber = (time: EpochSeconds): number => Math.floor(time / DAY);

/** When what was written at `time` vanishes: with its whole day. */
export const keptUntil = (time: EpochSeconds, retention: number): EpochSeconds =>
  (dayNumber(time) + 1) * DAY + retention;

/** The newest day whose records have all vanished at `now`. */
export const newestGone = (now: EpochSeconds, retention: number): number => dayNumber(now - retention) - 1;

/** The records of a log from position `start` up to, not including, `end`: the newest first, `atOnce` from the store. */
export async function* readBackward(
  store: Store,
  key: string,
  { start, end, atOnce }: { readonly start: number; readonly end: number; readonly atOnce: number },
): AsyncGenerator<LogRecord, undefined> {
  for (let behind = end; behind > start; behind -= atOnce) {
    const from = Math.max(start, behind - atOnce);
    yield* (await store.read(key, from, behind - from)).toReversed();
  }
  return undefined;
}

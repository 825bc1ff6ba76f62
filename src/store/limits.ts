import type { AppendOptions } from './store.ts';

const KEY = /^[A-Za-z0-9._:/@-]{1,512}$/;
const MAX_VALUE_BYTES = 4 * 1024 * 1024;

/**
 * The limits that every store sets on what it is handed; see `Store`.
 *
 * Breaking one is a mistake of ours, never of a caller's: it throws a `RangeError`, which says which limit
 * and never what was handed in.
 */
export const checkKey = (key: string): void => {
  if (!KEY.test(key)) throw new RangeError('A store key is 1 to 512 characters of A-Z a-z 0-9 . _ : / @ -');
};

export const checkValue = (value: string): void => {
  // A UTF-16 unit takes at most three bytes: only long values are measured.
  if (value.length * 3 > MAX_VALUE_BYTES && Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw new RangeError('A stored value is at most 4 MiB');
  }
};

export const checkRecords = (records: readonly string[], { to, keep = 1 }: AppendOptions): void => {
  if (records.length === 0 && to === 'free') throw new RangeError('An append to a free log takes at least one record');
  if (!Number.isSafeInteger(keep) || keep < 1)
    throw new RangeError('A log keeps a whole number of records, at least one');
  for (const record of records) checkValue(record);
};

export const checkNumber = (value: number): void => {
  if (!Number.isFinite(value)) throw new RangeError('A score, a count and a time are finite numbers');
};

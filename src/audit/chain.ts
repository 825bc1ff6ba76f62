import { hash } from 'node:crypto';
import type { AuditDetail, AuditEvent, AuditRecord } from './record.ts';

/** Where a chain stands: its newest record, by number and hash. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first record. */
export const GENESIS: Link = { seq: 0, hash: 'A'.repeat(43) };

/**
 * What is wrong with a chain, at the first record that is not as it was written.
 *
 * `changed`: the record has another text. `missing`: it is gone, later ones stand. `reordered`: it stands
 * elsewhere, or another stands in its place. `truncated`: it and all after it are gone, though a signed head names them.
 * `head`: a head has no valid signature, or the chain was rewritten up to the record that the head names.
 */
export interface Break {
  readonly seq: number;
  readonly fault: 'changed' | 'missing' | 'reordered' | 'truncated' | 'head';
}

/**
 * The one text of a JSON value: keys sorted, no white space (RFC 8785, for our flat records).
 *
 * So that a hash can be taken again from an exported file, however that was formatted since.
 */
export const canonical = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const object = value as Readonly<Record<string, unknown>>;
  let members = '';
  for (const key of Object.keys(object).sort()) {
    if (object[key] === undefined) continue;
    members += `${members && ','}${JSON.stringify(key)}:${canonical(object[key])}`;
  }
  return `{${members}}`;
};

export const hashOf = (text: string): string => hash('sha256', text, 'base64url');

const HASH_LENGTH = 43;
const MAX_TEXT = 1024;

/**
 * Makes the next record of a chain.
 *
 * `stored` is what stands in the log: the record's hash, a space, the record as canonical JSON. The hash beside
 * the text tells which record was changed; the `prev` of the next one, and the heads, that nobody changed both.
 */
export const link = (
  event: AuditEvent,
  last: Link,
  place: Pick<AuditRecord, 'time' | 'writer' | 'after'>,
): Link & { readonly stored: string } => {
  const seq = last.seq + 1;
  const record = { ...event, actor: clip(event.actor), detail: tidy(event.detail), ...place, seq, prev: last.hash };
  const text = canonical(record);
  const own = hashOf(text);
  return { seq, hash: own, stored: `${own} ${text}` };
};

const clip = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

/** What came from a caller may be long, and a number may be none: neither may spoil the records around it. */
const tidy = (detail: AuditDetail): AuditDetail =>
  Object.fromEntries(
    Object.entries(detail)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, Number.isFinite(value) ? value : clip(String(value))]),
  );

/** A record as it is stored, read back; `undefined` when its text is not the one that was written. */
export const readStored = (stored: string): { readonly hash: string; readonly record: AuditRecord } | undefined => {
  const own = stored.slice(0, HASH_LENGTH);
  const text = stored.slice(HASH_LENGTH + 1);
  if (stored[HASH_LENGTH] !== ' ' || hashOf(text) !== own) return undefined;
  try {
    const record = JSON.parse(text) as AuditRecord;
    return Number.isSafeInteger(record.seq) && isTime(record.time) ? { hash: own, record } : undefined;
  } catch {
    return undefined;
  }
};

/** Seconds that a calendar has a date for. */
const isTime = (time: number): boolean => Number.isSafeInteger(time) && time >= 0 && time < 253_402_300_800;

/** The check of one chain, record by record, so that a chain of any length fits into memory. */
export interface ChainCheck {
  take(stored: string): void;
  /** Call once, after the last record. */
  finish(): Break | undefined;
}

/**
 * Begins to check the records that stand after `anchor`, against the links that signed heads vouch for.
 *
 * `belongs` says whether a record is of this chain at all.
 */
export const checkChain = (
  anchor: Link,
  vouched: readonly Link[],
  belongs: (record: AuditRecord) => boolean = () => true,
): ChainCheck => {
  const hashes = new Map(vouched.map(({ seq, hash: named }) => [seq, named]));
  let last = anchor;
  let broken: Break | undefined;
  /** The newest record does not link to the one before it: one of the two was rewritten, hash and all. */
  let doubted = false;

  /** The next record tells which: if that one links to the newest, the newest is as it was written. */
  const settle = (innocent: boolean): Break => {
    const before = last.seq - 1;
    const other = innocent && before !== anchor.seq && !hashes.has(before);
    return { seq: other ? before : last.seq, fault: 'changed' };
  };

  const next = (stored: string): Break | undefined => {
    const found = readStored(stored);
    if (doubted) return settle(found?.record.seq === last.seq + 1 && found.record.prev === last.hash);
    const seq = last.seq + 1;
    if (!found || !belongs(found.record)) return { seq, fault: 'changed' };
    if (found.record.seq !== seq) return { seq, fault: found.record.seq > seq ? 'missing' : 'reordered' };
    doubted = found.record.prev !== last.hash;
    last = { seq, hash: found.hash };
    const named = hashes.get(seq);
    if (named === undefined || doubted) return undefined;
    return named === found.hash ? undefined : { seq, fault: 'head' };
  };

  return {
    take(stored) {
      if (!broken) broken = next(stored);
      else if (broken.fault === 'missing' && readStored(stored)?.record.seq === broken.seq) {
        broken = { ...broken, fault: 'reordered' };
      }
    },
    finish() {
      if (broken) return broken;
      const named = hashes.get(last.seq);
      if (doubted) return settle(named === undefined || named === last.hash);
      const newest = Math.max(0, ...hashes.keys());
      return newest > last.seq ? { seq: last.seq + 1, fault: 'truncated' } : undefined;
    },
  };
};

/** Checks whole records at once: the first that is not as it was written, or `undefined`. */
export const verifyChain = (
  records: Iterable<string>,
  anchor: Link = GENESIS,
  vouched: readonly Link[] = [],
): Break | undefined => {
  const check = checkChain(anchor, vouched);
  for (const stored of records) check.take(stored);
  return check.finish();
};

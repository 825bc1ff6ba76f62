import { dayOf, readBackward } from '../day-logs.ts';
import { Refusal } from '../errors.ts';
import { firstWhere } from '../first-where.ts';
import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';
import { readStored } from './chain.ts';
import { parseHead } from './head.ts';
import { AUDIT_CLASSES, type ChainDay, chainName, findDays, headKey, logKey } from './places.ts';
import { type AuditRange, daysOf } from './range.ts';
import type { AuditKind, AuditRecord } from './record.ts';

export interface AuditQuery extends AuditRange {
  /** Absent: all kinds. */
  readonly kind?: AuditKind;
  /** From 1. */
  readonly page: number;
  /** 1 to 100. */
  readonly pageSize: number;
}

export interface AuditPage {
  /** Newest first; granted and refused, of all writers. */
  readonly records: readonly AuditRecord[];
  readonly total: number;
  /** False: the range holds more than 100,000 records. A query reads no more of them, so the oldest may be left out. */
  readonly complete: boolean;
}

const MAX_PAGE_SIZE = 100;
/** Most records that one query reads: asking for more means narrowing the range. */
const MAX_READ = 100_000;
const RECORDS_AT_ONCE = 200;
const LOGS_AT_ONCE = 16;

/**
 * Lists the records of a range, newest first.
 *
 * Damaged records are left out: a list is for reading, `verifyAudit` tells what is wrong with them.
 */
export const listAudit = async (store: Store, query: AuditQuery): Promise<AuditPage> => {
  checkPage(query);
  const { kind, page, pageSize } = query;
  const days = await findSlices(store, query);
  const held = sizeOf(days.flat());
  const skip = (page - 1) * pageSize;
  const records: AuditRecord[] = [];
  let read = 0;
  let matching = 0;
  const enough = (): boolean => read >= MAX_READ || (kind === undefined && records.length === pageSize);

  for (const slices of days) {
    if (enough()) break;
    // Without a kind the lengths say it all: a day that lies before the page is not read.
    if (kind === undefined && matching + sizeOf(slices) <= skip) {
      matching += sizeOf(slices);
      continue;
    }
    for await (const record of newestFirst(store, slices, kind)) {
      read += 1;
      if (record && matching++ >= skip && records.length < pageSize) records.push(record);
      if (enough()) break;
    }
  }
  return { records, total: kind === undefined ? held : matching, complete: held <= MAX_READ };
};

const sizeOf = (slices: readonly Slice[]): number => slices.reduce((sum, { start, end }) => sum + end - start, 0);

const checkPage = ({ page, pageSize }: AuditQuery): void => {
  if (!Number.isSafeInteger(page) || page < 1) {
    throw new Refusal('invalid_request', { problem: 'page: must be a whole number from 1' });
  }
  if (!Number.isSafeInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw new Refusal('invalid_request', { problem: `pageSize: must be a whole number from 1 to ${MAX_PAGE_SIZE}` });
  }
};

/** The part of one log that lies in the range: positions from `start` up to, not including, `end`. */
interface Slice {
  readonly place: ChainDay;
  readonly start: number;
  readonly end: number;
}

/** The logs of a range, grouped by day, newest day first. */
const findSlices = async (store: Store, query: AuditQuery): Promise<readonly (readonly Slice[])[]> => {
  const { scope, since, until } = daysOf(query);
  const found = await Promise.all(AUDIT_CLASSES.map((kind) => findDays(store, kind, scope, since, until)));
  const places = found.flat().sort((left, right) => (left.day < right.day ? 1 : left.day > right.day ? -1 : 0));
  const slices: Slice[] = [];
  for (let at = 0; at < places.length; at += LOGS_AT_ONCE) {
    const some = places.slice(at, at + LOGS_AT_ONCE);
    slices.push(...(await Promise.all(some.map((place) => sliceOf(store, place, query)))));
  }
  return [...Map.groupBy(slices, (slice) => slice.place.day).values()];
};

const sliceOf = async (store: Store, place: ChainDay, { since, until }: AuditQuery): Promise<Slice> => {
  const key = logKey(place);
  const end = (await lengthOf(store, place)) + 1;
  const at = (time: EpochSeconds): Promise<number> =>
    firstWhere(1, end, async (position) => ((await recordAt(store, key, position))?.time ?? 0) >= time);
  return {
    place,
    start: place.day === dayOf(since) ? await at(since) : 1,
    end: place.day === dayOf(until - 1) ? await at(until) : end,
  };
};

/** A log's length: the day's head tells roughly, a few reads tell exactly. */
const lengthOf = async (store: Store, place: ChainDay): Promise<number> => {
  const key = logKey(place);
  const isPast = async (position: number): Promise<boolean> => (await store.read(key, position, 1)).length === 0;
  const signed = await store.get(headKey(place));
  const head = signed && parseHead(signed.value);
  let known = head ? head.seq - head.first + 1 : 0;
  if (known < 1 || (await isPast(known))) known = 0;
  let step = 1;
  while (!(await isPast(known + step))) {
    known += step;
    step *= 2;
  }
  return (await firstWhere(known + 1, known + step, isPast)) - 1;
};

const recordAt = async (store: Store, key: string, position: number): Promise<AuditRecord | undefined> => {
  const [found] = await store.read(key, position, 1);
  return found && readStored(found.value)?.record;
};

/** The records of one day, merged; `undefined` stands for one that is of another kind, or damaged. */
async function* newestFirst(
  store: Store,
  slices: readonly Slice[],
  kind: AuditKind | undefined,
): AsyncGenerator<AuditRecord | undefined> {
  const sources = await Promise.all(
    slices.map(async (slice) => {
      const records = backward(store, slice, kind);
      return { name: chainName(slice.place), records, next: await records.next() };
    }),
  );
  for (;;) {
    const newest = sources.reduce((best, source) => (isNewer(source, best) ? source : best), sources[0]);
    if (!newest || newest.next.done) return;
    yield newest.next.value.record;
    newest.next = await newest.records.next();
  }
}

interface Dated {
  readonly time: EpochSeconds;
  readonly record?: AuditRecord;
}

interface Source {
  readonly name: string;
  readonly next: IteratorResult<Dated, undefined>;
}

/** Records of one second stand in the order of their chains' names, so that pages fit together. */
const isNewer = (left: Source, right: Source | undefined): boolean => {
  if (left.next.done) return false;
  if (!right || right.next.done) return true;
  return (
    left.next.value.time - right.next.value.time > 0 ||
    (left.next.value.time === right.next.value.time && left.name < right.name)
  );
};

async function* backward(
  store: Store,
  { place, start, end }: Slice,
  kind: AuditKind | undefined,
): AsyncGenerator<Dated, undefined> {
  let time = Number.POSITIVE_INFINITY;
  for await (const { value } of readBackward(store, logKey(place), { start, end, atOnce: RECORDS_AT_ONCE })) {
    const record = readStored(value)?.record;
    time = Math.min(time, record?.time ?? time);
    yield { time, ...(record && (kind === undefined || record.kind === kind) && { record }) };
  }
  return undefined;
}

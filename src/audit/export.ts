import type { Store } from '../store/store.ts';
import { type Break, canonical, readStored } from './chain.ts';
import { isWithin, readHead } from './head.ts';
import type { PublicAuditKey } from './key.ts';
import { scopeOf } from './places.ts';
import type { AuditRange } from './range.ts';
import { readTrail, type TrailItem } from './trail.ts';
import { type Verification, verifyTrail } from './verify.ts';

/**
 * Writes the days of a range as JSON lines that can be verified without the store, and for ever.
 *
 * First the range, then the public key, then of each chain its heads and its records, last the number of records:
 * `{"export":…}`, `{"key":…}`, `{"head":…}`, `{"chain":…,"day":…,"hash":…,"record":…}`, `{"end":…}`. A record that is
 * damaged in the store is exported as it stands, under `damaged`.
 */
export async function* exportAudit(
  store: Store,
  range: AuditRange,
  heads: readonly unknown[] = [],
): AsyncGenerator<string> {
  let records = 0;
  for await (const item of readTrail(store, range, heads)) {
    if (item.item === 'record') records += 1;
    yield writeLine(item);
  }
  yield canonical({ end: { records } });
}

/** Verifies an exported file, line by line; see `verifyAudit`. What is no line of an export counts as a damaged file. */
export const verifyExport = async (
  lines: AsyncIterable<string> | Iterable<string>,
  heads: readonly unknown[] = [],
): Promise<Verification> => {
  const file = { lines: 0, records: 0, begun: false, end: -1, unreadable: 0 };
  let logged = heads.map(readHead).filter((head) => head !== undefined);

  async function* trail(): AsyncGenerator<TrailItem> {
    for await (const text of lines) {
      if (text.trim() === '') continue;
      file.lines += 1;
      const line = readLine(text);
      if (!line || file.begun === (line.item === 'range')) {
        file.unreadable ||= file.lines;
        continue;
      }
      if (line.item === 'range') {
        file.begun = true;
        logged = logged.filter((head) => isWithin(head, scopeOf(line.organization), line.since, line.until));
      } else if (line.item !== 'key' && line.item !== 'head') {
        yield* showLogged();
      }
      if (line.item === 'record') file.records += 1;
      if (line.item === 'end') file.end = line.records;
      else yield line;
    }
    yield* showLogged();
  }
  function* showLogged(): Generator<TrailItem> {
    for (const head of logged.splice(0)) yield { item: 'head', head };
  }

  const { broken, ...verification } = await verifyTrail(trail());
  const own = damageOf(file);
  return { ...verification, broken: own ? [...broken, { chain: '', ...own }] : broken };
};

/** What is wrong with the file itself, by the number of the line. */
const damageOf = (file: { lines: number; records: number; end: number; unreadable: number }): Break | undefined => {
  if (file.unreadable > 0) return { seq: file.unreadable, fault: 'changed' };
  return file.end === file.records ? undefined : { seq: file.lines + 1, fault: 'truncated' };
};

const writeLine = (item: TrailItem): string => {
  if (item.item === 'range') {
    const { item: _range, ...range } = item;
    return canonical({ export: range });
  }
  if (item.item === 'key') return canonical({ key: item.key });
  if (item.item === 'head') return canonical({ head: item.head });
  const { chain, day, stored } = item;
  const found = readStored(stored);
  return canonical(found ? { chain, day, ...found } : { chain, day, damaged: stored });
};

type Line = TrailItem | { readonly item: 'end'; readonly records: number };

const readLine = (text: string): Line | undefined => {
  try {
    return readMembers(JSON.parse(text));
  } catch {
    return undefined;
  }
};

const readMembers = (line: Readonly<Record<string, unknown>>): Line | undefined => {
  if (isObject(line['export'])) {
    const { organization, since, until, asOf } = line['export'];
    if (typeof since !== 'string' || typeof until !== 'string' || typeof asOf !== 'number') return undefined;
    return { item: 'range', ...(typeof organization === 'string' && { organization }), since, until, asOf };
  }
  if (isObject(line['key'])) return { item: 'key', key: line['key'] as unknown as PublicAuditKey };
  if (isObject(line['end'])) return { item: 'end', records: Number(line['end']['records']) };
  if (line['head'] !== undefined) {
    const head = readHead(line['head']);
    return head && { item: 'head', head };
  }
  const { chain, day, hash, record, damaged } = line;
  if (typeof chain !== 'string' || typeof day !== 'string') return undefined;
  if (typeof damaged === 'string') return { item: 'record', chain, day, stored: damaged };
  if (!isObject(record) || typeof hash !== 'string') return undefined;
  const text = canonical(record);
  // The check takes the hash again: this only lays the two side by side as they were stored.
  return { item: 'record', chain, day, stored: `${hash} ${text}` };
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

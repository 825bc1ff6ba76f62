import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';
import { readStored } from './chain.ts';
import { type Head, isWithin, parseHead, readHead } from './head.ts';
import { type PublicAuditKey, readAuditKey } from './key.ts';
import {
  AUDIT_CLASSES,
  type Chain,
  chainName,
  findDays,
  headKey,
  isDay,
  logKey,
  parseChainName,
  readLog,
} from './places.ts';
import { type AuditRange, daysOf } from './range.ts';

/** What a verifier is shown, in this order: the range; the key; then of each chain its heads, then its records. */
export type TrailItem =
  | {
      readonly item: 'range';
      readonly organization?: string;
      /** Days, both included. */
      readonly since: string;
      readonly until: string;
      /** What vanishes before this instant counts as gone. */
      readonly asOf: EpochSeconds;
    }
  | { readonly item: 'key'; readonly key: PublicAuditKey }
  | { readonly item: 'head'; readonly head: Head }
  /** `stored` as `link` made it, or whatever stands there now. */
  | { readonly item: 'record'; readonly chain: string; readonly day: string; readonly stored: string };

/** Days that vanish while they are being read count as gone. */
const READING_TIME = 600;

/**
 * Everything the store knows of the days of a range.
 *
 * `heads` are lines of the server's log: they tell of chains and records of which the store knows nothing any more.
 */
export async function* readTrail(
  store: Store,
  range: AuditRange,
  heads: readonly unknown[] = [],
): AsyncGenerator<TrailItem> {
  const { scope, since, until } = daysOf(range);
  const { organization } = range;
  const asOf = Math.floor((await store.time()) / 1000) + READING_TIME;
  yield { item: 'range', ...(organization !== undefined && { organization }), since, until, asOf };

  const key = await readAuditKey(store);
  if (key) yield { item: 'key', key };

  const logged = heads
    .map(readHead)
    .filter((head) => head !== undefined)
    .filter((head) => isWithin(head, scope, since, until));
  for (const [name, { chain, days }] of await findChains(store, scope, since, until, logged)) {
    // A set gives what is added to it meanwhile: each day names the one before, even where the index lost it.
    for (const day of days) {
      const before = await dayBefore(store, chain, day);
      if (before !== undefined && before >= since && before <= until) days.add(before);
    }
    const inOrder = [...days].sort();
    for (const day of inOrder) {
      const stored = await store.get(headKey({ ...chain, day }));
      // A damaged head is as good as none: the records that it vouched for still link to each other.
      const head = stored && parseHead(stored.value);
      if (head) yield { item: 'head', head };
    }
    for (const head of logged) if (head.chain === name) yield { item: 'head', head };
    for (const day of inOrder) {
      for await (const stored of readLog(store, logKey({ ...chain, day }))) {
        yield { item: 'record', chain: name, day, stored };
      }
    }
  }
}

interface FoundChain {
  readonly chain: Chain;
  readonly days: Set<string>;
}

const findChains = async (
  store: Store,
  scope: string,
  since: string,
  until: string,
  logged: readonly Head[],
): Promise<ReadonlyMap<string, FoundChain>> => {
  const chains = new Map<string, FoundChain>();
  const note = (chain: Chain, day: string): void => {
    const name = chainName(chain);
    const found = chains.get(name) ?? { chain, days: new Set<string>() };
    chains.set(name, found);
    found.days.add(day);
  };
  for (const kind of AUDIT_CLASSES) {
    for (const place of await findDays(store, kind, scope, since, until)) {
      note({ class: kind, scope, writer: place.writer }, place.day);
    }
  }
  for (const { chain: name, day } of logged) {
    const chain = parseChainName(name);
    if (chain) note(chain, day);
  }
  return chains;
};

const dayBefore = async (store: Store, chain: Chain, day: string): Promise<string | undefined> => {
  const [first] = await store.read(logKey({ ...chain, day }), 1, 1);
  const after = first && readStored(first.value)?.record.after;
  return after && isDay(after.day) ? after.day : undefined;
};

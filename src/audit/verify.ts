import { dayOf } from '../day-logs.ts';
import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';
import { type Break, type ChainCheck, checkChain, GENESIS, type Link, readStored } from './chain.ts';
import { type Head, isGenuine, vouched } from './head.ts';
import type { PublicAuditKey } from './key.ts';
import { chainName, classOf, scopeOf } from './places.ts';
import type { AuditRange } from './range.ts';
import type { AuditRecord } from './record.ts';
import { readTrail, type TrailItem } from './trail.ts';

export interface BrokenChain extends Break {
  /** See `chainName`; empty when it is an exported file itself that is damaged. */
  readonly chain: string;
}

export interface Verification {
  /** The days that were looked at, both included. */
  readonly since: string;
  readonly until: string;
  /** What vanishes before this instant was not missed. */
  readonly asOf: EpochSeconds;
  readonly chains: number;
  readonly records: number;
  /** Names of the keys that signed the heads: compare them with the `kid` in the server's log. */
  readonly keys: readonly string[];
  /** Each broken chain with its first broken record. Empty: everything is as it was written. */
  readonly broken: readonly BrokenChain[];
}

/**
 * Verifies every chain of a range against itself and against the signed heads.
 *
 * `heads` may hold lines of the server's log (`Audit head`), for the case that somebody took records and heads away together.
 */
export const verifyAudit = (store: Store, range: AuditRange, heads: readonly unknown[] = []): Promise<Verification> =>
  verifyTrail(readTrail(store, range, heads));

interface Watched {
  readonly heads: Head[];
  check?: ChainCheck;
  /** The day whose records are being read. */
  day: string;
}

/** The same for a trail from anywhere. */
export const verifyTrail = async (trail: AsyncIterable<TrailItem>): Promise<Verification> => {
  const chains = new Map<string, Watched>();
  const keys: PublicAuditKey[] = [];
  const broken = new Map<string, Break>();
  let range = { since: '', until: '', asOf: 0 };
  let records = 0;

  const watched = (chain: string): Watched => {
    const found = chains.get(chain) ?? { heads: [], day: '' };
    chains.set(chain, found);
    return found;
  };
  const note = (chain: string, found: Break | undefined): void => {
    if (found && found.seq <= (broken.get(chain)?.seq ?? Number.POSITIVE_INFINITY)) broken.set(chain, found);
  };

  for await (const item of trail) {
    if (item.item === 'range') range = item;
    else if (item.item === 'key') keys.push(item.key);
    else if (item.item === 'head') {
      const { head } = item;
      const chain = watched(head.chain);
      // Heads that come after the records they vouch for could not be held against them.
      if (chain.check || !isGenuine(head, keys)) note(head.chain, { seq: head.seq, fault: 'head' });
      else if (head.keptUntil > range.asOf) chain.heads.push(head);
    } else {
      records += 1;
      const chain = watched(item.chain);
      chain.day = item.day;
      if (!chain.check) {
        const { anchor, broken: before } = startOf(readStored(item.stored)?.record, chain.heads, range);
        note(item.chain, before);
        const newest = chain.heads.map((head) => vouched(head).newest);
        chain.check = checkChain(anchor, newest, (record) => placeOf(record) === `${item.chain} ${chain.day}`);
      }
      chain.check.take(item.stored);
    }
  }

  for (const [name, { check, heads }] of chains) {
    const [earliest] = inOrder(heads);
    note(name, check ? check.finish() : earliest && { seq: earliest.first, fault: 'truncated' });
  }
  return {
    since: range.since,
    until: range.until,
    asOf: range.asOf,
    chains: chains.size,
    records,
    keys: keys.map(({ kid }) => kid),
    broken: [...broken].map(([chain, found]) => ({ chain, ...found })),
  };
};

const placeOf = (record: AuditRecord): string =>
  `${chainName({ class: classOf(record), scope: scopeOf(record.organization), writer: record.writer })} ${dayOf(record.time)}`;

/** What the first record that is there must follow: nothing, what a head says, or what stood on a day that is out of sight. */
const startOf = (
  record: AuditRecord | undefined,
  heads: readonly Head[],
  range: { readonly since: string; readonly asOf: number },
): { readonly anchor: Link; readonly broken?: Break } => {
  const [earliest] = inOrder(heads);
  const vouchedFor = earliest ? vouched(earliest).before : GENESIS;
  if (!record || (earliest && earliest.first < record.seq)) return { anchor: vouchedFor };
  const { after, seq, prev } = record;
  if (seq === 1 || !after) return { anchor: vouchedFor };
  const anchor = { seq: seq - 1, hash: prev };
  const outOfSight = after.day < range.since || after.keptUntil <= range.asOf;
  return { anchor, ...(!outOfSight && { broken: { seq: seq - 1, fault: 'missing' } }) };
};

const inOrder = (heads: readonly Head[]): readonly Head[] => heads.toSorted((left, right) => left.first - right.first);

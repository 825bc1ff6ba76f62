import { dayNumber, dayOf, keptUntil, newestGone } from '../day-logs.ts';
import { type Store, StoreError } from '../store/store.ts';
import { type Clock, type EpochSeconds, epochSeconds, type Log, type Random } from '../system.ts';
import { GENESIS, type Link, link } from './chain.ts';
import { type HeadClaims, signHead } from './head.ts';
import { type AuditKey, openAuditKey, type Sealer } from './key.ts';
import {
  AUDIT_CLASSES,
  type AuditClass,
  type Chain,
  chainName,
  classOf,
  daysKey,
  headKey,
  logKey,
  scopeOf,
  scopesKey,
} from './places.ts';
import type { AuditEvent, AuditLog, AuditRecord } from './record.ts';

export interface AuditLogParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sealer: Sealer;
  /** Seconds that granted (`audit`) and refused (`decisions`) records are kept, in whole days. */
  readonly retention: Readonly<Record<AuditClass, number>>;
  /** Name of this process among the replicas; part of the writer's name. */
  readonly replica: string;
}

/** Figures for the metrics. */
export interface AuditFigures {
  /** Records that wait for the store. */
  readonly waiting: number;
  /** Refusals that were counted, not recorded. */
  readonly unrecordedRefusals: number;
  /** Records that the store did not take: what they stand for was not granted. */
  readonly unstored: number;
  /** Seconds since everything written was last vouched for by a signed head. */
  readonly headAge: number;
}

export interface RunningAuditLog extends AuditLog {
  /** Signs how far each chain has come; call it every minute. Never throws: what failed is tried again next time. */
  signHeads(): Promise<void>;
  /** Forgets the days whose records have vanished; call it daily. Never throws. */
  trim(): Promise<void>;
  figures(): AuditFigures;
  /** Takes no more records, stores those that wait and signs the last heads. */
  close(): Promise<void>;
}

/** A chain that this process writes: its place, its newest record, who waits to be next. */
interface OpenChain {
  place: Chain;
  last: Link;
  /** Never goes back, so that a chain is in order of time, too. */
  time: EpochSeconds;
  day?: { readonly name: string; readonly start: Link; readonly keptUntil: EpochSeconds };
  readonly waiting: Waiting[];
  /** Set while batches are being stored. */
  writing?: Promise<void>;
}

interface Waiting {
  readonly event: AuditEvent;
  readonly stored: () => void;
  readonly failed: (reason: unknown) => void;
}

const MAX_WAITING = 10_000;
const MAX_BATCH = 500;
const MAX_REFUSALS_PER_MINUTE = 600;
const SCOPES_AT_ONCE = 1000;

/**
 * Opens the audit log of this process.
 *
 * Records that wait together for one chain are stored by one append. When an append fails, everybody who waits
 * for that chain is told so, and the writer goes on under a new name: whether the records of a timed-out append
 * stand in the store or not, neither chain is broken by it. More than 10,000 waiting records are rejected at
 * once; of an organization's refusals the first 600 in a minute are recorded, the others counted.
 */
export const openAuditLog = (parts: AuditLogParts): RunningAuditLog => {
  const { store, clock, log, retention } = parts;
  const name = `${parts.replica.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 60)}.${Buffer.from(parts.random.bytes(8)).toString('hex')}`;
  const chains = new Map<string, OpenChain>();
  const unsigned = new Map<string, { readonly key: string; readonly claims: Omit<HeadClaims, 'signedAt'> }>();
  const refusals = { minute: 0, of: new Map<string, number>(), unrecorded: 0 };
  let writers = 0;
  let waiting = 0;
  let unstored = 0;
  let closed = false;
  let auditKey: AuditKey | undefined;
  let allSigned = epochSeconds(clock);
  let busy: Promise<void> = Promise.resolve();

  const newWriter = (): string => `${name}.${++writers}`;

  const openChain = (kind: AuditClass, scope: string): OpenChain => {
    const key = `${kind}/${scope}`;
    const chain = chains.get(key) ?? {
      place: { class: kind, scope, writer: newWriter() },
      last: GENESIS,
      time: 0,
      waiting: [],
    };
    chains.set(key, chain);
    return chain;
  };

  const startAgain = (chain: OpenChain): void => {
    chain.place = { ...chain.place, writer: newWriter() };
    chain.last = GENESIS;
    delete chain.day;
  };

  /** Lists the day before its first record is stored: nothing acknowledged is ever unlisted. */
  const enterDay = async (chain: OpenChain): Promise<AuditRecord['after']> => {
    const { class: kind, scope, writer } = chain.place;
    const today = dayOf(chain.time);
    if (chain.day?.name === today) return undefined;
    const score = dayNumber(chain.time);
    await Promise.all([
      store.add(daysKey(kind, scope), `${today}/${writer}`, score),
      store.add(scopesKey(kind), scope, score),
    ]);
    const before = chain.day && { day: chain.day.name, keptUntil: chain.day.keptUntil };
    chain.day = { name: today, start: chain.last, keptUntil: keptUntil(chain.time, retention[kind]) };
    return before;
  };

  const write = async (chain: OpenChain, events: readonly AuditEvent[]): Promise<void> => {
    chain.time = Math.max(chain.time, epochSeconds(clock));
    const after = await enterDay(chain);
    const { place, time, day } = chain;
    if (!day) throw new Error('A chain writes on the day that it entered');
    let { last } = chain;
    const records = events.map((event, index) => {
      const next = link(event, last, { time, writer: place.writer, ...(index === 0 && after && { after }) });
      last = next;
      return next.stored;
    });
    const where = { ...place, day: day.name };
    const key = logKey(where);
    await store.append(key, records, { to: 'free', expiresAt: day.keptUntil * 1000 });
    chain.last = last;
    unsigned.set(key, {
      key: headKey(where),
      claims: {
        chain: chainName(place),
        day: day.name,
        first: day.start.seq + 1,
        prev: day.start.hash,
        seq: last.seq,
        hash: last.hash,
        keptUntil: day.keptUntil,
      },
    });
  };

  /** One at a time per chain; those who come meanwhile wait for the next batch. */
  const writeWaiting = async (chain: OpenChain): Promise<void> => {
    // Lets everything that this turn of the event loop records into the first batch.
    await undefined;
    while (chain.waiting.length > 0) {
      const batch = chain.waiting.splice(0, MAX_BATCH);
      try {
        await write(
          chain,
          batch.map(({ event }) => event),
        );
        waiting -= batch.length;
        for (const { stored } of batch) stored();
      } catch (error) {
        // The others' turn would only fail as late again: they hear it now.
        const all = [...batch, ...chain.waiting.splice(0)];
        waiting -= all.length;
        unstored += all.length;
        startAgain(chain);
        for (const { failed } of all) failed(error);
      }
    }
    delete chain.writing;
  };

  /** Is this one refusal too many of its organization in this minute? */
  const isTooMany = (scope: string): boolean => {
    const minute = Math.floor(epochSeconds(clock) / 60);
    if (refusals.minute !== minute) {
      refusals.minute = minute;
      refusals.of.clear();
    }
    const count = (refusals.of.get(scope) ?? 0) + 1;
    refusals.of.set(scope, count);
    return count > MAX_REFUSALS_PER_MINUTE;
  };

  /** The log's own chores, one after the other; a failure waits for the next time. */
  const chore = (task: () => Promise<void>, failure: string): Promise<void> => {
    busy = busy.then(task).catch((error: unknown) => log.warn(failure, {}, error));
    return busy;
  };

  const signAll = async (): Promise<void> => {
    const started = epochSeconds(clock);
    if (unsigned.size > 0) auditKey ??= await openAuditKey(store, parts.sealer);
    // A copy: chains move on while their heads are being signed.
    for (const [place, pending] of [...unsigned]) {
      if (!auditKey) return;
      const head = signHead({ ...pending.claims, signedAt: epochSeconds(clock) }, auditKey);
      await store.put(pending.key, JSON.stringify(head), { expiresAt: head.keptUntil * 1000 });
      log.info('Audit head', { ...head });
      if (unsigned.get(place) === pending) unsigned.delete(place);
    }
    allSigned = started;
  };

  const trimAll = async (): Promise<void> => {
    const now = Math.floor((await store.time()) / 1000);
    for (const kind of AUDIT_CLASSES) {
      const gone = newestGone(now, retention[kind]);
      for (let offset = 0; ; offset += SCOPES_AT_ONCE) {
        const { members } = await store.page(scopesKey(kind), offset, SCOPES_AT_ONCE);
        for (const scope of members) await store.trim(daysKey(kind, scope), gone);
        if (members.length < SCOPES_AT_ONCE) break;
      }
      await store.trim(scopesKey(kind), gone);
    }
  };

  const signHeads = (): Promise<void> => chore(signAll, 'Audit heads could not be signed; they are tried again');

  return {
    record(event) {
      const kind = classOf(event);
      const scope = scopeOf(event.organization);
      if (closed || waiting >= MAX_WAITING) {
        const why = closed ? 'The audit log is closed.' : 'Too many audit records wait for the store.';
        return Promise.reject(new StoreError('unavailable', why));
      }
      if (kind === 'decisions' && isTooMany(scope)) {
        refusals.unrecorded += 1;
        return Promise.resolve();
      }
      const chain = openChain(kind, scope);
      waiting += 1;
      return new Promise((stored, failed) => {
        chain.waiting.push({ event, stored, failed });
        chain.writing ??= writeWaiting(chain);
      });
    },
    signHeads,
    trim: () => chore(trimAll, 'The audit log could not forget its old days; it is tried again'),
    figures: () => ({
      waiting,
      unstored,
      unrecordedRefusals: refusals.unrecorded,
      headAge: unsigned.size === 0 ? 0 : epochSeconds(clock) - allSigned,
    }),
    async close() {
      closed = true;
      await Promise.all([...chains.values()].map(({ writing }) => writing));
      await signHeads();
    },
  };
};

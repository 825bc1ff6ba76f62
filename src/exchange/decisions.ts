import { dayNumber, dayOf, keptUntil, newestGone, readBackward } from '../day-logs.ts';
import { Refusal } from '../errors.ts';
import { firstWhere } from '../first-where.ts';
import { equalInConstantTime } from '../secret.ts';
import { type Store, StoreError } from '../store/store.ts';
import { type Clock, epochSeconds, type Random } from '../system.ts';
import type { Decision, DecisionFilter, Decisions } from './decision.ts';
import { type DecisionMark, decisionId, newMark, readDecisionId } from './decision-id.ts';
import { writeDecision } from './decision-size.ts';

export interface DecisionParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Seconds that decisions are kept, in whole days. */
  readonly retention: number;
  /** Most refusals of one trusted issuer that this process stores in a minute. */
  readonly recordedRefusalsPerMinute: number;
}

/** A decision as it stands in its day's log. */
interface StoredDecision extends DecisionMark {
  readonly decision: Omit<Decision, 'id'>;
}

/** Seconds by which records may stand out of order: the clocks of replicas differ, and a write takes a moment. */
const DISORDER = 15;
/** Days that an index is asked for: more than the longest retention. */
const MAX_DAYS = 4000;
/** Records that one list looks at, at most. */
const MAX_SCAN = 2000;
const RECORDS_AT_ONCE = 100;

/**
 * The decisions in the store: per organization and UTC day one document, whose log they are, and one index of days.
 *
 * A decision costs one append. Documents vanish whole, `retention` after their day.
 */
export const openDecisions = (parts: DecisionParts): Decisions => {
  const { store, clock, random, retention } = parts;
  const refusals = { minute: 0, of: new Map<string, number>(), unrecorded: 0 };

  /** Is this one refusal too many of its trusted issuer in this minute? */
  const isTooMany = (issuer: string): boolean => {
    const minute = Math.floor(epochSeconds(clock) / 60);
    if (refusals.minute !== minute) {
      refusals.minute = minute;
      refusals.of.clear();
    }
    const count = (refusals.of.get(issuer) ?? 0) + 1;
    refusals.of.set(issuer, count);
    return count > parts.recordedRefusalsPerMinute;
  };

  const append = async (organization: string, { at, bits }: DecisionMark, text: string): Promise<void> => {
    const key = logKey(organization, dayOf(at));
    const record = `{"at":${at},"bits":"${bits}","decision":${text}}`;
    if ((await store.append(key, [record], { to: 'document' })) !== 'absent') return;
    // The first of its day. Indexed first: what is recorded can always be listed.
    await store.add(daysKey(organization), dayOf(at), dayNumber(at));
    await store.trim(daysKey(organization), newestGone(at, retention));
    await store.create(key, '', { expiresAt: keptUntil(at, retention) * 1000 });
    if ((await store.append(key, [record], { to: 'document' })) === 'absent') {
      throw new StoreError('unavailable', 'The log of decisions vanished while it was written to');
    }
  };

  const recordAt = async (key: string, position: number): Promise<StoredDecision | undefined> => {
    const [found] = await store.read(key, position, 1);
    return found && (JSON.parse(found.value) as StoredDecision);
  };

  return {
    newId: () => decisionId(newMark(epochSeconds(clock), random)),

    async record({ id, ...decision }) {
      const mark = readDecisionId(id);
      if (!mark) throw new Error('a decision has an id that newId did not give');
      if (decision.outcome === 'refused' && isTooMany(decision.issuer.id)) refusals.unrecorded += 1;
      else await append(decision.organization, mark, writeDecision(decision));
    },

    async get(organization, id) {
      const mark = readDecisionId(id);
      if (!mark) return undefined;
      const key = logKey(organization, dayOf(mark.at));
      const length = (await store.get(key))?.length ?? 0;
      const isNear = async (position: number): Promise<boolean> =>
        ((await recordAt(key, position))?.at ?? 0) >= mark.at - DISORDER;
      let from = await firstWhere(1, length + 1, isNear);
      for (;;) {
        const records = await store.read(key, from, RECORDS_AT_ONCE);
        for (const { value } of records) {
          const { at, bits, decision } = JSON.parse(value) as StoredDecision;
          if (at > mark.at + DISORDER) return undefined;
          if (at === mark.at && equalInConstantTime(bits, mark.bits)) return { id, ...decision };
        }
        if (records.length < RECORDS_AT_ONCE) return undefined;
        from += RECORDS_AT_ONCE;
      }
    },

    async list(organization, filter, { after, count }) {
      const start = after === undefined ? undefined : readPlace(after);
      const { members: days } = await store.page(daysKey(organization), 0, MAX_DAYS);
      const decisions: Decision[] = [];
      let shown: Place | undefined;
      let scanned = 0;
      for (const day of days) {
        if ((start && day > start.day) || (filter.since !== undefined && day < dayOf(filter.since))) continue;
        const key = logKey(organization, day);
        const behind = ((await store.get(key))?.length ?? 0) + 1;
        const end = start?.day === day ? Math.min(start.position, behind) : behind;
        for await (const { position, value } of readBackward(store, key, { start: 1, end, atOnce: RECORDS_AT_ONCE })) {
          const found = shownBy(JSON.parse(value) as StoredDecision, filter);
          // One more than the page holds tells that there is more.
          if (found && decisions.length === count) return { decisions, ...(shown && { next: writePlace(shown) }) };
          if (found) {
            decisions.push(found);
            shown = { day, position };
          }
          if (++scanned >= MAX_SCAN) return { decisions, next: writePlace({ day, position }) };
        }
      }
      return { decisions };
    },

    unrecorded: () => refusals.unrecorded,
  };
};

/** The decision, where the filter lets it through. */
const shownBy = ({ at, bits, decision }: StoredDecision, filter: DecisionFilter): Decision | undefined =>
  (filter.issuer === undefined || decision.issuer.id === filter.issuer) &&
  (filter.outcome === undefined || decision.outcome === filter.outcome) &&
  (filter.since === undefined || decision.time >= filter.since)
    ? { id: decisionId({ at, bits }), ...decision }
    : undefined;

/** A place between two records: before `position` in the log of `day`. */
interface Place {
  readonly day: string;
  readonly position: number;
}

const writePlace = ({ day, position }: Place): string => `${day}.${position}`;

const readPlace = (text: string): Place => {
  const [, day, position] = /^(\d{4}-\d\d-\d\d)\.(\d{1,12})$/.exec(text) ?? [];
  if (day === undefined) throw new Refusal('invalid_request', { problem: 'after: must be what "next" of a list said' });
  return { day, position: Number(position) };
};

const logKey = (organization: string, day: string): string => `decisions/${organization}/${day}`;

const daysKey = (organization: string): string => `decision-days/${organization}`;

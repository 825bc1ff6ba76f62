import { dayOf } from '../day-logs.ts';
import { Refusal } from '../errors.ts';
import type { EpochSeconds } from '../system.ts';
import { scopeOf } from './places.ts';

/** Which records are asked for. */
export interface AuditRange {
  /** Absent: the installation's own records. */
  readonly organization?: string;
  readonly since: EpochSeconds;
  /** Not included. */
  readonly until: EpochSeconds;
}

const MAX_DAYS = 400;

/** A range as the store is asked for it: whole UTC days, both included. Refuses what is empty or longer than 400 days. */
export const daysOf = (
  range: AuditRange,
): { readonly scope: string; readonly since: string; readonly until: string } => {
  const length = range.until - range.since;
  if (!(length > 0)) throw new Refusal('invalid_request', { problem: 'until: must be later than "since"' });
  if (length > MAX_DAYS * 86_400) {
    throw new Refusal('invalid_request', { problem: `since: must be at most ${MAX_DAYS} days before "until"` });
  }
  return { scope: scopeOf(range.organization), since: dayOf(range.since), until: dayOf(range.until - 1) };
};

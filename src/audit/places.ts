import { type Store, StoreError } from '../store/store.ts';
import type { AuditEvent } from './record.ts';

/** What was granted and what was refused are kept apart, because they are kept for different times. */
export const AUDIT_CLASSES = ['audit', 'decisions'] as const;
export type AuditClass = (typeof AUDIT_CLASSES)[number];

/** One writer's records of one class for one organization, or for the installation. */
export interface Chain {
  readonly class: AuditClass;
  /** An organization's name, or `_` for the installation. */
  readonly scope: string;
  readonly writer: string;
}

/** The part of a chain that was written on one UTC day: one log in the store. */
export interface ChainDay extends Chain {
  /** `YYYY-MM-DD`: days compare as texts. */
  readonly day: string;
}

const CHAIN = /^([a-z]+)\/([a-z0-9_-]{1,40})\/([A-Za-z0-9._-]{1,100})$/;

export const classOf = (event: Pick<AuditEvent, 'outcome'>): AuditClass =>
  event.outcome === 'granted' ? 'audit' : 'decisions';

/** No organization has this name: theirs have three characters or more. */
export const scopeOf = (organization: string | undefined): string => organization ?? '_';

export const chainName = ({ class: kind, scope, writer }: Chain): string => `${kind}/${scope}/${writer}`;

/** Reads `chainName` back; `undefined` for any other text. */
export const parseChainName = (name: string): Chain | undefined => {
  const [, kind, scope = '', writer = ''] = CHAIN.exec(name) ?? [];
  const known = AUDIT_CLASSES.find((candidate) => candidate === kind);
  return known && { class: known, scope, writer };
};

/** Is this a day as `dayOf` writes it? For what comes out of stored records and files. */
export const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text);

const placeOf = ({ class: kind, scope, day, writer }: ChainDay): string => `${kind}/${scope}/${day}/${writer}`;

/** The records: a free log. */
export const logKey = (place: ChainDay): string => `audit-log/${placeOf(place)}`;

/** The newest signed head of that log: a document. */
export const headKey = (place: ChainDay): string => `audit-head/${placeOf(place)}`;

/** Which days and writers a class and scope has: an index of `<day>/<writer>`, scored by the day. */
export const daysKey = (kind: AuditClass, scope: string): string => `audit-days/${kind}/${scope}`;

/** Which scopes a class has: an index scored by the newest day. */
export const scopesKey = (kind: AuditClass): string => `audit-scopes/${kind}`;

const MEMBERS_AT_ONCE = 1000;

/** Every writer's day from `since` to `until` (days, both included), newest day first. */
export const findDays = async (
  store: Store,
  kind: AuditClass,
  scope: string,
  since: string,
  until: string,
): Promise<readonly ChainDay[]> => {
  const found: ChainDay[] = [];
  for (let offset = 0; ; offset += MEMBERS_AT_ONCE) {
    const { members } = await store.page(daysKey(kind, scope), offset, MEMBERS_AT_ONCE);
    for (const member of members) {
      const [day = '', writer = ''] = member.split('/');
      if (day < since) return found;
      if (day <= until) found.push({ class: kind, scope, day, writer });
    }
    if (members.length < MEMBERS_AT_ONCE) return found;
  }
};

const RECORDS_AT_ONCE = 500;

/** The records of a log as they are stored, in order, from a position on. */
export async function* readLog(store: Store, key: string, from = 1): AsyncGenerator<string> {
  for (let position = from; ; position += RECORDS_AT_ONCE) {
    const records = await store.read(key, position, RECORDS_AT_ONCE);
    for (const { value } of records) yield value;
    if (records.length < RECORDS_AT_ONCE) return;
  }
}

/** A document of ours that does not read back: damaged, never to be used. */
export const damaged = (what: string, cause?: unknown): StoreError =>
  new StoreError('corrupt', `The store holds a damaged ${what}.`, { cause });

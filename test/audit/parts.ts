import { type AuditLogParts, openAuditLog, type RunningAuditLog } from '../../src/audit/log.ts';
import type { AuditEvent } from '../../src/audit/record.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { type Log, silentLog, systemRandom } from '../../src/system.ts';

export const DAY = 86_400;
/** 2026-11-20T12:00:00Z. */
export const NOON = 1_795_176_000;

/** A clock that stands until it is moved. */
export const standingClock = (start = NOON) => {
  let now = start;
  return {
    nowMs: () => now * 1000,
    monotonicMs: () => now * 1000,
    to: (time: number) => {
      now = time;
    },
    pass: (seconds: number) => {
      now += seconds;
    },
  };
};

/** Binds the purpose as the real one does; the secrecy is the real one's business. */
export const openSealer: AuditLogParts['sealer'] = {
  seal: async (purpose, plaintext) => JSON.stringify([purpose, plaintext]),
  open: async (purpose, sealed) => {
    const [bound, plaintext] = JSON.parse(sealed) as [string, string];
    if (bound !== purpose) throw new Error('Sealed for another purpose');
    return plaintext;
  },
};

export const retention = { audit: 400 * DAY, decisions: 30 * DAY };

export interface House {
  readonly clock: ReturnType<typeof standingClock>;
  readonly store: Store;
  readonly audit: RunningAuditLog;
  /** Fields of the lines `Audit head`, as the server's log has them. */
  readonly heads: object[];
  readonly warnings: string[];
}

export const house = (over: { readonly store?: (store: Store) => Store; readonly start?: number } = {}): House => {
  const clock = standingClock(over.start);
  const memory = memoryStore(clock);
  const store = over.store?.(memory) ?? memory;
  const heads: object[] = [];
  const warnings: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (message, fields) => message === 'Audit head' && heads.push({ ...fields }),
    warn: (message) => warnings.push(message),
  };
  const audit = openAuditLog({ store, clock, random: systemRandom, log, sealer: openSealer, retention, replica: 'r1' });
  return { clock, store, audit, heads, warnings };
};

export const granted = (organization: string | undefined, number = 1): AuditEvent => ({
  kind: 'token.issue',
  ...(organization !== undefined && { organization }),
  actor: `run:${number}`,
  outcome: 'granted',
  detail: { jti: `j${number}`, exp: number },
});

export const refused = (organization: string, number = 1): AuditEvent => ({
  ...granted(organization, number),
  outcome: 'refused',
  code: 'run_over',
});

/** Every record of an organization, whenever it was written. */
export const ever = (organization: string | undefined, { clock }: Pick<House, 'clock'>) => ({
  ...(organization !== undefined && { organization }),
  since: Math.floor(clock.nowMs() / 1000) - 399 * DAY,
  until: Math.floor(clock.nowMs() / 1000) + DAY,
});

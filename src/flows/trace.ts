import type { Principal } from '../access/principal.ts';
import type { AuditEvent, AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';

/** How a caller is written in run and audit records. */
export const actorOf = (principal: Pick<Principal, 'kind' | 'name'>): string => `${principal.kind}:${principal.name}`;

/** What a story knows of its audit record before it knows the outcome. */
export type Trace = Omit<AuditEvent, 'outcome' | 'code'>;

/**
 * Leaves the trace of a refusal and gives the refusal back, to be thrown.
 *
 * A refusal stands even where its trace cannot be written: there is nothing to hold back.
 */
export const refuseAndRecord = async (audit: AuditLog, trace: Trace, refusal: Refusal): Promise<Refusal> => {
  const detail = { ...trace.detail, ...refusal.detail };
  await audit.record({ ...trace, outcome: 'refused', code: refusal.code, detail }).catch(() => undefined);
  return refusal;
};

/** Runs one step of a story; where it refuses, the refusal leaves its trace before it goes on to the caller. */
export const recordRefusals = async <T>(audit: AuditLog, trace: Trace, step: () => T | Promise<T>): Promise<T> => {
  try {
    return await step();
  } catch (reason) {
    throw reason instanceof Refusal ? await refuseAndRecord(audit, trace, reason) : reason;
  }
};

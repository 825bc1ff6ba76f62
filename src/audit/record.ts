import type { RefusalCode, RefusalDetail } from '../errors.ts';
import type { EpochSeconds } from '../system.ts';

/** What can leave a trace. Stable names: they stand in exported logs for years. */
export const AUDIT_KINDS = [
  'run.start',
  'run.finish',
  'run.renew',
  'token.issue',
  'access-token.create',
  'access-token.revoke',
  'token.exchange',
  'trusted-issuer.create',
  'trusted-issuer.update',
  'trusted-issuer.delete',
  'policy.change',
  'pin.change',
  'environment.create',
  'environment.update',
  'environment.delete',
  'environment.tag',
  'environment.decrypt',
  'environment.open',
  'environment.token',
  'deployment.take',
  'deployment.cancel',
  'deployment.pause',
  'deployment.resume',
  'agent-pool.create',
  'agent-pool.update',
  'agent-pool.delete',
  'stack.delete',
  'name.release',
  'trust-document.generate',
  'trust-document.forget',
  'stack-settings.change',
  'stack-settings.delete',
  'key.bootstrap',
  'key.append',
  'key.rotate',
  'key.rollback',
  'key.revoke',
  'key.destroy',
  'key.remove',
  'key.merge',
  'key.rewrap',
  'organizations.change',
  'organization.gone',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Flat and short; never a token, key or secret. */
export type AuditDetail = Readonly<Record<string, string | number>>;

/** What a story reports when it has granted or refused something. */
export interface AuditEvent {
  readonly kind: AuditKind;
  /** Absent: the installation itself (its keys, its store). */
  readonly organization?: string;
  /** Who acted, `<kind>:<name>`: `personal:alice`, `client:jenkins`, `run:<id>`, `operator:<host>`, `server:<replica>`. */
  readonly actor: string;
  readonly outcome: 'granted' | 'refused';
  /** Set exactly when refused. */
  readonly code?: RefusalCode;
  readonly detail: AuditDetail | RefusalDetail;
}

/** An event as it is stored: numbered and linked within its chain. */
export interface AuditRecord extends AuditEvent {
  readonly time: EpochSeconds;
  /** Who wrote it: one process, until an append of its fails. Each writer has chains of its own. */
  readonly writer: string;
  /** 1, 2, 3, … within the chain. */
  readonly seq: number;
  /** Base64url SHA-256 of the record before it, as canonical JSON; 43 zeros ("A") for the first. */
  readonly prev: string;
  /** Only in a chain's first record of a day: where the record before it stands, and until when. */
  readonly after?: { readonly day: string; readonly keptUntil: EpochSeconds };
}

/**
 * Where stories leave their trace.
 *
 * Resolves when the record is stored as durably as the store promises; rejects when it is not. A story that
 * grants something waits for it before anything leaves the house: no audit record, no token.
 */
export interface AuditLog {
  record(event: AuditEvent): Promise<void>;
}

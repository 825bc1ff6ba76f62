import type { Secret } from '../secret.ts';
import type { EpochSeconds } from '../system.ts';
import type { Holder } from './principal.ts';

/** An access token as lists show it: never the token itself. */
export interface AccessTokenEntry {
  /** Names the token for `revoke`: the first 16 characters of its fingerprint. */
  readonly id: string;
  readonly holder: Holder;
  readonly created: EpochSeconds;
  readonly expires: EpochSeconds;
}

/** The access tokens that our own API accepts: opaque, expiring, revocable, stored only as hashes. */
export interface AccessTokens {
  /** Makes a token (`rpa_` and 40 base62 characters, the last six a checksum). */
  issue(holder: Holder, lifetime: number): Promise<{ readonly token: Secret; readonly entry: AccessTokenEntry }>;
  /** Who holds this token; `undefined` when it is unknown, malformed, revoked or expired. */
  holderOf(token: string): Promise<Holder | undefined>;
  list(organization: string): Promise<readonly AccessTokenEntry[]>;
  /** False when there is no such token. */
  revoke(organization: string, id: string): Promise<boolean>;
}

import type { Claims } from '../policy/policy.ts';
import type { EpochSeconds } from '../system.ts';

/** Signature algorithms that outside issuers may use. RFC 7518, section 3.1; RFC 8037; RFC 9864. Never HS* or none. */
export const SUBJECT_TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
export type SubjectTokenAlgorithm = (typeof SUBJECT_TOKEN_ALGORITHMS)[number];

/** A subject token that was read, but not verified: nothing in it may be believed. */
export interface ReadToken {
  /** The token itself, canonical. */
  readonly text: string;
  readonly header: { readonly alg: SubjectTokenAlgorithm; readonly kid?: string; readonly typ?: string };
  readonly claims: Claims;
  /** The `iss` claim; absent or not a string: the token is malformed, so it always stands here. */
  readonly iss: string;
  /** SHA-256 over the decoded header and payload, base64url: the same for every way to write or sign the same content. */
  readonly contentHash: string;
}

/** A subject token whose signature, issuer and times were found right. */
export interface VerifiedToken {
  readonly claims: Claims;
  readonly iat?: EpochSeconds;
  readonly exp: EpochSeconds;
  readonly jti?: string;
  readonly contentHash: string;
}

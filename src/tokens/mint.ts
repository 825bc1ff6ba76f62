import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { SigningAlgorithm } from '../keys/ring.ts';
import { Secret } from '../secret.ts';
import type { EpochSeconds } from '../system.ts';
import type { Draft } from './draft.ts';

/** `nbf` lies this many seconds before `iat`, for verifiers whose clocks are behind ours. */
const NOT_BEFORE_SLACK = 30;

/** A private key that may sign now. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly key: KeyObject;
}

export interface MintRequest {
  /** The issuer's URL, byte for byte as in its discovery document. */
  readonly iss: string;
  readonly jti: string;
  readonly iat: EpochSeconds;
  readonly exp: EpochSeconds;
}

/** The header of every ID token: these three members and no other. RFC 7515 section 4.1, RFC 8725 section 3.11. */
export const headerOf = (key: Pick<SigningKey, 'alg' | 'kid'>) => ({ alg: key.alg, kid: key.kid, typ: 'JWT' }) as const;

/** All claims of the token, in the order in which they are signed. */
const claimsOf = (draft: Draft, request: MintRequest) => ({
  ...draft.claims,
  sub: draft.sub,
  aud: draft.aud,
  iss: request.iss,
  iat: request.iat,
  nbf: request.iat - NOT_BEFORE_SLACK,
  exp: request.exp,
  jti: request.jti,
});

/**
 * Signs a draft: the only place where a token comes into being.
 *
 * Issuer, times and `jti` are set last, so nothing that a caller passes can overwrite them. RFC 7519, RFC 7515.
 */
export const mint = async (draft: Draft, key: SigningKey, request: MintRequest): Promise<Secret> =>
  new Secret(await new SignJWT(claimsOf(draft, request)).setProtectedHeader(headerOf(key)).sign(key.key));

import { type KeyObject, sign } from 'node:crypto';
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
export const claimsOf = (draft: Draft, request: MintRequest) => ({
  ...draft.claims,
  ...draft.aws,
  sub: draft.sub,
  aud: draft.aud,
  iss: request.iss,
  iat: request.iat,
  nbf: request.iat - NOT_BEFORE_SLACK,
  exp: request.exp,
  jti: request.jti,
});

/** Header, an `iss` of 255 characters, times, `jti` and a signature of 4096 bits, in base64url. */
const LONGEST_REST = 1300;

/** Characters that a token of this draft has at most, whatever signs it and whenever. */
export const longestLength = ({ sub, aud, claims, aws }: Draft): number =>
  encode({ ...claims, ...aws, sub, aud }).length + LONGEST_REST;

/**
 * Signs a draft: the only place where a token comes into being.
 *
 * Issuer, times and `jti` are set last, so nothing that a caller passes can overwrite them. The form is a JWS in
 * compact serialization (RFC 7515 section 7.1) over JSON claims (RFC 7519); the signature is made on another thread.
 */
export const mint = async (draft: Draft, key: SigningKey, request: MintRequest): Promise<Secret> => {
  const signed = `${encode(headerOf(key))}.${encode(claimsOf(draft, request))}`;
  return new Secret(`${signed}.${await signatureOf(signed, key)}`);
};

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const signatureOf = (text: string, { alg, key }: SigningKey): Promise<string> =>
  new Promise((resolve, reject) => {
    // ES256 signatures are R and S side by side, not DER (RFC 7518, section 3.4); RS256 has one form only.
    const how = alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
    sign('sha256', Buffer.from(text), how, (failure, signature) =>
      failure ? reject(failure) : resolve(signature.toString('base64url')),
    );
  });

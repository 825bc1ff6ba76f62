import type { Claims } from '../policy/policy.ts';
import type { EpochSeconds } from '../system.ts';
import type { VerificationKey } from './issuer-keys.ts';
import type { TokenProblem, TokenProblemCode } from './problems.ts';
import { findTimeProblem, readTimes } from './token-times.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';
import type { ReadToken, SubjectTokenAlgorithm, VerifiedToken } from './verified-token.ts';

/** A token without `kid` is tried with every key that suits it: with so many, and no more. */
const MAX_TRIED = 8;
const MAX_JTI_CHARACTERS = 512;

/** Signatures that have one length, in bytes. RFC 7518, section 3.4; RFC 8032, section 5.1.6. RSA's is its modulus's. */
const SIGNATURE_BYTES: Partial<Readonly<Record<SubjectTokenAlgorithm, number>>> = {
  ES256: 64,
  ES384: 96,
  ES512: 132,
  EdDSA: 64,
  Ed25519: 64,
};

/**
 * Is a token what its issuer signed, for now? Signature first, then `iss` byte for byte, then the registered claims
 * and the times. OpenID Connect Core, section 3.1.3.7; RFC 8725.
 *
 * `aud` has the right form and no more: policies weigh it. `genuine` is set when only a time is wrong, so that an
 * administrator may be shown what the token says.
 */
export const verifyToken = async (
  read: ReadToken,
  candidates: readonly VerificationKey[],
  issuer: Pick<TrustedIssuer, 'issuer' | 'maxTokenAge'>,
  now: EpochSeconds,
): Promise<VerifiedToken | (TokenProblem & { readonly genuine?: VerifiedToken })> => {
  const forged = verifySignature(read, candidates);
  if (forged) return forged;
  if (read.iss !== issuer.issuer) return wrong('wrong_issuer', `iss must be ${issuer.issuer}`);

  const { claims, contentHash } = read;
  const malformed = findClaimProblem(claims);
  if (malformed) return malformed;
  const times = readTimes(claims);
  if ('problem' in times) return times;

  const { jti } = claims;
  const token: VerifiedToken = {
    claims,
    exp: Math.floor(times.exp),
    ...(times.iat !== undefined && { iat: Math.floor(times.iat) }),
    ...(typeof jti === 'string' && { jti }),
    contentHash,
  };
  const untimely = findTimeProblem(times, issuer.maxTokenAge, now);
  return untimely ? { ...untimely, genuine: token } : token;
};

/**
 * Why no candidate signed this text; `undefined` when one did.
 *
 * A key verifies only the algorithms that it is bound to: what the header says picks among them, and no more.
 * RFC 8725, sections 3.1 and 3.2.
 */
export const verifySignature = (
  { text, header: { alg } }: Pick<ReadToken, 'text' | 'header'>,
  candidates: readonly VerificationKey[],
): TokenProblem | undefined => {
  const suitable = candidates.filter(({ algs }) => algs.includes(alg));
  if (suitable.length === 0) return wrong('unsupported_algorithm', `the key that it names is not for ${alg}`);

  const end = text.lastIndexOf('.');
  const signature = Buffer.from(text.slice(end + 1), 'base64url');
  const expected = SIGNATURE_BYTES[alg] ?? signature.length;
  if (signature.length !== expected) {
    return wrong('bad_signature', `an ${alg} signature has ${expected} bytes, and this one ${signature.length}`);
  }
  const signed = Buffer.from(text.slice(0, end));
  const tried = suitable.slice(0, MAX_TRIED);
  if (tried.some((key) => key.verify(alg, signed, signature))) return undefined;
  return wrong('bad_signature', `tried ${tried.length} of ${suitable.length} keys for ${alg}`);
};

/** The registered claims, where they stand, have the type that RFC 7519, section 4.1, gives them. */
const findClaimProblem = ({ sub, aud, jti }: Claims): TokenProblem | undefined => {
  if (sub !== undefined && typeof sub !== 'string') return wrong('malformed_claim', 'sub must be a text');
  if (aud !== undefined && !isAudience(aud)) return wrong('malformed_claim', 'aud must be a text or a list of texts');
  // An empty one would make all tokens of the issuer the same token to whoever asks whether it was used.
  if (jti !== undefined && (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_CHARACTERS)) {
    return wrong('malformed_claim', `jti must be a text of 1 to ${MAX_JTI_CHARACTERS} characters`);
  }
  return undefined;
};

const isAudience = (aud: unknown): boolean =>
  typeof aud === 'string' || (Array.isArray(aud) && aud.every((one) => typeof one === 'string'));

const wrong = (problem: TokenProblemCode, detail: string): TokenProblem => ({ problem, detail });

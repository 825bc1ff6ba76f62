import { Refusal } from '../errors.ts';
import { AWS_CLAIMS, type AwsClaims } from './aws-claims.ts';

declare const drafted: unique symbol;

/**
 * What a token will say, before it has an issuer, times and a signature.
 *
 * Signing is preceded by drafting: `mint` takes nothing else, and only the claim builders of this room
 * make one, so nothing is ever signed that did not pass a builder.
 */
export interface Draft {
  readonly sub: string;
  readonly aud: string;
  /** Custom claims: flat strings, never a registered claim. */
  readonly claims: Readonly<Record<string, string>>;
  /** The claims of AWS, and no other that is not a flat string. */
  readonly aws?: AwsClaims;
  readonly [drafted]: true;
}

/** Claims that only `mint` may set, or that verifiers give a meaning of their own. Compared after case folding. */
const RESERVED: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'azp', 'amr', 'nonce']);

/** White space, control characters, quotes and brackets: some verifier refuses each of them (docs/claims.md). */
const UNSAFE = /[\s\p{Cc}\p{Cs}"'`\\<>()[\]{}]/u;

/** Wildcards and separators of trust policies, which no value inside a subject may smuggle in. */
const UNSAFE_IN_SUBJECT = /[*?;&$]/;

/** For the claim builders of this room only; the house test keeps it so. */
export const makeDraft = (
  sub: string,
  aud: string,
  claims: Readonly<Record<string, string>>,
  aws?: AwsClaims,
): Draft => {
  if (UNSAFE.test(sub) || UNSAFE_IN_SUBJECT.test(sub))
    throw new Error('a subject holds a character that no name may have');
  const problem = problemWithAudience(aud);
  if (problem) throw new Refusal('invalid_audience', { problem });
  for (const name of Object.keys(claims)) {
    if (RESERVED.has(name.toLowerCase())) throw new Error(`the claim ${name} is not a builder's to set`);
  }
  for (const name of aws === undefined ? [] : Object.keys(aws)) {
    if (!(AWS_CLAIMS as readonly string[]).includes(name)) throw new Error(`the claim ${name} is none of AWS`);
  }
  return (aws === undefined ? { sub, aud, claims } : { sub, aud, claims, aws }) as unknown as Draft;
};

/** Why this text cannot be an `aud`, as the end of a sentence; `undefined` when it can. Verifiers: docs/claims.md. */
export const problemWithAudience = (aud: string): string | undefined => {
  const bytes = Buffer.byteLength(aud);
  if (bytes < 1 || bytes > 512) return 'must be 1 to 512 bytes';
  if (UNSAFE.test(aud)) return 'must not hold white space, control characters, quotes, backslashes or brackets';
  return undefined;
};

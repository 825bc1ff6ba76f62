import type { Claims } from '../policy/policy.ts';
import type { EpochSeconds } from '../system.ts';
import type { TokenProblem, TokenProblemCode } from './problems.ts';

/** How far our clock and the issuer's may lie apart, in seconds. */
export const LEEWAY = 30;
/** The longest life of a token that anybody may mean, in seconds: 400 days. */
const MAX_LIFE = 400 * 86_400;

/** The times of a token as they stand in it: seconds, perhaps broken ones. RFC 7519, section 2 (NumericDate). */
export interface TokenTimes {
  readonly exp: number;
  readonly iat?: number;
  readonly nbf?: number;
}

/** The times of a token, each from 0 to 2^53 - 1; or what is wrong with their form. */
export const readTimes = ({ exp, iat, nbf }: Claims): TokenTimes | TokenProblem => {
  if (exp === undefined) return { problem: 'missing_claim', detail: 'it has no exp' };
  for (const [name, value] of Object.entries({ exp, iat, nbf })) {
    if (value !== undefined && !isNumericDate(value)) {
      return { problem: 'malformed_claim', detail: `${name} must be a number of seconds from 0 to 2^53 - 1` };
    }
  }
  return { exp: Number(exp), ...(isNumericDate(iat) && { iat }), ...(isNumericDate(nbf) && { nbf }) };
};

const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;

/**
 * What is wrong with the times of a token at `now`; `undefined` when nothing is.
 *
 * A broken second always counts against the token: it ends at the whole second before `exp`, and a start is compared
 * as it stands, which is to wait for the whole second after it.
 */
export const findTimeProblem = (
  { exp, iat, nbf }: TokenTimes,
  maxTokenAge: number,
  now: EpochSeconds,
): TokenProblem | undefined => {
  const start = iat ?? nbf;
  if (exp <= Math.max(iat ?? -1, nbf ?? -1)) return wrong('malformed_claim', 'exp is not after iat and nbf');
  if (exp - (start ?? now) > MAX_LIFE) return wrong('malformed_claim', 'it lives longer than 400 days');

  if (now >= Math.floor(exp) + LEEWAY) return wrong('expired', `exp ${exp}, now ${now}`);
  if (nbf !== undefined && nbf > now + LEEWAY) return wrong('not_yet_valid', `nbf ${nbf}, now ${now}`);
  if (iat !== undefined && iat > now + LEEWAY) return wrong('not_yet_valid', `iat ${iat}, now ${now}`);

  // Nobody knows when a token was issued that does not say so: then it must end within the age that it may have.
  if (start === undefined && exp > now + maxTokenAge) {
    return wrong('too_old', `it has neither iat nor nbf, and ends more than ${maxTokenAge} s from now`);
  }
  if (start !== undefined && now > start + maxTokenAge + LEEWAY) {
    return wrong('too_old', `issued at ${start}, now ${now}, at most ${maxTokenAge} s`);
  }
  return undefined;
};

const wrong = (problem: TokenProblemCode, detail: string): TokenProblem => ({ problem, detail });

import type { Secret } from '../secret.ts';
import type { EpochMs, EpochSeconds } from '../system.ts';

/** Who a token speaks as, and to whom: what a trust policy is compared with, and no secret. */
export interface Presented {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
}

/** A token that a run was given. */
export interface IdToken extends Presented {
  readonly text: Secret;
  /** As the server's clock has it. */
  readonly exp: EpochSeconds;
  /** When it was asked for, by our clock. */
  readonly askedMs: EpochMs;
  /** From here on it may be refused, by our clock: however wrong that is, the life of the token counts. */
  readonly expiresMs: EpochMs;
}

/** Reads a token that came straight from the issuer, so there is nothing to verify; `undefined` when it is none. */
export const readIdToken = (text: Secret, askedMs: EpochMs): IdToken | undefined => {
  const claims = claimsOf(text.reveal());
  const [iss, sub, aud] = [claims['iss'], claims['sub'], claims['aud']];
  const [iat, exp] = [Number(claims['iat']), Number(claims['exp'])];
  if (typeof iss !== 'string' || typeof sub !== 'string' || !(exp > iat)) return undefined;
  const audience = Array.isArray(aud) ? aud.join(', ') : String(aud);
  return { text, iss, sub, aud: audience, exp, askedMs, expiresMs: askedMs + (exp - iat) * 1000 };
};

const claimsOf = (jwt: string): Readonly<Record<string, unknown>> => {
  try {
    return Object(JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    return {};
  }
};

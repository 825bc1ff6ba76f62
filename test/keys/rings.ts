import { createHash } from 'node:crypto';
import type { NewKey } from '../../src/keys/change.ts';
import type { SigningAlgorithm } from '../../src/keys/ring.ts';
import type { Timing } from '../../src/keys/timing.ts';

/** The defaults of the settings. */
export const DEFAULTS: Timing = {
  cacheMaxAge: 300,
  staleness: 30,
  clockError: 5,
  leeway: 300,
  maxLifetime: 3600,
  rotationPeriod: 7 * 86_400,
  publishAhead: 86_400,
  rollbackHold: 3600,
  maxKeys: 8,
};

export const HOUR = 3600;
export const DAY = 86_400;

/** Any instant will do; a readable one helps. 2026-01-01T00:00:00Z. */
export const START = 1_767_225_600;

/** A key that looks like one and is cheap: for rules about times, where no signature matters. */
export const fakeKey = (seed: string | number, alg: SigningAlgorithm = 'RS256'): NewKey => {
  const kid = createHash('sha256').update(`key ${seed}`).digest('base64url');
  const jwk =
    alg === 'RS256'
      ? ({ kty: 'RSA', use: 'sig', alg, kid, n: `modulus-${seed}`, e: 'AQAB' } as const)
      : ({ kty: 'EC', use: 'sig', alg, kid, crv: 'P-256', x: `x-${seed}`, y: `y-${seed}` } as const);
  return { kid, alg, jwk, sealed: `sealed-${seed}` };
};

/** How many cases a property test tries: few in `npm test`, many at night. */
export const runs = (day: number, night: number): number => (process.env['NIGHTLY'] === '1' ? night : day);

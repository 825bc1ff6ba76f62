import { createHash } from 'node:crypto';
import type { EpochSeconds } from '../system.ts';
import { publishedKeys, type Ring, type SigningAlgorithm } from './ring.ts';

/** A key set as it goes over the wire: rendered once, sent many times. RFC 7517, section 5. */
export interface PublishedKeys {
  readonly gen: number;
  readonly bytes: Buffer;
  /** Strong entity tag, quotes included. RFC 9110, section 8.8.3. */
  readonly etag: string;
  /** Seconds that it may be cached. */
  readonly maxAge: number;
  /** In the order of the set: the signing key first. */
  readonly kids: readonly string[];
  /** Each once, in the order of the set. */
  readonly algs: readonly SigningAlgorithm[];
}

/**
 * Renders the key set of a ring at an instant.
 *
 * A function of the generation and the phases of its keys alone: every replica gives the same bytes (I7). Members
 * are written out one by one, so nothing else of a key can get in.
 */
export const renderKeys = (ring: Ring, now: EpochSeconds, cacheMaxAge: number): PublishedKeys => {
  const keys = publishedKeys(ring, now);
  const members = keys.map(({ jwk: { kty, use, alg, kid, ...rest } }) =>
    'n' in rest
      ? { kty, use, alg, kid, n: rest.n, e: rest.e }
      : { kty, use, alg, kid, crv: rest.crv, x: rest.x, y: rest.y },
  );
  const bytes = Buffer.from(JSON.stringify({ keys: members }));
  return {
    gen: ring.gen,
    bytes,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`,
    maxAge: cacheMaxAge,
    kids: keys.map(({ kid }) => kid),
    algs: [...new Set(keys.map(({ alg }) => alg))],
  };
};

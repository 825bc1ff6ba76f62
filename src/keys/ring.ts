import type { EpochSeconds } from '../system.ts';

export type SigningAlgorithm = 'RS256' | 'ES256';

/** Members of a published key, exactly these. Verifiers refuse others (AWS: `key_ops`; Google: `x5c`). */
export type PublicJwk =
  | {
      readonly kty: 'RSA';
      readonly use: 'sig';
      readonly alg: 'RS256';
      readonly kid: string;
      readonly n: string;
      readonly e: string;
    }
  | {
      readonly kty: 'EC';
      readonly use: 'sig';
      readonly alg: 'ES256';
      readonly kid: string;
      readonly crv: 'P-256';
      readonly x: string;
      readonly y: string;
    };

/** One signing key: its state is derived from these times, never stored. */
export interface RingKey {
  /** RFC 7638 thumbprint; never reused. */
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly jwk: PublicJwk;
  /** Private half as a JWE under a sealing key; absent once destroyed. */
  readonly sealed?: string;
  readonly publishedAt: EpochSeconds;
  readonly signFrom: EpochSeconds;
  readonly signUntil: EpochSeconds;
  readonly removeAt: EpochSeconds;
  readonly origin: 'bootstrap' | 'scheduled' | 'manual' | 'unsafe';
  readonly revoked?: { readonly at: EpochSeconds; readonly reason: string };
}

/** What is remembered of a key that left: its thumbprint may not come back. */
export interface Tombstone {
  readonly kid: string;
  readonly removedAt: EpochSeconds;
  readonly reason: 'expired' | 'revoked';
}

/** One issuer's signing keys as one versioned document with absolute times. */
export interface Ring {
  readonly format: 1;
  /** The issuer it belongs to. */
  readonly name: string;
  /** Grows by one with every change; a replica never goes back. */
  readonly gen: number;
  /** Algorithm of the keys to come. */
  readonly alg: SigningAlgorithm;
  readonly keys: readonly RingKey[];
  readonly tombstones: readonly Tombstone[];
}

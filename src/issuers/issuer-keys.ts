import type { TrustedIssuer } from './trusted-issuer.ts';
import type { SubjectTokenAlgorithm } from './verified-token.ts';

/** One public key of an issuer, imported and checked, bound to the algorithms that it may verify. */
export interface VerificationKey {
  readonly kid?: string;
  /** Never empty. One, where the JWK has `alg`; else those that its type and curve allow. */
  readonly algs: readonly SubjectTokenAlgorithm[];
  /** Did this key sign these bytes? `alg` is one of `algs`: any other is a fault of ours, and throws. */
  verify(alg: SubjectTokenAlgorithm, signed: Uint8Array, signature: Uint8Array): boolean;
}

/** What a trusted issuer publishes about itself, fetched and checked. */
export interface DiscoveredIssuer {
  /** `issuer` of its discovery document. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** Algorithms that its keys can verify. */
  readonly algs: readonly SubjectTokenAlgorithm[];
  readonly keys: readonly VerificationKey[];
  /** SHA-256 of the TLS certificate that the discovery host presented, lower-case hexadecimal. */
  readonly thumbprint: string;
}

/** What a fetch needs to know of a registration: its own permissions, nobody else's. */
export type FetchedIssuer = Pick<TrustedIssuer, 'organization' | 'url' | 'thumbprints'>;

/** An issuer that cannot be used as registered: `problem` is a sentence for the administrator, without secrets. */
export class IssuerProblem extends Error {
  override readonly name = 'IssuerProblem';
}

/** The keys of trusted issuers: uploaded, our own from memory, or fetched and held per registration. */
export interface IssuerKeys {
  /**
   * Keys that may have signed a token with this header: those with its `kid`, or all that suit `alg` when it names
   * none. Fetches where needed. `unknown_key`: the set is current and holds none. `keys_unavailable`: there is no set.
   */
  candidates(
    issuer: TrustedIssuer,
    header: { readonly alg: SubjectTokenAlgorithm; readonly kid?: string },
  ): Promise<readonly VerificationKey[] | 'unknown_key' | 'keys_unavailable'>;
  /**
   * Fetches and checks everything, for a registration; nothing is held. Throws `IssuerProblem`.
   * `trustNow`: also takes a certificate that no authority vouches for, to learn its thumbprint.
   */
  discover(issuer: FetchedIssuer, options?: { readonly trustNow?: boolean }): Promise<DiscoveredIssuer>;
  /** Checks uploaded keys. Throws `IssuerProblem`, naming the key and member. */
  check(jwks: unknown): Promise<readonly VerificationKey[]>;
  /** Forgets what is held for a registration. */
  forget(id: string): void;
}

/**
 * The times that rule a key's life, in whole seconds. The letters are those of docs/keys.md.
 *
 * `checkTiming` says which combinations are sound.
 */
export interface Timing {
  /** C: `max-age` of the JWKS and discovery answers. */
  readonly cacheMaxAge: number;
  /** S: hard bound on the age of a replica's view of the ring. */
  readonly staleness: number;
  /** σ: clock error we tolerate against store time. */
  readonly clockError: number;
  /** λ: leeway that we expect of verifiers. */
  readonly leeway: number;
  /** L: longest token the ring may sign. */
  readonly maxLifetime: number;
  /** T: how long a key signs. */
  readonly rotationPeriod: number;
  /** P: how long a key is published before it may sign. */
  readonly publishAhead: number;
  /** H: how long a retired private key is kept for a rollback. */
  readonly rollbackHold: number;
  /** N: most keys in the JWKS. */
  readonly maxKeys: number;
}

import type { Timing } from '../../src/keys/timing.ts';

/** The smallest times that a loop of one second can keep: a rotation every twelve seconds. */
export const SWIFT: Timing = {
  cacheMaxAge: 2,
  staleness: 3,
  clockError: 1,
  leeway: 1,
  maxLifetime: 5,
  rotationPeriod: 12,
  publishAhead: 7,
  rollbackHold: 5,
  maxKeys: 8,
};

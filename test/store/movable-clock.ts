import type { Clock } from '../../src/system.ts';

/** A clock that stands still until it is told to move. */
export const movableClock = (startMs = 1_800_000_000_000): Clock & { pass(ms: number): void } => {
  let passed = 0;
  return {
    nowMs: () => startMs + passed,
    monotonicMs: () => passed,
    pass(ms) {
      passed += ms;
    },
  };
};

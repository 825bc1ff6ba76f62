import type { Clock, Random } from '../src/system.ts';
import { systemRandom } from '../src/system.ts';

/** A clock that stands still until a test moves it. */
export class StandingClock implements Clock {
  #ms: number;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#ms = startMs;
  }

  nowMs(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  /** Moves on by whole or broken seconds. */
  advance(seconds: number): void {
    this.#ms += seconds * 1000;
  }

  get seconds(): number {
    return Math.floor(this.#ms / 1000);
  }
}

export const realRandom: Random = systemRandom;

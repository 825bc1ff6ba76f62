import type { Clock } from '../system.ts';

/** Addresses that are remembered at most; beyond that the oldest is forgotten. */
const MAX_ADDRESSES = 10_000;
const WINDOW_MS = 60_000;

/**
 * Counts the refused requests of each address, in memory.
 *
 * A success is never counted and never refused: an address over its limit only gets its refusals as 429, without
 * the work behind them being told apart. That slows down nobody who holds a valid credential.
 */
export class RefusalLimit {
  readonly #windows = new Map<string, { since: number; refused: number }>();
  readonly #clock: Clock;
  readonly #perMinute: number;

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Counts one refusal; seconds to wait when the address is over its limit. */
  count(address: string): number | undefined {
    const now = this.#clock.monotonicMs();
    const known = this.#windows.get(address);
    const window = known && now - known.since < WINDOW_MS ? known : { since: now, refused: 0 };
    window.refused += 1;
    if (window !== known) {
      this.#windows.delete(address);
      this.#windows.set(address, window);
      if (this.#windows.size > MAX_ADDRESSES) this.#forgetOldest();
    }
    if (window.refused <= this.#perMinute) return undefined;
    return Math.ceil((window.since + WINDOW_MS - now) / 1000);
  }

  #forgetOldest(): void {
    for (const address of this.#windows.keys()) {
      this.#windows.delete(address);
      return;
    }
  }
}

import type { Clock } from '../system.ts';

/** Callers that are remembered at most; beyond that the oldest is forgotten. */
const MAX_CALLERS = 10_000;
const WINDOW_MS = 60_000;

/**
 * Counts the refused requests of each caller, in memory: of an address, or of all who show tokens of one issuer.
 *
 * A success is never counted and never refused: a caller over its limit only gets its refusals as 429, without
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

  /** Counts one refusal; seconds to wait when the caller is over its limit. */
  count(caller: string): number | undefined {
    const now = this.#clock.monotonicMs();
    const known = this.#windows.get(caller);
    const window = known && now - known.since < WINDOW_MS ? known : { since: now, refused: 0 };
    window.refused += 1;
    if (window !== known) {
      this.#windows.delete(caller);
      this.#windows.set(caller, window);
      if (this.#windows.size > MAX_CALLERS) this.#forgetOldest();
    }
    if (window.refused <= this.#perMinute) return undefined;
    return Math.ceil((window.since + WINDOW_MS - now) / 1000);
  }

  #forgetOldest(): void {
    for (const caller of this.#windows.keys()) {
      this.#windows.delete(caller);
      return;
    }
  }
}

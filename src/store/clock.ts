import { type Clock, type EpochMs, type Repeater, repeat } from '../system.ts';
import type { Store } from './store.ts';

/**
 * How far the local wall clock agrees with store time.
 *
 * `drifting` (more than σ apart): nothing is scheduled. `wrong` (more than 2σ): nothing is issued, because
 * verifiers would refuse the times in it.
 */
export type ClockState = 'ok' | 'drifting' | 'wrong';

const MEASURE_EVERY_MS = 30_000;
const SAMPLES = 5;

/**
 * Store time without asking the store: the monotonic clock plus an offset that is measured now and then.
 *
 * Goes on through a store outage, and does not jump when somebody sets the wall clock. Before the first
 * measurement, and for an embedded store, it is the local clock.
 */
export class StoreClock implements Clock {
  readonly #store: Pick<Store, 'kind' | 'time'>;
  readonly #local: Clock;
  readonly #toleranceMs: number;
  #offset: EpochMs | undefined;
  #measuredAt = Number.NEGATIVE_INFINITY;

  /** `clockError` is σ, in seconds. */
  constructor(store: Pick<Store, 'kind' | 'time'>, local: Clock, clockError: number) {
    this.#store = store;
    this.#local = local;
    this.#toleranceMs = clockError * 1000;
  }

  nowMs(): EpochMs {
    return this.#offset === undefined ? this.#local.nowMs() : this.#local.monotonicMs() + this.#offset;
  }

  monotonicMs(): number {
    return this.#local.monotonicMs();
  }

  /** Local wall clock minus store time, in milliseconds; 0 before the first measurement. */
  offsetMs(): number {
    return this.#offset === undefined ? 0 : this.#local.nowMs() - this.nowMs();
  }

  state(): ClockState {
    const apart = Math.abs(this.offsetMs());
    if (apart > 2 * this.#toleranceMs) return 'wrong';
    return apart > this.#toleranceMs ? 'drifting' : 'ok';
  }

  /** Measures when it is due: every 30 s, and at once while the clocks disagree. Never throws; a failed one changes nothing. */
  async step(): Promise<void> {
    if (this.#store.kind !== 'redis') return;
    const isDue = this.#local.monotonicMs() - this.#measuredAt >= MEASURE_EVERY_MS;
    if (isDue || this.state() !== 'ok') await this.#measure();
  }

  /** Measures, then goes on doing so until stopped. */
  async start(): Promise<Repeater> {
    await this.step();
    return repeat(() => this.step(), 1000);
  }

  /** Of a few samples the one with the shortest round trip counts: its error is at most half of it. */
  async #measure(): Promise<void> {
    let best = { roundTrip: Number.POSITIVE_INFINITY, offset: 0 };
    for (let sample = 0; sample < SAMPLES; sample++) {
      const before = this.#local.monotonicMs();
      const time = await this.#store.time().catch(() => undefined);
      const after = this.#local.monotonicMs();
      if (time === undefined) break;
      if (after - before < best.roundTrip) best = { roundTrip: after - before, offset: time - (before + after) / 2 };
    }
    if (best.roundTrip === Number.POSITIVE_INFINITY) return;
    this.#offset = best.offset;
    this.#measuredAt = this.#local.monotonicMs();
  }
}

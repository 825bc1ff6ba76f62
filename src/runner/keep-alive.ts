import type { VaultLogin } from '../clouds/vault.ts';
import type { EpochMs } from '../system.ts';
import { type Pace, waitUntil } from './pace.ts';
import { type RunDesk, RunProblem } from './run-desk.ts';
import { retryAfterMs } from './schedule.ts';

/** Seconds after which the server takes a run for dead that does not renew; and how often we do. */
export const LEASE = 60;
const RENEW_MS = 20_000;
const RETRY_MS = 5_000;

/** How often it is asked whether a run has ended, where somebody wants to know soon. */
const LOOK_MS = 2_000;

/** Says that a run is alive until it is stopped, or over; then tells as what it ended. Never throws. */
export const keepRunAlive = async (
  desk: Pick<RunDesk, 'renew'>,
  pace: Pace,
  watch: {
    over(status: string | undefined): void;
    failed(reason: unknown): void;
    isOver?: (() => Promise<boolean>) | undefined;
  },
  stop: AbortSignal,
): Promise<void> => {
  let wait = RENEW_MS;
  for (;;) {
    await waitOrHear(pace, pace.clock.nowMs() + wait, watch.isOver, stop);
    if (stop.aborted) return;
    try {
      await desk.renew();
      wait = RENEW_MS;
    } catch (reason) {
      if (reason instanceof RunProblem && reason.kind === 'over') {
        watch.over(reason.status);
        return;
      }
      watch.failed(reason);
      wait = RETRY_MS;
    }
  }
};

/** Waits for an instant, or until the run is found to have ended: renewing it then tells how. */
const waitOrHear = async (
  pace: Pace,
  atMs: EpochMs,
  isOver: (() => Promise<boolean>) | undefined,
  stop: AbortSignal,
): Promise<void> => {
  if (!isOver) return waitUntil(pace, atMs, stop);
  while (!stop.aborted && pace.clock.nowMs() < atMs) {
    await waitUntil(pace, Math.min(atMs, pace.clock.nowMs() + LOOK_MS), stop);
    if (!stop.aborted && (await isOver().catch(() => false))) return;
  }
};

/** Renews a Vault token at 80 % of its life until it is stopped; tells when it can live no longer. Never throws. */
export const keepVaultToken = async (
  login: Pick<VaultLogin, 'lifetime' | 'renewable'>,
  renew: () => Promise<Pick<VaultLogin, 'lifetime' | 'renewable'>>,
  pace: Pace,
  watch: { ended(): void; failed(reason: unknown): void },
  stop: AbortSignal,
): Promise<void> => {
  let { lifetime, renewable } = login;
  let from = pace.clock.nowMs();
  let failures = 0;
  while (lifetime > 0 && renewable) {
    const end = from + lifetime * 1000;
    const next = failures === 0 ? from + lifetime * 800 : pace.clock.nowMs() + retryAfterMs(failures);
    await waitUntil(pace, Math.min(next, end), stop);
    if (stop.aborted) return;
    if (pace.clock.nowMs() >= end) break;
    try {
      const now = pace.clock.nowMs();
      const renewed = await renew();
      // Vault gives less and less as the token's longest life comes near: then it is not worth asking.
      if (now + renewed.lifetime * 1000 <= end + 1000) break;
      [{ lifetime, renewable }, from, failures] = [renewed, now, 0];
    } catch (reason) {
      failures += 1;
      watch.failed(reason);
    }
  }
  if (lifetime > 0 && !stop.aborted) {
    await waitUntil(pace, from + lifetime * 1000, stop);
    if (!stop.aborted) watch.ended();
  }
};

import type { EpochMs, EpochSeconds } from '../system.ts';
import type { Run, RunStatus } from './run.ts';

/** How long a start may take before its run counts as half-made. */
const START_GRACE = 10;

/** A run as it is stored: its status says what was last written, not what time has made of it since. */
export type StoredRun = Omit<Run, 'status'> & { readonly status: 'starting' | Exclude<RunStatus, 'expired'> };

/**
 * What has become of a stored run.
 *
 * A run ends by itself at its deadline (`expired`) or when its lease runs out (`failed`); nobody has to write
 * that down for it to be true. `openUntil` is the store's own: the instant after which it takes no token. A run
 * that is still being started is closed in the store, but not over: `isHalfMade` tells when it was given up.
 */
export const statusOf = (run: StoredRun, openUntil: EpochMs | undefined, nowMs: EpochMs): RunStatus => {
  if (run.status !== 'running' && run.status !== 'starting') return run.status;
  if (nowMs >= run.deadline * 1000) return 'expired';
  if (run.status === 'starting') return 'running';
  return openUntil !== undefined && nowMs >= openUntil ? 'failed' : 'running';
};

/** Was this run left behind by a start that never answered? */
export const isHalfMade = (run: StoredRun, now: EpochSeconds): boolean =>
  run.status === 'starting' && now >= run.created + START_GRACE;

/** When a run that renews or mints at `now` will close if it does neither again. */
export const openUntilMs = (run: Pick<Run, 'deadline' | 'lease'>, now: EpochSeconds): EpochMs =>
  Math.min(run.deadline, run.lease === undefined ? run.deadline : now + run.lease) * 1000;

/** When a run that ended by itself did so. */
export const endedAt = (run: StoredRun, openUntil: EpochMs | undefined): EpochSeconds =>
  run.finished ?? Math.min(run.deadline, openUntil ? Math.floor(openUntil / 1000) : run.deadline);

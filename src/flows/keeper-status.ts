import { type Serving, whyNoSigner } from '../keys/serving.ts';
import { type RingView, viewRing } from '../keys/timeline.ts';
import { spell, type Timing } from '../keys/timing.ts';
import type { EpochSeconds } from '../system.ts';

/** What readiness, metrics and doctor want to know of one issuer's keys. */
export interface KeeperStatus {
  readonly name: string;
  /** Where the served keys come from. `snapshot`: from disk, the store has not answered yet. */
  readonly source: 'none' | 'snapshot' | 'store';
  /** Seconds since the ring was last read from the store; `Infinity` before the first time. */
  readonly ageSeconds: number;
  /** Does the local clock agree with store time? `drifting` stops changes to the ring, `wrong` stops issuing. */
  readonly clock: 'ok' | 'drifting' | 'wrong';
  /** How often the store was found to have gone back. */
  readonly rollbacks: number;
  readonly ring?: RingView;
  /** Why nothing can be issued now, as a sentence; absent: it can. */
  readonly problem?: string;
}

interface Known extends Pick<KeeperStatus, 'name' | 'source' | 'ageSeconds' | 'clock' | 'rollbacks'> {
  readonly serving: Serving | undefined;
  /** What failed last, until it works again. */
  readonly trouble: string | undefined;
}

export const keeperStatus = (
  { serving, trouble, ...known }: Known,
  now: EpochSeconds,
  timing: Timing,
): KeeperStatus => {
  const problem = whyNothingIsIssued({ serving, trouble, ...known }, now, timing);
  return {
    ...known,
    ...(serving && { ring: viewRing(serving.ring, now, timing) }),
    ...(problem && { problem }),
  };
};

const whyNothingIsIssued = (known: Known, now: EpochSeconds, timing: Timing): string | undefined => {
  const because = known.trouble ? ` (${known.trouble})` : '';
  if (!known.serving) return `There is no key ring yet${because}.`;
  if (known.ageSeconds > timing.staleness) {
    return `The key ring could not be read for more than ${spell(timing.staleness)}${because}.`;
  }
  if (known.clock === 'wrong') return "This machine's clock disagrees with the store's; set it right.";
  return whyNoSigner(known.serving, now);
};

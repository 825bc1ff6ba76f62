import type { EpochSeconds } from '../system.ts';
import type { IdToken } from './id-token.ts';
import { type Pace, waitUntil } from './pace.ts';
import { type RunDesk, RunProblem, type TokenWish } from './run-desk.ts';
import { goneAtMs, type HeldToken, nextMove, type Trouble } from './schedule.ts';

/** A token in files that somebody reads while it is renewed. */
export interface KeptToken {
  readonly wish: TokenWish;
  /** Puts a token in the place of the one before it, in one step. What it throws is tried again. */
  put(token: IdToken): Promise<void>;
  /** Takes it away. */
  remove(): Promise<void>;
}

export interface KeepFreshTools {
  readonly desk: Pick<RunDesk, 'mint'>;
  readonly pace: Pace;
  /** End of the run, by the server's clock: no token lives longer. */
  readonly deadline: EpochSeconds;
  /** Told what becomes of it. */
  readonly watch: {
    renewed(token: IdToken): void;
    failed(reason: unknown, token: IdToken): void;
    /** The file is gone: its token could not be renewed in time, or was the last one. */
    removed(isLast: boolean): void;
  };
}

/** Keeps a token fresh until it is stopped; `first` is in place already. Never throws. */
export const keepFresh = async (
  kept: KeptToken,
  first: IdToken,
  tools: KeepFreshTools,
  stop: AbortSignal,
): Promise<void> => {
  const { pace, deadline, watch } = tools;
  let token = first;
  let isOver = false;
  let isGone = false;
  let trouble: Trouble | undefined;
  while (!stop.aborted) {
    const held: HeldToken = { ...token, isLast: isOver || token.exp >= deadline };
    const move = nextMove(held, isGone, trouble, pace.clock.nowMs());
    if (move.kind === 'end') return;
    if (move.kind === 'wait') await waitUntil(pace, move.untilMs, stop);
    if (move.kind === 'remove') {
      await kept.remove();
      isGone = true;
      watch.removed(held.isLast);
    }
    if (move.kind === 'refresh') {
      try {
        token = await renew(kept, held, isGone, tools, stop);
        isGone = false;
        trouble = undefined;
        watch.renewed(token);
      } catch (reason) {
        if (stop.aborted) return;
        isOver = reason instanceof RunProblem && reason.kind === 'over';
        trouble = { failures: (trouble?.failures ?? 0) + 1, lastMs: pace.clock.nowMs() };
        watch.failed(reason, token);
      }
    }
  }
};

/** One attempt. It may take until the file must go, and no longer: then that comes first. */
const renew = async (
  kept: KeptToken,
  held: HeldToken,
  isGone: boolean,
  { desk, pace }: KeepFreshTools,
  stop: AbortSignal,
): Promise<IdToken> => {
  const over = new AbortController();
  const late = new AbortController();
  const signal = AbortSignal.any([stop, late.signal]);
  if (!isGone) void waitUntil(pace, goneAtMs(held), AbortSignal.any([stop, over.signal])).then(() => late.abort());
  const outOfTime = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new RunProblem('passing', 'The server took too long to answer.')));
  });
  try {
    const fresh = await Promise.race([desk.mint(kept.wish, signal), outOfTime]);
    await kept.put(fresh);
    return fresh;
  } finally {
    outOfTime.catch(() => undefined);
    over.abort();
  }
};

import type { PassedSignal } from './child.ts';
import { keepRunAlive } from './keep-alive.ts';
import { type Pace, persist } from './pace.ts';
import { type FinalStatus, isPassingProblem, messageOf, RunProblem } from './run-desk.ts';
import { type Job, type RunnerTools, runInFolder } from './run-in-folder.ts';
import { hearSignals, type Signals, Stopped, statusOfSignal } from './signals.ts';
import { tellStep } from './steps.ts';

/** For how long the server is asked to finish a run. */
const FINISH_MS = 10_000;
/** How long a command may take to end when its run was cancelled. */
const GRACE_MS = 30_000;

/**
 * Runs a command that finds working credentials in its environment, fresh for as long as it lasts, and gives its exit
 * status: 128 + n when signal n ended it, or us before it began.
 *
 * The run is finished with the right status, also when the command could not be started; then it throws why.
 */
export const runWithCredentials = async (
  job: Job,
  tools: RunnerTools & { onSignal(heard: (signal: PassedSignal) => void): void },
): Promise<number> => {
  const { desk, pace, report } = tools;
  const signals = hearSignals((heard) => tools.onSignal(heard));
  const stop = new AbortController();
  const warn = (message: string): void => report({ kind: 'warning', message });
  let final: FinalStatus = 'failed';
  let isOver = false;

  // 1. The run stays alive for as long as we do. Who cancels it ends the command.
  const watch = {
    over(status: string | undefined) {
      isOver = true;
      warn(`The run is over on the server${status === undefined ? '' : `: ${status}`}; it gets no more tokens.`);
      if (status === 'cancelled') void endCommand(signals, pace, stop.signal);
    },
    failed: (reason: unknown) => warn(`The run could not be renewed yet: ${messageOf(reason)}`),
    isOver: tools.isOver,
  };
  const alive = keepRunAlive(desk, pace, watch, stop.signal);
  try {
    // 2. The credentials, and the command.
    const status = await runInFolder(job, tools, signals);
    if (status === 0) final = 'succeeded';
    else if (signals.first() !== undefined) final = 'cancelled';
    return status;
  } catch (reason) {
    if (!(reason instanceof Stopped)) {
      tools.failed?.(reason);
      throw reason;
    }
    final = 'cancelled';
    return statusOfSignal(reason.signal);
  } finally {
    // 3. What became of it.
    stop.abort();
    await alive;
    if (!isOver) await finish(final, tools);
  }
};

const HOW: Readonly<Record<FinalStatus, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'been cancelled',
};

const endCommand = async (signals: Signals, pace: Pace, stop: AbortSignal): Promise<void> => {
  signals.send('SIGTERM');
  await pace.pause(GRACE_MS, stop);
  if (!stop.aborted) signals.send('SIGKILL');
};

/** A run that cannot be finished ends with its lease: that is said, and is no reason to end otherwise than the command. */
const finish = async (status: FinalStatus, { desk, pace, report }: RunnerTools): Promise<void> => {
  const work = async (): Promise<void> =>
    persist(() => desk.finish(status), pace, { budgetMs: FINISH_MS, isPassing: isPassingProblem });
  try {
    await tellStep(report, pace.clock, 'Finish run', work, () => ({
      outcome: 'succeeded',
      detail: `the run has ${HOW[status]}`,
    }));
  } catch (reason) {
    if (!(reason instanceof RunProblem)) throw reason;
    report({ kind: 'warning', message: `The run could not be finished as ${status}: ${reason.message}` });
  }
};

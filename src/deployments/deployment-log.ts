import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { type Clock, type EpochSeconds, epochSeconds } from '../system.ts';
import { keptUntilMs } from './deployment-records.ts';
import type { StepStatus } from './deployment-status.ts';
import { type LogLine, NOTHING_YET, type Progress, withLines, withStep } from './progress.ts';

/** The deployment that something is told of. */
export interface Reported {
  readonly id: string;
  /** Latest end of its run. */
  readonly deadline: EpochSeconds;
}

/**
 * What agents tell of their deployments: one document of steps and sizes, and beside it one log per step, a record a line.
 *
 * Room for lines is taken first, the lines come after: whoever dies in between leaves a log that is shorter than it
 * counts, never one that is longer than it may be.
 */
export interface DeploymentLogs {
  progress(id: string): Promise<Progress>;
  /** Refuses more steps than there may be. */
  step(of: Reported, name: string, status: StepStatus): Promise<void>;
  /** A step that nobody has named yet begins with its first line. */
  append(of: Reported, step: string, lines: readonly LogLine[]): Promise<void>;
  /** Lines of a step from `offset` (0 is the first) on, at most `count`; fewer only at the end. */
  read(id: string, step: number, offset: number, count: number): Promise<readonly LogLine[]>;
}

/** Attempts of a change against others at the same moment. */
const ATTEMPTS = 10;

const progressKey = (id: string): string => `deployment-progress/${id}`;
const logKey = (id: string, step: number): string => `deployment-log/${id}/${step}`;

export const openDeploymentLogs = (store: Store, clock: Clock, retention: number): DeploymentLogs => {
  const read = async (id: string) => {
    const stored = await store.get(progressKey(id));
    return { progress: stored ? (JSON.parse(stored.value) as Progress) : NOTHING_YET, version: stored?.version ?? 0 };
  };
  /** Changes what is known in one step; gives what `change` came to where nobody was faster. */
  const change = async <T extends { readonly progress: Progress }>(
    { id, deadline }: Reported,
    make: (progress: Progress) => T,
  ): Promise<T> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { progress, version } = await read(id);
      const made = make(progress);
      if (made.progress === progress) return made;
      const written = await store.replace(progressKey(id), version, JSON.stringify(made.progress), {
        expiresAt: keptUntilMs(deadline, retention),
      });
      if (written !== 'conflict') return made;
    }
    throw new Refusal('conflict');
  };
  const named = (progress: Progress, name: string, status: StepStatus): Progress => {
    const changed = withStep(progress, name, status, epochSeconds(clock));
    if (!changed) throw new Refusal('limit_reached', { what: 'steps of this deployment' });
    return changed;
  };

  return {
    async progress(id) {
      return (await read(id)).progress;
    },

    async step(of, name, status) {
      await change(of, (progress) => ({ progress: named(progress, name, status) }));
    },

    async append(of, name, lines) {
      const { progress, kept } = await change(of, (before) => {
        const known = before.steps.some((step) => step.name === name);
        return withLines(known ? before : named(before, name, 'running'), lines);
      });
      if (kept.length === 0) return;
      const step = progress.steps.findIndex((candidate) => candidate.name === name);
      const records = kept.map(({ timestamp, line }) => JSON.stringify([timestamp, line]));
      await store.append(logKey(of.id, step), records, {
        to: 'free',
        expiresAt: keptUntilMs(of.deadline, retention),
      });
    },

    async read(id, step, offset, count) {
      const records = await store.read(logKey(id, step), offset + 1, count);
      return records.map(({ value }) => {
        const [timestamp, line] = JSON.parse(value) as [string, string];
        return { timestamp, line };
      });
    },
  };
};

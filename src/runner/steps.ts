import type { Clock, EpochMs } from '../system.ts';
import type { Presented } from './id-token.ts';

/** What happens in a run, as it is told to people and programs. Never a token, key or argument of the command. */
export type RunnerEvent =
  | { readonly kind: 'step'; readonly step: string }
  /** `detail` in a few words. */
  | { readonly kind: 'detail'; readonly about: string; readonly detail: string }
  | {
      readonly kind: 'stepEnded';
      readonly step: string;
      readonly outcome: 'succeeded' | 'failed';
      readonly tookMs: number;
      readonly detail?: string;
    }
  | { readonly kind: 'warning'; readonly message: string }
  | ({ readonly kind: 'failure' } & Failure);

/** Why credentials were not to be had. */
export interface Failure {
  readonly about: string;
  readonly message: string;
  readonly hint?: string;
  /** What the cloud was shown. */
  readonly presented?: Presented;
  readonly advice?: Advice;
}

/** What whoever was refused may do about it; nothing secret was asked for it. */
export interface Advice {
  /** What to compare at the cloud: a sentence each, with the values that must stand there. */
  readonly checks: readonly string[];
  /** Command line that holds the cloud's own document against this run. */
  readonly ask: string;
  /** Why the trust document that is at hand does not admit the token: a sentence each. Absent: there is none. */
  readonly reasons?: readonly string[];
}

export type Report = (event: RunnerEvent) => void;

/** Tells of a step: that it began, and how it ended after how long. */
export const tellStep = async <T>(
  report: Report,
  clock: Clock,
  step: string,
  work: () => Promise<T>,
  sayOutcome: (result: T) => { readonly outcome: 'succeeded' | 'failed'; readonly detail?: string } = () => ({
    outcome: 'succeeded',
  }),
): Promise<T> => {
  const began: EpochMs = clock.monotonicMs();
  report({ kind: 'step', step });
  const end = (ended: { readonly outcome: 'succeeded' | 'failed'; readonly detail?: string }): void =>
    report({ kind: 'stepEnded', step, tookMs: clock.monotonicMs() - began, ...ended });
  try {
    const result = await work();
    end(sayOutcome(result));
    return result;
  } catch (reason) {
    end({ outcome: 'failed' });
    throw reason;
  }
};

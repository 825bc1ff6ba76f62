import type { EpochSeconds } from '../system.ts';
import type { JsonObject } from './settings/merge-patch.ts';

/**
 * A run asked for through the Deployments API: what was asked for beside the run, and never changes.
 *
 * One deployment, one run, one id: everything that happens to it stands in the record of the run.
 */
export interface Deployment {
  readonly id: string;
  readonly organizationId: string;
  readonly stackId: string;
  readonly created: EpochSeconds;
  /** Which kind of program asked, as it said itself. */
  readonly initiator?: string;
  /** The settings that it runs with, in the contract's form: checked, every secret sealed for the stack. */
  readonly settings: JsonObject;
}

/** What was asked for: each one document, gone when nobody needs the run any more. */
export interface Deployments {
  /** Writes it down, before its run is started; `until`: latest end of the run. */
  create(deployment: Deployment, until: EpochSeconds): Promise<void>;
  get(id: string): Promise<Deployment | undefined>;
  /** Ids of a stack's deployments, newest first or oldest first; some may have no run yet, or no more. */
  list(
    stackId: string,
    offset: number,
    count: number,
    ascending: boolean,
  ): Promise<{ readonly ids: readonly string[]; readonly total: number }>;
  /** Takes one that never had a run, or has none any more, off its stack's list. */
  forget(stackId: string, id: string): Promise<void>;
  /** Empties the list of a stack that is gone. */
  forgetStack(stackId: string): Promise<void>;
}

import type { Run } from '../runs/run.ts';

/** States of a deployment and of its job, as the contract has them. Section 1.8. */
export const DEPLOYMENT_STATUSES = ['not-started', 'accepted', 'running', 'failed', 'succeeded', 'skipped'] as const;
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** States of a step. */
export const STEP_STATUSES = ['not-started', 'running', 'failed', 'succeeded'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/**
 * What became of a deployment: nothing of its own, but what became of its run. `reported`: has its agent told of a step?
 *
 * The contract knows no cancelled deployment: one that nobody had taken was skipped, one at work has failed.
 */
export const deploymentStatusOf = (
  { status, queued }: Pick<Run, 'status' | 'queued'>,
  reported: boolean,
): DeploymentStatus => {
  const taken = queued?.taken !== undefined;
  switch (status) {
    case 'running':
      if (!taken) return 'not-started';
      return reported ? 'running' : 'accepted';
    case 'succeeded':
      return 'succeeded';
    case 'cancelled':
      return taken ? 'failed' : 'skipped';
    case 'failed':
    case 'expired':
      return 'failed';
  }
};

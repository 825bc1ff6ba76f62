import type { Organization } from '../../access/organization.ts';
import { shownSource, shownVariables } from '../../deployments/assignment.ts';
import { deploymentStatusOf, type StepStatus } from '../../deployments/deployment-status.ts';
import type { Step } from '../../deployments/progress.ts';
import type { SeenDeployment } from '../../flows/read-deployments.ts';
import type { Run } from '../../runs/run.ts';
import { type EpochSeconds, writeTime } from '../../system.ts';

/** A deployment in a list, in the members of the contract; `runStatus`, `deadline` and `agentPool.id` also where it has none. */
export const showDeployment = (
  { deployment, run, progress }: SeenDeployment,
  organization: Organization,
  poolName: string | undefined,
) => {
  const pool = run.queued?.pool ?? '';
  return {
    id: run.id,
    created: writeContractTime(run.created),
    modified: writeContractTime(lastChangeOf(run, progress.steps)),
    status: deploymentStatusOf(run, progress.steps.length > 0),
    runStatus: run.status,
    version: run.subject.version,
    requestedBy: showStarter(run, organization),
    projectName: run.subject.project.name,
    stackName: run.subject.stack.name,
    pulumiOperation: run.subject.operation,
    deadline: writeTime(run.deadline),
    agentPool: { id: pool, name: poolName ?? '' },
    ...(deployment.initiator !== undefined && { initiator: deployment.initiator }),
  };
};

/** What was asked for, without anything secret. */
export const showConfiguration = ({ deployment }: SeenDeployment) => {
  const source = shownSource(deployment);
  return { environmentVariables: shownVariables(deployment), ...(source && { source }) };
};

/** A deployment has one job, from the moment an agent takes it. */
export const showJobs = ({ run, progress: { steps } }: SeenDeployment) => {
  const taken = run.queued?.taken;
  if (taken === undefined) return [];
  return [
    {
      status: deploymentStatusOf(run, steps.length > 0),
      started: writeTime(taken),
      lastUpdated: writeTime(lastChangeOf(run, steps)),
      steps: steps.map((step) => ({
        name: step.name,
        status: stepStatusOf(step, run),
        started: writeTime(step.started),
        lastUpdated: writeTime(step.lastUpdated),
      })),
    },
  ];
};

/** A step that nobody has ended ends with the run. */
const stepStatusOf = ({ status }: Step, run: Run): StepStatus => {
  if (run.status === 'running' || status !== 'running') return status;
  return run.status === 'succeeded' ? 'succeeded' : 'failed';
};

const lastChangeOf = ({ created, queued, finished }: Run, steps: readonly Step[]): EpochSeconds =>
  finished ?? Math.max(created, queued?.taken ?? 0, ...steps.map(({ lastUpdated }) => lastUpdated));

/** `2022-10-17 22:12:34.834`: how the contract writes when a deployment was made. */
const writeContractTime = (time: EpochSeconds): string => writeTime(time).replace('T', ' ').replace('Z', '.000');

const showStarter = ({ startedBy }: Run, { users }: Organization) => {
  const login = startedBy.slice(startedBy.indexOf(':') + 1);
  const user = startedBy.startsWith('personal:') ? users.find((candidate) => candidate.login === login) : undefined;
  return { name: user?.name ?? login, githubLogin: login, avatarUrl: '' };
};

import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { type DeploymentStatus, deploymentStatusOf, type StepStatus } from '../deployments/deployment-status.ts';
import type { LogLine } from '../deployments/progress.ts';
import { Refusal } from '../errors.ts';
import type { Run } from '../runs/run.ts';
import { equalInConstantTime, fingerprint } from '../secret.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import { deploymentNotFound } from './find-deployment.ts';
import { poolOf } from './take-deployment.ts';

type ReportParts = Pick<DeploymentParts, 'runs' | 'deploymentLogs' | 'directory' | 'agentPools'>;

/** The agent that does a deployment tells how far it has come. */
export const reportStep = async (
  parts: ReportParts,
  requestToken: string,
  id: string,
  step: { readonly name: string; readonly status: StepStatus },
): Promise<void> => {
  const run = await ownRun(parts, requestToken, id);
  await parts.deploymentLogs.step(run, step.name, step.status);
};

/** The agent that does a deployment adds lines to its log. */
export const reportLines = async (
  parts: ReportParts,
  requestToken: string,
  id: string,
  { step, lines }: { readonly step: string; readonly lines: readonly LogLine[] },
): Promise<void> => {
  const run = await ownRun(parts, requestToken, id);
  await parts.deploymentLogs.append(run, step, lines);
};

/** Who asks how a deployment stands: the one who does it, also when it is over, or any agent of its pool. */
export type StatusCaller =
  | { readonly kind: 'run'; readonly requestToken: string }
  | { readonly kind: 'principal'; readonly principal: Principal; readonly organization: Organization };

/** How a deployment stands: asked by agents again and again, so that they hear of a cancel. */
export const readDeploymentStatus = async (
  parts: ReportParts,
  caller: StatusCaller,
  id: string,
): Promise<DeploymentStatus> => {
  const run = caller.kind === 'run' ? await runOf(parts, caller.requestToken, id) : await runInPool(parts, caller, id);
  const { steps } = await parts.deploymentLogs.progress(id);
  return deploymentStatusOf(run, steps.length > 0);
};

/** The run of this id, if the token is its own; an unknown one and a wrong token look the same to the caller. */
const runOf = async ({ runs }: Pick<ReportParts, 'runs'>, requestToken: string, id: string): Promise<Run> => {
  const run = (await runs.load(id))?.run;
  if (!run || !equalInConstantTime(run.requestTokenHash, fingerprint(requestToken))) {
    throw new Refusal('invalid_request_token');
  }
  // A run that was started by itself has no deployment.
  if (!run.queued) throw deploymentNotFound(id);
  return run;
};

const ownRun = async (parts: Pick<ReportParts, 'runs'>, requestToken: string, id: string): Promise<Run> => {
  const run = await runOf(parts, requestToken, id);
  if (run.status !== 'running') throw new Refusal('run_over', { status: run.status });
  return run;
};

const runInPool = async (
  parts: ReportParts,
  { principal, organization }: Extract<StatusCaller, { kind: 'principal' }>,
  id: string,
): Promise<Run> => {
  const { pool, organizationId } = await poolOf(parts, principal, organization);
  const run = (await parts.runs.load(id))?.run;
  const own = run?.subject.organization.id === organizationId && run.queued?.pool === pool.id;
  if (!run || !own) throw deploymentNotFound(id);
  return run;
};

import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { Deployment } from '../deployments/deployment.ts';
import type { Progress } from '../deployments/progress.ts';
import type { Run } from '../runs/run.ts';
import { epochSeconds } from '../system.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import { type DeploymentName, findDeployment, findVisibleStack } from './find-deployment.ts';
import type { StackTarget } from './stack-settings.ts';

/** Everything that is to be seen of a deployment. */
export interface SeenDeployment {
  readonly deployment: Deployment;
  readonly run: Run;
  readonly progress: Progress;
}

export interface DeploymentFilter {
  readonly page: number;
  readonly pageSize: number;
  readonly ascending: boolean;
}

export interface DeploymentPage {
  readonly deployments: readonly SeenDeployment[];
  readonly total: number;
  readonly paused: boolean;
  /** Names of the organization's pools, by id. */
  readonly pools: ReadonlyMap<string, string>;
}

type ReadParts = Pick<
  DeploymentParts,
  'clock' | 'directory' | 'runs' | 'deployments' | 'deploymentLogs' | 'deploymentQueue' | 'agentPools'
>;

/** Seconds that a deployment is given to get its run; one that has none then never will. */
const START_GRACE = 60;

/** The deployments of a stack, newest first or oldest first. */
export const listDeployments = async (
  parts: ReadParts,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
  { page, pageSize, ascending }: DeploymentFilter,
): Promise<DeploymentPage> => {
  const stack = await findVisibleStack(parts, principal, organization, target);
  const owner = await parts.directory.organization(organization.name, organization.id);
  const [{ ids, total }, paused, { pools }] = await Promise.all([
    parts.deployments.list(stack.id, (page - 1) * pageSize, pageSize, ascending),
    parts.deploymentQueue.isPaused(stack.id),
    parts.agentPools.list(owner.id),
  ]);
  const found = await Promise.all(ids.map((id) => seeOrForget(parts, stack.id, id)));
  const deployments = found.flatMap((one) => one ?? []);
  return { deployments, total, paused, pools: new Map(pools.map(({ id, name }) => [id, name])) };
};

/** What stands under this id, if it has a run; what never got one, or has none any more, leaves the list. */
const seeOrForget = async (parts: ReadParts, stackId: string, id: string): Promise<SeenDeployment | undefined> => {
  const [deployment, loaded, progress] = await Promise.all([
    parts.deployments.get(id),
    parts.runs.load(id),
    parts.deploymentLogs.progress(id),
  ]);
  if (deployment && loaded) {
    return loaded.run.subject.version > 0 ? { deployment, run: loaded.run, progress } : undefined;
  }
  const young = deployment && epochSeconds(parts.clock) < deployment.created + START_GRACE;
  if (!young) await parts.deployments.forget(stackId, id);
  return undefined;
};

/** One deployment, and the latest version of its stack. */
export const readDeployment = async (
  parts: ReadParts,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
  name: DeploymentName,
): Promise<SeenDeployment & { readonly latestVersion: number; readonly poolName?: string }> => {
  const { deployment, loaded } = await findDeployment(parts, principal, organization, target, name);
  const { run } = loaded;
  const owner = run.subject.organization;
  const [progress, stack, { pools }] = await Promise.all([
    parts.deploymentLogs.progress(run.id),
    parts.directory.findStack(owner, target.project, target.stack),
    parts.agentPools.list(owner.id),
  ]);
  const pool = pools.find(({ id }) => id === run.queued?.pool);
  const latestVersion = Math.max(stack?.runs ?? 0, run.subject.version);
  return { deployment, run, progress, latestVersion, ...(pool && { poolName: pool.name }) };
};

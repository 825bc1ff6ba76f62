import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { type AgentPool, type AgentPoolList, findPool } from '../deployments/agent-pool.ts';
import type { FieldProblem } from '../deployments/settings/cloud-settings.ts';
import { type JsonObject, mergePatch } from '../deployments/settings/merge-patch.ts';
import { sealSecrets, stackCipher } from '../deployments/settings/sealed-secrets.ts';
import { readStackSettings } from '../deployments/settings/stack-settings.ts';
import type { EnvironmentSecrets } from '../environments/secrets.ts';
import { Refusal } from '../errors.ts';
import type { KnownStack } from '../runs/directory.ts';
import { newRunId } from '../runs/identifier.ts';
import type { Identified, Run } from '../runs/run.ts';
import { epochSeconds } from '../system.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import { deadlineOf, permitRun, type StartRunParts, type StartRunRequest, startRun } from './start-run.ts';

export interface CreateDeploymentParts extends DeploymentParts, StartRunParts {
  readonly secrets: EnvironmentSecrets;
}

export interface CreateDeploymentRequest
  extends Pick<StartRunRequest, 'project' | 'stack' | 'operation' | 'deadline' | 'requestedBy'> {
  /** Of the contract's settings whatever was sent; secrets in the clear. */
  readonly settings: JsonObject;
  /** Are they laid over the stack's own? Else they are everything. */
  readonly inheritSettings: boolean;
  readonly initiator?: string;
}

/** What came of it: the run, or everything that is wrong with the settings. */
type CreatedDeployment = { readonly run: Run } | { readonly problems: readonly FieldProblem[] };

/** Most deployments that wait in one pool: a question for work may have to pass all of them. */
const MAX_WAITING = 5_000;

/**
 * A permitted caller asks for a run that an agent will do.
 *
 * What was asked for is written first, then the run, then its place in the queue. The run is open for a minute at first,
 * and until its deadline once it stands in the queue: whoever dies in between leaves a run that fails by itself.
 * Nobody holds its request token until an agent takes it.
 */
export const createDeployment = async (
  parts: CreateDeploymentParts,
  principal: Principal,
  organization: Organization,
  request: CreateDeploymentRequest,
): Promise<CreatedDeployment> => {
  const { project, stack, operation, requestedBy } = request;

  // 1. May this caller run this operation on this stack? Before anything is said of its settings, or of pools.
  await permitRun(parts, principal, organization, request);
  const deadline = deadlineOf(parts, request.deadline);
  const owner = await parts.directory.organization(organization.name, organization.id);
  const known = await parts.directory.stack(owner, project, stack);

  // 2. What it runs with: the stack's settings, with those of the request laid over them.
  const read = await effectiveSettings(parts, owner, known, request);
  if ('problems' in read) return read;
  const { settings } = read;

  // 3. Who may take it.
  const pool = choosePool(await parts.agentPools.list(owner.id), settings.json.agentPoolID);
  const { total } = await parts.deploymentQueue.page(pool.id, 0, 0);
  if (total >= MAX_WAITING) throw new Refusal('limit_reached', { what: 'deployments waiting in this agent pool' });

  // 4. What was asked for.
  const id = newRunId(parts.clock, parts.random);
  const created = epochSeconds(parts.clock);
  const { initiator } = request;
  const deployment = { id, organizationId: owner.id, stackId: known.id, created, settings: settings.json };
  await parts.deployments.create({ ...deployment, ...(initiator !== undefined && { initiator }) }, deadline);

  // 5. Its run, with the ordinal and the audit record. The request token is thrown away.
  const { run } = await startRun(parts, principal, organization, {
    project,
    stack,
    operation,
    deadline,
    clouds: settings.clouds,
    deployment: { id, pool: pool.id },
    ...(requestedBy !== undefined && { requestedBy }),
  });

  // 6. The queue; from here on it may be taken, and waits until its deadline.
  await parts.deploymentQueue.enter(pool.id, deployment, created);
  await parts.runs.hold(run);

  // 7. A pool that was deleted meanwhile has looked through its queue, perhaps before this stood there.
  const after = await parts.agentPools.list(owner.id);
  if (!findPool(after, pool.id)) await refuseIfWaiting(parts, pool, deployment);
  parts.deployed('created');
  return { run };
};

const effectiveSettings = async (
  parts: CreateDeploymentParts,
  owner: Identified,
  stack: KnownStack,
  { settings, inheritSettings }: CreateDeploymentRequest,
) => {
  const sealed = sealSecrets(settings, stackCipher(await parts.secrets.of(owner.id), stack.id));
  if ('problems' in sealed) return sealed;
  const own = inheritSettings ? (await parts.stackSettings.load(stack.id)).settings : undefined;
  return readStackSettings(mergePatch(own?.json, sealed.sealed));
};

/** The pool that the settings name, or else the organization's default. */
const choosePool = (list: AgentPoolList, named: unknown): AgentPool => {
  const asked = typeof named === 'string' && named !== '' ? named : undefined;
  const pool = findPool(list, asked ?? list.defaultId ?? '');
  if (pool) return pool;
  if (asked === undefined) throw new Refusal('agent_pool_required');
  throw new Refusal('agent_pool_unknown', { pool: asked.replace(/[^\w.-]/g, '?').slice(0, 40) });
};

/** Nobody will take what waits in a pool that is gone: it fails here. What was taken before goes on. */
const refuseIfWaiting = async (
  { runs, deploymentQueue }: DeploymentParts,
  pool: AgentPool,
  deployment: { readonly id: string; readonly stackId: string },
): Promise<void> => {
  const loaded = await runs.load(deployment.id);
  if (loaded?.run.queued?.taken !== undefined) return;
  if (loaded?.run.status === 'running') await runs.finish(loaded, 'failed');
  await deploymentQueue.leave(pool.id, deployment);
  throw new Refusal('agent_pool_unknown', { pool: pool.name });
};

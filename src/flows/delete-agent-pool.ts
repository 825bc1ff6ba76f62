import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { AgentPool } from '../deployments/agent-pool.ts';
import type { QueuedDeployment } from '../deployments/deployment-queue.ts';
import { Refusal } from '../errors.ts';
import { administratorsOnly } from './administrators-only.ts';
import { type ChangeAgentPoolParts, poolIn } from './change-agent-pool.ts';
import { actorOf, recordRefusals, type Trace } from './trace.ts';

const AT_ONCE = 100;

/**
 * An administrator deletes an agent pool, and with it every token of the pool.
 *
 * Refused while deployments wait in it, unless `force`: they fail. What was taken goes on. The pool is marked first, and
 * its name goes last: whoever dies in between leaves a pool that does nothing, and deleting it again goes on from there.
 */
export const deleteAgentPool = async (
  parts: ChangeAgentPoolParts,
  principal: Principal,
  organization: Organization,
  id: string,
  force: boolean,
): Promise<void> => {
  const trace = {
    kind: 'agent-pool.delete' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { pool: id.slice(0, 36) },
  };
  const owner = await parts.directory.organization(organization.name, organization.id);

  // 1. May it go?
  const pool = await recordRefusals(parts.audit, trace, async () => {
    administratorsOnly(principal, 'delete an agent pool');
    const found = poolIn(await parts.agentPools.list(owner.id), id);
    if (!force && !found.ending) await refuseWhileWaiting(parts, id);
    return found;
  });
  await parts.audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, name: pool.name } });

  // 2. From here on nothing comes in, and no agent takes anything. It is nobody's default any more.
  await parts.agentPools.change(owner.id, ({ pools, defaultId }) => ({
    pools: pools.map((one) => (one.id === id ? { ...one, ending: true as const } : one)),
    ...(defaultId !== undefined && defaultId !== id && { defaultId }),
  }));

  // 3. What waits there fails.
  for (;;) {
    const { deployments } = await parts.deploymentQueue.page(id, 0, AT_ONCE);
    if (deployments.length === 0) break;
    for (const deployment of deployments) await failWaiting(parts, trace, id, deployment);
  }

  // 4. Its tokens, also those that were exchanged under its name; then the pool itself.
  await revokeTokens(parts, organization.name, pool);
  await parts.agentPools.change(owner.id, (list) => ({ ...list, pools: list.pools.filter((one) => one.id !== id) }));
  await parts.agentPools.forget(owner.id, id);
};

/** Refuses while anything waits that could still be taken. */
const refuseWhileWaiting = async (
  { deploymentQueue, runs }: Pick<ChangeAgentPoolParts, 'deploymentQueue' | 'runs'>,
  poolId: string,
): Promise<void> => {
  for (;;) {
    const { deployments, total } = await deploymentQueue.page(poolId, 0, AT_ONCE);
    if (deployments.length === 0) return;
    for (const deployment of deployments) {
      const run = (await runs.load(deployment.id))?.run;
      if (run?.status === 'running' && run.queued?.taken === undefined) {
        throw new Refusal('agent_pool_in_use', { deployments: total });
      }
      await deploymentQueue.leave(poolId, deployment);
    }
  }
};

/** A deployment whose pool goes away fails, if it still waits; the run's record decides. */
const failWaiting = async (
  { audit, deploymentQueue, runs }: ChangeAgentPoolParts,
  { organization, actor }: Omit<Trace, 'kind'>,
  poolId: string,
  deployment: QueuedDeployment,
): Promise<void> => {
  const loaded = await runs.load(deployment.id);
  if (loaded?.run.status === 'running' && loaded.run.queued?.taken === undefined) {
    // Somebody was faster: it stays in the queue and is looked at again.
    if ((await runs.finish(loaded, 'failed')) === 'conflict') return;
    const detail = { run: deployment.id, status: 'failed' };
    await audit.record({
      kind: 'run.finish',
      ...(organization && { organization }),
      actor,
      outcome: 'granted',
      detail,
    });
  }
  await deploymentQueue.leave(poolId, deployment);
};

const revokeTokens = async (
  { accessTokens }: Pick<ChangeAgentPoolParts, 'accessTokens'>,
  organization: string,
  { id, name }: AgentPool,
): Promise<void> => {
  for (const { id: token, holder } of await accessTokens.list(organization)) {
    if (holder.kind === 'runner' && (holder.name === id || holder.name === name)) {
      await accessTokens.revoke(organization, token);
    }
  }
};

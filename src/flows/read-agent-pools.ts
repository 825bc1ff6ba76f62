import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { type AgentPool, type AgentPoolActivity, OFFLINE_AFTER } from '../deployments/agent-pool.ts';
import { epochSeconds } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';
import { poolIn } from './change-agent-pool.ts';
import type { DeploymentParts } from './deployment-parts.ts';

/** A pool as administrators see it. */
export interface SeenAgentPool extends AgentPool, AgentPoolActivity {
  readonly isDefault: boolean;
  readonly online: boolean;
  /** What stands in its queue; some of it may be over. */
  readonly waiting: number;
}

type ReadParts = Pick<DeploymentParts, 'clock' | 'directory' | 'agentPools' | 'deploymentQueue'>;

/** The pools of an organization, oldest first, and which of them takes what names none. */
export const listAgentPools = async (
  parts: ReadParts,
  principal: Principal,
  organization: Organization,
): Promise<{ readonly pools: readonly SeenAgentPool[]; readonly defaultId?: string }> => {
  administratorsOnly(principal, 'see agent pools');
  const owner = await parts.directory.organization(organization.name, organization.id);
  const { pools, defaultId } = await parts.agentPools.list(owner.id);
  const seen = await Promise.all(pools.map((pool) => see(parts, owner.id, pool, defaultId)));
  return { pools: seen, ...(defaultId !== undefined && { defaultId }) };
};

export const readAgentPool = async (
  parts: ReadParts,
  principal: Principal,
  organization: Organization,
  id: string,
): Promise<SeenAgentPool> => {
  administratorsOnly(principal, 'see agent pools');
  const owner = await parts.directory.organization(organization.name, organization.id);
  const list = await parts.agentPools.list(owner.id);
  return see(parts, owner.id, poolIn(list, id), list.defaultId);
};

const see = async (
  { clock, agentPools, deploymentQueue }: ReadParts,
  organizationId: string,
  pool: AgentPool,
  defaultId: string | undefined,
): Promise<SeenAgentPool> => {
  const [activity, { total }] = await Promise.all([
    agentPools.activity(organizationId, pool.id),
    deploymentQueue.page(pool.id, 0, 0),
  ]);
  const online = activity.seen !== undefined && epochSeconds(clock) - activity.seen <= OFFLINE_AFTER;
  return { ...pool, ...activity, isDefault: pool.id === defaultId, online, waiting: total };
};

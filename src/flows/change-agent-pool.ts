import type { AccessTokens } from '../access/access-token.ts';
import { problemWithName } from '../access/names.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditDetail, AuditKind } from '../audit/record.ts';
import { type AgentPool, type AgentPoolList, MAX_POOLS } from '../deployments/agent-pool.ts';
import { Refusal } from '../errors.ts';
import { looksLikeRunId } from '../runs/identifier.ts';
import type { Secret } from '../secret.ts';
import { type EpochSeconds, epochSeconds, type Random } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface ChangeAgentPoolParts
  extends Pick<DeploymentParts, 'clock' | 'audit' | 'directory' | 'agentPools' | 'deploymentQueue' | 'runs'> {
  readonly random: Random;
  readonly accessTokens: AccessTokens;
  /** Seconds that the token of a pool lives. */
  readonly poolTokenLifetime: number;
}

/** What may be changed of a pool; what is absent stays. */
export interface AgentPoolChange {
  readonly name?: string;
  readonly description?: string;
  /** It takes what names no pool from here on. */
  readonly isDefault?: true;
}

/** A token with which agents of a pool take deployments: shown once. */
export interface PoolToken {
  readonly pool: AgentPool;
  readonly token: Secret;
  readonly expires: EpochSeconds;
}

const MAX_DESCRIPTION = 500;

/** An administrator makes a pool, and gets its first token. The first pool of an organization is its default. */
export const createAgentPool = async (
  parts: ChangeAgentPoolParts,
  principal: Principal,
  organization: Organization,
  { name, description }: { readonly name: string; readonly description: string },
): Promise<PoolToken> => {
  const trace = traceOf('agent-pool.create', principal, { name: name.slice(0, 100) });
  const pool: AgentPool = { id: parts.random.uuid(), name, description, created: epochSeconds(parts.clock) };
  const owner = await parts.directory.organization(organization.name, organization.id);
  await recordRefusals(parts.audit, trace, async () => {
    administratorsOnly(principal, 'make an agent pool');
    checkTexts(pool);
    await parts.agentPools.change(owner.id, (list) => {
      checkNameIsFree(list, pool);
      if (list.pools.length >= MAX_POOLS) throw new Refusal('limit_reached', { what: 'agent pools' });
      return { ...list, pools: [...list.pools, pool], ...(list.pools.length === 0 && { defaultId: pool.id }) };
    });
  });
  await parts.audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, pool: pool.id } });
  return issueToken(parts, principal, organization, pool);
};

/** An administrator gives a pool another name or description, or makes it the default. */
export const changeAgentPool = async (
  parts: ChangeAgentPoolParts,
  principal: Principal,
  organization: Organization,
  id: string,
  { isDefault, ...texts }: AgentPoolChange,
): Promise<AgentPool> => {
  const trace = traceOf('agent-pool.update', principal, { pool: id.slice(0, 36) });
  const owner = await parts.directory.organization(organization.name, organization.id);
  const pool = await recordRefusals(parts.audit, trace, async () => {
    administratorsOnly(principal, 'change an agent pool');
    const list = await parts.agentPools.change(owner.id, (before) => {
      const changed: AgentPool = { ...poolIn(before, id), ...texts };
      checkTexts(changed);
      checkNameIsFree(before, changed);
      const pools = before.pools.map((one) => (one.id === id ? changed : one));
      return { ...before, pools, ...(isDefault && { defaultId: id }) };
    });
    return poolIn(list, id);
  });
  const detail = { ...trace.detail, name: pool.name, ...(isDefault && { default: 'yes' }) };
  await parts.audit.record({ ...trace, outcome: 'granted', detail });
  return pool;
};

/** An administrator makes another token for a pool: so that one can take the place of another before that one ends. */
export const createPoolToken = async (
  parts: ChangeAgentPoolParts,
  principal: Principal,
  organization: Organization,
  id: string,
): Promise<PoolToken> => {
  const trace = traceOf('access-token.create', principal, { pool: id.slice(0, 36) });
  const owner = await parts.directory.organization(organization.name, organization.id);
  const pool = await recordRefusals(parts.audit, trace, async () => {
    administratorsOnly(principal, 'make a token of an agent pool');
    return poolIn(await parts.agentPools.list(owner.id), id);
  });
  return issueToken(parts, principal, organization, pool);
};

/** The token; without its audit record it is taken back before anybody sees it. */
const issueToken = async (
  { accessTokens, audit, poolTokenLifetime }: ChangeAgentPoolParts,
  principal: Principal,
  { name: organization }: Organization,
  pool: AgentPool,
): Promise<PoolToken> => {
  const holder = { kind: 'runner' as const, organization, name: pool.id, tokenName: pool.name };
  const { token, entry } = await accessTokens.issue(holder, poolTokenLifetime);
  const detail = { token: entry.id, holder: `runner:${pool.id}`, name: pool.name, expires: entry.expires };
  try {
    await audit.record({ ...traceOf('access-token.create', principal, {}), outcome: 'granted', detail });
  } catch (reason) {
    await accessTokens.revoke(organization, entry.id);
    throw reason;
  }
  return { pool, token, expires: entry.expires };
};

/** The pool with this id; refuses one that is not there, or that somebody is deleting. */
export const poolIn = ({ pools }: AgentPoolList, id: string): AgentPool => {
  const pool = pools.find((candidate) => candidate.id === id);
  if (!pool) throw new Refusal('agent_pool_not_found', { pool: id.replace(/[^\w.-]/g, '?').slice(0, 40) });
  return pool;
};

const checkTexts = ({ name, description }: AgentPool): void => {
  const problem = problemWithName('team', name) ?? (looksLikeRunId(name) ? 'must not look like an id' : undefined);
  if (problem) throw new Refusal('invalid_name', { field: 'name', problem });
  if (description.length > MAX_DESCRIPTION || /\p{Cc}/u.test(description)) {
    throw new Refusal('invalid_request', { problem: `description: at most ${MAX_DESCRIPTION} printable characters` });
  }
};

/** Policies and exchanged tokens call a pool by its name. */
const checkNameIsFree = ({ pools }: AgentPoolList, { id, name }: AgentPool): void => {
  if (pools.some((other) => other.id !== id && other.name === name)) throw new Refusal('agent_pool_exists', { name });
};

const traceOf = (kind: AuditKind, principal: Principal, detail: AuditDetail) => ({
  kind,
  organization: principal.organization,
  actor: actorOf(principal),
  detail,
});

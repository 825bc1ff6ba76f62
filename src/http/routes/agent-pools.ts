import type { AgentPool } from '../../deployments/agent-pool.ts';
import {
  type AgentPoolChange,
  type ChangeAgentPoolParts,
  changeAgentPool,
  createAgentPool,
  createPoolToken,
  type PoolToken,
} from '../../flows/change-agent-pool.ts';
import { deleteAgentPool } from '../../flows/delete-agent-pool.ts';
import { listAgentPools, readAgentPool, type SeenAgentPool } from '../../flows/read-agent-pools.ts';
import { writeTime } from '../../system.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, flagOf, parameterOf } from './api.ts';

const TEXT = { type: 'string' } as const;

const readCreate = bodyReader<{ readonly name: string; readonly description?: string }>({
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: { name: TEXT, description: TEXT },
});

const readChange = bodyReader<AgentPoolChange>({
  type: 'object',
  additionalProperties: false,
  properties: { name: TEXT, description: TEXT, isDefault: { type: 'boolean', const: true } },
});

/** `/api/orgs/{org}/agent-pools`: who may take deployments. Contract section 1.8. */
export const addAgentPoolRoutes = (door: ApiDoor, parts: ChangeAgentPoolParts): void => {
  door.get('/api/orgs/:org/agent-pools', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { pools, defaultId } = await listAgentPools(parts, principal, organization);
    ctx.body = {
      agentPools: pools.map(showInList),
      ...(defaultId !== undefined && { defaultAgentPoolID: defaultId }),
    };
  });

  door.post('/api/orgs/:org/agent-pools', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { name, description = '' } = await readCreate(ctx);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = showToken(await createAgentPool(parts, principal, organization, { name, description }));
  });

  door.get('/api/orgs/:org/agent-pools/:pool', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const pool = await readAgentPool(parts, principal, organization, parameterOf(ctx, 'pool'));
    // Agents hold one token among them, and tell nothing of themselves.
    ctx.body = { ...showInList(pool), agents: [] };
  });

  door.patch('/api/orgs/:org/agent-pools/:pool', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const change = await readChange(ctx);
    ctx.body = showTexts(await changeAgentPool(parts, principal, organization, parameterOf(ctx, 'pool'), change));
  });

  door.delete('/api/orgs/:org/agent-pools/:pool', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    await deleteAgentPool(parts, principal, organization, parameterOf(ctx, 'pool'), flagOf(ctx, 'force'));
    ctx.status = 204;
  });

  door.post('/api/orgs/:org/agent-pools/:pool/tokens', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = showToken(await createPoolToken(parts, principal, organization, parameterOf(ctx, 'pool')));
  });
};

const showTexts = ({ id, name, description }: AgentPool) => ({ id, name, description });

/** The token stands in this one answer and nowhere else. */
const showToken = ({ pool, token, expires }: PoolToken) => ({
  id: pool.id,
  tokenValue: token.reveal(),
  name: pool.name,
  expires: writeTime(expires),
});

/** Times of pools are whole seconds since 1970 in the contract; 0: never. */
const showInList = (pool: SeenAgentPool) => ({
  ...showTexts(pool),
  created: pool.created,
  isDefault: pool.isDefault,
  lastSeen: pool.seen ?? 0,
  ...(pool.used !== undefined && { lastDeployment: pool.used }),
  status: pool.online ? 'online' : 'offline',
  waiting: pool.waiting,
});

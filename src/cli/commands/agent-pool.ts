import type { Command } from 'commander';
import { writeTime } from '../../system.ts';
import type { Client } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { addGroup, JSON_FLAG, ORGANIZATION_FLAG } from '../options.ts';
import { printable, printFields, printJson, printLine, printTable } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

interface Scope {
  readonly org?: string;
  readonly json?: true;
}

interface ShownPool {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly isDefault: boolean;
  readonly lastSeen: number;
  readonly waiting: number;
}

interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly tokenValue: string;
  readonly expires: string;
}

const POOL_ARGUMENT = ['<pool>', 'id or name of the pool'] as const;

export const addAgentPoolCommands = (program: Command, around: Surroundings): void => {
  const pool = addGroup(program, 'agent-pool', 'Agent pools: who takes deployments.');

  pool
    .command('create')
    .description('Make an agent pool and print the token of its agents: it is shown this once.')
    .argument('<name>', 'name of the pool')
    .option('--description <text>', 'what it is for')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((name: string, options: Scope & { readonly description?: string }) => createPool(around, name, options));

  pool
    .command('list')
    .description('List the agent pools of an organization.')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((options: Scope) => listPools(around, options));

  pool
    .command('set-default')
    .description('Let a pool take the deployments that name none.')
    .argument(...POOL_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .action((wanted: string, options: Scope) => setDefault(around, wanted, options));

  pool
    .command('token')
    .description('Make another token for the agents of a pool and print it; the others stay valid.')
    .argument(...POOL_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((wanted: string, options: Scope) => createToken(around, wanted, options));

  pool
    .command('rm')
    .description('Delete an agent pool, and with it every token of its agents.')
    .argument(...POOL_ARGUMENT)
    .option('--force', 'also while deployments wait in it: they fail')
    .option(...ORGANIZATION_FLAG)
    .action((wanted: string, options: Scope & { readonly force?: true }) => removePool(around, wanted, options));
};

const openPools = async (around: Surroundings, given: string | undefined) => {
  const { apiPath, openClient } = await import('../client.ts');
  const client: Client = await openClient(around);
  const path = apiPath`/api/orgs/${await client.organization(given)}/agent-pools`;
  const list = async () => (await client.get<{ agentPools: readonly ShownPool[] }>(path)).agentPools;
  const find = async (wanted: string) => {
    const pools = await list();
    const found = pools.find(({ id }) => id === wanted) ?? pools.find(({ name }) => name === wanted);
    if (found) return { pool: found, pathOf: `${path}${apiPath`/${found.id}`}` };
    throw new CommandFailure(1, `There is no agent pool "${wanted}".`, {
      code: 'agent_pool_not_found',
      hint: 'list them: runpass agent-pool list',
    });
  };
  return { client, path, list, find };
};

const createPool = async (
  around: Surroundings,
  name: string,
  { org, json, description }: Scope & { readonly description?: string },
): Promise<void> => {
  const { client, path } = await openPools(around, org);
  const body = { name, ...(description !== undefined && { description }) };
  printToken(around, await client.post<ShownToken>(path, body), json);
};

const printToken = (around: Surroundings, token: ShownToken, json: true | undefined): void => {
  if (json) {
    printJson(around.stdout, token);
    return;
  }
  printFields(around.stdout, { pool: token.id, name: token.name, token: token.tokenValue, expires: token.expires });
  printLine(around.stderr, 'hint: keep the token where the agents find it; it is not shown again');
};

const listPools = async (around: Surroundings, { org, json }: Scope): Promise<void> => {
  const pools = await (await openPools(around, org)).list();
  if (json) {
    printJson(around.stdout, { agentPools: pools });
    return;
  }
  const columns = ['id', 'name', 'default', 'status', 'last seen', 'waiting', 'description'];
  const row = ({ id, name, isDefault, status, lastSeen, waiting, description }: ShownPool) => [
    id,
    name,
    isDefault ? 'yes' : '',
    status,
    lastSeen === 0 ? '' : writeTime(lastSeen),
    waiting,
    description,
  ];
  printTable(around.stdout, columns, pools.map(row));
};

const setDefault = async (around: Surroundings, wanted: string, { org }: Scope): Promise<void> => {
  const { client, find } = await openPools(around, org);
  const { pool, pathOf } = await find(wanted);
  await client.patch(pathOf, { isDefault: true });
  printLine(around.stdout, `Agent pool ${printable(pool.name)} takes the deployments that name none.`);
};

const createToken = async (around: Surroundings, wanted: string, { org, json }: Scope): Promise<void> => {
  const { client, find } = await openPools(around, org);
  const { pathOf } = await find(wanted);
  printToken(around, await client.post<ShownToken>(`${pathOf}/tokens`), json);
};

const removePool = async (
  around: Surroundings,
  wanted: string,
  { org, force }: Scope & { readonly force?: true },
): Promise<void> => {
  const { client, find } = await openPools(around, org);
  const { pool, pathOf } = await find(wanted);
  await client.delete(`${pathOf}${force ? '?force=true' : ''}`);
  printLine(around.stdout, `Agent pool ${printable(pool.name)} is gone, and its tokens with it.`);
};

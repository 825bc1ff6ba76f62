import type { Command } from 'commander';
import { addGroup, JSON_FLAG, wholeNumber } from '../../options.ts';
import { printable, printFields, printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { addDeploymentCreate } from './create.ts';
import {
  addStackTarget,
  DEPLOYMENT_ARGUMENT,
  openDeploymentDesk,
  type ShownDeployment,
  type StackOptions,
} from './desk.ts';
import { addDeploymentLogs } from './logs.ts';

interface ListOptions extends StackOptions {
  readonly page: number;
  readonly pageSize: number;
  readonly json?: true;
}

interface GetOptions extends StackOptions {
  readonly json?: true;
}

export const addDeploymentCommands = (program: Command, around: Surroundings): void => {
  const deployment = addGroup(program, 'deployment', 'Deployments: runs that the agents of a pool do.');
  addDeploymentCreate(deployment, around);

  addStackTarget(deployment.command('list').description('List the deployments of a stack, newest first.'))
    .option('--page <number>', 'which page', wholeNumber(1, 1_000_000), 1)
    .option('--page-size <number>', 'deployments on a page', wholeNumber(1, 100), 20)
    .option(...JSON_FLAG)
    .action((options: ListOptions) => listDeployments(around, options));

  addStackTarget(deployment.command('get').description('Show one deployment, with the steps of its agent.'))
    .argument('<deployment>', 'id of the deployment, or its version')
    .option(...JSON_FLAG)
    .action((id: string, options: GetOptions) => showDeployment(around, id, options));

  addDeploymentLogs(deployment, around);

  addStackTarget(deployment.command('cancel').description('Cancel a deployment, whether it waits or is at work.'))
    .argument(...DEPLOYMENT_ARGUMENT)
    .action((id: string, options: StackOptions) => cancelDeployment(around, id, options));

  for (const [what, description] of [
    ['pause', 'Hold the deployments of a stack back: they are asked for, and wait.'],
    ['resume', 'Let the deployments of a stack be taken again.'],
  ] as const) {
    addStackTarget(deployment.command(what).description(description)).action((options: StackOptions) =>
      pauseOrResume(around, what, options),
    );
  }
};

const listDeployments = async (around: Surroundings, options: ListOptions): Promise<void> => {
  const { page, pageSize, json } = options;
  const { client, base } = await openDeploymentDesk(around, options);
  const answer = await client.get<{ deployments: readonly ShownDeployment[]; total: number }>(base, { page, pageSize });
  if (json) {
    printJson(around.stdout, answer);
    return;
  }
  const columns = ['id', 'version', 'operation', 'status', 'pool', 'asked for by', 'created'];
  const row = ({ id, version, pulumiOperation, status, agentPool, requestedBy, created }: ShownDeployment) => [
    id,
    version,
    pulumiOperation,
    status,
    agentPool.name || agentPool.id,
    requestedBy.githubLogin,
    created,
  ];
  printTable(around.stdout, columns, answer.deployments.map(row));
  if (answer.deployments[0]?.paused) printLine(around.stderr, 'the stack is paused: nothing of it is taken');
  const pages = Math.ceil(answer.total / pageSize);
  if (pages > 1) printLine(around.stderr, `page ${page} of ${pages}; --page shows another`);
};

const showDeployment = async (around: Surroundings, id: string, options: GetOptions): Promise<void> => {
  const { client, pathOf } = await openDeploymentDesk(around, options);
  const shown = await client.get<ShownDeployment>(pathOf(id));
  if (options.json) {
    printJson(around.stdout, shown);
    return;
  }
  printFields(around.stdout, {
    id: shown.id,
    version: shown.version,
    operation: shown.pulumiOperation,
    status: shown.status,
    run: shown.runStatus,
    pool: shown.agentPool.name || shown.agentPool.id,
    'asked for by': shown.requestedBy.githubLogin,
    created: shown.created,
    modified: shown.modified,
    deadline: shown.deadline,
  });
  const steps = shown.jobs?.flatMap((job) => job.steps) ?? [];
  if (steps.length === 0) return;
  printLine(around.stdout);
  const columns = ['step', 'status', 'started', 'last updated'];
  printTable(
    around.stdout,
    columns,
    steps.map(({ name, status, started, lastUpdated }) => [name, status, started, lastUpdated]),
  );
};

const cancelDeployment = async (around: Surroundings, id: string, options: StackOptions): Promise<void> => {
  const { client, base } = await openDeploymentDesk(around, options);
  await client.post(`${base}/${encodeURIComponent(id)}/cancel`);
  printLine(around.stdout, `Deployment ${printable(id)} is cancelled.`);
};

const pauseOrResume = async (around: Surroundings, what: 'pause' | 'resume', options: StackOptions): Promise<void> => {
  const { client, base } = await openDeploymentDesk(around, options);
  await client.post(`${base}/${what}`);
  const paused = what === 'pause' ? 'paused; what was taken goes on' : 'taken again';
  printLine(around.stdout, printable(`Deployments of ${options.project}/${options.stack} are ${paused}.`));
};

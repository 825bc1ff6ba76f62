import type { Command } from 'commander';
import { addRunTarget, JSON_FLAG, type RunTarget } from '../../options.ts';
import { printFields, printJson } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openDeploymentDesk } from './desk.ts';

interface CreateOptions extends RunTarget {
  readonly pool?: string;
  readonly settings?: string;
  readonly inherit: boolean;
  readonly deadline?: string;
  readonly requestedBy?: string;
  readonly json?: true;
}

interface CreatedDeployment {
  readonly id: string;
  readonly version: number;
  readonly consoleUrl: string;
}

export const addDeploymentCreate = (deployment: Command, around: Surroundings): void => {
  addRunTarget(deployment.command('create').description('Ask for a run that an agent does.'))
    .option('--pool <pool>', "id or name of the agent pool; absent: that of the stack's settings, else the default")
    .option(
      '--settings <file>',
      "settings for this deployment (YAML or JSON), laid over the stack's; - is standard input",
    )
    .option('--no-inherit', "leave the stack's settings out: only those of --settings count")
    .option('--deadline <time>', 'when the run is over at the latest, waiting included (RFC 3339)')
    .option('--requested-by <text>', 'who asked for it; recorded, never a claim')
    .option(...JSON_FLAG)
    .action((options: CreateOptions) => createDeployment(around, options));
};

const createDeployment = async (around: Surroundings, options: CreateOptions): Promise<void> => {
  const { operation, pool, settings, inherit, deadline, requestedBy, json } = options;
  const { client, base } = await openDeploymentDesk(around, options);
  const created = await client.post<CreatedDeployment>(base, {
    ...(settings !== undefined && (await readSettings(around, settings))),
    ...(pool !== undefined && { agentPoolID: pool }),
    ...(!inherit && { inheritSettings: false }),
    ...(deadline !== undefined && { deadline }),
    ...(requestedBy !== undefined && { requestedBy }),
    operation,
  });
  if (json) printJson(around.stdout, created);
  else printFields(around.stdout, { id: created.id, version: created.version });
};

const readSettings = async (around: Surroundings, file: string): Promise<object> => {
  const [{ formatProblems, readDocument }, { readInput }, { unusable }] = await Promise.all([
    import('../../../documents.ts'),
    import('../trust/input.ts'),
    import('../../failure.ts'),
  ]);
  const name = file === '-' ? '<stdin>' : file;
  const text = await readInput(around, file);
  const read = readDocument<object>(text, name, { type: 'object', title: 'a mapping of settings' });
  if ('problems' in read) throw unusable(`${name} cannot be used.\n${formatProblems(read.problems)}`);
  return read.value;
};

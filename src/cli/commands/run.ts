import { type Command, Option } from 'commander';
import { FINAL_STATUSES, type FinalStatus, RUN_STATUSES, type RunStatus } from '../../runs/run.ts';
import { addGroup, addRunTarget, JSON_FLAG, ORGANIZATION_FLAG, type RunTarget, wholeNumber } from '../options.ts';
import { printable, printFields, printJson, printLine, printTable } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

interface StartOptions extends RunTarget {
  readonly deadline?: string;
  readonly lease?: number;
  readonly requestedBy?: string;
  readonly showToken?: true;
  readonly json?: true;
}

interface FinishOptions {
  readonly org?: string;
  readonly status: FinalStatus;
  readonly json?: true;
}

interface ListOptions {
  readonly org?: string;
  readonly project?: string;
  readonly stack?: string;
  readonly status?: RunStatus;
  readonly page: number;
  readonly pageSize: number;
  readonly json?: true;
}

interface ShownRun {
  readonly id: string;
  readonly version: number;
  readonly project: string;
  readonly stack: string;
  readonly operation: string;
  readonly status: string;
  readonly created: string;
  readonly deadline: string;
  readonly finished?: string;
}

interface StartedRun extends Pick<ShownRun, 'id' | 'version' | 'status' | 'deadline'> {
  readonly tokenRequest: { readonly url: string; readonly token: string };
}

export const addRunCommands = (program: Command, around: Surroundings): void => {
  const run = addGroup(program, 'run', 'Runs: what may ask for tokens.');

  addRunTarget(run.command('start').description('Start a run.'))
    .option('--deadline <time>', 'when the run is over at the latest (RFC 3339)')
    .option('--lease <seconds>', 'fail the run when it neither renews nor mints for so long', wholeNumber(10, 600))
    .option('--requested-by <text>', 'who asked for it; recorded, never a claim')
    .option('--show-token', 'print the request token, too')
    .option(...JSON_FLAG)
    .action((options: StartOptions) => startRun(around, options));

  run
    .command('finish')
    .description('Finish a run: from then on it gets no more tokens.')
    .argument('<id>', 'id of the run')
    .addOption(new Option('--status <status>', 'how it ended').choices(FINAL_STATUSES).makeOptionMandatory())
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((id: string, options: FinishOptions) => finishRun(around, id, options));

  run
    .command('list')
    .description('List runs, newest first.')
    .option(...ORGANIZATION_FLAG)
    .option('--project <name>', 'only of this project')
    .option('--stack <name>', 'only of this stack; needs --project')
    .addOption(new Option('--status <status>', 'only in this state').choices(RUN_STATUSES))
    .option('--page <number>', 'which page', wholeNumber(1, 1_000_000), 1)
    .option('--page-size <number>', 'runs on a page', wholeNumber(1, 100), 20)
    .option(...JSON_FLAG)
    .action((options: ListOptions) => listRuns(around, options));
};

const open = async (around: Surroundings) => (await import('../client.ts')).openClient(around);
const runsOf = (org: string): string => `/api/orgs/${encodeURIComponent(org)}/runs`;

const startRun = async (around: Surroundings, options: StartOptions): Promise<void> => {
  const { org: given, showToken, json, ...body } = options;
  const client = await open(around);
  const org = await client.organization(given);
  const run = await client.post<StartedRun>(runsOf(org), body);
  if (json) {
    printJson(around.stdout, run);
    return;
  }
  const { id, version, status, deadline, tokenRequest } = run;
  printFields(around.stdout, {
    id,
    version,
    status,
    deadline,
    ...(showToken && { 'token url': tokenRequest.url, 'request token': tokenRequest.token }),
  });
  if (!showToken) {
    printLine(
      around.stderr,
      'hint: its request token was not shown; --show-token prints it, --json gives it to programs',
    );
  }
};

const finishRun = async (around: Surroundings, id: string, { org: given, status, json }: FinishOptions) => {
  const client = await open(around);
  const org = await client.organization(given);
  const run = await client.post<ShownRun>(`${runsOf(org)}/${encodeURIComponent(id)}/finish`, { status });
  if (json) printJson(around.stdout, run);
  else printLine(around.stdout, `${printable(run.id)} ${printable(run.status)}`);
};

const listRuns = async (around: Surroundings, { org: given, json, ...query }: ListOptions): Promise<void> => {
  const client = await open(around);
  const org = await client.organization(given);
  const answer = await client.get<{ readonly runs: readonly ShownRun[]; readonly total: number }>(runsOf(org), query);
  if (json) {
    printJson(around.stdout, answer);
    return;
  }
  const columns = ['id', 'stack', 'version', 'operation', 'status', 'created', 'finished'];
  const row = ({ id, project, stack, version, operation, status, created, finished }: ShownRun) => [
    id,
    `${project}/${stack}`,
    version,
    operation,
    status,
    created,
    finished,
  ];
  printTable(around.stdout, columns, answer.runs.map(row));
  const pages = Math.ceil(answer.total / query.pageSize);
  if (pages > 1) printLine(around.stderr, `page ${query.page} of ${pages}; --page shows another`);
};

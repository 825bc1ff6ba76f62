import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { JSON_FLAG } from '../../options.ts';
import { printable, printJson, printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { addStackTarget, DEPLOYMENT_ARGUMENT, openDeploymentDesk, type StackOptions } from './desk.ts';

interface LogOptions extends StackOptions {
  readonly follow?: true;
  readonly json?: true;
}

interface LogEntry {
  readonly header?: string;
  readonly timestamp?: string;
  readonly line?: string;
}

interface LogPart {
  readonly lines: readonly LogEntry[];
  readonly nextToken?: string;
}

/** How long a follower waits when there was nothing new. */
const PAUSE_MS = 1000;

export const addDeploymentLogs = (deployment: Command, around: Surroundings): void => {
  addStackTarget(deployment.command('logs').description('Show what the agent has told of a deployment.'))
    .argument(...DEPLOYMENT_ARGUMENT)
    .option('--follow', 'go on until the deployment is over')
    .option(...JSON_FLAG)
    .action((id: string, options: LogOptions) => showLogs(around, id, options));
};

/** Prints as it reads; with `--json` everything at the end. */
const showLogs = async (around: Surroundings, id: string, options: LogOptions): Promise<void> => {
  const { follow, json } = options;
  const { client, base } = await openDeploymentDesk(around, options);
  const path = `${base}/${encodeURIComponent(id)}/logs`;
  const all: LogEntry[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const part: LogPart = await client.get<LogPart>(path, { continuationToken: token || undefined });
    if (json) all.push(...part.lines);
    else for (const entry of part.lines) printLine(around.stdout, textOf(entry));
    // While it runs there is always more to come: who does not follow stops where nothing new came.
    const idle = part.lines.length === 0;
    if (idle && !follow) break;
    if (idle && part.nextToken !== undefined) await sleep(PAUSE_MS);
    token = part.nextToken;
  }
  if (json) printJson(around.stdout, { lines: all });
};

const textOf = ({ header, timestamp, line }: LogEntry): string =>
  header === undefined ? `${printable(timestamp ?? '')}  ${printable(line ?? '')}` : `\n# ${printable(header)}`;

import type { Command } from 'commander';
import type { Client } from '../../client.ts';
import { ORGANIZATION_FLAG } from '../../options.ts';
import type { Surroundings } from '../../surroundings.ts';

/** Which stack a command is about. */
export interface StackOptions {
  readonly org?: string;
  readonly project: string;
  readonly stack: string;
}

/** A deployment as lists and answers show it. Contract section 1.8, and what we add to it. */
export interface ShownDeployment {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly runStatus: string;
  readonly created: string;
  readonly modified: string;
  readonly deadline: string;
  readonly pulumiOperation: string;
  readonly requestedBy: { readonly githubLogin: string };
  readonly agentPool: { readonly id: string; readonly name: string };
  readonly paused?: boolean;
  readonly initiator?: string;
  readonly jobs?: readonly { readonly steps: readonly ShownStep[] }[];
}

export interface ShownStep {
  readonly name: string;
  readonly status: string;
  readonly started: string;
  readonly lastUpdated: string;
}

/** The deployments of one stack, as a command works on them. */
export interface DeploymentDesk {
  readonly client: Client;
  /** Path of the stack's deployments. */
  readonly base: string;
  pathOf(deployment: string): string;
}

export const openDeploymentDesk = async (
  around: Surroundings,
  { org: given, project, stack }: StackOptions,
): Promise<DeploymentDesk> => {
  const { apiPath, openClient } = await import('../../client.ts');
  const client = await openClient(around);
  const org = await client.organization(given);
  const base = apiPath`/api/stacks/${org}/${project}/${stack}/deployments`;
  return {
    client,
    base,
    pathOf: (deployment) =>
      /^\d+$/.test(deployment) ? `${base}/version/${deployment}` : `${base}${apiPath`/${deployment}`}`,
  };
};

export const DEPLOYMENT_ARGUMENT = ['<deployment>', 'id of the deployment'] as const;

/** `--org --project --stack`: the same for every command about one stack's deployments. */
export const addStackTarget = (command: Command): Command =>
  command
    .option(...ORGANIZATION_FLAG)
    .requiredOption('--project <name>', 'project')
    .requiredOption('--stack <name>', 'stack');

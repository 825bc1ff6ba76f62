import type { Command } from 'commander';
import { addGroup, JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import { printable, printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openTrustDesk } from './desk.ts';

interface ListOptions {
  readonly org?: string;
  readonly json?: true;
}

interface ShownDocument {
  readonly id: string;
  readonly target: string;
  readonly scope:
    | {
        readonly kind: 'runs';
        readonly project: string;
        readonly stack: string;
        readonly operations: readonly string[];
      }
    | { readonly kind: 'environment'; readonly project: string; readonly environment: string };
  readonly audience: string;
  readonly created: string;
  readonly by: string;
}

/** `trust document`: what was generated here, until somebody says that it is gone from its cloud. */
export const addRememberedCommands = (trust: Command, around: Surroundings): void => {
  const document = addGroup(trust, 'document', 'Trust documents that were generated here, and may stand in clouds.');

  document
    .command('list')
    .description('List the trust documents that were generated, the newest first.')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((options: ListOptions) => listDocuments(around, options));

  document
    .command('remove')
    .description('Forget a trust document that was taken out of its cloud.')
    .argument('<id>', 'as "trust document list" shows it')
    .option(...ORGANIZATION_FLAG)
    .action((id: string, options: ListOptions) => removeDocument(around, id, options));
};

const openDocuments = async (around: Surroundings, org: string | undefined) => {
  const desk = await openTrustDesk(around, org);
  const { apiPath } = await import('../../client.ts');
  const path = apiPath`/api/orgs/${desk.org}/trust/documents`;
  return { client: desk.client, path, pathOf: (id: string) => `${path}${apiPath`/${id}`}` };
};

const listDocuments = async (around: Surroundings, { org, json }: ListOptions): Promise<void> => {
  const { client, path } = await openDocuments(around, org);
  const answer = await client.get<{ trustDocuments: readonly ShownDocument[] }>(path);
  if (json) {
    printJson(around.stdout, answer);
    return;
  }
  const row = ({ id, target, scope, audience, created, by }: ShownDocument) => [
    id,
    target,
    scopeOf(scope),
    audience,
    created,
    by,
  ];
  printTable(around.stdout, ['id', 'for', 'admits', 'audience', 'generated', 'by'], answer.trustDocuments.map(row));
};

const scopeOf = (scope: ShownDocument['scope']): string =>
  scope.kind === 'environment'
    ? `environment ${scope.project}/${scope.environment}`
    : [`stack ${scope.project}/${scope.stack}`, ...scope.operations].join(' ');

const removeDocument = async (around: Surroundings, id: string, { org }: ListOptions): Promise<void> => {
  const { client, pathOf } = await openDocuments(around, org);
  await client.delete(pathOf(id));
  printLine(around.stdout, `Trust document ${printable(id)} is forgotten.`);
};

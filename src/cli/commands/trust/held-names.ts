import { type Command, Option } from 'commander';
import { addGroup, JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import { printable, printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openTrustDesk } from './desk.ts';

interface ListOptions {
  readonly org?: string;
  readonly json?: true;
}

interface ReleaseOptions {
  readonly org?: string;
  readonly reason: string;
  readonly kind: 'stack' | 'environment';
}

interface ShownName {
  readonly kind: string;
  readonly name: string;
  readonly until: string;
  readonly trustDocuments: readonly string[];
}

/** `trust name`: names of what was deleted, which nobody gets before their quarantine is over. */
export const addHeldNameCommands = (trust: Command, around: Surroundings): void => {
  const name = addGroup(trust, 'name', 'Names of deleted stacks and environments, held as documents may trust them.');

  name
    .command('list')
    .description('List the names that are held, those first that come free first.')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((options: ListOptions) => listNames(around, options));

  name
    .command('release')
    .description('Let a name be used again before its quarantine is over; the reason is recorded.')
    .argument('<name>', 'project/stack, or project/environment')
    .requiredOption('--reason <text>', 'why; 3 to 200 characters')
    .addOption(new Option('--kind <kind>', 'what had the name').choices(['stack', 'environment']).default('stack'))
    .option(...ORGANIZATION_FLAG)
    .action((path: string, options: ReleaseOptions) => releaseName(around, path, options));
};

const openNames = async (around: Surroundings, org: string | undefined) => {
  const desk = await openTrustDesk(around, org);
  const { apiPath } = await import('../../client.ts');
  return { client: desk.client, path: apiPath`/api/orgs/${desk.org}/trust/held-names` };
};

const listNames = async (around: Surroundings, { org, json }: ListOptions): Promise<void> => {
  const { client, path } = await openNames(around, org);
  const answer = await client.get<{ readonly heldNames: readonly ShownName[] }>(path);
  if (json) {
    printJson(around.stdout, answer);
    return;
  }
  const row = ({ kind, name, until, trustDocuments }: ShownName) => [kind, name, until, trustDocuments.join('; ')];
  printTable(around.stdout, ['kind', 'name', 'held until', 'trusted by'], answer.heldNames.map(row));
};

const releaseName = async (
  around: Surroundings,
  name: string,
  { org, kind, reason }: ReleaseOptions,
): Promise<void> => {
  const { client, path } = await openNames(around, org);
  await client.post(`${path}/release`, { kind, name, reason });
  printLine(around.stdout, `The name ${printable(name)} may be used again.`);
};

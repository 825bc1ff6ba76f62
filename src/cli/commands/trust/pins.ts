import type { Command } from 'commander';
import { addGroup, JSON_FLAG, ORGANIZATION_FLAG, wholeNumber } from '../../options.ts';
import { printable, printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openTrustDesk } from './desk.ts';
import { ISSUER_ARGUMENT } from './issuers.ts';

interface ListOptions {
  readonly org?: string;
  readonly page: number;
  readonly pageSize: number;
  readonly json?: true;
}

type Scope = Pick<ListOptions, 'org' | 'json'>;

interface ShownPin {
  readonly id: string;
  readonly claim: string;
  readonly name: string;
  readonly idClaim: string;
  readonly value: string;
  readonly created: string;
  readonly modified: string;
}

const PIN_ARGUMENT = ['<pin>', 'id of the pin, as "trust pin list" shows it'] as const;

export const addPinCommands = (trust: Command, around: Surroundings): void => {
  const pin = addGroup(
    trust,
    'pin',
    'Immutable ids that were seen behind names when a policy first granted something.',
  );

  pin
    .command('list')
    .description('List the ids that are pinned to names.')
    .argument(...ISSUER_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .option('--page <number>', 'which page', wholeNumber(1, 1_000_000), 1)
    .option('--page-size <number>', 'pins on a page', wholeNumber(1, 100), 20)
    .option(...JSON_FLAG)
    .action((issuer: string, options: ListOptions) => listPins(around, issuer, options));

  pin
    .command('set')
    .description('Pin a name to another id: when it is known that the new one is the right one.')
    .argument(...ISSUER_ARGUMENT)
    .argument(...PIN_ARGUMENT)
    .argument('<value>', 'the id that counts from now on')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((issuer: string, id: string, value: string, options: Scope) => setPin(around, issuer, id, value, options));

  pin
    .command('remove')
    .description('Forget a pin: the next grant pins the name anew, to whatever id comes along.')
    .argument(...ISSUER_ARGUMENT)
    .argument(...PIN_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .action((issuer: string, id: string, options: Scope) => removePin(around, issuer, id, options));
};

const openPins = async (around: Surroundings, org: string | undefined, issuer: string) => {
  const desk = await openTrustDesk(around, org);
  const policy = await desk.policyOf(await desk.findIssuer(issuer));
  const { apiPath } = await import('../../client.ts');
  const path = apiPath`/api/orgs/${desk.org}/auth/policies/${policy.id}/pins`;
  return { client: desk.client, path, pathOf: (id: string) => `${path}${apiPath`/${id}`}` };
};

const listPins = async (around: Surroundings, issuer: string, options: ListOptions): Promise<void> => {
  const { org, page, pageSize, json } = options;
  const { client, path } = await openPins(around, org, issuer);
  const answer = await client.get<{ pins: readonly ShownPin[]; total: number }>(path, { page, pageSize });
  if (json) {
    printJson(around.stdout, answer);
    return;
  }
  const row = ({ id, claim, name, idClaim, value, modified }: ShownPin) => [id, claim, name, idClaim, value, modified];
  printTable(around.stdout, ['pin', 'claim', 'name', 'id claim', 'pinned to', 'since'], answer.pins.map(row));
  const pages = Math.ceil(answer.total / pageSize);
  if (pages > 1) printLine(around.stderr, `page ${page} of ${pages}; --page shows another`);
};

const setPin = async (around: Surroundings, issuer: string, id: string, value: string, { org, json }: Scope) => {
  const { client, pathOf } = await openPins(around, org, issuer);
  const pin = await client.put<ShownPin>(pathOf(id), { value });
  if (json) printJson(around.stdout, pin);
  else printLine(around.stdout, printable(`${pin.claim} "${pin.name}" is pinned to ${pin.idClaim} ${pin.value}.`));
};

const removePin = async (around: Surroundings, issuer: string, id: string, { org }: Scope): Promise<void> => {
  const { client, pathOf } = await openPins(around, org, issuer);
  await client.delete(pathOf(id));
  printLine(around.stdout, `Pin ${printable(id)} is forgotten.`);
};

import type { Command } from 'commander';
import type { DefinitionInFile } from '../../../policy/file.ts';
import { addGroup, JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import { printFields, printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openTrustDesk, type ShownPolicy } from './desk.ts';
import { placed, printFinding } from './findings.ts';
import { readInput } from './input.ts';
import { ISSUER_ARGUMENT } from './issuers.ts';

interface Scope {
  readonly org?: string;
  readonly json?: true;
}

export const addPolicyCommands = (trust: Command, around: Surroundings): void => {
  const policy = addGroup(trust, 'policy', 'Policies: what the tokens of a trusted issuer may be exchanged for.');

  policy
    .command('show')
    .description('Show the policy of a trusted issuer, and what the linter has to say about it.')
    .argument(...ISSUER_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((issuer: string, options: Scope) => showPolicy(around, issuer, options));

  policy
    .command('set')
    .description('Replace the policy of a trusted issuer; its findings are printed with their places.')
    .argument(...ISSUER_ARGUMENT)
    .argument('<file>', 'YAML or JSON with policies, and maybe dialect, mode and issuer; "-": standard input')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((issuer: string, file: string, options: Scope) => setPolicy(around, issuer, file, options));
};

const showPolicy = async (around: Surroundings, given: string, { org, json }: Scope): Promise<void> => {
  const desk = await openTrustDesk(around, org);
  const policy = await desk.policyOf(await desk.findIssuer(given));
  if (json) {
    printJson(around.stdout, policy);
    return;
  }
  printPolicy(around, policy);
  for (const finding of policy.findings) printFinding(around.stderr, finding);
};

const setPolicy = async (around: Surroundings, given: string, file: string, { org, json }: Scope): Promise<void> => {
  const text = await readInput(around, file);
  const desk = await openTrustDesk(around, org);
  const issuer = await desk.findIssuer(given);
  const present = await desk.policyOf(issuer);
  const [{ mustBeFor, mustReadCandidate, placeOf }, { apiPath }] = await Promise.all([
    import('./policy-file.ts'),
    import('../../client.ts'),
  ]);
  const { written, document, place } = mustReadCandidate(text, file, present);
  mustBeFor(written, issuer, file);
  const { issuer: _about, ...body } = written;
  const path = apiPath`/api/orgs/${desk.org}/auth/policies/${present.id}`;
  const policy = await desk.client.patch<ShownPolicy>(path, body);
  if (json) printJson(around.stdout, policy);
  else printPolicy(around, policy);
  for (const finding of policy.findings) {
    printFinding(around.stderr, placed(finding, place(placeOf(finding, document))));
  }
};

const printPolicy = (
  { stdout }: Surroundings,
  { id, version, modified, dialect, mode, policies }: ShownPolicy,
): void => {
  printFields(stdout, { policy: id, version, modified, dialect, mode });
  printLine(stdout);
  if (policies.length === 0) {
    printLine(stdout, 'It has no definitions: everything is denied.');
    return;
  }
  const row = (definition: DefinitionInFile, index: number) => [
    `policies[${index}]`,
    definition.decision,
    forWhom(definition),
    definition.roleID === undefined ? definition.authorizedPermissions?.join(', ') : `role ${definition.roleID}`,
    Object.entries(definition.rules ?? {})
      .map(([claim, pattern]) => `${claim}: ${pattern}`)
      .join('; '),
    definition.reason,
  ];
  printTable(stdout, ['definition', 'decision', 'for', 'gives', 'rules', 'reason'], policies.map(row));
};

const forWhom = ({ tokenType, teamName, userLogin, runnerID }: DefinitionInFile): string =>
  [tokenType, teamName ?? userLogin ?? runnerID].filter((part) => part !== undefined).join(' ');

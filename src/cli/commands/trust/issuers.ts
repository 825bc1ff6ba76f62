import { type Command, Option } from 'commander';
import { REPLAY_RULES } from '../../../issuers/trusted-issuer.ts';
import { secondsOrSpan } from '../../duration.ts';
import { unusable } from '../../failure.ts';
import { addGroup, gather, JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import { printable, printFields, printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openTrustDesk, type ShownIssuer, type TrustDesk } from './desk.ts';
import { readInput } from './input.ts';

interface Scope {
  readonly org?: string;
  readonly json?: true;
}

interface IssuerOptions extends Scope {
  readonly name?: string;
  readonly url?: string;
  readonly issuer?: string;
  readonly jwks?: string;
  readonly thumbprint?: readonly string[];
  readonly maxExpiration?: number;
  readonly replay?: string;
  readonly capToSubjectToken?: boolean;
  readonly maxTokenAge?: number;
}

export const ISSUER_ARGUMENT = ['<issuer>', 'id or name of the trusted issuer'] as const;

export const addIssuerCommands = (trust: Command, around: Surroundings): void => {
  const issuer = addGroup(trust, 'issuer', 'Trusted issuers: whose tokens may be exchanged.');

  issuer
    .command('list')
    .description('List the trusted issuers of an organization.')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((options: Scope) => listIssuers(around, options));

  issuer
    .command('show')
    .description('Show one trusted issuer.')
    .argument(...ISSUER_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((given: string, options: Scope) => showIssuer(around, given, options));

  withSettings(
    issuer
      .command('add')
      .description('Trust an issuer. It is looked at now, and denies everything until it has a policy.')
      .requiredOption('--name <text>', 'its name here')
      .requiredOption('--url <url>', 'where it publishes /.well-known/openid-configuration; never changed')
      .option('--issuer <iss>', 'with --jwks: what iss must be; absent: the URL'),
  ).action((options: IssuerOptions) => addIssuer(around, options));

  withSettings(
    issuer
      .command('update')
      .description('Change a trusted issuer; what is not named stays as it is.')
      .argument(...ISSUER_ARGUMENT)
      .option('--name <text>', 'another name'),
  )
    .option('--no-cap-to-subject-token', 'access tokens may outlive the subject token')
    .action((given: string, options: IssuerOptions) => updateIssuer(around, given, options));

  issuer
    .command('remove')
    .description('Trust an issuer no longer: every access token that came from it ends at once.')
    .argument(...ISSUER_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .action((given: string, options: Scope) => removeIssuer(around, given, options));

  issuer
    .command('thumbprints')
    .description('Fetch the certificate of an issuer again, and keep its thumbprint in place of the ones before.')
    .argument(...ISSUER_ARGUMENT)
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((given: string, options: Scope) => renewThumbprints(around, given, options));
};

const withSettings = (command: Command): Command =>
  command
    .option('--jwks <file>', 'its public keys as a JWK Set; then nothing is ever fetched')
    .option('--thumbprint <sha256>', 'take this certificate, too; may be given several times', gather)
    .option('--max-expiration <duration>', 'most that an access token lives, as 25h or in seconds', secondsOrSpan)
    .addOption(new Option('--replay <rule>', 'how often one token may be exchanged').choices(REPLAY_RULES))
    .option('--cap-to-subject-token', 'access tokens end with the subject token at the latest')
    .option('--max-token-age <duration>', 'refuse tokens issued longer ago, as 10m or in seconds', secondsOrSpan)
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG);

const listIssuers = async (around: Surroundings, { org, json }: Scope): Promise<void> => {
  const issuers = await (await openTrustDesk(around, org)).listIssuers();
  if (json) {
    printJson(around.stdout, { oidcIssuers: issuers });
    return;
  }
  const row = ({ id, name, issuer, replay, lastUsed, readOnly }: ShownIssuer) => [
    id,
    name,
    issuer,
    replay,
    lastUsed,
    readOnly ? 'file' : 'API',
  ];
  printTable(around.stdout, ['id', 'name', 'issuer', 'replay', 'last used', 'declared by'], issuers.map(row));
};

const showIssuer = async (around: Surroundings, given: string, { org, json }: Scope): Promise<void> => {
  const desk = await openTrustDesk(around, org);
  printIssuer(around, await desk.findIssuer(given), json);
};

const addIssuer = async (around: Surroundings, options: IssuerOptions): Promise<void> => {
  const { org, json, name, url, issuer } = options;
  if (issuer !== undefined && options.jwks === undefined) {
    throw unusable('What iss must be is fetched from the issuer.', 'leave out --issuer, or add --jwks FILE');
  }
  const settings = await readIssuerSettings(around, options);
  const desk = await openTrustDesk(around, org);
  const path = await pathOf(desk);
  const added = await desk.client.post<ShownIssuer>(path, { name, url, issuer, ...settings });
  printIssuer(around, added, json);
  printLine(
    around.stderr,
    `hint: it denies everything until it has a policy: runpass trust policy set ${added.id} FILE`,
  );
};

const updateIssuer = async (around: Surroundings, given: string, options: IssuerOptions): Promise<void> => {
  const changes = { name: options.name, ...(await readIssuerSettings(around, options)) };
  if (Object.values(changes).every((change) => change === undefined)) {
    throw unusable('It is not said what to change.', 'add --help to see what can be');
  }
  const desk = await openTrustDesk(around, options.org);
  const { id, name } = await desk.findIssuer(given);
  // The contract wants the name with every change.
  const body = { ...changes, name: changes.name ?? name };
  printIssuer(around, await desk.client.patch<ShownIssuer>(await pathOf(desk, id), body), options.json);
};

/** Members without a value are left out of the body, and so stay as they are. */
const readIssuerSettings = async (around: Surroundings, options: IssuerOptions) => {
  const { jwks, thumbprint, maxExpiration, replay, capToSubjectToken, maxTokenAge } = options;
  return {
    jwks: jwks === undefined ? undefined : await readJson(around, jwks),
    thumbprints: thumbprint,
    maxExpiration,
    replay,
    capToSubjectToken,
    maxTokenAge,
  };
};

const readJson = async (around: Surroundings, file: string): Promise<unknown> => {
  const text = await readInput(around, file);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(`${file} is not JSON.`, 'give a JWK Set: {"keys": [...]}', cause);
  }
};

const removeIssuer = async (around: Surroundings, given: string, { org }: Scope): Promise<void> => {
  const desk = await openTrustDesk(around, org);
  const { id, name } = await desk.findIssuer(given);
  await desk.client.delete(await pathOf(desk, id));
  printLine(around.stdout, `${printable(name)} (${id}) is trusted no longer; what came from it has ended.`);
};

const renewThumbprints = async (around: Surroundings, given: string, { org, json }: Scope): Promise<void> => {
  const desk = await openTrustDesk(around, org);
  const { id } = await desk.findIssuer(given);
  const path = `${await pathOf(desk, id)}/regenerate-thumbprints`;
  printIssuer(around, await desk.client.post<ShownIssuer>(path), json);
};

const pathOf = async ({ org }: TrustDesk, id?: string): Promise<string> => {
  const { apiPath } = await import('../../client.ts');
  return id === undefined ? apiPath`/api/orgs/${org}/oidc/issuers` : apiPath`/api/orgs/${org}/oidc/issuers/${id}`;
};

const printIssuer = ({ stdout }: Surroundings, shown: ShownIssuer, json: true | undefined): void => {
  if (json) {
    printJson(stdout, shown);
    return;
  }
  const { id, name, url, issuer, jwks, thumbprints, maxExpiration, replay, capToSubjectToken, maxTokenAge } = shown;
  printFields(stdout, {
    id,
    name,
    url,
    issuer,
    keys: jwks === undefined ? 'fetched' : 'uploaded',
    thumbprints: thumbprints?.join(', '),
    'max expiration': maxExpiration,
    replay,
    'ends with the subject token': capToSubjectToken === undefined ? undefined : String(capToSubjectToken),
    'max token age': maxTokenAge,
    created: shown.created,
    modified: shown.modified,
    'last used': shown.lastUsed,
    'declared by': shown.readOnly ? 'a file' : 'the API',
  });
};

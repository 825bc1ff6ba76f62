import { type Command, Option } from 'commander';
import type { Trial } from '../../../flows/try-exchange.ts';
import { TOKEN_TYPES, type TokenType } from '../../../policy/policy.ts';
import { CommandFailure, unusable } from '../../failure.ts';
import { JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import { printable, printFields, printJson, printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openTrustDesk } from './desk.ts';
import { readInput } from './input.ts';
import { printTraces, rightsOf } from './print-decision.ts';

interface TryOptions {
  readonly token?: string;
  readonly claims?: string;
  readonly issuer?: string;
  readonly type: TokenType;
  readonly scope?: string;
  readonly org?: string;
  readonly json?: true;
}

export const addTryCommand = (trust: Command, around: Surroundings): void => {
  trust
    .command('test')
    .description('Say what a token would be exchanged for, and why; nothing is granted, used up or recorded.')
    .option('--token <file>', 'a subject token, verified as an exchange would; "-": standard input')
    .option('--claims <file>', 'claims as JSON, taken as if a token had brought them; "-": standard input')
    .option('--issuer <issuer>', 'trusted issuer, id or name; absent: the one that iss names')
    .addOption(
      new Option('--type <type>', 'what kind of access token is asked for').choices(TOKEN_TYPES).makeOptionMandatory(),
    )
    .option('--scope <scope>', 'as in the exchange: admin, team:NAME, user:LOGIN or runner:POOL')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((options: TryOptions) => tryExchange(around, options));
};

const tryExchange = async (around: Surroundings, options: TryOptions): Promise<void> => {
  const subject = await readSubject(around, options);
  const { type: requestedTokenType, scope, issuer, json } = options;
  const desk = await openTrustDesk(around, options.org);
  const { apiPath } = await import('../../client.ts');
  const path =
    issuer === undefined
      ? apiPath`/api/orgs/${desk.org}/oidc/try`
      : apiPath`/api/orgs/${desk.org}/oidc/issuers/${(await desk.findIssuer(issuer)).id}/try`;
  const trial = await desk.client.post<Trial>(path, { ...subject, requestedTokenType, scope });
  if (json) printJson(around.stdout, trial);
  else printTrial(around, trial);
  if (trial.granted) return;
  const { sentence = '', code = 'refused' } = trial;
  throw new CommandFailure(1, `It would be refused. ${sentence}`.trim(), { code });
};

const readSubject = async (around: Surroundings, { token, claims }: TryOptions) => {
  if ((token === undefined) === (claims === undefined)) {
    throw unusable('A test is about one token, or about claims.', 'give one of --token FILE and --claims FILE');
  }
  if (token !== undefined) return { subjectToken: (await readInput(around, token)).trim() };
  const file = claims ?? '';
  const parsed = parse(await readInput(around, file));
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { claims: parsed };
  throw unusable(`${file} holds no claims.`, 'write a JSON object: {"iss": "https://…", "sub": "…"}');
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const printTrial = ({ stdout, stderr }: Surroundings, trial: Trial): void => {
  const { granted, code, issuer, policy, lifetime, note } = trial;
  printFields(stdout, {
    outcome: granted ? 'granted' : `refused (${code})`,
    why: trial.sentence,
    detail: trial.detail,
    issuer: issuer && `${issuer.name} (${issuer.id})`,
    policy: policy && `${policy.id}, version ${policy.version}, mode ${policy.mode}`,
    gives: granted ? rightsOf(trial) : undefined,
    lifetime,
  });
  printTraces(stdout, trial.definitions);
  if (note !== undefined) printLine(stderr, `note: ${printable(note)}`);
};

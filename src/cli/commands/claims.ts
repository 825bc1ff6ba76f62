import { type Command, Option } from 'commander';
import type { Operation } from '../../access/organization.ts';
import { TARGETS, type Target } from '../../deployments/settings/cloud-settings.ts';
import { SUBJECT_ATTRIBUTES } from '../../tokens/subject.ts';
import { unusable } from '../failure.ts';
import { gather, issuerOption, JSON_FLAG, ORGANIZATION_FLAG, operationOption } from '../options.ts';
import { printFields, printJson, printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

interface ClaimsOptions {
  readonly org?: string;
  readonly project?: string;
  readonly stack?: string;
  readonly operation?: Operation;
  readonly environment?: string;
  readonly current?: string;
  readonly subjectAttribute?: readonly string[];
  readonly issuer?: 'v1' | 'v2';
  readonly audience?: string;
  readonly target?: Target;
  readonly json?: true;
}

interface Preview {
  readonly header: Readonly<Record<string, string>>;
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string };
}

export const addClaimsCommand = (program: Command, around: Surroundings): void => {
  program
    .command('claims')
    .description('Show what a token would say, without signing one: for writing trust policies.')
    .option(...ORGANIZATION_FLAG)
    .option('--project <name>', 'of a run: project')
    .option('--stack <name>', 'of a run: stack')
    .addOption(operationOption())
    .option('--environment <project/name>', 'of an environment: the one that is opened')
    .option('--current <project/name>', 'the environment that declares the login; absent: the opened one')
    .option(
      '--subject-attribute <attribute>',
      `part of an environment's subject, in order (${SUBJECT_ATTRIBUTES.join(', ')})`,
      gather,
    )
    .addOption(issuerOption('which of our issuers').default('v1'))
    .option('--audience <text>', "another audience than the issuer's default")
    .addOption(new Option('--target <target>', 'of a run: the cloud that the token is for').choices(TARGETS))
    .option(...JSON_FLAG)
    .action((options: ClaimsOptions) => showClaims(around, options));
};

const showClaims = async (around: Surroundings, options: ClaimsOptions): Promise<void> => {
  const body = readRequest(options);
  const { apiPath, openClient } = await import('../client.ts');
  const client = await openClient(around);
  const org = await client.organization(options.org);
  const preview = await client.post<Preview>(apiPath`/api/orgs/${org}/claims/preview`, body);
  if (options.json) {
    printJson(around.stdout, preview);
  } else {
    printLine(around.stdout, 'header');
    printFields(around.stdout, preview.header, '  ');
    printLine(around.stdout, 'claims (iat, nbf, exp and jti come with the signature)');
    printFields(around.stdout, textsOf(preview.claims), '  ');
  }
  const warning = warnOfLength(preview.claims.sub);
  if (warning !== undefined) printLine(around.stderr, `warning: ${warning}`);
};

/** Claims that are no texts, such as those of AWS, as JSON. */
const textsOf = (claims: Preview['claims']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

const readRequest = (options: ClaimsOptions) => {
  const { project, stack, operation, environment, current, subjectAttribute, issuer, audience, target } = options;
  const common = { issuer, ...(audience !== undefined && { audience }), ...(target && { target }) };
  const ofRun = project !== undefined || stack !== undefined || operation !== undefined;
  if (environment !== undefined) {
    if (ofRun) {
      throw unusable(
        'A token is for a run or for an environment, not for both.',
        'leave out --environment, or --project, --stack and --operation',
      );
    }
    const attributes = subjectAttribute && { subjectAttributes: subjectAttribute };
    return { ...common, environment: { root: environment, ...(current !== undefined && { current }), ...attributes } };
  }
  if (current !== undefined || subjectAttribute) {
    throw unusable('--current and --subject-attribute belong to an environment.', 'add --environment project/name');
  }
  if (project === undefined || stack === undefined || operation === undefined) {
    throw unusable(
      'It is not said what the token would be for.',
      'give --project, --stack and --operation of a run, or --environment project/name',
    );
  }
  return { ...common, run: { project, stack, operation } };
};

/** Google maps `sub` to `google.subject`, at most 127 bytes; OpenID Connect Core, section 2: at most 255. */
const LONGEST_SUBJECT = { google: 127, standard: 255 } as const;

const warnOfLength = (sub: string): string | undefined => {
  const bytes = Buffer.byteLength(sub);
  const shorter = 'organization administrators can shorten the subject in the file of the organization';
  if (bytes > LONGEST_SUBJECT.standard) {
    return `sub is ${bytes} bytes; the standard allows ${LONGEST_SUBJECT.standard}, and verifiers refuse more; ${shorter}`;
  }
  if (bytes <= LONGEST_SUBJECT.google) return undefined;
  return `sub is ${bytes} bytes; Google Cloud takes ${LONGEST_SUBJECT.google} in google.subject: map it from other claims there, or ${shorter}`;
};

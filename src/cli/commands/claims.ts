import { type Command, Option } from 'commander';
import { TARGETS, type Target } from '../../deployments/settings/cloud-settings.ts';
import { issuerOption, JSON_FLAG, ORGANIZATION_FLAG } from '../options.ts';
import { printFields, printJson, printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';
import { addContextFlags, type ContextFlags, nothingSaid, readContext } from '../token-context.ts';

interface ClaimsOptions extends ContextFlags {
  readonly org?: string;
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
  addContextFlags(
    program
      .command('claims')
      .description('Show what a token would say, without signing one: for writing trust policies.')
      .option(...ORGANIZATION_FLAG),
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
  const { issuer, audience, target } = options;
  const context = readContext(options);
  if (!context) throw nothingSaid();
  return { issuer, ...(audience !== undefined && { audience }), ...(target && { target }), ...context };
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

import { type Command, Option } from 'commander';
import { AUDIT_KINDS, type AuditKind } from '../../audit/record.ts';
import type { Verification } from '../../audit/verify.ts';
import { writeTime } from '../../system.ts';
import type { AuditSource, ShownRecord } from '../audit-source.ts';
import { failed, unusable } from '../failure.ts';
import { addGroup, JSON_FLAG, wholeNumber } from '../options.ts';
import { escapeControls, printJson, printLine, printTable } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

/** Whose records, and of which time. */
export interface AuditScope {
  readonly org?: string;
  readonly installation?: true;
  readonly since?: string;
  readonly until?: string;
}

interface ListOptions extends AuditScope {
  readonly kind?: AuditKind;
  readonly page: number;
  readonly pageSize: number;
  readonly json?: true;
}

interface VerifyOptions extends AuditScope {
  readonly log?: string;
  readonly json?: true;
}

export const addAuditCommands = (program: Command, around: Surroundings): void => {
  const audit = addGroup(program, 'audit', 'What was granted and refused: the audit log.');

  addScope(audit.command('list').description('List audit records, newest first.'))
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(AUDIT_KINDS))
    .option('--page <number>', 'which page', wholeNumber(1, 1_000_000), 1)
    .option('--page-size <number>', 'records on a page', wholeNumber(1, 100), 20)
    .option(...JSON_FLAG)
    .action((options: ListOptions) => listRecords(around, options));

  addScope(audit.command('verify').description('Find the first record that is not as it was written.'))
    .argument('[file]', 'an exported file to verify instead; no server or store is needed')
    .option('--log <file>', 'log of the server: its signed heads tell of records that were taken away altogether')
    .option(...JSON_FLAG)
    .action((file: string | undefined, options: VerifyOptions) => verifyRecords(around, file, options));

  addScope(
    audit.command('export').description('Write the records as JSON lines that can be verified for ever.'),
  ).action((options: AuditScope) => exportRecords(around, options));
};

const addScope = (command: Command): Command =>
  command
    .option('--org <name>', 'organization; absent: that of the access token')
    .option('--installation', "the installation's own records, on a host that holds the store")
    .option('--since <time>', 'from this time on (RFC 3339); absent: 30 days before --until')
    .option('--until <time>', 'before this time (RFC 3339); absent: now');

const open = async (around: Surroundings, scope: AuditScope): Promise<AuditSource> => {
  if (scope.installation && scope.org !== undefined) {
    throw unusable('The installation is no organization.', 'leave out --org or --installation');
  }
  const { ofInstallation, ofOrganization } = await import('../audit-source.ts');
  return scope.installation ? ofInstallation(around, scope) : ofOrganization(around, scope);
};

const listRecords = async (around: Surroundings, options: ListOptions): Promise<void> => {
  const { kind, page, pageSize } = options;
  const source = await open(around, options);
  const found = await source.list({ page, pageSize, ...(kind && { kind }) }).finally(() => source.close());
  if (options.json) {
    printJson(around.stdout, found);
    return;
  }
  const row = ({ time, kind: what, outcome, code, actor, detail }: ShownRecord) => [
    time,
    what,
    code ?? outcome,
    actor,
    Object.entries(detail).map(showDetail).join(' '),
  ];
  printTable(around.stdout, ['time', 'kind', 'outcome', 'actor', 'detail'], found.records.map(row));
  const pages = Math.ceil(found.total / pageSize);
  if (pages > 1) printLine(around.stderr, `page ${page} of ${pages}; --page shows another`);
  if (!found.complete)
    printLine(around.stderr, 'warning: the range holds too many records; narrow --since and --until');
};

/** Details that are times, stored as seconds. */
const TIMES: ReadonlySet<string> = new Set(['deadline', 'exp', 'expires', 'signFrom', 'takesEffect']);

const showDetail = ([name, value]: readonly [string, string | number]): string =>
  `${name}=${TIMES.has(name) && typeof value === 'number' ? writeTime(value) : value}`;

const verifyRecords = async (around: Surroundings, file: string | undefined, options: VerifyOptions): Promise<void> => {
  const verification = await verify(around, file, options);
  const { broken, records, chains, since, until, keys } = verification;
  if (options.json) {
    printJson(around.stdout, verification);
  } else {
    const from = since === '' ? '' : ` from ${since} to ${until}`;
    printLine(
      around.stdout,
      `${records} records in ${chains} chains${from}, heads signed by ${keys.join(', ') || 'no key'}`,
    );
    if (broken.length > 0)
      printTable(
        around.stdout,
        ['chain', 'record', 'fault'],
        broken.map((one) => [one.chain, one.seq, one.fault]),
      );
  }
  if (broken.length > 0) {
    const where = broken.length === 1 ? 'One chain is' : `${broken.length} chains are`;
    throw failed(`${where} not as written.`, 'docs/audit.md says what the faults mean');
  }
};

const verify = async (
  around: Surroundings,
  file: string | undefined,
  options: VerifyOptions,
): Promise<Verification> => {
  const { org, installation, since, until, log } = options;
  const { readHeads, verifyFile } = await import('../audit-source.ts');
  if (file === undefined) {
    if (log !== undefined && !installation) {
      throw unusable(
        'A server verifies by its own store alone.',
        'use --log with an exported file, or with --installation',
      );
    }
    const source = await open(around, options);
    return source.verify(await readHeads(around, log)).finally(() => source.close());
  }
  if (org !== undefined || installation || since !== undefined || until !== undefined) {
    throw unusable(
      'An exported file says itself what it holds.',
      'leave out --org, --installation, --since and --until',
    );
  }
  return verifyFile(around, file, await readHeads(around, log));
};

const exportRecords = async (around: Surroundings, scope: AuditScope): Promise<void> => {
  const source = await open(around, scope);
  try {
    for await (const line of source.export()) printLine(around.stdout, escapeControls(line));
  } finally {
    await source.close();
  }
};

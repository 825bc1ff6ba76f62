import type { Command } from 'commander';
import type { AccessTokenEntry } from '../../access/access-token.ts';
import type { Holder } from '../../access/principal.ts';
import type { Parts } from '../../parts.ts';
import { writeTime } from '../../system.ts';
import { unusable } from '../failure.ts';
import { addGroup, gather, JSON_FLAG, wholeNumber } from '../options.ts';
import { printJson, printLine, printTable } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

interface CreateOptions {
  readonly org: string;
  readonly user?: string;
  readonly team?: string;
  readonly organizationToken?: true;
  readonly admin?: true;
  readonly role?: readonly string[];
  readonly name: string;
  readonly lifetime?: number;
  readonly json?: true;
}

interface OrganizationOptions {
  readonly org: string;
  readonly json?: true;
}

const MAX_LIFETIME = 365 * 86_400;

export const addTokenCommands = (program: Command, around: Surroundings): void => {
  const token = addGroup(program, 'token', 'Access tokens, on a host that holds the store.');

  token
    .command('create')
    .description('Make an access token and print it: it is shown this once.')
    .requiredOption('--org <name>', 'organization')
    .option('--user <login>', 'a personal token of this user')
    .option('--team <name>', 'a token of this team')
    .option('--organization-token', 'a token of the organization itself')
    .option('--admin', 'with --organization-token: may do everything in the organization')
    .option('--role <name>', 'with --organization-token: has this role; may be given several times', gather)
    .requiredOption('--name <text>', 'what it is for, in lists and audit records')
    .option(
      '--lifetime <seconds>',
      'how long it lives; absent: accessTokens.defaultLifetime',
      wholeNumber(60, MAX_LIFETIME),
    )
    .option(...JSON_FLAG)
    .action((options: CreateOptions) => createToken(around, options));

  token
    .command('list')
    .description('List the access tokens of an organization; the tokens themselves are not kept.')
    .requiredOption('--org <name>', 'organization')
    .option(...JSON_FLAG)
    .action((options: OrganizationOptions) => listTokens(around, options));

  token
    .command('revoke')
    .description('End an access token, on every server at once.')
    .argument('<id>', 'id of the token, as "token list" shows it')
    .requiredOption('--org <name>', 'organization')
    .action((id: string, options: OrganizationOptions) => revokeToken(around, id, options));
};

/** Opens the installation for one story about access tokens, and closes it whatever comes of it. */
const withDesk = async <T>(
  around: Surroundings,
  work: (parts: Parts, desk: ReturnType<typeof deskOf>) => Promise<T>,
): Promise<T> => {
  const { openInstallation, operatorName } = await import('../operator.ts');
  const parts = await openInstallation(around);
  try {
    return await work(parts, deskOf(parts, operatorName(around)));
  } finally {
    await parts.close();
  }
};

const deskOf = ({ audit, accessTokens, organizations, settings }: Parts, actor: string) => ({
  audit,
  accessTokens,
  organization: (name: string) => organizations.current().get(name),
  limits: settings.accessTokens,
  actor,
});

const createToken = async (around: Surroundings, options: CreateOptions): Promise<void> => {
  const holder = readHolder(options);
  const { createAccessToken } = await import('../../flows/create-access-token.ts');
  const { token, entry } = await withDesk(around, (_parts, desk) => createAccessToken(desk, holder, options.lifetime));
  if (options.json) {
    printJson(around.stdout, { ...showEntry(entry), token: token.reveal() });
    return;
  }
  printLine(around.stdout, token.reveal());
  const { kind, name, organization } = entry.holder;
  printLine(around.stderr, `Token ${entry.id} (${kind} ${name}, ${organization}) until ${writeTime(entry.expires)}.`);
};

const readHolder = (options: CreateOptions): Holder => {
  const { org: organization, user, team, organizationToken, admin, role, name: tokenName } = options;
  const owners = [user, team, organizationToken].filter((owner) => owner !== undefined);
  if (owners.length !== 1) {
    throw unusable('A token has one owner.', 'give one of --user LOGIN, --team NAME and --organization-token');
  }
  if (!organizationToken && (admin || role)) {
    throw unusable(
      'The rights of users and teams stand in the file of their organization, not in a token.',
      'leave out --admin and --role, or make an --organization-token',
    );
  }
  if (user !== undefined) return { kind: 'personal', organization, name: user, tokenName };
  if (team !== undefined) return { kind: 'team', organization, name: team, tokenName };
  const rights = { ...(admin && { administrator: true }), ...(role && { roles: role }) };
  return { kind: 'organization', organization, name: organization, tokenName, ...rights };
};

const listTokens = async (around: Surroundings, { org, json }: OrganizationOptions): Promise<void> => {
  const { organizationOf } = await import('../../flows/create-access-token.ts');
  const entries = await withDesk(around, async (parts, desk) => {
    organizationOf(desk, org);
    return parts.accessTokens.list(org);
  });
  if (json) {
    printJson(around.stdout, { tokens: entries.map(showEntry) });
    return;
  }
  const row = ({ id, holder, created, expires }: AccessTokenEntry) => [
    id,
    `${holder.kind}:${holder.name}`,
    holder.tokenName,
    writeTime(created),
    writeTime(expires),
  ];
  printTable(around.stdout, ['id', 'holder', 'name', 'created', 'expires'], entries.map(row));
};

const showEntry = ({ id, holder, created, expires }: AccessTokenEntry) => {
  const { tokenName, ...others } = holder;
  return { id, name: tokenName, holder: others, created: writeTime(created), expires: writeTime(expires) };
};

const revokeToken = async (around: Surroundings, id: string, { org }: OrganizationOptions): Promise<void> => {
  const { organizationOf, revokeAccessToken } = await import('../../flows/create-access-token.ts');
  await withDesk(around, async (_parts, desk) => {
    organizationOf(desk, org);
    await revokeAccessToken(desk, org, id);
  });
  printLine(around.stdout, `Token ${id} is revoked.`);
};

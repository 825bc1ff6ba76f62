import type { Command } from 'commander';
import { writeTime } from '../../system.ts';
import { JSON_FLAG } from '../options.ts';
import { printFields, printJson } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

/** As `/api/user` answers. Contract, section 5.2. */
interface User {
  readonly githubLogin: string;
  readonly organizations: readonly { readonly githubLogin: string; readonly role?: string }[];
  /** Only for tokens that are not a person's. */
  readonly tokenInfo?: { readonly name: string; readonly organization: string; readonly team: string };
}

export const addWhoamiCommand = (program: Command, around: Surroundings): void => {
  program
    .command('whoami')
    .description('Who is logged in here, and where.')
    .option(...JSON_FLAG)
    .action((options: { readonly json?: true }) => whoami(around, options));
};

const whoami = async (around: Surroundings, { json }: { readonly json?: true }): Promise<void> => {
  const { openClient } = await import('../client.ts');
  const client = await openClient(around);
  const { githubLogin: user, organizations, tokenInfo } = await client.get<User>('/api/user');
  const expires = client.expires === undefined ? undefined : writeTime(client.expires);
  if (json) {
    const names = organizations.map(({ githubLogin }) => githubLogin);
    printJson(around.stdout, {
      user,
      organizations: names,
      url: client.url,
      ...(tokenInfo && { tokenInformation: tokenInfo }),
      ...(expires !== undefined && { expires }),
    });
    return;
  }
  printFields(around.stdout, {
    user,
    organization: organizations
      .map(({ githubLogin, role }) => (role ? `${githubLogin} (${role})` : githubLogin))
      .join(', '),
    token: tokenInfo ? tokenOf(tokenInfo) : 'personal',
    'token name': tokenInfo?.name,
    'token from': client.source,
    expires,
    url: client.url,
  });
};

const tokenOf = ({ team, organization }: NonNullable<User['tokenInfo']>): string =>
  team === '' ? `organization ${organization}` : `team ${team}`;

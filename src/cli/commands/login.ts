import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { writeTime } from '../../system.ts';
import { goDuration } from '../duration.ts';
import type { OidcFlags } from '../exchange-login.ts';
import { unusable } from '../failure.ts';
import type { Login } from '../login-file.ts';
import { JSON_FLAG } from '../options.ts';
import { printable, printJson, printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

interface LoginOptions extends Partial<OidcFlags> {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: true;
}

const MAX_TOKEN_TEXT = 8192;

export const addLoginCommands = (program: Command, around: Surroundings): void => {
  program
    .command('login')
    .description('Keep an access token for the commands after this one.')
    .option('--url <url>', 'the server; absent: RUNPASS_URL, else http://localhost:8080')
    .option('--token-file <file>', 'where the access token stands; "-": standard input; absent: you are asked for it')
    .option('--oidc-token <token>', 'exchange this token of a trusted issuer for one; file://PATH: it stands there')
    .option('--oidc-org <name>', "organization to exchange it in; absent: the one that the token's aud names")
    .option('--oidc-team <name>', 'a token of this team; absent: the one in its scope, else of the organization')
    .option('--oidc-user <login>', 'a personal token of this user; absent: the one in its scope')
    .option('--oidc-expiration <duration>', 'how long it shall live, such as 2h or 1h30m; absent: 2h', goDuration)
    .option(...JSON_FLAG)
    .action((options: LoginOptions) => login(around, options));
  program
    .command('logout')
    .description('Forget the access token that login kept. It stays valid: revoke it, if it must not.')
    .action(() => logout(around));
};

const login = async (around: Surroundings, options: LoginOptions): Promise<void> => {
  const { url, tokenFile, json } = options;
  const [{ secretTarget }, { makeClient }, { writeLogin }] = await Promise.all([
    import('../access.ts'),
    import('../client.ts'),
    import('../login-file.ts'),
  ]);
  const oidc = oidcOf(around, options);
  const target = secretTarget(url ?? (around.env['RUNPASS_URL'] || 'http://localhost:8080'));
  const source = oidc ? 'this exchange' : tokenFile === undefined || tokenFile === '-' ? 'standard input' : tokenFile;
  const fresh = oidc
    ? await (await import('../exchange-login.ts')).exchangeForLogin(around, target, oidc)
    : await readToken(around, target, tokenFile, source);
  const client = makeClient(target, fresh.accessToken.reveal(), source);
  const { githubLogin: user } = await client.get<{ readonly githubLogin: string }>('/api/user');
  const file = await writeLogin(around, { url: target, ...fresh });
  const expires = fresh.expires === undefined ? undefined : writeTime(fresh.expires);
  if (json) {
    const { organization } = fresh;
    printJson(around.stdout, { url: target, user, organization, expires, file });
    return;
  }
  const until = expires === undefined ? '' : ` until ${expires}`;
  printLine(around.stderr, `Logged in to ${target} as ${printable(user)}${until}; the token is kept in ${file}.`);
};

/** The flags of an exchange, where one is asked for. */
const oidcOf = ({ env }: Surroundings, options: LoginOptions): OidcFlags | undefined => {
  const { oidcToken, oidcOrg, oidcTeam, oidcUser, oidcExpiration, tokenFile } = options;
  if (oidcToken === undefined) {
    const alone = [oidcOrg, oidcTeam, oidcUser, oidcExpiration].some((flag) => flag !== undefined);
    if (alone) throw unusable('There is no token to exchange.', 'add --oidc-token TOKEN, or file://PATH');
    return undefined;
  }
  if (tokenFile !== undefined) {
    throw unusable('A login has one token.', 'leave out --token-file or --oidc-token');
  }
  if (env['RUNPASS_ACCESS_TOKEN']) {
    throw unusable(
      'RUNPASS_ACCESS_TOKEN is set: commands would go on using it, not what this login keeps.',
      'unset RUNPASS_ACCESS_TOKEN',
    );
  }
  return { ...options, oidcToken };
};

const readToken = async (
  around: Surroundings,
  url: string,
  tokenFile: string | undefined,
  source: string,
): Promise<Omit<Login, 'url'>> => {
  const { readAccessToken } = await import('../access.ts');
  return { accessToken: readAccessToken(await readTokenText(around, url, tokenFile), source) };
};

const readTokenText = async (around: Surroundings, url: string, file: string | undefined): Promise<string> => {
  if (file === '-') return around.stdin.read(MAX_TOKEN_TEXT);
  if (file === undefined) {
    if (around.stdin.isTerminal) return around.stdin.askSecretly(`Access token for ${url}: `);
    throw unusable(
      'There is no terminal to ask for the access token.',
      'name its file: --token-file FILE, or - for standard input',
    );
  }
  const path = resolve(around.cwd, file);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw unusable(`${file} cannot be read.`, 'name the file that holds the access token', cause);
  });
};

const logout = async (around: Surroundings): Promise<void> => {
  const { removeLogin } = await import('../login-file.ts');
  const removed = await removeLogin(around);
  printLine(around.stderr, removed ? 'Logged out.' : 'Nobody was logged in here.');
};

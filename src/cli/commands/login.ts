import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { unusable } from '../failure.ts';
import { printable, printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

interface LoginOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

const MAX_TOKEN_TEXT = 8192;

export const addLoginCommands = (program: Command, around: Surroundings): void => {
  program
    .command('login')
    .description('Keep an access token for the commands after this one.')
    .option('--url <url>', 'the server; absent: RUNPASS_URL, else http://localhost:8080')
    .option('--token-file <file>', 'where the access token stands; "-": standard input; absent: you are asked for it')
    .action((options: LoginOptions) => login(around, options));
  program
    .command('logout')
    .description('Forget the access token that login kept. It stays valid: revoke it, if it must not.')
    .action(() => logout(around));
};

const login = async (around: Surroundings, { url, tokenFile }: LoginOptions): Promise<void> => {
  const [{ readAccessToken, secretTarget }, { makeClient }, { writeLogin }] = await Promise.all([
    import('../access.ts'),
    import('../client.ts'),
    import('../login-file.ts'),
  ]);
  const target = secretTarget(url ?? (around.env['RUNPASS_URL'] || 'http://localhost:8080'));
  const source = tokenFile === undefined || tokenFile === '-' ? 'standard input' : tokenFile;
  const accessToken = readAccessToken(await readTokenText(around, target, tokenFile), source);
  const client = makeClient(target, accessToken.reveal(), source);
  const user = await client.get<{ readonly githubLogin: string }>('/api/user');
  const file = await writeLogin(around, target, accessToken);
  printLine(around.stderr, `Logged in to ${target} as ${printable(user.githubLogin)}; the token is kept in ${file}.`);
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

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { mintToken } from '../../test/interop/surface.ts';
import { freePort, until } from '../../test/redis.ts';
import type { Conversation, Ran } from './conversation.ts';
import { LONG, openTrustDesk, SCOPES, type TrustDesk } from './trust-desk.ts';

interface Run {
  readonly project: string;
  readonly stack: string;
  readonly operation: string;
}

const run = (path: string, operation = 'update'): Run => {
  const [project = '', stack = ''] = path.split('/');
  return { project, stack, operation };
};

/** By the names of the scopes: who must be let in, and who stands beside it and must not be. */
const RUNS: Readonly<Record<string, readonly [inside: Run, beside?: Run]>> = {
  'one stack and operation': [run('core/dev'), run('core/dev', 'preview')],
  'one stack': [run('core/--dev'), run('core/dev')],
  'a pattern of stacks': [run('core/prod-eu', 'preview'), run('core/dev', 'preview')],
  'all stacks': [run('web/dev')],
  'a pattern with ?': [run('core/prod-eu', 'preview'), run('core/prod-us', 'preview')],
  'long names': [run(`${LONG}/dev`), run('core/dev')],
  'a hostile audience': [run('core/dev'), run('core/prod-eu')],
  'one stack on v2': [run('core/dev'), run('core/prod-eu')],
  'a pattern of stacks on v2': [run('core/prod-us'), run('core/dev')],
  'a project on v2': [run('core/prod-us'), run('web/dev')],
};

/** A development server of Vault, installed into as printed: runs in scope log in, and those beside it do not. */
export const talkAsVault = async (conversation: Conversation, vault: string): Promise<void> => {
  const desk = await openTrustDesk(conversation);
  const address = `127.0.0.1:${await freePort()}`;
  const parameters = ['server', '-dev', '-dev-root-token-id=root', `-dev-listen-address=${address}`];
  const server = spawn(vault, parameters, { env: { HOME: desk.home.folder, SKIP_SETCAP: 'true' }, stdio: 'ignore' });
  const env = {
    VAULT_ADDR: `http://${address}`,
    VAULT_TOKEN: 'root',
    PATH: `${desk.home.folder}/bin:${dirname(vault)}:${process.env['PATH']}`,
  };
  const ask = (...words: readonly string[]): Promise<Ran> => desk.home.run(vault, words, env);
  try {
    await until(async () => (await ask('status')).status === 0);
    for (const [index, [name, flags]] of SCOPES.entries()) {
      await conversation.line(`vault, twice as printed, then a login: ${name}`, async () => {
        const mount = index === 0 ? 'jwt' : `mount_${index}`;
        const given = [...flags, '--vault-policies', 'deploy,read-only', '--vault-mount', mount];
        const { audience } = await desk.generate('vault', given);
        await desk.follow('vault', given, env);
        const role = JSON.parse((await ask('list', '-format=json', `auth/${mount}/role`)).stdout)[0];
        const read = async (path: string) => JSON.parse((await ask('read', '-format=json', path)).stdout).data;
        const have = { role: await read(`auth/${mount}/role/${role}`), config: await read(`auth/${mount}/config`) };
        await desk.verify(have, flags);
        const [inside, beside] = RUNS[name] ?? [];
        if (!inside) return 'proved as read back';
        const issuer = flags.includes('v2') ? 'v2' : 'v1';
        const login = async (who: Run): Promise<Ran> =>
          ask(
            'write',
            '-format=json',
            `auth/${mount}/login`,
            `role=${role}`,
            `jwt=${await tokenOf(desk, who, issuer, audience)}`,
          );
        const admitted = await login(inside);
        assert.equal(admitted.status, 0, admitted.stderr);
        const { token_policies: policies, lease_duration: seconds } = JSON.parse(admitted.stdout).auth;
        assert.deepEqual([policies, seconds], [['default', 'deploy', 'read-only'], 3600]);
        if (!beside) return 'logged in';
        const refused = await login(beside);
        assert.equal(refused.status, 2, refused.stdout);
        return `logged in; ${beside.stack} ${beside.operation}: ${/^\* (.*)$/m.exec(refused.stderr)?.[1]}`;
      });
    }
    await conversation.line('vault, a role written again for more operations', async () => {
      const [one, whole] = [['--operation', 'update'], []].map((more) => [
        ...[
          '--project',
          'core',
          '--stack',
          'dev',
          '--vault-policies',
          'deploy',
          '--vault-mount',
          'again',
          '--vault-role',
          'deploy',
          ...more,
        ],
      ]);
      for (const flags of [one, whole]) await desk.follow('vault', flags ?? [], env);
      const jwt = await tokenOf(desk, run('core/dev', 'preview'), 'v1', 'acme');
      const { status, stderr } = await ask('write', 'auth/again/login', 'role=deploy', `jwt=${jwt}`);
      assert.equal(status, 0, stderr);
      return 'logged in with the operation that was added';
    });
  } finally {
    server.kill();
    await desk.close();
  }
};

const tokenOf = async ({ server }: TrustDesk, who: Run, issuer: 'v1' | 'v2', audience: string): Promise<string> => {
  const { tokenRequest } = await server.startRun(who);
  return mintToken(tokenRequest.urls[issuer], tokenRequest.token, audience);
};

import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../src/settings/settings.ts';
import type { GeneratedTrust } from '../../src/trust/generate/generated.ts';
import { startTestServer, type TestServer } from '../../test/server.ts';
import type { Conversation, Home, Ran } from './conversation.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Where somebody sits who lets Runpass write trust documents, and follows what it prints to the letter. */
export interface TrustDesk {
  readonly server: TestServer;
  readonly home: Home;
  runpass(...parameters: readonly string[]): Promise<Ran>;
  /** `runpass trust generate --json`. */
  generate(target: string, flags: readonly string[]): Promise<GeneratedTrust>;
  /** What `runpass trust generate` prints, run by bash twice in a folder of its own, which is given. */
  follow(target: string, flags: readonly string[], env: Readonly<Record<string, string>>): Promise<string>;
  /** `runpass trust verify` of what the relying party now has: it must be proved for the scope of the flags. */
  verify(document: unknown, flags: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** All that our audiences may hold and others give a meaning to. */
const HOSTILE = '^:^a,b;$HOME%25&*?|#~=!-ä';

/** Longer than `google.subject` is, and with the characters that names may begin with. */
export const LONG = `p${'-_.'.repeat(25)}x`;

/** Stacks that exist, so that there is something to be spelled out where a pattern cannot stand. */
const STACKS = ['core/dev', 'core/prod-eu', 'core/prod-us', 'core/--dev', 'web/dev', `${LONG}/dev`];

/** Whom to let in: a name for people, and the flags of `trust generate` and `trust verify`. */
export const SCOPES: readonly (readonly [string, readonly string[]])[] = [
  ['one stack and operation', ['--project', 'core', '--stack', 'dev', '--operation', 'update']],
  ['one stack', ['--project', 'core', '--stack', '--dev']],
  [
    'a pattern of stacks',
    ['--project', 'core', '--stack', 'prod-*', '--operation', 'update', '--operation', 'preview'],
  ],
  ['all stacks', ['--project', '*', '--stack', '*']],
  ['a pattern with ?', ['--project', 'c?re', '--stack', '*-e?', '--operation', 'preview']],
  ['long names', ['--project', LONG, '--stack', 'dev', '--operation', 'update']],
  ['a hostile audience', ['--project', 'core', '--stack', 'dev', '--audience', HOSTILE]],
  ['an environment', ['--environment', 'core/aws']],
  [
    'an environment and who opens it',
    ['--environment', 'core/aws', '--attribute', 'rootEnvironment.name', '--attribute', 'pulumi.user.login=carol'],
  ],
  ['one stack on v2', ['--project', 'core', '--stack', 'dev', '--operation', 'update', '--issuer', 'v2']],
  ['a pattern of stacks on v2', ['--project', 'core', '--stack', 'prod-*', '--issuer', 'v2']],
  ['a project on v2', ['--project', 'core', '--issuer', 'v2']],
];

/** `url`: where others find the issuers, which are on this machine all the same. */
export const openTrustDesk = async (conversation: Conversation, url?: string): Promise<TrustDesk> => {
  const server = await startTestServer({
    change: (settings) => arranged(settings, url ?? settings.url),
  });
  for (const path of STACKS) {
    const [project, stack] = path.split('/');
    await server.startRun({ project, stack, operation: 'update' });
  }
  const home = await conversation.home();
  const bin = join(home.folder, 'bin');
  await mkdir(bin);
  await chmod(await home.file('bin/runpass', `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`), 0o755);
  const env = {
    PATH: [bin, process.env['PATH']].join(delimiter),
    RUNPASS_URL: `http://127.0.0.1:${server.settings.http.port}`,
    RUNPASS_ACCESS_TOKEN: server.tokens.admin.trim(),
  };
  const runpass = (...parameters: readonly string[]): Promise<Ran> => home.run(join(bin, 'runpass'), parameters, env);
  const trust = async (...parameters: readonly string[]): Promise<Ran> => {
    const ran = await runpass('trust', ...parameters);
    assert.equal(ran.status, 0, `runpass trust ${parameters.join(' ')}: ${ran.stderr}${ran.stdout}`);
    return ran;
  };
  return {
    server,
    home,
    runpass,
    generate: async (target, flags) => JSON.parse((await trust('generate', target, ...flags, '--json')).stdout),
    async follow(target, flags, more) {
      const { stdout: script } = await trust('generate', target, ...flags);
      const folder = await mkdtemp(join(home.folder, 'followed-'));
      for (const time of ['once', 'twice']) {
        const ran = await home.run('bash', ['-c', `cd '${folder}'\n${script}`], { ...env, ...more });
        assert.equal(ran.status, 0, `followed ${time}: ${ran.stderr}${ran.stdout}\n${script}`);
      }
      return folder;
    },
    async verify(document, flags) {
      await trust('verify', await home.file('have.json', JSON.stringify(document)), ...flags);
    },
    close: () => server.stop(),
  };
};

/** With the issuers elsewhere, and one audience more. */
const arranged = (settings: Settings, url: string): Settings => {
  const { v1, v2 } = settings.issuers;
  const { acme } = settings.organizations;
  assert.ok(acme);
  return {
    ...settings,
    issuers: { v1: { ...v1, url: `${url}/oidc` }, v2: { ...v2, url: `${url}/oidc/v2` } },
    organizations: { ...settings.organizations, acme: { ...acme, audiences: [...acme.audiences, HOSTILE] } },
  };
};

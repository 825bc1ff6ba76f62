import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePlace } from '../../test/cli/runpass.ts';
import type { Ran } from './conversation.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Public URL of the server: as clouds want it, though nobody but this walk reaches it. */
const PUBLIC_URL = 'https://id.example.com';

/** A person at a shell, with a real server and the real programs of a cloud. */
export interface Walk {
  /** Where the server is reached. */
  readonly url: string;
  readonly issuers: { readonly v1: string; readonly v2: string };
  /** A command line as it is, in a folder of the walk. */
  sh(commandLine: string, folder?: string, shell?: 'bash' | 'sh'): Promise<Ran>;
  /** What `sh` prints; a command that fails ends the walk, with what it said. */
  read(commandLine: string, folder?: string): Promise<string>;
  folder(): Promise<string>;
  /** Follows what `runpass trust generate` prints, to the letter: as a script twice, then line by line. */
  follow(target: string, flags: string): Promise<Followed>;
  /** The ID token of a run that is started for it. */
  token(run: string, issuer: 'v1' | 'v2', audience?: string): Promise<string>;
  close(): Promise<void>;
}

export interface Followed {
  /** Where the files of the document are. */
  readonly folder: string;
  /** Commands that were run, all told. */
  readonly commands: number;
  readonly lines: readonly string[];
}

/** `programs`: the folder in which the cloud's are; `env`: how they are told where the cloud is. */
export const openWalk = async (programs: string, env: Readonly<Record<string, string>>): Promise<Walk> => {
  const place = await makePlace();
  const { port } = new URL(place.url);
  await place.serve({ RUNPASS_URL: PUBLIC_URL, RUNPASS_PORT: port, RUNPASS_HOST: '127.0.0.1' });
  const made = await place.run(['token', 'create', '--org', 'acme', '--user', 'admin', '--name', 'walk'], {
    env: { RUNPASS_URL: PUBLIC_URL },
  });
  assert.equal(made.status, 0, made.stderr);
  const bin = join(place.folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'runpass'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(join(bin, 'runpass'), 0o755);
  const surroundings = {
    PATH: [bin, programs, process.env['PATH']].join(':'),
    HOME: join(place.folder, 'home'),
    RUNPASS_URL: place.url,
    RUNPASS_ACCESS_TOKEN: made.stdout.trim(),
    ...env,
  };
  const newFolder = (): Promise<string> => mkdtemp(join(place.folder, 'walk-'));

  const walk: Walk = {
    url: place.url,
    issuers: { v1: `${PUBLIC_URL}/oidc`, v2: `${PUBLIC_URL}/oidc/v2` },
    folder: newFolder,
    sh: (commandLine, folder = place.folder, shell = 'bash') => run(shell, commandLine, folder, surroundings),
    async read(commandLine, folder) {
      const { status, stdout, stderr } = await walk.sh(commandLine, folder);
      assert.equal(status, 0, `${commandLine}: ${stderr}${stdout}`);
      return stdout;
    },
    async follow(target, flags) {
      const folder = await newFolder();
      // As docs/relying-parties have it.
      const piped = `runpass trust generate ${target} ${flags} | sh`;
      await walk.read(piped, folder);
      await walk.read(piped, folder);
      const script = await walk.read(`runpass trust generate ${target} ${flags}`, folder);
      const printed = (await walk.read(`runpass trust generate ${target} ${flags} --out 'the files'`, folder)).trim();
      const [change = '', ...lines] = printed.split('\n');
      assert.deepEqual(
        script.split('\n').filter((line) => lines.includes(line)),
        lines,
      );
      for (const line of lines) await walk.read(`${change}\n${line}`, folder);
      return { folder: join(folder, 'the files'), commands: 3 * lines.length, lines };
    },
    async token(which, issuer, audience) {
      const started = JSON.parse(await walk.read(`runpass run start --show-token --json ${which}`));
      const { token, urls } = started.tokenRequest;
      const url = new URL(urls[issuer].replace(PUBLIC_URL, place.url));
      if (audience !== undefined) url.searchParams.set('audience', audience);
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(answer.status, 200, `no token for ${which}`);
      return ((await answer.json()) as { value: string }).value;
    },
    close: async () => place.remove(),
  };
  return walk;
};

/**
 * What a cloud gave back admits and refuses what the generated document does; gives the number of contexts.
 *
 * `flags` are the scope.
 */
export const sameVerdicts = async (walk: Walk, folder: string, readBack: unknown, flags: string): Promise<string> => {
  await writeFile(join(folder, 'read-back.json'), JSON.stringify(readBack));
  const verify = async (file: string) =>
    JSON.parse(await walk.read(`runpass trust verify ${file} ${flags} --json`, folder));
  const [generated, stored] = [await verify('trust.json'), await verify('read-back.json')];
  assert.deepEqual(
    [stored.proved, stored.admitted, stored.refused],
    [true, generated.admitted, generated.refused],
    JSON.stringify(stored.findings),
  );
  return `admits ${stored.admitted.length}, refuses ${stored.refused}`;
};

export const readJson = async (folder: string, name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));

const PATIENCE_MS = 120_000;

const run = (shell: string, commandLine: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(shell, ['-c', commandLine], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (out[name] += chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...out }));
  });

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bootstrap } from '../../src/keys/change.ts';
import { makeKey } from '../../src/keys/new-key.ts';
import { createSealingKey, readSealingKeys } from '../../src/keys/sealing-file.ts';
import { writeRing } from '../../src/keys/stored-ring.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { openStore } from '../../src/store/open.ts';
import { epochSeconds, silentLog, systemClock, systemRandom } from '../../src/system.ts';

/** The folders and settings that the replicas of one test share. */
export interface Installation {
  readonly folder: string;
  /** Public base URL: what stands in `iss`; the replicas listen elsewhere. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes the file of the organization "acme" anew. */
  declare(yaml: string): void;
  /** The first administrator's token, in whichever data folder it was made. */
  adminToken(): string;
  /** Runs one command of `runpass` on the host of the store. */
  command(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server in a process of its own. */
export interface Replica {
  /** Where it listens: `http://127.0.0.1:<port>`. */
  readonly base: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Everything that it has printed so far. */
  output(): string;
  /** Log lines so far. */
  lines(): readonly LogLine[];
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly ms: number;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came
  readonly body: any;
}

const MAIN = new URL('../../src/main.ts', import.meta.url);
const SWIFT_SERVER = new URL('./swift-server.ts', import.meta.url);
const ACME = 'name: acme\nusers:\n  - login: admin\n    role: administrator\n';

/** Times that a test can wait for; idle connections of a test need no patience. */
export const SHORTEST = 'keys: {staleness: 5, clockError: 1, cacheMaxAge: 60}\nhttp: {drainSeconds: 2}\n';

/** Makes the folders of an installation, with a sealing key, and removes them when the test is over. */
export const install = async (
  t: TestContext,
  options: { readonly store?: string; readonly settings?: string; readonly sealingKey?: boolean } = {},
): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-e2e-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const url = 'http://localhost:8080';
  const organization = join(folder, 'config/organizations/acme.yaml');
  mkdirSync(join(folder, 'config/organizations'), { recursive: true });
  writeFileSync(organization, ACME);
  writeFileSync(join(folder, 'config/runpass.yaml'), `url: ${url}\n${options.settings ?? ''}`);
  if (options.sealingKey ?? true) await createSealingKey(join(folder, 'keys'), systemRandom);
  const env = {
    RUNPASS_HOST: '127.0.0.1',
    RUNPASS_PORT: '0',
    ...(options.store !== undefined && { RUNPASS_STORE: options.store }),
  };
  return {
    folder,
    url,
    env,
    declare: (yaml) => writeFileSync(organization, yaml),
    adminToken() {
      const file = ['data', 'data-1', 'data-2'].map((name) => join(folder, name, 'admin.token')).find(existsSync);
      if (file === undefined) throw new Error('no replica made the first token');
      return readFileSync(file, 'utf8').trim();
    },
    command: (args, more = {}) => run(MAIN, args, folder, { ...env, ...more }).ended,
  };
};

/** Puts key rings into the store that were made an hour ago: with Redis the first key of a new one waits before it signs. */
export const haveRings = async ({ folder, env }: Installation): Promise<void> => {
  const loaded = await loadSettings({ env, cwd: folder });
  const sealingKeys = await readSealingKeys(join(folder, 'keys'));
  if ('problems' in loaded || !sealingKeys) throw new Error('the settings or the sealing key of a test are wrong');
  const system = { clock: systemClock, random: systemRandom, log: silentLog };
  const store = await openStore(loaded.settings.store, system, { server: false });
  const made = epochSeconds(systemClock) - 3600;
  for (const { name, alg, timing } of Object.values(loaded.settings.issuers)) {
    await writeRing(store, bootstrap(name, await makeKey(name, alg, sealingKeys), made, made, timing), 0);
  }
  await store.close();
};

interface ServeOptions {
  /** Name of its data folder, where replicas share a store. */
  readonly data?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs with key times of seconds, which no settings file allows. */
  readonly swift?: boolean;
}

/** Starts `runpass serve` and waits until it listens; kills it when the test is over. */
export const serve = async (t: TestContext, place: Installation, options: ServeOptions = {}): Promise<Replica> => {
  const started = launch(t, place, options);
  await waitFor('the server to start', () => {
    if (started.process.exitCode !== null) throw new Error(`the server ended: ${started.output()}`);
    return started.output().includes('"message":"server started"');
  });
  const port = Number(/"host":"127\.0\.0\.1","port":(\d+)/.exec(started.output())?.[1]);
  const base = `http://127.0.0.1:${port}`;
  return { ...started, base, port };
};

/** Starts it where it is expected to end by itself. */
export const serveUntilItEnds = (t: TestContext, place: Installation, options: ServeOptions = {}): Promise<Ended> =>
  Promise.race([
    launch(t, place, options).ended,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('the server did not end')), 15_000).unref();
    }),
  ]);

const launch = (t: TestContext, place: Installation, { data, env, swift }: ServeOptions) => {
  const folder = data === undefined ? {} : { RUNPASS_DATA: join(place.folder, data) };
  const program = swift ? SWIFT_SERVER : MAIN;
  const started = run(program, swift ? [] : ['serve'], place.folder, { ...place.env, ...folder, ...env });
  t.after(async () => {
    started.process.kill('SIGKILL');
    await started.ended;
  });
  return started;
};

const run = (program: URL, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) => {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(RUNPASS_|NODE_TEST|NODE_OPTIONS)/.test(name));
  const child = spawn(process.execPath, [fileURLToPath(program), ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), HOME: cwd, XDG_CONFIG_HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  return {
    process: child,
    ended,
    output: () => stdout + stderr,
    lines: () =>
      stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as LogLine),
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
  };
};

/** Asks until it holds; fails after `seconds`. */
export const waitFor = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 15,
): Promise<void> => {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await pause(10);
  }
};

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

interface Sent {
  readonly method?: string;
  readonly token?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request; rejects only where the connection failed. */
export const ask = async (base: string, path: string, sent: Sent = {}): Promise<Answer> => {
  const started = performance.now();
  const body = sent.form ? new URLSearchParams(sent.form) : sent.json === undefined ? null : JSON.stringify(sent.json);
  const response = await fetch(base + path, {
    method: sent.method ?? (body === null ? 'GET' : 'POST'),
    body,
    headers: {
      ...(sent.json !== undefined && { 'content-type': 'application/json' }),
      ...(sent.token !== undefined && { authorization: `Bearer ${sent.token}` }),
      ...sent.headers,
    },
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  const ms = performance.now() - started;
  const { status, headers } = response;
  return {
    status,
    headers,
    text,
    ms,
    get body() {
      return JSON.parse(text);
    },
  };
};

export interface StartedRun {
  readonly id: string;
  readonly version: number;
  readonly tokenRequest: { readonly token: string; readonly urls: { readonly v1: string; readonly v2: string } };
}

/** Asks for a new run. */
export const askForRun = (base: string, token: string, stack = 'dev'): Promise<Answer> =>
  ask(base, '/api/orgs/acme/runs', { token, json: { project: 'core', stack, operation: 'update' } });

/** Asks for a token of a run at whichever replica. */
export const askForToken = (base: string, run: StartedRun, issuer: 'v1' | 'v2' = 'v1'): Promise<Answer> => {
  const { pathname, search } = new URL(run.tokenRequest.urls[issuer]);
  return ask(base, `${pathname}${search}&audience=${issuer === 'v1' ? 'acme' : 'anybody'}`, {
    token: run.tokenRequest.token,
  });
};

/** The door to readiness of a replica: waits until it may issue. */
export const untilIssuing = (replica: Pick<Replica, 'base'>): Promise<void> =>
  waitFor('the replica to be ready', async () => (await ask(replica.base, '/readyz/issue')).status === 200);

/** Starts a run where it must succeed; on a busy machine the store may be late, and then the answer says to try again. */
export const startRun = async (base: string, token: string, stack?: string): Promise<StartedRun> => {
  for (let attempt = 1; ; attempt++) {
    const answer = await askForRun(base, token, stack);
    if (answer.status === 201) return answer.body as StartedRun;
    if (answer.status !== 503 || attempt === 5) throw new Error(`no run: ${answer.status} ${answer.text}`);
    await pause(500);
  }
};

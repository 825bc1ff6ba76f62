import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { freePort } from '../redis.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(PROJECT, 'src/main.ts');

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** A folder of its own with the shipped settings, and commands that run in it with an environment of its own. */
export interface Place {
  readonly folder: string;
  readonly url: string;
  run(args: readonly string[], options?: { readonly env?: Env; readonly stdin?: string }): Promise<Ended>;
  /** Starts `serve` and waits until it has said that it serves; `remove` ends it, if nothing else did. */
  serve(env?: Env): Promise<Served>;
  remove(): void;
}

export interface Served {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly said: { readonly stdout: () => string; readonly stderr: () => string };
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

type Env = Readonly<Record<string, string>>;

export const makePlace = async (): Promise<Place> => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-cli-'));
  cpSync(join(PROJECT, 'config'), join(folder, 'config'), { recursive: true });
  // The tests' own idle connections are not worth waiting for.
  appendFileSync(join(folder, 'config/runpass.yaml'), '\nhttp:\n  drainSeconds: 1\n');
  mkdirSync(join(folder, 'home'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const environment = { PATH: process.env['PATH'] ?? '', HOME: join(folder, 'home'), RUNPASS_URL: url };
  const start = (args: readonly string[], env: Env): ChildProcess =>
    spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: { ...environment, ...env }, stdio: 'pipe' });

  const servers: ChildProcess[] = [];
  return {
    folder,
    url,
    async run(args, { env = {}, stdin = '' } = {}) {
      const child = start(args, env);
      assert.ok(child.stdout && child.stderr && child.stdin);
      child.stdin.on('error', () => undefined);
      child.stdin.end(stdin);
      const [stdout, stderr, [status]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit') as Promise<[number | null]>,
      ]);
      return { stdout, stderr, status };
    },
    async serve(env = {}) {
      const child = start(['serve'], env);
      servers.push(child);
      let [stdout, stderr] = ['', ''];
      // Two pipes: the one may come before the other.
      const isUp = (): boolean => stdout.includes('server started') && /^(?:Try|For an access token): /m.test(stderr);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        stdout += chunk;
        if (isUp()) resolve();
      });
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
        stderr += chunk;
        if (isUp()) resolve();
      });
      child.once('exit', () => reject(new Error(`serve ended: ${stderr}${stdout}`)));
      await promise;
      return {
        child,
        said: { stdout: () => stdout, stderr: () => stderr },
        async stop(signal = 'SIGTERM') {
          const ended = once(child, 'exit') as Promise<[number | null]>;
          child.kill(signal);
          return (await ended)[0];
        },
      };
    },
    remove() {
      for (const server of servers) server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

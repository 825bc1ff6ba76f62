import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestServer } from '../server.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface ExecEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Env = Readonly<Record<string, string>>;

/** `runpass exec` as a process of its own against a real server: streams, signals and statuses are the kernel's. */
export interface ExecDesk {
  /** Where its temporary files are, and nobody else's. */
  readonly temporary: string;
  /** `args` stand between the run that is named and the command. */
  start(args: readonly string[], command: readonly string[], env?: Env): ChildProcessWithoutNullStreams;
  ending(child: ChildProcessWithoutNullStreams): Promise<ExecEnd>;
  run(args: readonly string[], command: readonly string[], env?: Env): Promise<ExecEnd>;
  /** A script of the shell. */
  sh(script: string, args?: readonly string[], env?: Env): Promise<ExecEnd>;
  /** Everything that still lies there. */
  leftovers(): readonly string[];
  /** The status of the newest run. */
  newestRun(): Promise<{ readonly id: string; readonly status: string }>;
  remove(): void;
}

export const makeExecDesk = (server: TestServer, standard: Env = {}, stack = 'dev'): ExecDesk => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-exec-'));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const named = ['--org', 'acme', '--project', 'core', '--stack', stack, '--operation', 'update'];
  const desk: ExecDesk = {
    temporary,
    start: (args, command, env = {}) =>
      spawn(process.execPath, [MAIN, 'exec', ...named, ...args, ...(command.length > 0 ? ['--', ...command] : [])], {
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          TMPDIR: temporary,
          RUNPASS_URL: server.url,
          RUNPASS_ACCESS_TOKEN: server.tokens.admin,
          ...standard,
          ...env,
        },
      }),
    async ending(child) {
      child.stdin.on('error', () => undefined);
      child.stdin.end();
      const [stdout, stderr, [status, signal]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
      ]);
      return { stdout, stderr, status, signal };
    },
    run: (args, command, env) => desk.ending(desk.start(args, command, env)),
    sh: (script, args = [], env = {}) => desk.run(args, ['sh', '-c', script], env),
    leftovers: () => (existsSync(temporary) ? readdirSync(temporary, { recursive: true, encoding: 'utf8' }) : []),
    async newestRun() {
      const path = `/api/orgs/acme/runs?project=core&stack=${stack}`;
      const { json, text: said } = await server.ask('GET', path, { as: 'admin' });
      assert.ok(json.runs?.[0], said);
      return json.runs[0];
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  return desk;
};

/** Saves how runs of a stack get credentials of clouds. */
export const saveClouds = async (server: TestServer, oidc: object, stack = 'dev'): Promise<void> => {
  const path = `/api/stacks/acme/core/${stack}/deployments/settings`;
  const { status, text: said } = await server.ask('PUT', path, { as: 'admin', json: { operationContext: { oidc } } });
  assert.equal(status, 200, said);
};

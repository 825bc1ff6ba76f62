import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../redis.ts';
import type { TestServer } from '../server.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface RunningAgent {
  readonly child: ChildProcess;
  stderr(): string;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ShownDeployment {
  readonly status: string;
  readonly runStatus: string;
  readonly steps: readonly (readonly [name: string, status: string])[];
  /** All lines of its log. */
  readonly log: string;
}

/** Agents as processes of their own, and those who ask for deployments, against a real server. */
export interface AgentDesk {
  readonly folder: string;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<RunningAgent>;
  deploy(body?: object): Promise<string>;
  show(id: string): Promise<ShownDeployment>;
  cancel(id: string): Promise<void>;
  /** Waits until a deployment has ended, or something else holds for it. */
  ended(id: string, holds?: (shown: ShownDeployment) => boolean): Promise<ShownDeployment>;
  leftovers(): readonly string[];
  remove(): void;
}

const BASE = '/api/stacks/acme/core/dev/deployments';
const OVER = ['succeeded', 'failed', 'skipped'];

export const makeAgentDesk = async (server: TestServer, pool: string): Promise<AgentDesk> => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-agent-'));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const made = await server.ask('POST', '/api/orgs/acme/agent-pools', { as: 'admin', json: { name: pool } });
  assert.equal(made.status, 200, made.text);
  const agents: ChildProcess[] = [];
  const get = async (path: string) => {
    const answer = await server.ask('GET', BASE + path, { as: 'admin' });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const logOf = async (id: string): Promise<string> => {
    const { lines } = await get(`/${id}/logs`);
    return lines
      .map(({ header, line }: { header?: string; line?: string }) => (header ? `# ${header}` : line))
      .join('\n');
  };
  const desk: AgentDesk = {
    folder,
    async start(args, env = {}) {
      const child = spawn(process.execPath, [MAIN, 'agent', '--pool', pool, '--poll-interval', '1', ...args], {
        cwd: folder,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          TMPDIR: temporary,
          RUNPASS_URL: server.url,
          RUNPASS_AGENT_TOKEN: made.json.tokenValue,
          ...env,
        },
      });
      agents.push(child);
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      await until(async () => stderr.includes('asks http') || child.exitCode !== null);
      return {
        child,
        stderr: () => stderr,
        async end(signal) {
          if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
          const ended = once(child, 'exit') as Promise<[number | null]>;
          child.kill(signal);
          return (await ended)[0];
        },
      };
    },
    async deploy(body = {}) {
      const json = { operation: 'update', agentPoolID: pool, ...body };
      const answer = await server.ask('POST', BASE, { as: 'admin', json });
      assert.equal(answer.status, 202, answer.text);
      return answer.json.id;
    },
    async show(id) {
      const { status, runStatus, jobs } = await get(`/${id}`);
      const steps = (jobs?.[0]?.steps ?? []).map(({ name, status: how }: { name: string; status: string }) => [
        name,
        how,
      ]);
      return { status, runStatus, steps, log: await logOf(id) };
    },
    async cancel(id) {
      const answer = await server.ask('POST', `${BASE}/${id}/cancel`, { as: 'admin' });
      assert.equal(answer.status, 200, answer.text);
    },
    async ended(id, holds = ({ status }) => OVER.includes(status)) {
      await until(async () => holds(await desk.show(id)));
      return desk.show(id);
    },
    leftovers: () => (existsSync(temporary) ? readdirSync(temporary, { recursive: true, encoding: 'utf8' }) : []),
    remove() {
      for (const child of agents) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return desk;
};

/**
 * `npm run smoke`, after `npm run build`: does what we ship work as shipped?
 *
 * Replays the last stage of the Dockerfile in a clean folder, starts its entry point there, takes a token as a
 * stranger would, verifies it from the issuer URL alone, and stops the server with SIGTERM.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { environmentOf, parseDockerfile, type Stage } from './dockerfile.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const START_TIMEOUT_MS = 15_000;
const ORGANIZATION = 'acme';

interface Discovery {
  readonly issuer: string;
  readonly jwks_uri: string;
}
interface StartedRun {
  readonly version: number;
  readonly status: string;
  readonly tokenRequest: { readonly url: string; readonly token: string };
}
interface TokenAnswer {
  readonly count: number;
  readonly value: string;
}

const main = async (): Promise<void> => {
  assert.ok(existsSync(join(PROJECT, 'dist/main.js')), 'dist/ is not there: run "npm run build" first');
  const image = parseDockerfile(readFileSync(join(PROJECT, 'Dockerfile'), 'utf8')).at(-1);
  assert.ok(image, 'the Dockerfile has no stage');
  const folder = mkdtempSync(join(tmpdir(), 'runpass-smoke-'));
  try {
    await step('the image, laid out in a clean folder', () => layOut(image, folder));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = startServer(image, folder, { RUNPASS_URL: url, RUNPASS_HOST: '127.0.0.1', RUNPASS_PORT: `${port}` });
    try {
      await step('alive', () => untilHealthy(url, server));
      await step('health check of the image', () => checkHealth(image, folder, port));
      await step('a run, its token, verified from the issuer URL', () => takeToken(url, folder));
      await step('SIGTERM, exit 0', () => stop(server));
    } finally {
      server.kill('SIGKILL');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const step = async (name: string, work: () => Promise<void> | void): Promise<void> => {
  const startedMs = performance.now();
  await work();
  console.log(`ok  ${name} (${Math.round(performance.now() - startedMs)} ms)`);
};

/** Replays the stage's COPY and RUN lines; the working tree stands for the build stage and its empty data/. */
const layOut = (image: Stage, folder: string): void => {
  for (const { name, flags, words, text } of image.instructions) {
    if (name === 'COPY') {
      const target = words.at(-1) ?? '.';
      for (const source of words.slice(0, -1)) {
        const from = flags['from'] ? source.replace('/build/', '') : source;
        const into = target.endsWith('/') ? join(folder, target, basename(from)) : join(folder, target);
        if (from === 'data') mkdirSync(into);
        else cpSync(join(PROJECT, from), into, { recursive: true, filter: isNoKey });
      }
    } else if (name === 'RUN') {
      // Cleaning npm's cache is for the image; here it is the developer's own.
      const command = text.replace(' && npm cache clean --force', '');
      execFileSync('sh', ['-c', command], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    }
  }
};

/** Like .dockerignore: of keys/, only the page about it. */
const isNoKey = (path: string): boolean => !/^\/keys\/(?!README\.md$)[^/]+$/.test(path.slice(PROJECT.length - 1));

const startServer = (image: Stage, folder: string, settings: Readonly<Record<string, string>>): ChildProcess => {
  const [command = '', ...parameters] = ['ENTRYPOINT', 'CMD'].flatMap((name) => wordsOf(image, name));
  const { PATH = '' } = process.env;
  return spawn(command, parameters, {
    cwd: folder,
    env: { PATH, ...environmentOf(image), ...settings },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
};

const wordsOf = (image: Stage, name: string): readonly string[] =>
  image.instructions.findLast((instruction) => instruction.name === name)?.words ?? [];

const untilHealthy = async (url: string, server: ChildProcess): Promise<void> => {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (const path of ['/healthz', '/readyz/keys', '/readyz/issue']) {
    while (!(await fetch(url + path).catch(() => undefined))?.ok) {
      assert.equal(server.exitCode, null, `the server ended before ${path} answered`);
      assert.ok(performance.now() < deadlineMs, `${path} did not answer 200 within ${START_TIMEOUT_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};

const checkHealth = (image: Stage, folder: string, port: number): void => {
  const [command = '', ...parameters] = wordsOf(image, 'HEALTHCHECK');
  execFileSync(command, parameters, { cwd: folder, env: { PATH: process.env['PATH'], RUNPASS_PORT: `${port}` } });
};

const takeToken = async (url: string, folder: string): Promise<void> => {
  const issuer = `${url}/oidc`;
  const discovery = await json<Discovery>(200, `${issuer}/.well-known/openid-configuration`);
  assert.equal(discovery.issuer, issuer);

  const administrator = readFileSync(join(folder, 'data/admin.token'), 'utf8').trim();
  const run = await json<StartedRun>(201, `${url}/api/orgs/${ORGANIZATION}/runs`, {
    method: 'POST',
    headers: { authorization: `token ${administrator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ project: 'core', stack: 'dev', operation: 'update' }),
  });
  assert.deepEqual([run.version, run.status], [1, 'running']);

  const { url: tokenUrl, token } = run.tokenRequest;
  const answer = await json<TokenAnswer>(200, `${tokenUrl}&audience=${ORGANIZATION}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.count, 1);

  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  const { payload } = await jwtVerify(answer.value, keys, { issuer, audience: ORGANIZATION, typ: 'JWT' });
  assert.equal(payload.sub, `pulumi:deploy:org:${ORGANIZATION}:project:core:stack:dev:operation:update:scope:write`);
};

const json = async <Answer>(status: number, url: string, request?: RequestInit): Promise<Answer> => {
  const response = await fetch(url, request);
  const text = await response.text();
  assert.equal(response.status, status, `${request?.method ?? 'GET'} ${new URL(url).pathname} answered ${text}`);
  return JSON.parse(text);
};

const stop = async (server: ChildProcess): Promise<void> => {
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
};

const freePort = async (): Promise<number> => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  assert.ok(address && typeof address === 'object');
  return address.port;
};

await main();

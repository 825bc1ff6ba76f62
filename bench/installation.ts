import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSealingKey } from '../src/keys/sealing-file.ts';
import type { Timing } from '../src/keys/timing.ts';
import { DEFAULTS } from '../src/settings/defaults.ts';
import { systemRandom } from '../src/system.ts';
import { freePort } from '../test/redis.ts';
import { type Child, startChild } from './child.ts';
import type { ServerGiven } from './server.ts';

/** An installation in a folder of its own: one organization, one administrator, the settings as shipped. */
export interface Installation {
  readonly folder: string;
  /** The settings file. */
  readonly file: string;
  readonly url: string;
  /** The first administrator's access token; made by the first start. */
  administrator(): string;
  remove(): void;
}

export const ORGANIZATION = 'acme';

/** The times as shipped, but for S: with Redis, nothing is issued before S has passed. */
const USUAL_TIMING: Timing = { ...DEFAULTS.keys, staleness: 2 };

/** Lays out an installation; without `store` it is an embedded one, with everything still to be made. */
export const makeInstallation = async (store?: string): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-bench-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  mkdirSync(join(folder, 'config', 'organizations'), { recursive: true });
  const file = join(folder, 'config', 'runpass.yaml');
  writeFileSync(file, `url: ${url}\n${store === undefined ? '' : `store:\n  url: ${store}\n`}`);
  writeFileSync(
    join(folder, 'config', 'organizations', `${ORGANIZATION}.yaml`),
    `name: ${ORGANIZATION}\nusers:\n  - login: admin\n    role: administrator\n`,
  );
  if (store !== undefined) {
    mkdirSync(join(folder, 'keys'));
    await createSealingKey(join(folder, 'keys'), systemRandom);
  }
  return {
    folder,
    file,
    url,
    administrator: () => readFileSync(join(folder, 'data', 'admin.token'), 'utf8').trim(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** A server of that installation, ready to issue. */
export const startServer = async (installation: Installation, options: Omit<ServerGiven, 'file'>): Promise<Child> => {
  const given: ServerGiven = { file: installation.file, timing: USUAL_TIMING, ...options };
  const server = await startChild('server.ts', given);
  const url = options.replica ? `http://127.0.0.1:${options.replica.port}` : installation.url;
  await untilReady(url);
  return server;
};

/** Waits until issuing is open: with Redis that is S after the first keys were made. */
const untilReady = async (url: string): Promise<void> => {
  const endMs = performance.now() + 60_000;
  for (;;) {
    const answer = await fetch(`${url}/readyz/issue`).catch(() => undefined);
    if (answer?.ok) return;
    if (performance.now() > endMs) throw new Error(`${url} is not ready: ${await answer?.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Sealer } from '../src/audit/key.ts';
import { openAuditLog } from '../src/audit/log.ts';
import { type RingDesk, rotateKeys, rotateKeysUnsafely } from '../src/flows/rotate-keys.ts';
import { open, seal } from '../src/keys/seal.ts';
import { readSealingKeys } from '../src/keys/sealing-file.ts';
import type { Timing } from '../src/keys/timing.ts';
import { loadSettings } from '../src/settings/load.ts';
import { openStore } from '../src/store/open.ts';
import { silentLog, systemClock, systemRandom } from '../src/system.ts';
import { freePort, startRedis } from '../test/redis.ts';
import { makeInstallation, ORGANIZATION, startServer } from './installation.ts';
import { openRunClient } from './run-client.ts';
import { type FleetFigures, openFleet } from './verifiers.ts';

export interface KeySetUpOptions {
  readonly code: 'src' | 'dist';
  /** What the rings are told. */
  readonly timing: Timing;
  readonly verifiers: number;
  /** What the verifiers do: see verifiers.ts. */
  readonly leeway: number;
  readonly cacheFor?: number;
  readonly checksPerToken: number;
}

export interface KeySetUp {
  /** Starts to ask for tokens and to show them around. */
  begin(): void;
  /** How often the signing key has changed, as the tokens tell. */
  rotations(): number;
  /** Asks for a regular rotation, impatiently. */
  rotateTwice(): Promise<void>;
  /** Lets a key sign that no verifier ever saw: the second of two calls finds no spare, and makes one. */
  rotateUnsafely(): Promise<void>;
  /** Waits for the last checks, then ends everything. */
  end(): Promise<FleetFigures & { readonly rotations: number; readonly unissued: number }>;
}

const TOKENS_PER_SECOND = 28;
const RUNS = 20;

/** The operator's name in audit records. */
export const OPERATOR = 'operator:bench';

/** Two replicas over one Redis, a fleet of verifiers behind a round robin, and an operator on the store. */
export const openKeySetUp = async (options: KeySetUpOptions): Promise<KeySetUp> => {
  const { code, timing, checksPerToken } = options;
  const redis = await startRedis();
  const installation = await makeInstallation(redis.url);
  const replica = { port: await freePort(), data: join(installation.folder, 'data-2') };
  const origins = [installation.url, `http://127.0.0.1:${replica.port}`];
  const servers = [
    await startServer(installation, { code, timing }),
    await startServer(installation, { code, timing, replica }),
  ];
  const clients = origins.map((origin) => openRunClient(origin, installation.administrator(), 8));
  const client = (turn: number) => clients[turn % clients.length] as (typeof clients)[number];
  const runs = await Promise.all(Array.from({ length: RUNS }, (_, at) => client(at).startRun(`stack-${at}`)));
  const fleet = openFleet({
    ...options,
    issuer: `${installation.url}/oidc`,
    audience: ORGANIZATION,
    keySets: origins.map((origin) => `${origin}/oidc/.well-known/jwks`),
  });
  const operator = await openOperator(installation.file, timing);

  const kids = new Set<string>();
  let turns = 0;
  let unissued = 0;
  let load: NodeJS.Timeout | undefined;
  const issuing = new Set<Promise<void>>();
  const issue = async (): Promise<void> => {
    const turn = turns++;
    try {
      const jwt = await client(turn).mint(runs[turn % runs.length] as (typeof runs)[number]);
      kids.add(decodeProtectedHeader(jwt).kid ?? '');
      fleet.present(jwt, decodeJwt(jwt).exp ?? 0, checksPerToken);
    } catch {
      unissued++;
    }
  };
  const rotations = (): number => Math.max(0, kids.size - 1);
  // A change that a busy machine's store did not take in time is left out; the set-up goes on.
  const attempt = (change: Promise<unknown>): Promise<unknown> => change.catch(() => undefined);

  return {
    begin() {
      load = setInterval(() => {
        const token = issue();
        issuing.add(token);
        void token.finally(() => issuing.delete(token));
      }, 1000 / TOKENS_PER_SECOND);
    },
    rotations,
    async rotateTwice() {
      await attempt(rotateKeys(operator));
      await attempt(rotateKeys(operator));
    },
    async rotateUnsafely() {
      // Times of a ring are whole seconds, and servers publish a new spare within one: late in this second, early in the next.
      await sleep((1_800 - (Date.now() % 1_000)) % 1_000);
      await attempt(rotateKeysUnsafely(operator, 'negative control'));
      await sleep(1_000 - (Date.now() % 1_000));
      await attempt(rotateKeysUnsafely(operator, 'negative control'));
    },
    async end() {
      clearInterval(load);
      await Promise.all(issuing);
      const figures = await fleet.figures();
      await operator.close();
      await Promise.all([...clients.map((one) => one.close()), ...servers.map((server) => server.kill())]);
      await redis.stop();
      installation.remove();
      return { ...figures, rotations: rotations(), unissued };
    },
  };
};

/** What `runpass keys` works with, on the store itself, with times of its own. */
export const openOperator = async (file: string, timing: Timing): Promise<RingDesk & { close(): Promise<void> }> => {
  const loaded = await loadSettings({ file, env: {}, cwd: process.cwd() });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const { folders, retention, store: storeSettings } = loaded.settings;
  const sealingKeys = await readSealingKeys(folders.keys);
  if (!sealingKeys) throw new Error(`there is no sealing key in ${folders.keys}`);
  const system = { clock: systemClock, random: systemRandom, log: silentLog };
  const store = await openStore(storeSettings, system, { server: false });
  const sealer: Sealer = {
    seal: (purpose, text) => seal(sealingKeys, purpose, text),
    open: (purpose, text) => open(sealingKeys, purpose, text),
  };
  const audit = openAuditLog({ ...system, store, sealer, retention, replica: 'operator' });
  const close = async (): Promise<void> => {
    await audit.close();
    await store.close();
  };
  return { name: 'v1', timing, store, audit, sealingKeys, actor: OPERATOR, close };
};

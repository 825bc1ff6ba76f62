import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import type { Holder } from '../src/access/principal.ts';
import { type RunningServer, serveParts } from '../src/assemble.ts';
import { formatProblems } from '../src/documents.ts';
import {
  changeAlgorithmOfKeys,
  type KeyAnswer,
  listKeys,
  type RingDesk,
  rotateKeysUnsafely,
} from '../src/flows/rotate-keys.ts';
import type { SigningAlgorithm } from '../src/keys/ring.ts';
import { createSealingKey } from '../src/keys/sealing-file.ts';
import { openParts, type Parts } from '../src/parts.ts';
import { fingerprint } from '../src/secret.ts';
import { loadSettings } from '../src/settings/load.ts';
import type { IssuerName, Settings } from '../src/settings/settings.ts';
import { type Clock, type Log, systemClock, systemRandom } from '../src/system.ts';
import { type Answer, type Ask, ask } from './http/ask.ts';
import { freePort, until } from './redis.ts';

export interface TestServerOptions {
  /** Absent: a file in the test's own folder. A `redis:` URL is somebody else's Redis. */
  readonly store?: 'memory' | 'sqlite' | `redis://${string}`;
  /** Serve the same installation as this server: same folders, public URL and Redis, another port. */
  readonly beside?: TestServer;
  /** Algorithm of both issuers. */
  readonly alg?: SigningAlgorithm;
  /** Lines of the settings file beside the usual ones. */
  readonly lines?: readonly string[];
  /** Last word on the settings: for timings that no settings file may have. */
  readonly change?: (settings: Settings) => Settings;
  readonly clock?: Clock;
}

/** Everybody who can knock, by name. `bob` is a member without a role; `carol` and team `ops` may update and preview core/dev. */
const HOLDERS = {
  bob: { kind: 'personal', organization: 'acme', name: 'bob' },
  carol: { kind: 'personal', organization: 'acme', name: 'carol' },
  ops: { kind: 'team', organization: 'acme', name: 'ops' },
  organization: { kind: 'organization', organization: 'acme', name: 'acme', roles: ['deployer'] },
  organizationAdmin: { kind: 'organization', organization: 'acme', name: 'acme', administrator: true },
  client: { kind: 'client', organization: 'acme', name: 'jenkins' },
  stranger: { kind: 'personal', organization: 'umbrella', name: 'wesker' },
} as const satisfies Record<string, Omit<Holder, 'tokenName'>>;

export type Caller = 'admin' | keyof typeof HOLDERS;

export const CLIENT_SECRET = 'correct horse battery staple: +/%&=';

/** A real server in this process, on a port of its own, with two organizations and a token for everybody. */
export interface TestServer {
  /** Public URL: `http://localhost:<port>`. */
  readonly url: string;
  readonly settings: Settings;
  readonly running: RunningServer;
  readonly parts: Parts;
  readonly tokens: Readonly<Record<Caller, string>>;
  /** Private key of the client `argo`, which authenticates by `private_key_jwt`; `jenkins` has `CLIENT_SECRET`. */
  readonly clientKey: CryptoKey;
  /** All that was logged, unredacted, one line an event. */
  readonly log: readonly string[];
  readonly folder: string;
  /** Sends a request to this very server; `as` adds the access token. */
  ask(method: string, path: string, what?: Partial<Ask> & { readonly as?: Caller }): Promise<Answer>;
  /** Starts a run as `as` (the administrator when absent) and gives the server's answer, which must be 201. */
  startRun(body: object, as?: Caller): Promise<StartedRun>;
  /** Changes the keys as an operator on the store's host does; `alg` first makes that the algorithm of the next key. */
  rotateUnsafely(issuer: IssuerName, alg?: SigningAlgorithm): Promise<KeyAnswer>;
  stop(): Promise<void>;
}

export interface StartedRun {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly deadline: string;
  readonly tokenRequest: { readonly url: string; readonly token: string; readonly urls: { v1: string; v2: string } };
}

export const startTestServer = async (options: TestServerOptions = {}): Promise<TestServer> => {
  const { beside } = options;
  const folder = beside?.folder ?? (await mkdtemp(join(tmpdir(), 'runpass-server-')));
  const port = await freePort();
  const keys = beside ? { privateKey: beside.clientKey } : await writeInstallation(folder, port, options);
  const loaded = await loadSettings({ env: {}, cwd: folder });
  if ('problems' in loaded) throw new Error(formatProblems(loaded.problems));
  // Neither a flood of refusals nor connections that a test left open may slow a test down.
  const patient = { ...loaded.settings.http, port, refusalsPerMinute: 1_000_000, drainSeconds: 0 };
  const settings = (options.change ?? ((all) => all))({ ...loaded.settings, http: patient });

  const log: string[] = [];
  const system = { clock: options.clock ?? systemClock, random: systemRandom, log: recordingLog(log) };
  const parts = await openParts(settings, system, { server: true });
  const running = await serveParts(parts);
  const tokens = beside?.tokens ?? (await makeTokens(parts, settings));
  const address = `http://127.0.0.1:${port}`;

  const server: TestServer = {
    url: settings.url,
    settings,
    running,
    parts,
    tokens,
    clientKey: keys.privateKey,
    log,
    folder,
    ask: (method, path, { as, headers, ...what } = {}) =>
      ask(address, {
        method,
        path,
        ...what,
        headers: { ...(as && { authorization: `token ${tokens[as]}` }), ...headers },
      }),
    async startRun(body, as = 'admin') {
      const answer = await server.ask('POST', '/api/orgs/acme/runs', { as, json: body });
      if (answer.status !== 201) throw new Error(`the run was not started: ${answer.text}`);
      return answer.json as unknown as StartedRun;
    },
    async rotateUnsafely(name, alg) {
      const { store, audit, sealingKeys } = parts;
      const { timing } = settings.issuers[name];
      const desk: RingDesk = { name, store, audit, sealingKeys, timing, actor: 'operator:test' };
      if (alg) await changeAlgorithmOfKeys(desk, alg);
      // Times are whole seconds: a switch in the very second of the one before it would be a tie.
      await until(async () => {
        const ring = await listKeys(desk);
        return ring?.keys.every(({ signFrom }) => signFrom !== ring.now) ?? false;
      });
      return rotateKeysUnsafely(desk, 'a test asks for it');
    },
    async stop() {
      await running.stop();
      if (!beside) await rm(folder, { recursive: true, force: true });
    },
  };
  return server;
};

const writeInstallation = async (folder: string, port: number, options: TestServerOptions) => {
  const { store = 'sqlite', alg, lines = [] } = options;
  const keys = await generateKeyPair('ES256', { extractable: true });
  const storeLine = { memory: ['  url: "memory:"'], sqlite: ['  url: sqlite:data/runpass.db'] }[store as string];
  const settings = [
    `url: http://localhost:${port}`,
    'store:',
    ...(storeLine ?? [`  url: ${store}`]),
    'organizations:',
    '  acme:',
    `    audiences: [${AUDIENCES.map((audience) => `"${audience}"`).join(', ')}]`,
    ...(alg ? ['issuers:', `  v1: { alg: ${alg} }`, `  v2: { alg: ${alg} }`] : []),
    ...lines,
  ];
  const organizations = join(folder, 'config', 'organizations');
  await mkdir(organizations, { recursive: true });
  await mkdir(join(folder, 'keys'), { mode: 0o700 });
  await writeFile(join(folder, 'config', 'runpass.yaml'), `${settings.join('\n')}\n`);
  await writeFile(join(organizations, 'acme.yaml'), acme(JSON.stringify(await exportJWK(keys.publicKey))));
  await writeFile(join(organizations, 'umbrella.yaml'), UMBRELLA);
  if (store.startsWith('redis:')) await createSealingKey(join(folder, 'keys'), systemRandom);
  return keys;
};

/** What acme may ask v1 for beside its own name. */
export const AUDIENCES = ['sts.amazonaws.com', 'api://AzureADTokenExchange', '//iam.googleapis.com/p/1/providers/x'];

const SECRET_HASH = `sha256:${fingerprint(CLIENT_SECRET)}`;

const acme = (publicKey: string): string => `
name: acme
users:
  - { login: admin, role: administrator, name: Ada Admin, email: ada@example.com }
  - { login: bob }
  - { login: carol, roles: [deployer] }
teams:
  - { name: ops, roles: [deployer] }
roles:
  - name: deployer
    allow: [{ project: core, stack: dev, operations: [update, preview] }]
clients:
  - { id: jenkins, secretHash: "${SECRET_HASH}", roles: [deployer] }
  - { id: argo, jwks: { keys: [${publicKey}] } }
subjects:
  - { project: short, stack: org, components: [org] }
  - { project: short, stack: project, components: [org, project] }
  - { project: short, stack: operation, components: [org, project, operation] }
  - { project: short, stack: stack, components: [org, project, stack] }
`;

const UMBRELLA = `
name: umbrella
users:
  - { login: wesker, role: administrator }
clients:
  - { id: hive, secretHash: "${SECRET_HASH}" }
`;

const makeTokens = async (parts: Parts, settings: Settings): Promise<TestServer['tokens']> => {
  const tokens: Record<string, string> = {
    admin: await readFile(join(settings.folders.data, 'admin.token'), 'utf8'),
  };
  for (const [caller, holder] of Object.entries(HOLDERS)) {
    tokens[caller] = (
      await parts.accessTokens.issue({ ...holder, tokenName: `${caller} of a test` }, 3600)
    ).token.reveal();
  }
  return tokens as TestServer['tokens'];
};

const recordingLog = (lines: string[]): Log => {
  const line = (message: string, fields?: unknown, cause?: unknown): void => {
    lines.push(
      `${message} ${JSON.stringify(fields ?? {})} ${cause instanceof Error ? cause.stack : String(cause ?? '')}`,
    );
  };
  return { debug: line, info: line, warn: line, error: line };
};

import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Secret } from '../src/secret.ts';
import type { RedisSettings } from '../src/store/redis-connect.ts';

/** Path of the server program; `test/run.ts` puts it there. */
const SERVER = process.env['RUNPASS_REDIS_SERVER'];

/**
 * The `skip` option of every test that needs a real Redis: false where one can be started, otherwise the reason.
 *
 * With `CI=true` nothing is skipped: such a test fails instead.
 */
export const withoutRedis: string | false =
  SERVER === undefined && process.env['CI'] !== 'true'
    ? 'RUNPASS_REDIS_SERVER names no redis-server: run "npm test", which finds or fetches one'
    : false;

export interface RedisOptions {
  /** Lines of redis.conf beside the usual ones (append-only file, no eviction); a later line wins. */
  readonly config?: readonly string[];
  /** Makes a certificate and speaks TLS only. */
  readonly tls?: boolean;
  readonly password?: string;
  /** A fixed port; absent: any free one. */
  readonly port?: number;
}

/** A real server on a loopback port, with a folder of its own. */
export interface TestRedis {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `redis://…` or `rediss://…`, with the password when there is one. */
  readonly url: string;
  /** PEM of the certificate, with `tls`. */
  readonly ca: string | undefined;
  /** The store settings that reach it. */
  readonly settings: RedisSettings;
  /** Process id of the server itself. */
  readonly pid: number;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL; the folder stays for `restart`. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same port and folder, after `kill`. */
  restart(): Promise<void>;
}

/** Starts a server as an operator should run it: append-only file synced on every write, no eviction. */
export const startRedis = async (options: RedisOptions = {}): Promise<TestRedis> => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-redis-'));
  const port = options.port ?? (await freePort());
  const ca = options.tls ? makeCertificate(folder) : undefined;
  const lines = [
    'bind 127.0.0.1',
    ...(options.tls
      ? [
          'port 0',
          `tls-port ${port}`,
          'tls-cert-file cert.pem',
          'tls-key-file key.pem',
          'tls-ca-cert-file cert.pem',
          'tls-auth-clients no',
        ]
      : [`port ${port}`]),
    ...(options.password === undefined ? [] : [`requirepass ${options.password}`]),
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    ...(options.config ?? []),
  ];
  writeFileSync(join(folder, 'redis.conf'), `${lines.join('\n')}\n`);

  let server: ChildProcess;
  const start = async (): Promise<void> => {
    server = launch(folder, ['redis.conf']);
    await answers({ port, ...(options.password === undefined ? {} : { password: options.password }), ca }, server);
  };
  await start();
  const secret = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;

  return {
    host: '127.0.0.1',
    port,
    url: `${options.tls ? 'rediss' : 'redis'}://${secret}127.0.0.1:${port}`,
    ca,
    settings: settingsFor('single', [port], options.password, ca),
    get pid() {
      return server.pid ?? 0;
    },
    async stop() {
      await end(server);
      rmSync(folder, { recursive: true, force: true });
    },
    kill: () => end(server),
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    restart: start,
  };
};

export interface TestCluster {
  readonly nodes: readonly TestRedis[];
  readonly settings: RedisSettings;
  stop(): Promise<void>;
}

/** Starts a Redis Cluster of three masters that share all slots. */
export const startCluster = async (): Promise<TestCluster> => {
  const config = ['cluster-enabled yes', 'cluster-node-timeout 1000', 'appendfsync everysec'];
  const nodes = await Promise.all(Array.from({ length: 3 }, () => startRedis({ config })));
  const clients = nodes.map(({ port }) => new Redis({ port }));
  const first = nodes[0]?.port ?? 0;
  for (const [position, client] of clients.entries()) {
    const from = Math.ceil((16_384 * position) / 3);
    const to = Math.ceil((16_384 * (position + 1)) / 3);
    await client.cluster('ADDSLOTS', ...Array.from({ length: to - from }, (_, slot) => from + slot));
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(position + 1));
    if (position > 0) await client.cluster('MEET', '127.0.0.1', first);
  }
  for (const client of clients) {
    await until(async () => {
      const info = String(await client.cluster('INFO'));
      return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
    });
    client.disconnect();
  }
  return {
    nodes,
    settings: settingsFor(
      'cluster',
      nodes.map(({ port }) => port),
    ),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
};

export interface TestSentinel {
  readonly master: TestRedis;
  readonly replica: TestRedis;
  readonly settings: RedisSettings;
  stop(): Promise<void>;
}

/** Starts a master, its replica, and one Sentinel that watches them under the name `runpass`. */
export const startSentinel = async (): Promise<TestSentinel> => {
  const master = await startRedis();
  const replica = await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`] });
  const folder = mkdtempSync(join(tmpdir(), 'runpass-sentinel-'));
  const port = await freePort();
  writeFileSync(
    join(folder, 'sentinel.conf'),
    [
      'bind 127.0.0.1',
      `port ${port}`,
      `sentinel monitor runpass 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds runpass 1000',
      // A failover that finds no good replica, as on a busy machine, is tried again soon.
      'sentinel failover-timeout runpass 2000',
      '',
    ].join('\n'),
  );
  const sentinel = launch(folder, ['sentinel.conf', '--sentinel']);
  await answers({ port }, sentinel);
  const client = new Redis(port);
  await until(async () => {
    const known = String(await client.call('SENTINEL', 'REPLICAS', 'runpass'));
    return known.includes(`:${replica.port}`) && known.includes('master-link-status,ok');
  });
  client.disconnect();
  return {
    master,
    replica,
    settings: { ...settingsFor('sentinel', [port]), masterName: 'runpass' },
    async stop() {
      await end(sentinel);
      rmSync(folder, { recursive: true, force: true });
      await Promise.all([master.stop(), replica.stop()]);
    },
  };
};

/** Calls `condition` every few milliseconds until it holds; fails after half a minute. */
export const until = async (condition: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('what the test waits for did not happen within half a minute');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const settingsFor = (
  topology: RedisSettings['topology'],
  ports: readonly number[],
  password?: string,
  ca?: string,
): RedisSettings => ({
  kind: 'redis',
  topology,
  nodes: ports.map((port) => ({ host: '127.0.0.1', port })),
  database: 0,
  tls: ca !== undefined,
  keyPrefix: 'runpass:',
  ...(password === undefined ? {} : { password: new Secret(password) }),
  ...(ca === undefined ? {} : { ca }),
});

const launch = (folder: string, parameters: readonly string[]): ChildProcess => {
  if (SERVER === undefined) throw new Error('RUNPASS_REDIS_SERVER names no redis-server: run "npm test"');
  const server = spawn(SERVER, [...parameters], { cwd: folder, stdio: 'ignore' });
  if (running.size === 0) process.once('exit', killAll);
  running.add(server);
  return server;
};

/** A test that fails before it stops its server must not leave it behind. */
const running = new Set<ChildProcess>();
const killAll = (): void => {
  for (const server of running) server.kill('SIGKILL');
};

/** Waits until the server answers, and makes sure that it is the one just started: another could hold the port. */
const answers = async (
  { port, password, ca }: { port: number; password?: string; ca?: string | undefined },
  server: ChildProcess,
): Promise<void> => {
  const client = new Redis({
    port,
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  client.on('error', () => undefined);
  try {
    const info = await Promise.race([
      client.info('server'),
      new Promise<never>((_, reject) => server.once('exit', () => reject(new Error('redis-server did not start')))),
    ]);
    if (!info.includes(`process_id:${server.pid}`)) throw new Error(`another Redis answers on port ${port}`);
  } finally {
    client.disconnect();
  }
};

const end = (server: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    server.once('exit', () => {
      running.delete(server);
      if (running.size === 0) process.removeListener('exit', killAll);
      resolve();
    });
    server.kill('SIGKILL');
  });

/** Puts the certificate of the tests where the server finds it. */
const makeCertificate = (folder: string): string => {
  const source = join(import.meta.dirname, 'vectors', 'tls');
  for (const name of ['cert.pem', 'key.pem']) copyFileSync(join(source, name), join(folder, name));
  return readFileSync(join(folder, 'cert.pem'), 'utf8');
};

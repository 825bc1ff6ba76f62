import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../test/redis.ts';
import { atMost, type Measurement, none, percentile } from './figures.ts';
import { makeInstallation, startServer } from './installation.ts';
import { type Answer, openRunClient } from './run-client.ts';

/** Requests of each kind per second, whether or not the ones before were answered: a slow answer holds back nobody. */
const PER_SECOND = 50;
const PUBLIC = ['/oidc/.well-known/jwks', '/oidc/v2/.well-known/jwks', '/oidc/.well-known/openid-configuration'];

interface Seen {
  readonly askedMs: number;
  readonly kind: 'public' | 'token';
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
}

/** What is answered while Redis hangs (SIGSTOP) and while it is dead (SIGKILL), and how soon all is well again. */
export const measureStoreGone: Measurement = async ({ quick, code, note }) => {
  const goneMs = quick ? 5_000 : 30_000;
  const redis = await startRedis();
  const installation = await makeInstallation(redis.url);
  const server = await startServer(installation, { code });
  const client = openRunClient(installation.url, installation.administrator(), 200);
  const run = await client.startRun('dev');
  const seen: Seen[] = [];
  const ask = async (kind: Seen['kind'], asking: () => Promise<Answer>): Promise<void> => {
    const askedMs = performance.now();
    const { status } = await asking().catch(() => ({ status: 0 }));
    seen.push({ askedMs, kind, status, ms: performance.now() - askedMs });
  };
  let ticks = 0;
  const load = setInterval(() => {
    void ask('token', () => client.askToken(run));
    void ask('public', () => client.ask('GET', PUBLIC[ticks++ % PUBLIC.length] ?? ''));
  }, 1000 / PER_SECOND);

  await sleep(2_000);
  const outages: { readonly fromMs: number; readonly untilMs: number; readonly recoveredMs: number }[] = [];
  const outage = async (begin: () => unknown, end: () => unknown): Promise<void> => {
    await begin();
    const fromMs = performance.now();
    await sleep(goneMs);
    const untilMs = performance.now();
    await end();
    const backMs = performance.now();
    while ((await client.askToken(run).catch(() => undefined))?.status !== 200) await sleep(10);
    outages.push({ fromMs, untilMs, recoveredMs: performance.now() - backMs });
    await sleep(1_000);
  };
  await outage(redis.pause, redis.resume);
  await outage(redis.kill, redis.restart);
  clearInterval(load);
  await sleep(1_000);
  await client.close();
  await server.kill();
  await redis.stop();
  installation.remove();

  const during = seen.filter(({ askedMs }) =>
    outages.some(({ fromMs, untilMs }) => askedMs >= fromMs && askedMs < untilMs),
  );
  const tokens = during.filter(({ kind }) => kind === 'token');
  const documents = seen.filter(({ kind }) => kind === 'public');
  const failed = documents.filter(({ status }) => status !== 200).length;
  const other = tokens.filter(({ status }) => status !== 503);
  const p99 = percentile(
    tokens.map(({ ms }) => ms),
    0.99,
  );
  const slowest = Math.max(...tokens.map(({ ms }) => ms));
  note(
    `store-gone: issuing was back ${outages.map(({ recoveredMs }) => recoveredMs.toFixed(0)).join(' and ')} ms after`,
  );
  note(`store-gone: outside the outages issuing answered ${statuses(seen.filter((one) => !during.includes(one)))}`);
  return [
    none('store-gone public', failed, `${failed} of ${documents.length} not answered 200`),
    none('store-gone status', other.length, `${tokens.length} asked for a token: ${statuses(tokens)}`),
    atMost('store-gone p99', p99, 300, 50, `${p99.toFixed(0)} ms; slowest ${slowest.toFixed(0)} ms`),
  ];
};

const statuses = (seen: readonly Seen[]): string => {
  const counts = new Map<number, number>();
  for (const { kind, status } of seen) if (kind === 'token') counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ');
};

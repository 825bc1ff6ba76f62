import { openOutsideIssuer } from '../test/interop/outside-issuer.ts';
import { startRedis } from '../test/redis.ts';
import type { BareKoaGiven } from './bare-koa.ts';
import { type Child, startChild } from './child.ts';
import { exchangeForm, openExchangeClient } from './exchange-client.ts';
import { atMost, type Measurement, median, spread } from './figures.ts';
import { makeInstallation, startServer } from './installation.ts';
import { cpuOf, profileOf } from './issue.ts';
import { inFlight } from './run-client.ts';
import type { VerifierGiven } from './verifier.ts';

const IN_FLIGHT = 16;
const WARM_UP = 3000;
/** Different tokens, more than anybody would remember; they live as long as the bench. */
const TOKENS = 1000;
const TOKEN_LIFETIME = 6 * 3600;

/** CPU of the server process per exchange, store and audit included, in one RS256 verification and one bare Koa request. */
export const measureExchanges: Measurement = async ({ quick, code, profile, note }) => {
  const [rounds, exchanges] = quick ? [5, 400] : [15, 2000];
  const outside = await openOutsideIssuer();
  const exp = Math.floor(Date.now() / 1000) + TOKEN_LIFETIME;
  const tokens = await Promise.all(Array.from({ length: TOKENS }, () => outside.token({ exp })));
  const forms = tokens.map(exchangeForm);
  const form = (index: number): string => forms[index % TOKENS] as string;

  const redis = await startRedis();
  const given: VerifierGiven = { jwk: outside.jwks.keys[0] ?? {}, tokens: tokens.slice(0, 16) };
  const verifier = await startChild('verifier.ts', given);
  const servers = { redis: await openServer(code, redis.url), sqlite: await openServer(code) };
  for (const { client, administrator } of Object.values(servers)) await client.trust(outside, administrator);
  const body = await servers.redis.client.exchange(form(0));
  const contenders = { koa: await openBareKoa({ body }), ...servers };
  const load = (name: keyof typeof contenders, count: number) => {
    const { client } = contenders[name];
    return inFlight(IN_FLIGHT, count, (index) => client.exchange(form(index)));
  };
  const verify = (count: number) => verifier.ask('verify', count);
  const names = Object.keys(contenders) as (keyof typeof contenders)[];

  // Everything warm first; then in turns, so that whatever else the machine does falls on all alike.
  await verify(WARM_UP);
  for (const name of names) await load(name, WARM_UP);
  const costs = { verification: [] as number[], koa: [] as number[], redis: [] as number[], sqlite: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    costs.verification.push((await cpuOf(verifier, () => verify(exchanges))) / exchanges);
    for (const name of names) {
      costs[name].push((await cpuOf(contenders[name].child, () => load(name, exchanges))) / exchanges);
    }
  }
  if (profile) for (const line of await profileOf(contenders.redis.child, () => load('redis', WARM_UP))) note(line);
  await verifier.kill();
  for (const name of names) await contenders[name].close();
  await redis.stop();

  const least = costs.verification.map((cost, round) => cost + (costs.koa[round] ?? Number.NaN));
  const row = (store: 'redis' | 'sqlite') => {
    const ratio = costs[store].map((cost, round) => cost / (least[round] ?? Number.NaN));
    const parts = `(${median(costs.verification).toFixed(3)} + ${median(costs.koa).toFixed(3)}) ms`;
    const figures = `${spread(ratio)}: ${median(costs[store]).toFixed(3)} ms ÷ ${parts}`;
    return atMost(`exchange ${store}`, median(ratio), 4, 2.5, figures);
  };
  note(`exchange: ${rounds} rounds of ${exchanges} exchanges, ${IN_FLIGHT} in flight, ${TOKENS} tokens`);
  return [row('redis'), { ...row('sqlite'), bar: 'for comparison', moonshot: '', passed: true }];
};

interface Contender {
  readonly child: Child;
  readonly client: ReturnType<typeof openExchangeClient>;
  close(): Promise<void>;
}

/** A server, and the jobs that exchange their tokens at it. */
const openServer = async (
  code: 'src' | 'dist',
  store?: string,
): Promise<Contender & { readonly administrator: string }> => {
  const installation = await makeInstallation(store);
  const child = await startServer(installation, { code });
  const client = openExchangeClient(installation.url, IN_FLIGHT);
  return {
    child,
    client,
    administrator: installation.administrator(),
    async close() {
      await client.close();
      await child.kill();
      installation.remove();
    },
  };
};

/** What HTTP, Koa and reading the form cost: asked the very same, and answering as much. */
const openBareKoa = async (given: BareKoaGiven): Promise<Contender> => {
  const child = await startChild('bare-koa.ts', given);
  const client = openExchangeClient(`http://127.0.0.1:${child.ready}`, IN_FLIGHT);
  return {
    child,
    client,
    async close() {
      await client.close();
      await child.kill();
    },
  };
};

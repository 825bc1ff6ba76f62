import { decodeJwt, decodeProtectedHeader } from 'jose';
import { startRedis } from '../test/redis.ts';
import { type Child, startChild } from './child.ts';
import { atMost, type Measurement, median, spread } from './figures.ts';
import { makeInstallation, startServer } from './installation.ts';
import type { ProfileLine } from './profile.ts';
import { inFlight, openRunClient } from './run-client.ts';
import type { SignerGiven } from './signer.ts';

const IN_FLIGHT = 16;
const RUNS = 64;
const WARM_UP = 3000;

/** CPU of the server process per run token over HTTP, store and audit included, in bare RS256 signatures. */
export const measureIssuing: Measurement = async ({ quick, code, profile, note }) => {
  const [rounds, tokens] = quick ? [5, 400] : [15, 2000];
  const redis = await startRedis();
  const contenders = {
    redis: await openContender(code, redis.url),
    sqlite: await openContender(code),
  };
  const sample = await contenders.redis.sample();
  const header = decodeProtectedHeader(sample) as SignerGiven['header'];
  const given: SignerGiven = { header, payload: decodeJwt(sample) };
  const signer = await startChild('signer.ts', given);
  const sign = (count: number) => signer.ask('sign', count);

  // Everything warm first; then in turns, so that whatever else the machine does falls on all alike.
  await sign(WARM_UP);
  for (const contender of Object.values(contenders)) await contender.issue(WARM_UP);
  const costs = { signature: [] as number[], redis: [] as number[], sqlite: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    costs.signature.push((await cpuOf(signer, () => sign(tokens))) / tokens);
    costs.redis.push((await cpuOf(contenders.redis.server, () => contenders.redis.issue(tokens))) / tokens);
    costs.sqlite.push((await cpuOf(contenders.sqlite.server, () => contenders.sqlite.issue(tokens))) / tokens);
  }
  if (profile) {
    const { server, issue } = contenders.redis;
    for (const line of await profileOf(server, () => issue(WARM_UP))) note(line);
  }
  await signer.kill();
  for (const contender of Object.values(contenders)) await contender.close();
  await redis.stop();

  const ratios = (of: readonly number[]) => of.map((cost, round) => cost / (costs.signature[round] ?? Number.NaN));
  const row = (store: 'redis' | 'sqlite') => {
    const ratio = ratios(costs[store]);
    const figures = `${spread(ratio)}: ${median(costs[store]).toFixed(3)} ms ÷ ${median(costs.signature).toFixed(3)} ms`;
    return atMost(`issue ${store}`, median(ratio), 1.5, 1.2, figures);
  };
  note(`issue: ${rounds} rounds of ${tokens} tokens, ${IN_FLIGHT} in flight, ${RUNS} runs`);
  return [row('redis'), { ...row('sqlite'), bar: 'for comparison', moonshot: '', passed: true }];
};

interface Contender {
  readonly server: Child;
  /** Some token. */
  sample(): Promise<string>;
  issue(tokens: number): Promise<void>;
  close(): Promise<void>;
}

/** A server and the load on it. */
const openContender = async (code: 'src' | 'dist', store?: string): Promise<Contender> => {
  const installation = await makeInstallation(store);
  const server = await startServer(installation, { code });
  const client = openRunClient(installation.url, installation.administrator(), IN_FLIGHT);
  const runs = await Promise.all(Array.from({ length: RUNS }, (_, at) => client.startRun(`stack-${at}`)));
  const mint = (index: number) => client.mint(runs[index % RUNS] as (typeof runs)[number]);
  return {
    server,
    sample: () => mint(0),
    issue: (count: number) => inFlight(IN_FLIGHT, count, mint),
    async close() {
      await client.close();
      await server.kill();
      installation.remove();
    },
  };
};

/** CPU time that the process spends while something happens, in milliseconds. */
export const cpuOf = async (child: Child, happening: () => Promise<unknown>): Promise<number> => {
  const before = await child.cpuMs();
  await happening();
  return (await child.cpuMs()) - before;
};

/** What the server's main thread does under a load. */
export const profileOf = async (server: Child, load: () => Promise<unknown>): Promise<readonly string[]> => {
  await server.ask('startProfile');
  await load();
  const lines = await server.ask<readonly ProfileLine[]>('endProfile');
  return lines.map(({ share, what }) => `${(share * 100).toFixed(1).padStart(6)} %  ${what}`);
};

import { openDirectory } from '../src/runs/directory.ts';
import { newRequestToken, newRunId } from '../src/runs/identifier.ts';
import { openRunRecords } from '../src/runs/records.ts';
import { fingerprint } from '../src/secret.ts';
import { DEFAULTS } from '../src/settings/defaults.ts';
import { openRedis } from '../src/store/redis.ts';
import { epochSeconds, silentLog, systemClock, systemRandom } from '../src/system.ts';
import { startRedis, type TestRedis } from '../test/redis.ts';
import { atLeast, type Measurement, median, spread } from './figures.ts';
import { makeInstallation, ORGANIZATION, startServer } from './installation.ts';
import { inFlight, openRunClient, type StartedRun } from './run-client.ts';

const IN_FLIGHT = 16;
const FEW = 1_000;
/** Runs that the load asks tokens for, all over the store. */
const ASKED = 1_000;
const RUNS_PER_STACK = 1_000;

/** Tokens per second with many stored runs, in those with few: two servers, two Redis, in turns. */
export const measureScale: Measurement = async ({ quick, code, note }) => {
  const many = quick ? 100_000 : 1_000_000;
  const [rounds, tokens] = quick ? [5, 500] : [21, 2000];
  const small = await openContender(code, FEW);
  const startedMs = performance.now();
  const large = await openContender(code, many);
  note(`scale: ${many} runs written in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  const rates = { small: [] as number[], large: [] as number[] };
  // The first round only warms both up.
  for (let round = -1; round < rounds; round++) {
    // Whoever comes second in one round comes first in the next.
    const pair = [['small', small] as const, ['large', large] as const];
    for (const [name, contender] of round % 2 === 0 ? pair : pair.reverse()) {
      const rate = await contender.rate(tokens);
      if (round >= 0) rates[name].push(rate);
    }
  }
  await Promise.all([small.close(), large.close()]);
  const ratios = rates.large.map((rate, round) => rate / (rates.small[round] ?? Number.NaN));
  const figures = `${spread(ratios)}: ${median(rates.large).toFixed(0)}/s with ${many} runs ÷ ${median(rates.small).toFixed(0)}/s with ${FEW}`;
  return [atLeast('scale', median(ratios), 0.9, 0.97, figures)];
};

const openContender = async (code: 'src' | 'dist', count: number) => {
  const redis = await startRedis({ config: ['appendfsync everysec', 'auto-aof-rewrite-percentage 0'] });
  const runs = await fill(redis, count);
  const installation = await makeInstallation(redis.url);
  const server = await startServer(installation, { code });
  const client = openRunClient(installation.url, installation.administrator(), IN_FLIGHT);
  return {
    async rate(tokens: number): Promise<number> {
      const startedMs = performance.now();
      await inFlight(IN_FLIGHT, tokens, () =>
        client.mint(runs[Math.floor(Math.random() * runs.length)] as (typeof runs)[number]),
      );
      return tokens / ((performance.now() - startedMs) / 1000);
    },
    async close() {
      await client.close();
      await server.kill();
      await redis.stop();
      installation.remove();
    },
  };
};

/** Stores so many running runs through the very records that the server keeps; gives some of them, evenly spread. */
const fill = async (redis: TestRedis, count: number): Promise<readonly Pick<StartedRun, 'token' | 'tokenPath'>[]> => {
  const system = { clock: systemClock, random: systemRandom, log: silentLog };
  const store = await openRedis(redis.settings, { timeoutMs: 30_000, acceptVolatile: false, replicas: 0 }, system);
  const records = openRunRecords(store, systemClock, DEFAULTS.retention.finishedRuns);
  const directory = openDirectory(store, systemRandom);
  const organization = await directory.organization(ORGANIZATION, undefined);
  const stacks = await Promise.all(
    Array.from({ length: Math.ceil(count / RUNS_PER_STACK) }, (_, at) =>
      directory.stack(organization, `project-${at % 100}`, `stack-${at}`),
    ),
  );
  const token = newRequestToken(systemRandom);
  const asked: Pick<StartedRun, 'token' | 'tokenPath'>[] = [];
  await inFlight(500, count, async (index) => {
    const { project, id, name } = stacks[index % stacks.length] as (typeof stacks)[number];
    const created = epochSeconds(systemClock);
    const run = await records.start({
      id: newRunId(systemClock, systemRandom),
      subject: { organization, project, stack: { id, name }, operation: 'update', actor: 'admin' },
      startedBy: 'personal:admin',
      created,
      deadline: created + DEFAULTS.runs.defaultDeadline,
      requestTokenHash: fingerprint(token),
    });
    if (index % Math.ceil(count / ASKED) === 0) asked.push({ token, tokenPath: `/oidc/runs/${run.id}/token?v=1` });
  });
  await store.close();
  return asked;
};

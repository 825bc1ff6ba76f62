import { Pool } from 'undici';
import { startRedis } from '../test/redis.ts';
import type { Child } from './child.ts';
import { atMost, type Measurement, median, type Row, spread } from './figures.ts';
import { makeInstallation, ORGANIZATION, startServer } from './installation.ts';
import { cpuOf, profileOf } from './issue.ts';
import { inFlight } from './run-client.ts';

/** One after the other: a large one keeps the server busy for so long that others would miss the deadline of the store. */
const IN_FLIGHT = 1;
const IMPORTS = 50;
/** Values of the small one and of the large one, imports and own ones together. */
const SIZES = { small: 2_000, large: 20_000 } as const;
type Size = keyof typeof SIZES;

/** CPU of the server process per opened environment without logins, over HTTP, session and audit included. */
export const measureEnvironments: Measurement = async ({ quick, code, profile, note }) => {
  const [rounds, opens] = quick ? [3, 40] : [11, 200];
  const redis = await startRedis();
  const desks = { redis: await openDesk(code, redis.url), sqlite: await openDesk(code) };
  const names = Object.keys(desks) as (keyof typeof desks)[];
  const load = (name: keyof typeof desks, size: Size, count: number) =>
    inFlight(IN_FLIGHT, count, () => desks[name].open(size));
  const countOf = (size: Size): number => (size === 'small' ? opens : Math.ceil(opens / 10));

  // Everything warm first; then in turns, so that whatever else the machine does falls on all alike.
  for (const name of names) for (const size of ['small', 'large'] as const) await load(name, size, 2 * countOf(size));
  const costs = {
    redis: { small: [] as number[], large: [] as number[] },
    sqlite: { small: [] as number[], large: [] as number[] },
  };
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      for (const size of ['small', 'large'] as const) {
        const count = countOf(size);
        costs[name][size].push((await cpuOf(desks[name].child, () => load(name, size, count))) / count);
      }
    }
  }
  if (profile) for (const line of await profileOf(desks.redis.child, () => load('redis', 'small', opens))) note(line);
  for (const name of names) await desks[name].close();
  await redis.stop();

  note(
    `environments: ${rounds} rounds, ${opens} opens of ${IMPORTS} imports and ${SIZES.small} values, ${IN_FLIGHT} in flight`,
  );
  return names.flatMap((name): Row[] => {
    const { small, large } = costs[name];
    const growth = large.map((cost, round) => cost / SIZES.large / ((small[round] ?? Number.NaN) / SIZES.small));
    const figures = `${spread(growth)}: ${median(large).toFixed(1)} ms for ${SIZES.large} values`;
    const rows = [
      atMost(`environment ${name}`, median(small), 9.9, 5, `${spread(small)} ms for ${SIZES.small} values`),
      atMost(`environment growth ${name}`, median(growth), 1.3, 1.1, figures),
    ];
    return name === 'redis' ? rows : rows.map((row) => ({ ...row, bar: 'for comparison', moonshot: '', passed: true }));
  });
};

interface Desk {
  readonly child: Child;
  open(size: Size): Promise<void>;
  close(): Promise<void>;
}

/** A server with both environments, stored by its API, and somebody who opens them. */
const openDesk = async (code: 'src' | 'dist', store?: string): Promise<Desk> => {
  const installation = await makeInstallation(store);
  const child = await startServer(installation, { code });
  const pool = new Pool(installation.url, { connections: IN_FLIGHT, headersTimeout: 30_000, bodyTimeout: 30_000 });
  const authorization = `token ${installation.administrator()}`;
  const ask = async (method: 'POST' | 'PATCH', path: string, body = ''): Promise<void> => {
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await pool.request({ method, path: `/api/esc/environments/${ORGANIZATION}${path}`, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode > 204) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`);
  };
  const save = async (project: string, name: string, definition: string): Promise<void> => {
    await ask('POST', '', JSON.stringify({ project, name }));
    await ask('PATCH', `/${project}/${name}`, definition);
  };
  for (const [size, values] of Object.entries(SIZES)) {
    const each = values / (IMPORTS + 1);
    for (let index = 0; index < IMPORTS; index++) await save(size, `base-${index}`, definitionOf(`base${index}`, each));
    const imports = Array.from({ length: IMPORTS }, (_, index) => `  - ${size}/base-${index}\n`).join('');
    await save(size, 'root', `imports:\n${imports}${definitionOf('root', each)}`);
  }
  return {
    child,
    open: (size) => ask('POST', `/${size}/root/open?duration=1m0s`),
    async close() {
      await pool.destroy();
      await child.kill();
      installation.remove();
    },
  };
};

/** As people write them: mostly texts, some of which are built from others, in groups of ten. */
const definitionOf = (name: string, values: number): string => {
  const groups = Array.from({ length: Math.round(values / 10) }, (_, group) => {
    const members = Array.from({ length: 9 }, (_, index) =>
      index % 3 === 0
        ? `      v${index}: "https://\${${name}.g${group}.host}/v${index}"`
        : `      v${index}: value ${index}`,
    );
    return [`    g${group}:`, `      host: h${group}.example.com`, ...members].join('\n');
  });
  return `values:\n  ${name}:\n${groups.join('\n')}\n`;
};

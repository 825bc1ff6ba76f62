/**
 * `npm run bench -- [names…] [--quick] [--dist] [--profile]`: the numbers of bench/README.md, as ratios within one run.
 *
 * Without names everything is measured, one after the other. `--dist` measures what `npm run build` made instead of
 * the sources; `--profile` shows what a server spends on a token. Ends with status 1 when a bar is missed.
 */
import { existsSync } from 'node:fs';
import { findRedisServer } from '../scripts/redis-server.ts';
import type { BenchOptions, Measurement, Row } from './figures.ts';

// test/redis.ts reads it when it is loaded, so the measurements come in after this.
const redis = process.env['RUNPASS_REDIS_SERVER'] ?? (await findRedisServer());
if (redis !== undefined) process.env['RUNPASS_REDIS_SERVER'] = redis;

const MEASUREMENTS: Readonly<Record<string, () => Promise<Measurement>>> = {
  issue: async () => (await import('./issue.ts')).measureIssuing,
  exchange: async () => (await import('./exchange.ts')).measureExchanges,
  environments: async () => (await import('./environments.ts')).measureEnvironments,
  public: async () => (await import('./public.ts')).measurePublicDocuments,
  cold: async () => (await import('./cold.ts')).measureColdStart,
  'store-gone': async () => (await import('./store-gone.ts')).measureStoreGone,
  scale: async () => (await import('./scale.ts')).measureScale,
  rotation: async () => (await import('./rotation.ts')).measureRotation,
  crash: async () => (await import('./crash.ts')).measureCrashes,
};

const FLAGS = ['--quick', '--dist', '--profile'];
const given = process.argv.slice(2);
const names = given.filter((argument) => !argument.startsWith('--'));
const flags = given.filter((argument) => argument.startsWith('--'));
const unknown = [...names.filter((name) => !(name in MEASUREMENTS)), ...flags.filter((flag) => !FLAGS.includes(flag))];
if (unknown.length > 0) fail(`There is no ${unknown.join(', ')}; there are ${Object.keys(MEASUREMENTS).join(', ')}.`);
const code = flags.includes('--dist') ? 'dist' : 'src';
if (code === 'dist' && !existsSync(new URL('../dist/main.js', import.meta.url))) fail('Run "npm run build" first.');
if (redis === undefined) fail('The bench needs a Redis server: install one, or set RUNPASS_REDIS_SERVER to its path.');

const options: BenchOptions = {
  quick: flags.includes('--quick'),
  code,
  profile: flags.includes('--profile'),
  note: (text) => console.error(text),
};
// Whoever interrupts a run must not be left with its servers: they are ended on exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const rows: Row[] = [];
for (const [name, load] of Object.entries(MEASUREMENTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const measure = await load();
  for (const row of await measure(options).catch((error: unknown) => brokenOff(name, error))) {
    rows.push(row);
    console.log(`${row.name} ${row.passed ? 'pass' : 'fail'} ${row.figures} | bar ${row.bar} | ${row.moonshot}`);
  }
}

console.log('\n| what | figures | bar | moonshot | |');
console.log('|---|---|---|---|---|');
for (const { name, figures, bar, moonshot, passed, reached } of rows) {
  const verdict = passed ? (reached ? 'moonshot' : 'pass') : 'FAIL';
  console.log(`| ${name} | ${figures} | ${bar} | ${moonshot} | ${verdict} |`);
}
process.exit(rows.every(({ passed }) => passed) ? 0 : 1);

/** One measurement that cannot be made does not keep the others from being made. */
function brokenOff(name: string, error: unknown): readonly Row[] {
  console.error(error);
  return [{ name, figures: `broken off: ${error}`, bar: '', moonshot: '', passed: false, reached: false }];
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

/**
 * The test command: `node test/run.ts [files…]`, all tests when no file is named.
 *
 * Finds a real Redis, or fetches one, and says loudly what it found; what is not a file goes to `node --test` as it is.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findRedisServer } from '../scripts/redis-server.ts';

const given = process.argv.slice(2);
const files = given.filter((argument) => !argument.startsWith('-'));
const flags = given.filter((argument) => argument.startsWith('-'));

const server = process.env['RUNPASS_REDIS_SERVER'] ?? (await findRedisServer());
if (server !== undefined) {
  console.log(`Tests run against the Redis server ${server}`);
} else {
  console.error('');
  console.error('!!! No redis-server or valkey-server was found, and none could be fetched.');
  console.error('!!! Install one, or set RUNPASS_REDIS_SERVER to its path. Tests that need it are SKIPPED.');
  console.error('');
  if (process.env['CI'] === 'true') {
    console.error('With CI=true a skipped test is a failed one.');
    process.exit(1);
  }
}

const root = join(import.meta.dirname, '..');
const tests = spawn(
  process.execPath,
  [
    '--test',
    '--test-concurrency=2',
    '--test-timeout=300000',
    // A test that fails half-way may leave a server behind; the run must end all the same.
    '--test-force-exit',
    ...flags,
    ...(files.length > 0 ? files : ['test/**/*.test.ts']),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      // Hundreds of test files load the same modules: each is compiled once, as at the start of a server.
      NODE_COMPILE_CACHE: join(root, '.cache/compiled'),
      ...process.env,
      ...(server === undefined ? {} : { RUNPASS_REDIS_SERVER: server }),
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal));
tests.once('exit', (code) => process.exit(code ?? 1));

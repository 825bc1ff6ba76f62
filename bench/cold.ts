import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { atMost, type Measurement, median, percentile, spread } from './figures.ts';
import { makeInstallation } from './installation.ts';
import { openRunClient } from './run-client.ts';

const MAIN = { src: '../src/main.ts', dist: '../dist/main.js' } as const;

/** As `bin/runpass.js` has it. */
const COMPILED = fileURLToPath(new URL('../.cache/compiled', import.meta.url));

/** Seconds from the start of `serve` in empty folders, embedded store, to the first token in hand. */
export const measureColdStart: Measurement = async ({ quick, note }) => {
  const rounds = quick ? 5 : 20;
  const codes = (['src', 'dist'] as const).filter((code) => existsSync(new URL(MAIN[code], import.meta.url)));
  const seconds = { src: [] as number[], dist: [] as number[] };
  // The first round only fills the caches: that of the machine's files, and that of compiled modules beside the code.
  for (let round = -1; round < rounds; round++) {
    for (const code of codes) {
      const took = await startToFirstToken(code);
      if (round >= 0) seconds[code].push(took);
    }
  }
  note('cold: half of the variation is the search for primes of two RSA keys');
  return codes.map((code) => {
    const figures = `${spread(seconds[code])} s; p95 ${percentile(seconds[code], 0.95).toFixed(2)} s`;
    return atMost(`cold ${code}`, median(seconds[code]), 1.0, 0.4, figures);
  });
};

const startToFirstToken = async (code: 'src' | 'dist'): Promise<number> => {
  const installation = await makeInstallation();
  const startedMs = performance.now();
  const server = spawn(process.execPath, [fileURLToPath(new URL(MAIN[code], import.meta.url)), 'serve'], {
    cwd: installation.folder,
    env: { ...process.env, RUNPASS_CONFIG: installation.file, NODE_COMPILE_CACHE: COMPILED },
    stdio: 'ignore',
  });
  try {
    await untilReady(installation.url, server);
    const client = openRunClient(installation.url, installation.administrator(), 1);
    await client.mint(await client.startRun('first'));
    const tookMs = performance.now() - startedMs;
    await client.close();
    return tookMs / 1000;
  } finally {
    const ended = once(server, 'exit');
    // What was compiled is kept where a process ends by itself.
    server.kill('SIGTERM');
    await ended;
    installation.remove();
  }
};

const untilReady = async (url: string, server: ChildProcess): Promise<void> => {
  while (!(await fetch(`${url}/readyz/issue`).catch(() => undefined))?.ok) {
    if (server.exitCode !== null) throw new Error(`the server ended with status ${server.exitCode}`);
    await sleep(5);
  }
};

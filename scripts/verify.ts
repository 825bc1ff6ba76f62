/**
 * `npm run verify`: everything that must hold before a commit, each step by its own npm script.
 *
 * A failing step stops nothing: all problems are seen in one go. `--without-tests` leaves the tests out, for
 * `.ci/run`, which ends with them.
 */

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const STEPS = [
  { name: 'types', script: ['check'] },
  { name: 'lint', script: ['lint'] },
  { name: 'tests', script: ['test'] },
  { name: 'build', script: ['build'] },
  { name: 'smoke test of dist', script: ['smoke'] },
  { name: 'schema unchanged', script: ['schema', '--', '--check'] },
  { name: 'unused code', script: ['unused'] },
] as const;

const steps = process.argv.includes('--without-tests') ? STEPS.filter((step) => step.name !== 'tests') : STEPS;

const results = steps.map(({ name, script }) => {
  console.log(`\n==> ${name} (npm run ${script.join(' ')})`);
  const startedMs = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', ...script], { stdio: 'inherit' });
  return { name, passed: status === 0, seconds: (performance.now() - startedMs) / 1000 };
});

// bin/runpass.js prefers dist/: left behind, it would hide the next change to the sources.
rmSync('dist', { recursive: true, force: true });

console.log('');
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name.padEnd(20)} ${seconds.toFixed(1).padStart(6)} s`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;

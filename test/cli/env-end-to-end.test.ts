import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/system.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { type Desk, makeDesk } from './trust-stub.ts';

const HOSTILE = 'it\'s $HOME `id` "x" \\n\nsecond line\n';

/** The whole way, with the commands alone, against a real server. */
describe('environments from the command line, against a real server', () => {
  let server: TestServer;
  let desk: Desk;
  let bob: Desk;
  before(async () => {
    server = await startTestServer({ store: 'memory' });
    const PATH = process.env['PATH'] ?? '';
    desk = makeDesk({ PATH, RUNPASS_URL: server.url, RUNPASS_ACCESS_TOKEN: server.tokens.admin }, systemClock);
    bob = makeDesk({ PATH, RUNPASS_URL: server.url, RUNPASS_ACCESS_TOKEN: server.tokens.bob }, systemClock);
    await save('shared/base', 'values:\n  region: eu\n  base: {a: 1}\n');
    await save(
      'core/dev',
      `# about\nimports:\n  - shared/base # why\nvalues:\n  big: 12345678901234567\n  environmentVariables:\n    REGION: \${region}\n`,
    );
  });
  after(async () => {
    desk.remove();
    bob.remove();
    await server.stop();
  });

  const env = async (...args: readonly string[]) => {
    const end = await desk.run(['env', ...args]);
    assert.equal(end.status, 0, end.stderr);
    return end;
  };
  const save = async (name: string, text: string) => {
    writeFileSync(join(desk.folder, 'definition.yaml'), text);
    return env('edit', name, '--file', 'definition.yaml');
  };

  test('an environment that was made is listed, read back byte for byte, and opened', async () => {
    assert.match((await env('ls')).stdout, /^core +dev +2.*\nshared +base +2/m);
    assert.match(
      (await env('get', 'core/dev', '--definition')).stdout,
      /^# about\nimports:\n {2}- shared\/base # why\n/,
    );
    assert.equal((await env('open', 'core/dev', 'region', '--format', 'string')).stdout, 'eu\n');
    assert.equal((await env('open', 'core/dev', 'big')).stdout, '12345678901234567\n');
    assert.equal((await env('open', 'core/dev', 'nothing')).stdout, 'null\n');
    const detailed = JSON.parse((await env('open', 'core/dev', 'region', '--format', 'detailed')).stdout);
    assert.deepEqual([detailed.value, detailed.trace.def.environment], ['eu', 'shared/base']);
  });

  test('a secret is encrypted when it is saved, hidden by get, shown by open, and masked by run', async () => {
    await desk.run(['env', 'set', 'core/dev', 'environmentVariables.PASS', '-', '--secret'], { stdin: `${HOSTILE}\n` });
    const { stdout } = await env('get', 'core/dev', 'environmentVariables.PASS', '--definition');
    assert.match(stdout, /^fn::secret:\s+\{? ?ciphertext: /);
    assert.ok(!(await env('get', 'core/dev')).stdout.includes('second line'));
    assert.equal(JSON.parse((await env('open', 'core/dev', 'environmentVariables.PASS')).stdout), HOSTILE);

    const lines = (await env('open', 'core/dev', '--format', 'shell')).stdout;
    const script = 'eval "$LINES_TO_TEST"; printf "%s|%s" "$REGION" "$PASS"';
    const out = execFileSync('/bin/sh', ['-c', script], { env: { LINES_TO_TEST: lines }, encoding: 'utf8' });
    assert.equal(out, `eu|${HOSTILE}`);

    const run = await desk.run([
      'env',
      'run',
      'core/dev',
      '--',
      'sh',
      '-c',
      'printf "%s|%s|" "$REGION" "$PASS"; exit 7',
    ]);
    assert.deepEqual([run.status, run.stdout], [7, 'eu|[secret]|']);
  });

  test('revisions are kept, tagged and opened', async () => {
    await save('core/tagged', 'values: {n: 1}\n');
    await env('tag', 'core/tagged', 'stable');
    await env('set', 'core/tagged', 'n', '2');
    await env('set', 'core/tagged', 'n', '3');
    assert.equal((await env('open', 'core/tagged@stable', 'n')).stdout, '1\n');
    await env('tag', 'core/tagged@3', 'stable');
    const { versions } = JSON.parse((await env('versions', 'core/tagged', '--json')).stdout);
    const newest = versions[0].revision;
    assert.deepEqual(
      versions.map(({ revision }: { readonly revision: number }) => revision),
      Array.from({ length: newest }, (_, index) => newest - index),
    );
    assert.deepEqual(versions.find(({ revision }: { readonly revision: number }) => revision === 3).tags, ['stable']);
    assert.match((await env('tag', 'ls', 'core/tagged')).stdout, /stable +3 /);
    await env('tag', 'rm', 'core/tagged@stable');
    assert.equal((await desk.run(['env', 'open', 'core/tagged@stable'])).status, 1);
    await env('rm', 'core/tagged', '--yes');
    assert.equal((await desk.run(['env', 'open', 'core/tagged'])).status, 1);
  });

  test('what is wrong is shown with its line, and nothing is saved', async () => {
    const { status, stderr } = await desk.run(['env', 'set', 'core/dev', 'x', `\${regoin}`]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^core\/dev:\d+:8: error: unknown property "regoin"\n {2}\d+ \| {3}x: \$\{regoin\}\n +\| +\^+\n {2}suggestion: "region"\n/,
    );
    assert.match(stderr, /^error: core\/dev has 1 error\.\nhint: nothing was changed$/m);
    assert.ok(!(await env('get', 'core/dev', '--definition')).stdout.includes('regoin'));
    writeFileSync(join(desk.folder, 'odd.yaml'), 'value: {}\n');
    const odd = await env('check', '--file', 'odd.yaml');
    assert.match(odd.stdout, /^odd\.yaml:1:1: warning: /);
    assert.match((await env('check', 'core/dev')).stderr, /core\/dev: nothing is wrong\./);
  });

  test('who may not read it is told nothing of it', async () => {
    for (const args of [
      ['get', 'core/dev'],
      ['open', 'core/dev'],
      ['set', 'core/dev', 'a', '1'],
      ['rm', 'core/dev', '--yes'],
    ]) {
      const { status, stdout } = await bob.run(['env', ...args]);
      assert.deepEqual([status, stdout], [1, ''], args.join(' '));
    }
    assert.ok(!(await bob.run(['env', 'ls'])).stdout.includes('core'));
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { diagnostic, type EnvStub, startEnvStub, told } from './env-stub.ts';
import { TOKEN } from './trust-stub.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const VALUES = {
  environmentVariables: { OPEN: 'visible', PASS: 'hunter2', NUMBER: 1.5 },
  files: { KEY_FILE: 'line one of the key\nline two of the key\n' },
  plain: 'visible',
};

/** The real program, as a process of its own: streams, signals and statuses are the kernel's. */
describe('env run and env edit', () => {
  let stub: EnvStub;
  let folder: string;
  let temporary: string;
  before(async () => {
    stub = await startEnvStub();
    folder = mkdtempSync(join(tmpdir(), 'runpass-env-'));
    temporary = join(folder, 'tmp');
    mkdirSync(temporary);
  });
  beforeEach(() => {
    stub.diagnostics = [];
    stub.values = (told(VALUES, new Set(['PASS', 'KEY_FILE'])) as { readonly value: object }).value;
    stub.environments.set('core/dev', { revisions: ['values: {}\n'], tags: new Map() });
  });
  after(() => {
    stub.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    spawn(process.execPath, [MAIN, 'env', ...args], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        TMPDIR: temporary,
        RUNPASS_URL: stub.url,
        RUNPASS_ACCESS_TOKEN: TOKEN,
        ...env,
      },
    });
  const ending = async (child: ReturnType<typeof start>) => {
    const [stdout, stderr, [status, signal]] = await Promise.all([
      buffer(child.stdout),
      buffer(child.stderr),
      once(child, 'close'),
    ]);
    return { stdout: stdout.toString(), bytes: stdout, stderr: stderr.toString(), status, signal };
  };
  const sh = (script: string, ...flags: readonly string[]) =>
    ending(start(['run', 'core/dev', ...flags, '--', 'sh', '-c', script]));
  const leftovers = (): readonly string[] => readdirSync(temporary);

  test('the command has the variables, and the files in 0600 until it ends', async () => {
    const script =
      'echo "$OPEN $NUMBER $(printf %s "$PASS" | wc -c) $HOME"; stat -c %a "$KEY_FILE"; stat -c %a "$(dirname "$KEY_FILE")"; wc -c < "$KEY_FILE"; echo "$KEY_FILE"';
    const { stdout, stderr, status } = await sh(script);
    const [line, file, parent, size, path = ''] = stdout.split('\n');
    assert.deepEqual(
      [status, stderr, line, file, parent, size],
      [0, '', `visible 1.5 7 ${folder}`, '600', '700', '40'],
    );
    assert.ok(path.startsWith(temporary) && !existsSync(path));
    assert.deepEqual(leftovers(), []);
  });

  test('secrets are masked on both channels, with -i too where no terminal is', async () => {
    for (const flags of [[], ['-i']]) {
      const { stdout, stderr } = await sh('echo "a $PASS b $OPEN"; echo "$PASS" >&2; cat "$KEY_FILE"', ...flags);
      assert.equal(stdout, 'a [secret] b visible\n[secret]');
      assert.equal(stderr, '[secret]\n');
    }
  });

  test('bytes come through as they are, and standard input reaches the command', async () => {
    const child = start(['run', 'core/dev', '--', 'cat']);
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) & 0xff));
    child.stdin.end(bytes);
    assert.ok((await ending(child)).bytes.equals(bytes));
  });

  test('the status is that of the command, 128 + n on a signal, and those of a shell when it cannot be run', async () => {
    assert.equal((await sh('exit 42')).status, 42);
    assert.equal((await sh('kill -KILL $$')).status, 137);
    const missing = await ending(start(['run', 'core/dev', '--', 'no-such-command-anywhere']));
    assert.equal(missing.status, 127);
    assert.match(missing.stderr, /^error: The command "no-such-command-anywhere" was not found\.\n$/);
    assert.equal((await ending(start(['run', 'core/dev', '--', '/etc/passwd']))).status, 126);
    assert.deepEqual(leftovers(), []);
  });

  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`${name} reaches the command; its files are gone afterwards`, async () => {
      const trap = `trap 'echo heard; exit 9' ${name.slice(3)}; echo up; while :; do sleep 0.02; done`;
      const child = start(['run', 'core/dev', '--', 'sh', '-c', trap]);
      child.stdout.once('data', () => child.kill(name));
      const { stdout, status, signal } = await ending(child);
      assert.deepEqual([stdout, status, signal], ['up\nheard\n', 9, null]);
      assert.deepEqual(leftovers(), []);
    });
  }

  test('when nobody reads any more, nothing is left behind', async () => {
    const child = start(['run', 'core/dev', '--', 'sh', '-c', 'while echo x; do :; done 2>/dev/null']);
    child.stdout.once('data', () => child.stdout.destroy());
    await once(child, 'exit');
    assert.deepEqual(leftovers(), []);
  });

  test('an environment with errors starts nothing', async () => {
    stub.diagnostics = [diagnostic('wrong', 1, 1, 2)];
    const { stdout, stderr, status } = await sh('echo started');
    assert.deepEqual([stdout, status], ['', 1]);
    assert.match(stderr, /core\/dev:1:1: error: wrong\n/);
  });

  test('a variable that no process can have starts nothing, and its value is not told', async () => {
    stub.values = (told({ environmentVariables: { A: 'hunter2\0' } }) as { readonly value: object }).value;
    const { stdout, stderr, status } = await sh('echo started');
    assert.deepEqual([stdout, status], ['', 1]);
    assert.match(stderr, /The value of A has a zero byte/);
    assert.ok(!stderr.includes('hunter2'));
  });

  test('open --format shell writes the files and says where they stay', async () => {
    const { stdout, stderr } = await ending(start(['open', 'core/dev', '--format', 'shell']));
    const path = /^export KEY_FILE='(.*)'$/m.exec(stdout)?.[1] ?? '';
    assert.equal(readFileSync(path, 'utf8'), VALUES.files.KEY_FILE);
    assert.match(stderr, /hint: the files stay until you remove /);
    rmSync(join(path, '..'), { recursive: true });
    assert.deepEqual(leftovers(), []);
  });

  const editor = (script: string): Readonly<Record<string, string>> => {
    const file = join(folder, 'editor with space.sh');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return { EDITOR: `"${file}" --flag` };
  };
  const newest = (): string | undefined => stub.environments.get('core/dev')?.revisions.at(-1);

  test('the editor gets a private file with the definition, and what it writes is saved', async () => {
    const script = '[ "$(stat -c %a "$2")" = 600 ] && [ "$1" = --flag ] && echo "values: {a: 1}" > "$2"';
    const { status, stderr } = await ending(start(['edit', 'core/dev'], editor(script)));
    assert.deepEqual([status, stderr, newest()], [0, 'core/dev: revision 2 saved.\n', 'values: {a: 1}\n']);
    assert.deepEqual(leftovers(), []);
  });

  test('a text that was not changed is not saved, nor one of an editor that failed', async () => {
    const same = await ending(start(['edit', 'core/dev'], editor('true')));
    assert.deepEqual([same.status, same.stderr], [0, 'core/dev: nothing was changed.\n']);
    const failing = await ending(start(['edit', 'core/dev'], editor('exit 3')));
    assert.equal(failing.status, 2);
    assert.match(failing.stderr, /ended with 3/);
    assert.equal(newest(), 'values: {}\n');
    assert.deepEqual(leftovers(), []);
  });

  test('a text with errors is not saved; without a terminal to ask at, it is kept and said where', async () => {
    stub.diagnostics = [diagnostic('wrong', 1, 1, 7)];
    const { status, stderr } = await ending(start(['edit', 'core/dev'], editor('echo "values: {b: 2}" > "$2"')));
    assert.equal(status, 1);
    assert.match(stderr, /^core\/dev:1:1: error: wrong\n {2}1 \| values: \{b: 2\}\n {4}\| \^{6}\n/);
    const kept = /your text is kept in (\S+)/.exec(stderr)?.[1] ?? '';
    assert.equal(readFileSync(kept, 'utf8'), 'values: {b: 2}\n');
    assert.equal(newest(), 'values: {}\n');
    rmSync(join(kept, '..'), { recursive: true });
  });
});

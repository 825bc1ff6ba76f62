import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { ChildNotStarted, type PassedSignal, runChild } from '../../src/runner/child.ts';
import { openMasking } from '../../src/runner/masking.ts';
import { makePrivateFolder } from '../../src/runner/private-folder.ts';

interface Options {
  readonly secrets?: readonly string[];
  readonly atTerminal?: boolean;
  readonly stdout?: Writable;
  readonly onStart?: (signal: (name: PassedSignal) => void) => void;
}

const PATH = process.env['PATH'] ?? '';

/** Runs a script of the shell, and gives its status and what came out. */
const run = async (script: string, { secrets = [], atTerminal = false, stdout, onStart }: Options = {}) => {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const broken: string[] = [];
  const read = Promise.all([text(streams.stdout), text(streams.stderr)]);
  const status = await runChild(
    {
      file: '/bin/sh',
      args: ['-c', script],
      cwd: '/',
      env: { PATH },
      masking: openMasking(secrets),
      untouched: { stdout: false, stderr: false },
    },
    {
      stdout: stdout ?? streams.stdout,
      stderr: streams.stderr,
      atTerminal,
      onSignal: (heard) => onStart?.(heard),
      onBroken: () => void broken.push('broken'),
    },
  );
  streams.stdout.end();
  streams.stderr.end();
  const [out, err] = await read;
  return { status, out, err, broken };
};

describe('a child', () => {
  test('gives its status, and 128 + n when signal n ended it', async () => {
    assert.equal((await run('exit 0')).status, 0);
    assert.equal((await run('exit 77')).status, 77);
    assert.equal((await run('kill -TERM $$')).status, 143);
    assert.equal((await run('kill -KILL $$')).status, 137);
  });

  test('has what it writes masked, on both channels, also where the kernel cuts a secret', async () => {
    const script = 'printf "a hunt"; sleep 0.05; printf "er2 b"; echo hunter2 >&2';
    const { out, err } = await run(script, { secrets: ['hunter2'] });
    assert.deepEqual([out, err], ['a [secret] b', '[secret]\n']);
    assert.equal((await run('printf hunt', { secrets: ['hunter2'] })).out, 'hunt');
  });

  test('has its bytes passed on as they are', async () => {
    const chunks: Buffer[] = [];
    const stdout = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void chunks.push(chunk)) });
    await run("printf '\\377\\000\\200x'", { secrets: ['hunter2'], stdout });
    assert.deepEqual(Buffer.concat(chunks), Buffer.from([0xff, 0, 0x80, 0x78]));
  });

  test('waits for whoever reads slowly instead of filling our memory', async () => {
    let most = 0;
    const stdout = new Writable({
      highWaterMark: 1024,
      write(_chunk, _encoding, done) {
        most = Math.max(most, this.writableLength);
        setImmediate(done);
      },
    });
    await run('head -c 4000000 /dev/zero', { stdout });
    assert.ok(most < 200_000, `${most} bytes were waiting`);
  });

  test('gets the signals that we get', async () => {
    const { status, out } = await run('trap "echo term; exit 5" TERM; echo up; while :; do sleep 0.02; done', {
      onStart: (signal) => setTimeout(() => signal('SIGTERM'), 150),
    });
    assert.deepEqual([status, out], [5, 'up\nterm\n']);
  });

  test('does not get twice what a terminal sends to it already', async () => {
    const script = 'trap "echo int" INT; trap "echo term; exit 0" TERM; while :; do sleep 0.02; done';
    const { out } = await run(script, {
      atTerminal: true,
      onStart: (signal) => {
        setTimeout(() => signal('SIGINT'), 150);
        setTimeout(() => signal('SIGTERM'), 250);
      },
    });
    assert.equal(out, 'term\n');
  });

  test('that leaves something behind which holds its output: a signal ends the wait', { timeout: 10_000 }, async () => {
    const { status } = await run('sleep 20 & exit 3', { onStart: (signal) => setTimeout(() => signal('SIGINT'), 200) });
    assert.equal(status, 3);
  });

  test('that leads a group has signals sent to all of it, and to nobody any more when it is over', async () => {
    const sent: (readonly [number, string])[] = [];
    let signal: (name: PassedSignal) => void = () => undefined;
    const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
    const said = text(streams.stdout);
    const status = await runChild(
      {
        file: '/bin/sh',
        args: ['-c', 'echo $$; (trap "" TERM; sleep 0.1) & wait; exit 4'],
        cwd: '/',
        env: { PATH },
        masking: openMasking([]),
        untouched: { stdout: false, stderr: false },
      },
      {
        ...streams,
        atTerminal: true,
        onBroken: () => undefined,
        onSignal: (heard) => {
          signal = heard;
          setTimeout(() => heard('SIGINT'), 20);
        },
        signalGroup: (pid, name) => void sent.push([pid, name]),
      },
    );
    streams.stdout.end();
    assert.equal(status, 4);
    signal('SIGTERM');
    assert.deepEqual(sent, [[Number(await said), 'SIGINT']]);
  });

  test('whose reader is gone learns it, and we tell at once', { timeout: 10_000 }, async () => {
    let left = 3;
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(left-- > 0 ? null : Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    const { status, broken } = await run('exec yes', { stdout });
    assert.notEqual(status, 0);
    assert.deepEqual(broken, ['broken']);
  });

  for (const [what, file, status, says] of [
    ['that is not there', 'no-such-command-anywhere', 127, /"no-such-command-anywhere" was not found/],
    ['that may not be run', '/etc/passwd', 126, /"\/etc\/passwd" cannot be started \(EACCES\)/],
  ] as const) {
    test(`a command ${what}: ${status}`, async () => {
      const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
      const untouched = { stdout: false, stderr: false };
      const place = { ...streams, atTerminal: false, onSignal: () => undefined, onBroken: () => undefined };
      await assert.rejects(
        runChild({ file, args: [], cwd: '/', env: { PATH }, masking: openMasking([]), untouched }, place),
        (reason) => reason instanceof ChildNotStarted && reason.status === status && says.test(reason.message),
      );
    });
  }
});

describe('a private folder', () => {
  test('is for its owner only, and gone with everything in it', async () => {
    const folder = await makePrivateFolder();
    const file = await folder.write('a', 'text');
    assert.equal(statSync(folder.path).mode & 0o777, 0o700);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(file, 'utf8'), 'text');
    await assert.rejects(folder.write('a', 'other'));
    assert.deepEqual(readdirSync(folder.path), ['a']);
    folder.remove();
    folder.remove();
    assert.ok(!existsSync(folder.path));
  });
});

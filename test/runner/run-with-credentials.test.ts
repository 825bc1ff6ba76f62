import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PassedSignal } from '../../src/runner/child.ts';
import { CredentialsRefused } from '../../src/runner/refused-credentials.ts';
import { type FinalStatus, type RunDesk, RunProblem } from '../../src/runner/run-desk.ts';
import type { Job } from '../../src/runner/run-in-folder.ts';
import { runWithCredentials } from '../../src/runner/run-with-credentials.ts';
import type { RunnerEvent } from '../../src/runner/steps.ts';
import { Secret } from '../../src/secret.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { makeToken } from './tokens.ts';

/** Time passes a hundred times as fast as it does. */
const FAST = 100;

interface Options {
  readonly job?: Partial<Job>;
  readonly desk?: Partial<RunDesk>;
  /** Seconds that every token lives. */
  readonly lifetime?: number;
  /** Called with what sends us a signal. */
  readonly onStart?: (send: (signal: PassedSignal) => void) => void;
}

describe('a run around a command', () => {
  let base: string;
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'runpass-run-'));
  });
  after(() => rmSync(base, { recursive: true }));

  const run = async (script: string, { job = {}, desk = {}, lifetime, onStart }: Options = {}) => {
    const [events, finished]: [RunnerEvent[], FinalStatus[]] = [[], []];
    const output = { stdout: new PassThrough(), stderr: new PassThrough(), atTerminal: false };
    const out = text(output.stdout);
    const began = Date.now();
    const nowMs = (): number => began + (Date.now() - began) * FAST;
    const ended = runWithCredentials(
      {
        commands: [{ step: 'sh', file: '/bin/sh', args: ['-c', script] }],
        cwd: base,
        env: { PATH: process.env['PATH'] ?? '' },
        targets: { azure: { clientId: 'client' } },
        aws: 'keys',
        requests: { url: 'https://id.test/oidc/runs/1/token?v=1', token: new Secret('rpr_request') },
        asActions: false,
        tokenFiles: [],
        deadline: Math.floor(nowMs() / 1000) + 86_400,
        mask: true,
        withheld: [],
        ...job,
      },
      {
        desk: {
          mint: async (wish) => makeToken(nowMs(), lifetime ?? wish.lifetime ?? 300),
          renew: async () => undefined,
          finish: async (status) => void finished.push(status),
          ...desk,
        },
        clouds: { post: () => Promise.reject(new Error('no cloud is called')), endpoints: {} },
        pace: {
          clock: { nowMs, monotonicMs: () => systemClock.monotonicMs() * FAST },
          random: systemRandom,
          pause: (ms, signal) => sleep(ms / FAST, undefined, signal && { signal }).catch(() => undefined),
        },
        report: (event) => void events.push(event),
        place: { env: { TMPDIR: base }, uid: process.getuid?.(), pid: process.pid, hostname: 'here' },
        output,
        onSignal: (heard) => onStart?.(heard),
      },
    );
    const status = await ended.catch((reason: unknown) => reason);
    output.stdout.end();
    output.stderr.end();
    assert.deepEqual(readdirSync(base), [], 'something was left behind');
    const warnings = events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []));
    return { status, finished, events, warnings, out: await out };
  };

  test('that somebody cancels: the command is told to end, and the run is not finished again', async () => {
    const over = new RunProblem('over', 'over', { status: 'cancelled' });
    const script = "trap 'echo told; exit 7' TERM; while :; do sleep 0.02; done";
    const { status, finished, warnings, out } = await run(script, { desk: { renew: () => Promise.reject(over) } });
    assert.deepEqual([status, finished, out], [7, [], 'told\n']);
    assert.deepEqual(warnings, ['The run is over on the server: cancelled; it gets no more tokens.']);
  });

  test('that somebody cancels, with a command that does not listen: it is killed after half a minute', async () => {
    const over = new RunProblem('over', 'over', { status: 'cancelled' });
    const { status } = await run("trap '' TERM; while :; do sleep 0.02; done", {
      desk: { renew: () => Promise.reject(over) },
    });
    assert.equal(status, 137);
  });

  test('that the server has given up: the command goes on with what it has', async () => {
    const over = new RunProblem('over', 'over', { status: 'failed' });
    const { status, finished, out } = await run('sleep 0.5; echo done', {
      desk: { renew: () => Promise.reject(over) },
    });
    assert.deepEqual([status, finished, out], [0, [], 'done\n']);
  });

  test('whose server is away for a while: the command does not notice, and the run is finished when it is back', async () => {
    let left = 3;
    const finished: FinalStatus[] = [];
    const away = new RunProblem('passing', 'away');
    const { status, warnings } = await run('sleep 0.5', {
      desk: {
        renew: () => Promise.reject(away),
        async finish(final) {
          if (left-- > 0) throw away;
          finished.push(final);
        },
      },
    });
    assert.deepEqual([status, finished], [0, ['succeeded']]);
    assert.ok(warnings.every((message) => message === 'The run could not be renewed yet: away'));
  });

  test('that cannot be finished: that is said, and the status is the command’s', async () => {
    const { status, warnings } = await run('exit 3', {
      desk: { finish: () => Promise.reject(new RunProblem('passing', 'away')) },
    });
    assert.deepEqual([status, warnings], [3, ['The run could not be finished as failed: away']]);
  });

  test('without credentials does not start the command, and has failed', async () => {
    const refused = new RunProblem('refused', 'No token of this run can work at azure.', { code: 'target_impossible' });
    const { status, finished, events, out } = await run('echo never', {
      desk: { mint: async (wish) => (wish.target ? Promise.reject(refused) : makeToken(Date.now(), 300)) },
    });
    assert.ok(status instanceof CredentialsRefused);
    assert.deepEqual([out, finished], ['', ['failed']]);
    const failures = events.filter((event) => event.kind === 'failure');
    assert.deepEqual(failures, [
      { kind: 'failure', about: 'azure', message: 'No token of this run can work at azure. (target_impossible)' },
    ]);
  });

  test('whose secrets cannot be masked does not start the command', async () => {
    const broken = {
      reveal() {
        throw new Error('cannot be masked');
      },
    } as unknown as Secret;
    const { status, finished, out } = await run('echo never', { job: { withheld: [broken] } });
    assert.match(String(status), /cannot be masked/);
    assert.deepEqual([out, finished], ['', ['failed']]);
  });

  test('that is stopped while it waits for credentials was cancelled, and its status says by what', async () => {
    const never = (_wish: unknown, signal?: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new RunProblem('passing', 'aborted')));
      });
    const { status, finished, out } = await run('echo never', {
      desk: { mint: never },
      onStart: (send) => setTimeout(() => send('SIGINT'), 50),
    });
    assert.deepEqual([status, finished, out], [130, ['cancelled'], '']);
  });

  test('keeps its file fresh, and hides also the tokens that came later', async () => {
    const script =
      'for i in 1 2 3 4 5 6 7 8 9 10; do cat "$AZURE_FEDERATED_TOKEN_FILE" || exit 9; echo; sleep 0.1; done';
    const { status, out, events } = await run(script, { lifetime: 60 });
    assert.equal(status, 0);
    assert.ok(events.some((event) => event.kind === 'detail' && event.detail.startsWith('token renewed until')));
    assert.equal(out.replaceAll('[secret]\n', ''), '');
    assert.ok(events.every((event) => !JSON.stringify(event).includes('eyJ')));
  });

  test('with several commands does them in turn, until one fails', async () => {
    const sh = (step: string, script: string) => ({ step, file: '/bin/sh', args: ['-c', script] });
    const commands = [sh('one', 'echo one'), sh('two', 'echo two; exit 5'), sh('three', 'echo three')];
    const { status, out, finished } = await run('', { job: { commands } });
    assert.deepEqual([status, out, finished], [5, 'one\ntwo\n', ['failed']]);
  });

  test('AWS session policies cannot be kept with a token file, so it is not published', async () => {
    const aws = {
      roleArn: 'arn:aws:iam::111122223333:role/deploy',
      sessionName: 'x2',
      durationSeconds: 3600,
      policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    };
    const { status } = await run('echo never', { job: { targets: { aws }, aws: 'file' } });
    assert.match(String(status), /policyArns.*take --aws keys/);
    assert.ok(!existsSync(join(base, 'token')));
  });
});

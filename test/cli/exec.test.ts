import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { startTestServer, type TestServer } from '../server.ts';
import { type ExecDesk, makeExecDesk, saveClouds } from './exec-desk.ts';

const AZURE = {
  azure: {
    clientId: '22222222-1111-4111-8111-222222222222',
    tenantId: '11111111-1111-4111-8111-111111111111',
  },
};

describe('exec as a process', () => {
  let server: TestServer;
  let desk: ExecDesk;
  before(async () => {
    server = await startTestServer();
    // Nobody listens there: an explanation must not reach the real Entra.
    desk = makeExecDesk(server, { AZURE_AUTHORITY_HOST: 'http://127.0.0.1:9' });
    await saveClouds(server, AZURE);
  });
  after(async () => {
    desk.remove();
    await server.stop();
  });

  test('the command has its credentials, the run ends as it ended, and nothing is left', async () => {
    const { stdout, stderr, status } = await desk.sh(
      'cat "$AZURE_FEDERATED_TOKEN_FILE"; stat -c %a "$AZURE_FEDERATED_TOKEN_FILE" "$(dirname "$AZURE_FEDERATED_TOKEN_FILE")"',
    );
    assert.equal(status, 0, stderr);
    const [, jwt = '', modes] = /^(eyJ[\w.-]+)(600\n700\n)$/.exec(stdout) ?? [];
    assert.equal(modes, '600\n700\n');
    const run = await desk.newestRun();
    assert.deepEqual([decodeJwt(jwt)['deployment'], run.status], ['1', 'succeeded']);
    assert.deepEqual(desk.leftovers(), []);
    const steps = stderr.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));
    assert.deepEqual(
      steps.filter((line) => /^\S/.test(line)),
      ['Start run', 'Fetch credentials via OIDC', 'sh', 'Finish run'],
    );
    assert.match(stderr, new RegExp(`${run.id}: acme/core/dev update, version 1\n`));
  });

  test('the status is that of the command, 128 + n on a signal, and those of a shell when it cannot be run', async () => {
    for (const [command, status, final] of [
      [['sh', '-c', 'exit 42'], 42, 'failed'],
      [['sh', '-c', 'kill -KILL $$'], 137, 'failed'],
      [['no-such-command-anywhere'], 127, 'failed'],
      [['/etc/passwd'], 126, 'failed'],
    ] as const) {
      const ended = await desk.run([], command);
      assert.equal(ended.status, status, ended.stderr);
      assert.doesNotMatch(ended.stderr, /presented|could not be asked/);
      assert.equal((await desk.newestRun()).status, final);
      assert.deepEqual(desk.leftovers(), []);
    }
  });

  for (const [signal, trap, status, final] of [
    ['SIGTERM', 'exit 9', 9, 'cancelled'],
    ['SIGINT', 'exit 9', 9, 'cancelled'],
    ['SIGHUP', 'exit 0', 0, 'succeeded'],
  ] as const) {
    test(`${signal} reaches the command; how that ends is how the run ends: ${final}`, async () => {
      const script = `trap 'echo heard; ${trap}' ${signal.slice(3)}; echo up; while :; do sleep 0.02; done`;
      const child = desk.start([], ['sh', '-c', script]);
      child.stdout.once('data', () => child.kill(signal));
      const ended = await desk.ending(child);
      assert.deepEqual([ended.status, ended.signal], [status, null], ended.stderr);
      assert.equal((await desk.newestRun()).status, final);
      assert.deepEqual(desk.leftovers(), []);
    });
  }

  test('a command that a signal kills: the status says which, and the run was cancelled', async () => {
    const child = desk.start([], ['sh', '-c', 'echo up; exec sleep 60']);
    child.stdout.once('data', () => child.kill('SIGTERM'));
    assert.equal((await desk.ending(child)).status, 143);
    assert.equal((await desk.newestRun()).status, 'cancelled');
  });

  test('kill -9: the run ends with its lease, and the next start removes what was left', async () => {
    const outside = join(desk.temporary, 'token');
    const child = desk.start(
      ['--token-file', outside],
      ['sh', '-c', 'echo "$$ $AZURE_FEDERATED_TOKEN_FILE"; exec sleep 60'],
    );
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const [pid = '', file = ''] = said.toString().trim().split(' ');
    child.kill('SIGKILL');
    await once(child, 'exit');
    process.kill(Number(pid), 'SIGKILL');
    assert.ok(existsSync(file) && existsSync(outside), 'nobody could clean up');
    const run = await desk.newestRun();
    const { json } = await server.ask('GET', `/api/orgs/acme/runs/${run.id}`, { as: 'admin' });
    assert.deepEqual([json.status, json.lease, json.renewedOnly], ['running', 60, true]);
    const next = await desk.sh('true');
    assert.match(next.stderr, /warning: Removed what 1 earlier run/);
    assert.ok(!existsSync(file) && !existsSync(outside));
    assert.deepEqual(desk.leftovers(), []);
  });

  test('when nobody reads any more, nothing is left behind', async () => {
    const child = desk.start(['--mask'], ['sh', '-c', 'while echo x; do :; done 2>/dev/null']);
    child.stdout.once('data', () => child.stdout.destroy());
    await once(child, 'exit');
    assert.deepEqual(desk.leftovers(), []);
  });

  describe('masking', () => {
    const SCRIPT =
      'echo "$PULUMI_OIDC_TOKEN $RUNPASS_ID_TOKEN_REQUEST_TOKEN"; cat "$AZURE_FEDERATED_TOKEN_FILE" >&2; echo open';

    test('is on in CI, off elsewhere, and as the flags say', async () => {
      for (const [args, env, isMasked] of [
        [[], { CI: 'true' }, true],
        [[], {}, false],
        [[], { CI: '' }, false],
        [['--no-mask'], { CI: 'true' }, false],
        [['--mask'], {}, true],
      ] as const) {
        const { stdout, stderr } = await desk.sh(SCRIPT, args, env);
        assert.equal(/eyJ|rpr_/.test(stdout + stderr), !isMasked, `${args} ${JSON.stringify(env)}`);
        if (isMasked) assert.equal(stdout, '[secret] [secret]\nopen\n');
      }
    });

    test('hides what exec itself came with, too', async () => {
      const { stdout } = await desk.sh(`echo ${server.tokens.admin}`, ['--mask']);
      assert.equal(stdout, '[secret]\n');
    });
  });

  test('the command inherits everything but our secrets; an empty CI is unset', async () => {
    const env = {
      PULUMI_ACCESS_TOKEN: 'pul-x',
      RUNPASS_AGENT_TOKEN: 'x',
      COPY: server.tokens.admin,
      KEPT: 'kept',
      CI: '',
    };
    const { stdout } = await desk.sh('env', [], env);
    const names = new Set(stdout.split('\n').map((line) => line.split('=')[0]));
    for (const name of ['RUNPASS_ACCESS_TOKEN', ...Object.keys(env)])
      assert.equal(names.has(name), name === 'KEPT', name);
    for (const name of [
      'RUNPASS_URL',
      'HOME',
      'RUNPASS_ID_TOKEN_REQUEST_URL',
      'ACTIONS_ID_TOKEN_REQUEST_URL',
      'PULUMI_OIDC_TOKEN',
    ])
      assert.ok(names.has(name), name);
  });

  test('what was published lets the command ask for tokens by itself, by the protocol of GitHub Actions', async () => {
    const script = `
      const answer = await fetch(process.env.ACTIONS_ID_TOKEN_REQUEST_URL + '&audience=sts.amazonaws.com', {
        headers: { authorization: 'Bearer ' + process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN },
      });
      console.log((await answer.json()).value);`;
    const { stdout } = await desk.run([], [process.execPath, '--input-type=module', '-e', script]);
    assert.equal(decodeJwt(stdout.trim()).aud, 'sts.amazonaws.com');
  });

  test('--token-file: 0600, without a newline, gone afterwards; what is somebody’s is not overwritten', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runpass-token-'));
    try {
      const path = join(folder, 'token');
      const script = `stat -c %a '${path}'; [ "$(cat '${path}')" = "$PULUMI_OIDC_TOKEN" ] && wc -l < '${path}'`;
      assert.equal((await desk.sh(script, ['--token-file', path])).stdout, '600\n0\n');
      assert.ok(!existsSync(path));
      writeFileSync(path, 'my notes');
      const { status, stderr } = await desk.sh('echo never', ['--token-file', path]);
      assert.equal(status, 2);
      assert.match(stderr, /is there already, and holds no token/);
      assert.equal(readFileSync(path, 'utf8'), 'my notes');
      writeFileSync(path, '');
      assert.equal((await desk.sh(script, ['--token-file', path])).status, 0);
      assert.equal((await desk.run(['--token-file', folder], ['true'])).status, 2);
      assert.ok(statSync(folder).isDirectory());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('--issuer v2: tokens of the other issuer, for the audience of each target', async () => {
    const { stdout } = await desk.sh('echo "$PULUMI_OIDC_TOKEN $ARM_OIDC_TOKEN $ARM_OIDC_REQUEST_URL"', [
      '--issuer',
      'v2',
    ]);
    const [raw = '', azure = '', url = ''] = stdout.trim().split(' ');
    assert.deepEqual([decodeJwt(raw).iss, decodeJwt(raw).aud], [server.settings.issuers.v2.url, 'acme']);
    assert.deepEqual(
      [decodeJwt(azure).iss, decodeJwt(azure).aud],
      [server.settings.issuers.v2.url, 'api://AzureADTokenExchange'],
    );
    assert.equal(new URL(url).searchParams.get('audience'), 'api://AzureADTokenExchange');
    const chosen = await desk.sh('echo "$PULUMI_OIDC_TOKEN"', ['--issuer', 'v2', '--audience', 'vault']);
    assert.equal(decodeJwt(chosen.stdout.trim()).aud, 'vault');
  });

  test('--json: one object a line on standard error, also of what goes wrong', async () => {
    const { stderr } = await desk.sh('exit 3', ['--json']);
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.filter(({ event }) => event === 'stepEnded').map(({ step, outcome }) => [step, outcome]),
      [
        ['Start run', 'succeeded'],
        ['Fetch credentials via OIDC', 'succeeded'],
        ['sh', 'failed'],
        ['Finish run', 'succeeded'],
      ],
    );
    assert.ok(events.every(({ time }) => /^\d{4}-\d\d-\d\dT/.test(time)));
    const refused = await desk.sh('true', ['--json'], { RUNPASS_ACCESS_TOKEN: 'rpa_wrong' });
    const last = JSON.parse(refused.stderr.trim().split('\n').at(-1) ?? '');
    assert.deepEqual([refused.status, last.event], [1, 'failure']);
    assert.match(last.message, /\(unauthenticated\)/);
  });

  test('what makes no sense is said before a run is started', async () => {
    const before = (await desk.newestRun()).id;
    for (const [args, command, says] of [
      [[], [], /no command to run/],
      [['--aws-credential-process', '--google-executable'], [], /One call prints one thing/],
      [['--aws-credential-process'], ['true'], /runs no command/],
      [['--aws', 'other'], ['true'], /Allowed choices are keys, file/],
    ] as const) {
      const { status, stderr } = await desk.run(args, command);
      assert.equal(status, 2, stderr);
      assert.match(stderr, says);
    }
    const { status, stderr } = await desk.run([], ['true'], { AWS_ENDPOINT_URL_STS: 'http://sts.example.com' });
    assert.deepEqual([status, /AWS_ENDPOINT_URL_STS is no URL to which a token may be sent/.test(stderr)], [2, true]);
    assert.equal((await desk.newestRun()).id, before);
  });
});

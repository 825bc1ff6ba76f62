import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type OutsideIssuer, openOutsideIssuer } from '../interop/outside-issuer.ts';
import { trust } from '../interop/trust.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { type ExecDesk, makeExecDesk } from './exec-desk.ts';
import { type Stub, startStub } from './trust-stub.ts';

/** In whose name exec starts its run: whatever a job has, it is found, used once, and withheld from the command. */
describe('exec in a job that has no token of ours', () => {
  let server: TestServer;
  let issuer: OutsideIssuer;
  let github: Stub;
  let desk: ExecDesk;
  let job = '';
  before(async () => {
    [server, issuer] = await Promise.all([startTestServer(), openOutsideIssuer()]);
    await trust(server, issuer);
    github = await startStub(() => ({ status: 200, body: { count: 1, value: job } }));
    desk = makeExecDesk(server, { RUNPASS_ACCESS_TOKEN: '' });
  });
  after(async () => {
    desk.remove();
    github.stop();
    await server.stop();
  });
  beforeEach(async () => {
    job = await issuer.token();
  });

  const starter = async (): Promise<string> => {
    const { id } = await desk.newestRun();
    return (await server.ask('GET', `/api/orgs/acme/runs/${id}`, { as: 'admin' })).json.startedBy;
  };
  /** What the command can see of the job's token and of ours. */
  const seen = (args: readonly string[], env: Readonly<Record<string, string>>) =>
    desk.sh('env | grep -c -F -e "$0" -e rpa_; true'.replace('$0', job), args, env);

  test('GitHub Actions: the job asks for a token, and its own requests stay as they are', async () => {
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: `${github.url}/token?v=1`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'gh' };
    const { stdout, stderr, status } = await desk.sh('echo "$ACTIONS_ID_TOKEN_REQUEST_URL"', [], env);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `${github.url}/token?v=1\n`);
    assert.equal(github.heard.at(-1)?.path, '/token?v=1&audience=urn%3Apulumi%3Aorg%3Aacme');
    assert.equal(await starter(), 'organization:acme');
    job = await issuer.token();
    const replaced = await desk.sh('echo "$ACTIONS_ID_TOKEN_REQUEST_URL"', ['--as-actions'], env);
    assert.match(replaced.stdout, /\/oidc\/runs\/.*\/token\?v=1\n$/);
  });

  for (const [platform, variables] of [
    ['GitLab', { GITLAB_CI: 'true', RUNPASS_ID_TOKEN: '' }],
    ['GitLab, with the usual name', { GITLAB_CI: 'true', ID_TOKEN: '' }],
    ['CircleCI', { CIRCLECI: 'true', CIRCLE_OIDC_TOKEN_V2: '' }],
  ] as const) {
    test(`${platform}: the token stands in a variable, which the command does not get`, async () => {
      const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value || job]));
      const { stdout, stderr, status } = await seen([], env);
      assert.deepEqual([status, stdout], [0, '0\n'], stderr);
      assert.equal(await starter(), 'organization:acme');
    });
  }

  test('Buildkite: its agent is asked', async () => {
    const bin = join(desk.temporary, '..', 'bin');
    mkdirSync(bin, { recursive: true });
    const script = `#!/bin/sh\n[ "$*" = 'oidc request-token --audience urn:pulumi:org:acme' ] && echo '${job}'\n`;
    writeFileSync(join(bin, 'buildkite-agent'), script, { mode: 0o755 });
    const { status, stderr } = await seen([], { BUILDKITE: 'true', PATH: `${bin}:${process.env['PATH']}` });
    assert.equal(status, 0, stderr);
  });

  test('Kubernetes: the token stands in a file', async () => {
    const file = join(desk.temporary, '..', 'projected');
    writeFileSync(file, job);
    const { stdout, stderr, status } = await seen([], { RUNPASS_OIDC_TOKEN_FILE: file });
    assert.deepEqual([status, stdout], [0, '0\n'], stderr);
  });

  test('--oidc-token comes before everything, from wherever, and may be for a team', async () => {
    const file = join(desk.temporary, '..', 'oidc');
    writeFileSync(file, `${job}\n`);
    const env = { RUNPASS_ACCESS_TOKEN: 'rpa_wrong', MY_TOKEN: job };
    const { stdout, stderr, status } = await seen(['--oidc-token', `file://${file}`, '--oidc-team', 'ops'], env);
    assert.deepEqual([status, stdout], [0, '0\n'], stderr);
    assert.equal(await starter(), 'team:ops');
  });

  test('whoever is logged in comes before what the platform vouches for', async () => {
    const env = { RUNPASS_ACCESS_TOKEN: server.tokens.carol, RUNPASS_ID_TOKEN: job };
    assert.equal((await seen([], env)).status, 0);
    assert.equal(await starter(), 'personal:carol');
  });

  test('a login that is over does not stand in the way of the platform', async () => {
    const config = join(desk.temporary, '..', 'config', 'runpass');
    mkdirSync(config, { recursive: true });
    const login = (expires: string, accessToken: string) =>
      writeFileSync(join(config, 'login.json'), JSON.stringify({ url: server.url, accessToken, expires }));
    const env = { XDG_CONFIG_HOME: join(config, '..'), RUNPASS_ID_TOKEN: job };
    login('2026-01-01T00:00:00Z', server.tokens.carol);
    const { status, stderr } = await seen([], env);
    assert.equal(status, 0, stderr);
    assert.equal(await starter(), 'organization:acme');
    login('2199-01-01T00:00:00Z', server.tokens.carol);
    assert.equal((await seen([], env)).status, 0);
    assert.equal(await starter(), 'personal:carol');
  });

  test('who gets nothing is told what to do', async () => {
    const nothing = await seen([], { GITHUB_ACTIONS: 'true' });
    assert.equal(nothing.status, 2);
    assert.match(nothing.stderr, /hint: give the job "permissions: \{ id-token: write \}"/);
    const { status, stderr } = await seen([], { RUNPASS_ID_TOKEN: await issuer.token({ sub: 'repo:other/x' }) });
    assert.equal(status, 1);
    assert.match(stderr, /was not exchanged\. .*runpass trust decision .*\(invalid_grant\)/);
    const wrong = await seen(['--oidc-token', 'no jwt'], {});
    assert.deepEqual([wrong.status, /--oidc-token holds no JWT/.test(wrong.stderr)], [2, true]);
  });
});

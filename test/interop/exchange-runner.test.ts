import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { JWTPayload } from 'jose';
import { parse } from 'yaml';
import { startTestServer, type TestServer } from '../server.ts';
import { type OutsideIssuer, openOutsideIssuer } from './outside-issuer.ts';
import { trust } from './trust.ts';

const run = promisify(execFile);
const installed = (program: string): Promise<boolean> =>
  run(program, ['--version']).then(
    () => true,
    () => false,
  );

/** A runner of GitHub, as far as a job sees it: two variables, and what stands behind them. */
describe('a job on a runner of GitHub', () => {
  let server: TestServer;
  let github: OutsideIssuer;
  let endpoint: Server;
  let claims: JWTPayload = {};
  const asked: string[] = [];
  before(async () => {
    [server, github] = await Promise.all([startTestServer(), openOutsideIssuer()]);
    await trust(server, github);
    // A token for the audience that the client appended, and for whoever has the runner's own token.
    endpoint = createServer(async (request, response) => {
      const audience = new URL(request.url ?? '', 'http://localhost').searchParams.get('audience');
      asked.push(`${request.headers.authorization} ${audience}`);
      const value = await github.token({ aud: audience ?? 'https://github.com/acme', ...claims });
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ count: 1, value }));
    }).listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
  });
  after(async () => {
    endpoint.close();
    await server.stop();
  });
  const environment = () => ({
    PATH: process.env['PATH'] ?? '',
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'the-runners-own',
  });

  test('the unmodified @actions/core gets its token, masks it, and the action’s request exchanges it', async () => {
    const script = `import { getIDToken } from '${import.meta.resolve('@actions/core')}';
      const subjectToken = await getIDToken('urn:pulumi:org:acme');
      const answer = await fetch(new URL('api/oauth/token', '${server.url}'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/plain, */*' },
        body: JSON.stringify({
          audience: 'urn:pulumi:org:acme',
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
          requested_token_type: 'urn:pulumi:token-type:access_token:organization',
          subject_token: subjectToken,
        }),
      });
      console.log('\\n' + JSON.stringify({ status: answer.status, ...(await answer.json()) }));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { env: environment() });
    assert.equal(asked.at(-1), 'Bearer the-runners-own urn:pulumi:org:acme');
    assert.match(stdout, /^::add-mask::eyJ/m);
    const answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    assert.deepEqual([answer.status, answer.token_type], [200, 'token']);
  });

  /** The step of examples/trust/github.yaml, as the runner runs it. */
  const runExample = async () => {
    const path = new URL('../../examples/trust/github.yaml', import.meta.url);
    const [step] = parse(readFileSync(path, 'utf8')).jobs.deploy.steps;
    const env = { ...environment(), ...step.env, RUNPASS_URL: server.url };
    return run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], { env });
  };

  test('the example’s step exchanges its token, and prints each token only to mask it', async (t) => {
    if (!(await installed('curl')) || !(await installed('jq'))) return t.skip('curl or jq is not installed');
    const { stdout } = await runExample();
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[0] ?? '', /^::add-mask::eyJ/);
    assert.match(lines[1] ?? '', /^::add-mask::rpa_/);
    assert.equal(lines[2], 'acme');
  });

  test('the example’s step, refused, shows the sentence with the decision in the log of the job', async (t) => {
    if (!(await installed('curl')) || !(await installed('jq'))) return t.skip('curl or jq is not installed');
    claims = { event_name: 'pull_request' };
    t.after(() => {
      claims = {};
    });
    await assert.rejects(runExample(), ({ code, stderr }: { code: number; stderr: string }) => {
      assert.equal(code, 1);
      assert.match(stderr, /^The subject token was not exchanged\. .* runpass trust decision \S+$/m);
      return true;
    });
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Desk, makeDesk, type Stub, startStub, TOKEN } from './trust-stub.ts';

const SUB = 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write';
const ISSUER = 'https://id.example.com/oidc';

const policy = (sub: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/id.example.com/oidc' },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { 'id.example.com/oidc:sub': sub, 'id.example.com/oidc:aud': 'acme' } },
      },
    ],
  });

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const CLAIMS = { iss: ISSUER, sub: SUB, aud: 'acme', iat: 1_800_000_000, nbf: 1_799_999_970, exp: 1_800_003_600 };
const JWT = `${encode({ alg: 'RS256', kid: 'k1', typ: 'JWT' })}.${encode({ ...CLAIMS, jti: 'j' })}.c2lnbmF0dXJl`;

const REASON = {
  code: 'aws_sub_mismatch',
  condition: 'Statement[0]',
  wanted: 'x\u001b[2J',
  presented: '',
  edit: 'Write y.',
  safe: true,
};
const TOLD = { party: 'aws', presented: { iss: ISSUER, sub: SUB, aud: 'acme' }, warnings: [], assumptions: ['Z.'] };
const NAMES = ['--project', 'core', '--stack', 'dev', '--operation', 'update'];

describe('runpass trust explain', () => {
  let stub: Stub;
  let desk: Desk;
  let answer: { status: number; body: object };
  before(async () => {
    stub = await startStub(({ path }) =>
      path === '/api/user/organizations/default' ? { status: 200, body: { GitHubLogin: 'acme' } } : answer,
    );
    desk = makeDesk({ RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN });
    writeFileSync(join(desk.folder, 'policy.json'), policy(SUB));
    writeFileSync(join(desk.folder, 'broken.json'), '{\n  "Statement": [,]\n}');
    writeFileSync(join(desk.folder, 'token'), `${JWT}\n`);
  });
  after(async () => {
    desk.remove();
    await stub.stop();
  });
  const explain = (...args: readonly string[]) => desk.run(['trust', 'explain', ...args]);
  const allowed = () => {
    answer = { status: 200, body: { ...TOLD, allowed: true, reasons: [] } };
  };

  test('0: it is admitted; the server is asked with the document and what the flags say', async () => {
    allowed();
    const { status, stdout } = await explain('policy.json', ...NAMES, '--issuer', 'v1', '--audience', 'x');
    assert.equal(status, 0);
    assert.match(stdout, /^verdict +admitted$/m);
    assert.match(stdout, /^assumed\n {2}Z\.$/m);
    const { path, body } = stub.heard.at(-1) ?? { path: '', body: '' };
    assert.equal(path, '/api/orgs/acme/trust/explain');
    const run = { project: 'core', stack: 'dev', operation: 'update' };
    assert.deepEqual(JSON.parse(body), { document: policy(SUB), run, issuer: 'v1', audience: 'x' });
    await explain('policy.json', '--run', 'R', '--org', 'other');
    assert.equal(stub.heard.at(-1)?.path, '/api/orgs/other/trust/explain');
    assert.deepEqual(JSON.parse(stub.heard.at(-1)?.body ?? ''), { document: policy(SUB), run: 'R' });
    await explain('policy.json', '--environment', 'infra/aws');
    assert.deepEqual(JSON.parse(stub.heard.at(-1)?.body ?? '').environment, { root: 'infra/aws' });
  });

  test('1: it is refused; each reason with its condition, values, edit and safety, fit for a terminal', async () => {
    answer = { status: 200, body: { ...TOLD, allowed: false, reasons: [REASON] } };
    const { status, stdout, stderr } = await explain('policy.json', '--run', 'R');
    assert.equal(status, 1);
    assert.match(stdout, /^1\. aws_sub_mismatch at policy\.json:1:\d\d Statement\[0\]$/m);
    assert.match(stdout, /wanted +x\?\[2J\n +presented +\(no such claim\)\n +edit +Write y\.\n +safe +yes: /);
    assert.match(stderr, /^error: policy\.json does not admit it\. \(aws_sub_mismatch\)$/m);
  });

  test('--json: one object of four members, whatever the verdict', async () => {
    answer = { status: 200, body: { ...TOLD, allowed: false, reasons: [REASON] } };
    const { status, stdout } = await explain('policy.json', '--run', 'R', '--json');
    assert.equal(status, 1);
    assert.deepEqual(JSON.parse(stdout), { allowed: false, reasons: [REASON], warnings: [], assumptions: ['Z.'] });
  });

  test('2: a document that cannot be used, with its place; no server is asked', async () => {
    const asked = stub.heard.length;
    const { status, stderr, stdout } = await explain('broken.json', '--run', 'R', '--json');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^broken\.json:2:\d+ /m);
    assert.equal(stub.heard.length, asked);
    assert.equal((await explain('missing.json', '--run', 'R')).status, 2);
  });

  test('2: flags that do not fit', async () => {
    for (const args of [
      [],
      ['--project', 'core'],
      ['--run', 'R', '--environment', 'a/b'],
      ['--run', 'R', ...NAMES],
      ['--token', 'token', '--run', 'R'],
      ['--token', 'token', '--issuer', 'v1'],
      ['--token', 'token', '--audience', 'x'],
      ['--run', 'R', '--issuer', 'v3'],
      ['--token', 'policy.json'],
    ]) {
      const { status } = await explain('policy.json', ...args);
      assert.equal(status, 2, args.join(' '));
    }
    assert.equal((await explain('-', '--token', '-')).status, 2);
  });

  test('2: a server that refuses to tell has given no verdict', async () => {
    answer = { status: 404, body: { code: 404, message: 'There is no run.', refusal: 'run_not_found' } };
    const { status, stderr } = await explain('policy.json', '--run', 'R');
    assert.equal(status, 2);
    assert.match(stderr, /There is no run\. \(run_not_found\)/);
  });

  test('a token stays here: the server is told its claims and header', async () => {
    allowed();
    assert.equal((await explain('policy.json', '--token', 'token')).status, 0);
    const { body } = stub.heard.at(-1) ?? { body: '' };
    assert.ok(!body.includes(JWT.split('.')[2] ?? '-'));
    const { claims, header } = JSON.parse(body);
    assert.deepEqual([claims.sub, header], [SUB, { alg: 'RS256', kid: 'k1' }]);
  });

  test('without a server a token is explained here, and so is that nothing of it was verified', async () => {
    const away = { env: { RUNPASS_URL: 'http://127.0.0.1:1' } };
    const admitted = await desk.run(['trust', 'explain', 'policy.json', '--token', 'token', '--json'], away);
    assert.equal(admitted.status, 0, admitted.stderr);
    const { allowed: isAllowed, reasons, warnings, assumptions } = JSON.parse(admitted.stdout);
    assert.deepEqual([isAllowed, reasons, warnings], [true, [], []]);
    assert.match(assumptions[0], /^The token's signature/);
    assert.match(admitted.stderr, /^note: no server was asked/m);
    const options = { ...away, stdin: policy(SUB.replace('dev', 'prod')) };
    const refused = await desk.run(['trust', 'explain', '-', '--token', 'token'], options);
    assert.equal(refused.status, 1);
    assert.match(refused.stdout, /aws_sub_mismatch/);
    assert.equal((await desk.run(['trust', 'explain', 'policy.json', '--run', 'R'], away)).status, 2);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { AUDIENCES, type StartedRun, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, targetOf } from './answers.ts';

describe('GET {issuer}/runs/{id}/token', () => {
  let server: TestServer;
  let run: StartedRun;
  before(async () => {
    server = await startTestServer();
    run = await server.startRun({ project: 'core', stack: 'dev', operation: 'update', lease: 600 });
  });
  after(() => server.stop());

  const get = (
    query = '',
    name: 'v1' | 'v2' = 'v1',
    authorization: string | undefined = `Bearer ${run.tokenRequest.token}`,
    method = 'GET',
  ) =>
    server.ask(method, targetOf(run.tokenRequest.urls[name]) + query, {
      headers: authorization ? { authorization } : {},
    });
  const claims = async (answer: ReturnType<typeof get>) => {
    const { status, json, headers } = await answer;
    assert.deepEqual([status, json.count, Object.keys(json)], [200, 1, ['count', 'value']]);
    assert.equal(headers['cache-control'], 'no-store');
    return decodeJwt(json.value) as Record<string, unknown>;
  };

  test('v1 says what Pulumi Deployments says, to the letter', async () => {
    const { iat, nbf, exp, jti, ...rest } = await claims(get());
    assert.deepEqual(rest, {
      iss: `${server.url}/oidc`,
      sub: 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write',
      aud: 'acme',
      stackId: 'acme/core/dev',
      operation: 'update',
      org: 'acme',
      project: 'core',
      stack: 'dev',
      deployment: String(run.version),
      scope: 'write',
    });
    assert.deepEqual([Number(exp) - Number(iat), Number(iat) - Number(nbf)], [3600, 30]);
    assert.match(String(jti), /^[0-9a-f-]{36}$/);
  });

  test('v2 says who by immutable ids, and its claims stand under the namespace', async () => {
    const { iss, sub, aud, iat, exp, nbf, jti, ...rest } = await claims(get('&audience=vault', 'v2'));
    const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    assert.match(String(sub), new RegExp(`^pulumi:org:${uuid}:stack:${uuid}:operation:update$`));
    assert.deepEqual([iss, aud, Number(exp) - Number(iat)], [`${server.url}/oidc/v2`, 'vault', 900]);
    assert.ok(nbf !== undefined && jti !== undefined);
    const names = ['org', 'org_id', 'project', 'project_id', 'stack', 'stack_id', 'operation', 'deployment', 'actor'];
    assert.deepEqual(Object.keys(rest).sort(), names.map((name) => `https://pulumi.com/${name}`).sort());
    assert.equal(rest['https://pulumi.com/actor'], 'admin');
  });

  test('a stack with a rule has its short subject on v1, and nothing behind its last component', async () => {
    const subjects: Record<string, string> = {
      org: 'pulumi:deploy:org:acme',
      project: 'pulumi:deploy:org:acme:project:short',
      operation: 'pulumi:deploy:org:acme:project:short:operation:refresh',
      stack: 'pulumi:deploy:org:acme:project:short:stack:stack',
    };
    for (const [stack, sub] of Object.entries(subjects)) {
      const started = await server.startRun({ project: 'short', stack, operation: 'refresh' });
      const answer = await server.ask('GET', targetOf(started.tokenRequest.url), {
        headers: { authorization: `Bearer ${started.tokenRequest.token}` },
      });
      assert.equal(decodeJwt(answer.json.value).sub, sub);
    }
  });

  test('v1 takes the audiences that the operator listed for the organization, and names the setting otherwise', async () => {
    for (const audience of [...AUDIENCES, 'acme']) {
      assert.equal((await claims(get(`&audience=${encodeURIComponent(audience)}`)))['aud'], audience);
    }
    for (const audience of ['sigstore', 'umbrella', 'aws:acme', 'ACME', 'sts.amazonaws.com.']) {
      assertRefused(await get(`&audience=${audience}`), 'audience_not_allowed', /organizations\.acme\.audiences/);
    }
  });

  test('v2 demands an audience of 1 to 512 bytes and takes any', async () => {
    assertRefused(await get('', 'v2'), 'audience_required');
    assertRefused(await get('&audience=', 'v2'), 'audience_required');
    assert.equal((await claims(get(`&audience=${'a'.repeat(512)}`, 'v2')))['aud'], 'a'.repeat(512));
    for (const audience of ['a'.repeat(513), 'a%20b', '%22', '%00', '%E2%80%A8', '(x)']) {
      assertRefused(await get(`&audience=${audience}`, 'v2'), 'invalid_audience', /^audience: /);
    }
  });

  test('a lifetime is 60 to 3600 whole seconds, the last one given, never past the deadline', async () => {
    const life = async (query: string) => {
      const { exp, iat } = await claims(get(query));
      return Number(exp) - Number(iat);
    };
    assert.deepEqual(
      [await life('&lifetime=60'), await life('&lifetime=3600'), await life('&lifetime=9&lifetime=61')],
      [60, 3600, 61],
    );
    for (const lifetime of ['59', '3601', '0', '-60', '60.5', '1e3', 'NaN', '99999999999999', '%20600']) {
      assertRefused(await get(`&lifetime=${lifetime}`), 'invalid_lifetime');
    }
    const deadline = new Date(Date.now() + 30_000).toISOString();
    const short = await server.startRun({ project: 'core', stack: 'dev', operation: 'update', deadline });
    const answer = await server.ask('GET', targetOf(short.tokenRequest.url), {
      headers: { authorization: `Bearer ${short.tokenRequest.token}` },
    });
    assert.equal(decodeJwt(answer.json.value).exp, Date.parse(short.deadline) / 1000);
  });

  test('without the run’s own request token it is 401, with a challenge, the same for every reason', async () => {
    const other = await server.startRun({ project: 'core', stack: 'dev', operation: 'update' });
    const wrong = [
      `Bearer ${other.tokenRequest.token}`,
      `Bearer ${server.tokens.admin}`,
      'Bearer x',
      'Basic eDp5',
      'Bearer',
      'token',
      'Bearer a b',
    ];
    for (const authorization of wrong) {
      const answer = await get('', 'v1', authorization);
      assertRefused(answer, 'invalid_request_token');
      assert.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"');
    }
    const nobody = await get('', 'v1', '');
    assertRefused(nobody, 'invalid_request_token');
    assert.equal(nobody.headers['www-authenticate'], 'Bearer');
    for (const id of ['00000000-0000-7000-8000-000000000000', 'x', '%00', '..%2f', '%']) {
      const headers = { authorization: `Bearer ${run.tokenRequest.token}` };
      assertRefused(await server.ask('GET', `/oidc/runs/${id}/token`, { headers }), 'invalid_request_token');
    }
  });

  test('it takes GET only, and either scheme in any case', async () => {
    for (const method of ['POST', 'PUT', 'HEAD', 'OPTIONS']) {
      const answer = await get('', 'v1', undefined, method);
      assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET'], method);
    }
    for (const scheme of ['token', 'Token', 'bearer', 'BEARER']) {
      assert.equal((await get('', 'v1', `${scheme} ${run.tokenRequest.token}`)).status, 200);
    }
  });

  test('many tokens per run are normal, each with a jti of its own and its audit record', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => claims(get())));
    assert.equal(new Set(answers.map(({ jti }) => jti)).size, 50);
    const audit = await server.ask('GET', '/api/orgs/acme/audit?kind=token.issue&pageSize=100', { as: 'admin' });
    const recorded = new Set(audit.json.records.map(({ detail }: { detail: { jti?: string } }) => detail.jti));
    for (const { jti } of answers) assert.ok(recorded.has(jti));
  });
});

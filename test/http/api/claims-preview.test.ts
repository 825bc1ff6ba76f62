import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { OPERATIONS } from '../../../src/access/organization.ts';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, stateOf, targetOf } from './answers.ts';

describe('POST /api/orgs/{org}/claims/preview', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());
  const preview = (json: object, as: Caller = 'admin') =>
    server.ask('POST', '/api/orgs/acme/claims/preview', { as, json });

  for (const issuer of ['v1', 'v2'] as const) {
    test(`${issuer}: what is shown is what is signed, but for times and jti, for every operation`, async () => {
      for (const operation of OPERATIONS) {
        const run = { project: 'core', stack: 'dev', operation };
        const shown = await preview({ issuer, audience: 'sts.amazonaws.com', run });
        const started = await server.startRun(run);
        const url = `${targetOf(started.tokenRequest.urls[issuer])}&audience=sts.amazonaws.com`;
        const answer = await server.ask('GET', url, {
          headers: { authorization: `Bearer ${started.tokenRequest.token}` },
        });
        const { iat, nbf, exp, jti, ...claims } = decodeJwt(answer.json.value);
        assert.deepEqual(shown.json, { header: decodeProtectedHeader(answer.json.value), claims });
        assert.ok(iat && nbf && exp && jti);
      }
    });
  }

  test('it is refused for the same reasons as the token, by the same codes, and changes nothing', async () => {
    const run = { project: 'core', stack: 'dev', operation: 'update' };
    const before = await stateOf(server);
    assertRefused(await preview({ run, audience: 'sigstore' }), 'audience_not_allowed');
    assertRefused(await preview({ run, issuer: 'v2' }), 'audience_required');
    assertRefused(await preview({ run, issuer: 'v2', audience: 'a b' }), 'invalid_audience');
    assertRefused(await preview({ run: { ...run, stack: 'a:b' } }), 'invalid_name');
    assertRefused(await preview({ run }, 'bob'), 'run_not_permitted');
    for (const json of [
      {},
      { run, environment: { root: 'a/b' } },
      { run, issuer: 'v3' },
      { run, extra: 1 },
      { run: [] },
      { run, audience: 5 },
    ]) {
      assertRefused(await preview(json), 'invalid_request');
    }
    assert.equal(await stateOf(server), before);
  });

  test('environments: the forms of the contract, for administrators only', async () => {
    const environment = { root: 'proj/env', current: 'proj/base' };
    const v1 = await preview({ environment, audience: 'aws:acme' });
    assert.deepEqual(v1.json.claims, {
      iss: `${server.url}/oidc`,
      sub: 'pulumi:environments:org:acme:env:proj/env',
      aud: 'aws:acme',
      org: 'acme',
      current_env: 'proj/base',
      root_env: 'proj/env',
      trigger_user: 'admin',
    });
    const legacy = await preview({ environment: { root: 'env' } });
    assert.equal(legacy.json.claims.sub, 'pulumi:environments:org:acme:env:env');
    const attributes = await preview({
      environment: { ...environment, subjectAttributes: ['currentEnvironment.name', 'pulumi.user.login'] },
    });
    assert.equal(
      attributes.json.claims.sub,
      'pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:proj/base:pulumi.user.login:admin',
    );
    const v2 = await preview({ issuer: 'v2', environment, audience: 'vault' });
    assert.match(v2.json.claims.sub, /^pulumi:org:[0-9a-f-]{36}:env:[0-9a-f-]{36}$/);
    assert.equal(v2.json.claims['https://pulumi.com/current_env'], 'proj/base');

    for (const caller of ['bob', 'carol', 'ops', 'client', 'organization'] as const)
      assertRefused(await preview({ environment }, caller), 'not_permitted');
    for (const audience of ['aws:umbrella', 'umbrella', 'aws:'])
      assertRefused(await preview({ environment, audience }), 'audience_not_allowed');
    for (const root of ['a/b/c', '', '/', 'a:b', '../x', 'yaml/x', '*'])
      assertRefused(await preview({ environment: { root } }), 'invalid_name', /^root: /);
    for (const subjectAttributes of [
      ['pulumi.user.email'],
      ['pulumi.user.login', 'pulumi.user.login'],
      ['pulumi.token.team'],
      ['constructor'],
    ]) {
      assertRefused(
        await preview({ environment: { ...environment, subjectAttributes } }),
        'invalid_request',
        /^subjectAttributes: /,
      );
    }
    assertRefused(
      await preview({
        issuer: 'v2',
        audience: 'x',
        environment: { ...environment, subjectAttributes: ['pulumi.user.login'] },
      }),
      'invalid_request',
    );
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createVaultToken, loginToVault, renewVaultToken } from '../../src/clouds/vault.ts';
import { Secret } from '../../src/secret.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { assertCloudProblem, TOKEN } from './refused.ts';

const CHILD = { displayName: 'pulumi', maxTtlSeconds: 7200, metadata: { env: 'dev' }, policies: ['reader'] };

describe('Vault', () => {
  let cloud: FakeCloud;
  before(async () => {
    cloud = await startFakeCloud();
  });
  after(() => cloud.stop());
  beforeEach(() => {
    cloud.asked.length = 0;
    cloud.answer(200, { auth: { client_token: 'hvs.granted', lease_duration: 3600 } });
  });
  const post = () => cloud.clouds.postToStranger;
  const server = (namespace?: string) => ({ address: `${cloud.url}/`, namespace });
  const login = (mount = 'jwt', namespace?: string) =>
    loginToVault(post(), server(namespace), new Secret(TOKEN), { mount, role: 'reader' });
  const child = (given: Partial<typeof CHILD> = {}, namespace?: string) =>
    createVaultToken(post(), server(namespace), new Secret('hvs.parent'), { ...CHILD, ...given });

  test('logs in with role and token at the mount, in the namespace', async () => {
    const { token, lifetime, renewable } = await login('team/jwt', 'admin/example');
    assert.deepEqual([token.reveal(), lifetime, renewable], ['hvs.granted', 3600, false]);
    const [{ method, path, headers, body } = assert.fail()] = cloud.asked;
    assert.deepEqual([method, path], ['POST', '/v1/auth/team/jwt/login']);
    assert.deepEqual(
      [headers['x-vault-namespace'], headers['x-vault-request'], headers['x-vault-token'], headers['content-type']],
      ['admin/example', 'true', undefined, 'application/json'],
    );
    assert.deepEqual(JSON.parse(body), { role: 'reader', jwt: TOKEN });
    await login();
    assert.equal(cloud.asked[1]?.headers['x-vault-namespace'], undefined);
    assert.equal(cloud.asked[1]?.path, '/v1/auth/jwt/login');
  });

  test('gives a token more time', async () => {
    cloud.answer(200, { auth: { client_token: 'hvs.granted', lease_duration: 1800, renewable: true } });
    const more = await renewVaultToken(post(), server('admin'), new Secret('hvs.mine'));
    assert.deepEqual(more, { lifetime: 1800, renewable: true });
    const [{ method, path, headers } = assert.fail()] = cloud.asked;
    assert.deepEqual([method, path], ['POST', '/v1/auth/token/renew-self']);
    assert.deepEqual([headers['x-vault-token'], headers['x-vault-namespace']], ['hvs.mine', 'admin']);
    cloud.answer(403, { errors: ['permission denied'] });
    await assertCloudProblem(renewVaultToken(post(), server(), new Secret('hvs.mine')), /permission denied.*expired/);
  });

  test('makes a child of a token', async () => {
    assert.equal((await child({}, 'admin')).reveal(), 'hvs.granted');
    await child({ policies: [] });
    const [first = assert.fail(), second = assert.fail()] = cloud.asked;
    assert.deepEqual([first.method, first.path], ['POST', '/v1/auth/token/create']);
    assert.deepEqual(
      [first.headers['x-vault-token'], first.headers['x-vault-namespace'], second.headers['x-vault-namespace']],
      ['hvs.parent', 'admin', undefined],
    );
    const rest = { display_name: 'pulumi', explicit_max_ttl: '7200s', meta: { env: 'dev' } };
    assert.deepEqual(JSON.parse(first.body), { ...rest, policies: ['reader'] });
    assert.deepEqual(JSON.parse(second.body), rest);
  });

  for (const [error, sentence] of [
    ['role "reader" could not be found', /Check "role", and "mount"/],
    ['no handler for route "auth/jwt/login". route entry not found.', /check "mount" and "namespace"/],
    ['audience claim found in JWT but no audiences bound to the role', /bound_audiences of the role/],
    [
      'error validating token: invalid audience (aud) claim: audience claim does not match any expected audience',
      /bound_audiences/,
    ],
    [
      'error validating claims: claim "sub" does not match any associated bound claim values',
      /bound_subject and bound_claims/,
    ],
    ['error validating token: invalid issuer (iss) claim', /bound_issuer/],
    ['error validating token: error verifying token signature: fetching keys failed', /Vault must reach the key set/],
    ['role with oidc role_type is not allowed', /role_type=jwt/],
  ] as const) {
    test(`says what to do about: ${error.slice(0, 60)}`, async () => {
      cloud.answer(400, { errors: [error] });
      const { message } = await assertCloudProblem(login(), sentence);
      assert.ok(message.startsWith(`Vault refused the login (HTTP 400): ${error.slice(0, 40)}`), message);
    });
  }

  test('says what to do about a parent token that cannot make the child', async () => {
    cloud.answer(403, { errors: ['permission denied', 'invalid token hvs.parent'] });
    await assertCloudProblem(child(), /\(HTTP 403\): permission denied; invalid token \[secret\]\. The token has/);
    cloud.answer(400, { errors: ['child policies must be subset of parent'] });
    await assertCloudProblem(child(), /check "policies"/);
  });

  test('may answer with nonsense, and that is said', async () => {
    for (const body of ['', {}, { auth: null }, { auth: { client_token: '' } }, { auth: { client_token: ['x'] } }]) {
      cloud.answer(200, body);
      await assertCloudProblem(login(), /^Vault answered with HTTP 200, but without credentials/);
    }
    for (const body of ['<html>', {}, { errors: 'text' }, { errors: [{ a: 1 }] }, { errors: [] }]) {
      cloud.answer(503, body);
      await assertCloudProblem(login(), /^Vault refused the login \(HTTP 503\)\.$/);
    }
  });
});

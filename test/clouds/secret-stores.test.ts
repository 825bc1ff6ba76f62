import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { CloudRequest } from '../../src/clouds/clouds.ts';
import { loginToDoppler } from '../../src/clouds/doppler.ts';
import { loginToInfisical, loginToInfisicalWithSecret } from '../../src/clouds/infisical.ts';
import { Secret } from '../../src/secret.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { assertCloudProblem, TOKEN } from './refused.ts';

const IDENTITY = '00000000-0000-4000-8000-000000000000';

describe('Doppler and Infisical', () => {
  let cloud: FakeCloud;
  before(async () => {
    cloud = await startFakeCloud();
  });
  after(() => cloud.stop());
  beforeEach(() => {
    cloud.asked.length = 0;
  });
  const doppler = () => loginToDoppler(cloud.clouds, new Secret(TOKEN), IDENTITY);
  const infisical = (siteUrl?: string) => loginToInfisical(cloud.clouds, siteUrl, new Secret(TOKEN), IDENTITY);
  const universal = () => loginToInfisicalWithSecret(cloud.clouds, undefined, 'client', new Secret('the secret'));

  test('Doppler turns an ID token into an access token', async () => {
    cloud.answer(200, { success: true, token: 'dp.said.granted', expires_at: '2026-01-01T01:00:00Z' });
    assert.equal((await doppler()).reveal(), 'dp.said.granted');
    const [{ method, path, body } = assert.fail()] = cloud.asked;
    assert.deepEqual([method, path, JSON.parse(body)], ['POST', '/v3/auth/oidc', { identity: IDENTITY, token: TOKEN }]);
  });

  test('Doppler says why not', async () => {
    cloud.answer(401, { success: false, messages: ['Invalid subject', `token ${TOKEN}`] });
    await assertCloudProblem(
      doppler(),
      /^Doppler refused the login \(HTTP 401\): Invalid subject; token \[secret\]\. Compare discovery URL, audience and subject/,
    );
    for (const body of ['', {}, { token: '' }]) {
      cloud.answer(200, body);
      await assertCloudProblem(doppler(), /^Doppler answered with HTTP 200, but without credentials/);
    }
  });

  test('Infisical turns an ID token, or the secret of a client, into an access token', async () => {
    cloud.answer(200, { accessToken: 'st.granted', expiresIn: 600, accessTokenMaxTTL: 600, tokenType: 'Bearer' });
    assert.equal((await infisical()).reveal(), 'st.granted');
    assert.equal((await universal()).reveal(), 'st.granted');
    assert.deepEqual(
      cloud.asked.map(({ method, path, body }) => [method, path, JSON.parse(body)]),
      [
        ['POST', '/api/v1/auth/oidc-auth/login', { identityId: IDENTITY, jwt: TOKEN }],
        ['POST', '/api/v1/auth/universal-auth/login', { clientId: 'client', clientSecret: 'the secret' }],
      ],
    );
  });

  test('Infisical says why not', async () => {
    const denied = { statusCode: 403, message: 'Access denied: OIDC subject not allowed.', error: 'PermissionDenied' };
    cloud.answer(403, denied);
    await assertCloudProblem(
      infisical(),
      /^Infisical refused the login \(HTTP 403, PermissionDenied\): Access denied: OIDC subject not allowed\. Compare issuer/,
    );
    cloud.answer(401, { message: 'the secret is wrong' });
    await assertCloudProblem(universal(), /\(HTTP 401\): \[secret\] is wrong\.$/);
    cloud.answer(200, {});
    await assertCloudProblem(infisical(), /^Infisical answered with HTTP 200, but without credentials/);
  });

  test('a site that an author names is reached only as a stranger is, and the published one is not', async () => {
    const ways: string[] = [];
    const way =
      (name: string) =>
      async ({ url }: CloudRequest) => {
        ways.push(`${name} ${url}`);
        return { status: 200, text: '{"accessToken":"a","token":"b"}' };
      };
    const clouds = { endpoints: {}, post: way('cloud'), postToStranger: way('stranger') };
    await loginToInfisical(clouds, 'https://infisical.example.com/', new Secret(TOKEN), IDENTITY);
    await loginToInfisical(clouds, 'https://app.infisical.com', new Secret(TOKEN), IDENTITY);
    await loginToInfisical(clouds, undefined, new Secret(TOKEN), IDENTITY);
    await loginToDoppler(clouds, new Secret(TOKEN), IDENTITY);
    assert.deepEqual(ways, [
      'stranger https://infisical.example.com/api/v1/auth/oidc-auth/login',
      'stranger https://app.infisical.com/api/v1/auth/oidc-auth/login',
      'cloud https://app.infisical.com/api/v1/auth/oidc-auth/login',
      'cloud https://api.doppler.com/v3/auth/oidc',
    ]);
  });
});

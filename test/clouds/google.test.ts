import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { exchangeAtGoogle, impersonate } from '../../src/clouds/google.ts';
import { Secret } from '../../src/secret.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { assertCloudProblem, TOKEN } from './refused.ts';

const PROVIDER = { project: '951040570662', location: 'global', pool: 'the-pool', provider: 'the-provider' };
const ACCOUNT = 'deploy@core-123456.iam.gserviceaccount.com';

describe('Google', () => {
  let cloud: FakeCloud;
  before(async () => {
    cloud = await startFakeCloud();
  });
  after(() => cloud.stop());
  beforeEach(() => {
    cloud.asked.length = 0;
  });
  const exchange = () => exchangeAtGoogle(cloud.clouds, new Secret(TOKEN), PROVIDER);
  const become = () => impersonate(cloud.clouds, new Secret('ya29.federated'), ACCOUNT, 5400);

  test('exchanges an ID token for a federated one', async () => {
    cloud.answer(200, { access_token: 'ya29.federated', token_type: 'Bearer', expires_in: 3599 });
    assert.equal((await exchange()).reveal(), 'ya29.federated');
    const [{ method, path, headers, body } = assert.fail()] = cloud.asked;
    assert.deepEqual(
      [method, path, headers['content-type']],
      ['POST', '/v1/token', 'application/x-www-form-urlencoded'],
    );
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience:
        '//iam.googleapis.com/projects/951040570662/locations/global/workloadIdentityPools/the-pool/providers/the-provider',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token: TOKEN,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    });
  });

  test('turns that into an access token of a service account', async () => {
    cloud.answer(200, { accessToken: 'ya29.account', expireTime: '2026-01-01T01:00:00Z' });
    const { accessToken, expiry } = await become();
    assert.deepEqual([accessToken.reveal(), expiry], ['ya29.account', '2026-01-01T01:00:00Z']);
    const [{ method, path, headers, body } = assert.fail()] = cloud.asked;
    assert.deepEqual(
      [method, path, headers.authorization, headers['content-type']],
      [
        'POST',
        '/v1/projects/-/serviceAccounts/deploy%40core-123456.iam.gserviceaccount.com:generateAccessToken',
        'Bearer ya29.federated',
        'application/json',
      ],
    );
    assert.deepEqual(JSON.parse(body), {
      scope: ['https://www.googleapis.com/auth/cloud-platform'],
      lifetime: '5400s',
    });
  });

  for (const [status, error, description, sentence] of [
    [
      400,
      'invalid_request',
      'Invalid value for "audience". This value should be the full resource name',
      /leave "region" out/,
    ],
    [
      400,
      'invalid_grant',
      'The audience in ID Token [gcp:acme] does not match the expected audience.',
      /among the allowed audiences/,
    ],
    [
      400,
      'invalid_grant',
      'The size of mapped attribute google.subject exceeds the 127 bytes limit.',
      /google\.subject: shorten it, or map/,
    ],
    [
      400,
      'unauthorized_client',
      'The given credential is rejected by the attribute condition.',
      /attribute condition says no/,
    ],
    [400, 'invalid_grant', "Error connecting to the given credential's issuer.", /reach the issuer/],
  ] as const) {
    test(`says what to do about ${error}: ${description.slice(0, 40)}`, async () => {
      cloud.answer(status, { error, error_description: description });
      const { message, code } = await assertCloudProblem(exchange(), sentence);
      assert.ok(
        message.startsWith(`Google STS refused the login (HTTP ${status}, ${error}): ${description.slice(0, 30)}`),
      );
      assert.equal(code, error);
    });
  }

  test('says what to do where the service account cannot be used', async () => {
    const denied = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
    cloud.answer(403, { error: { code: 403, message: denied, status: 'PERMISSION_DENIED' } });
    await assertCloudProblem(
      become(),
      /^Google IAM Credentials .*\(HTTP 403, PERMISSION_DENIED\).*workloadIdentityUser/,
    );
    cloud.answer(400, { error: { code: 400, message: 'The lifetime is too long', status: 'INVALID_ARGUMENT' } });
    await assertCloudProblem(become(), /"tokenLifetime" of at most 1h/);
    cloud.answer(401, { error: { message: 'ya29.federated is no token', status: 'UNAUTHENTICATED' } });
    await assertCloudProblem(become(), /: \[secret\] is no token\.$/);
  });

  test('may answer with nonsense, and that is said', async () => {
    for (const body of ['<html>', {}, { access_token: '' }, { access_token: 7 }, null]) {
      cloud.answer(200, body);
      await assertCloudProblem(exchange(), /^Google STS answered with HTTP 200, but without credentials/);
    }
    for (const body of [
      {},
      { accessToken: 'a' },
      { accessToken: 'a', expireTime: 'soon' },
      { expireTime: '2026-01-01T01:00:00Z' },
    ]) {
      cloud.answer(200, body);
      await assertCloudProblem(become(), /^Google IAM Credentials answered with HTTP 200, but without credentials/);
    }
    cloud.answer(500, { error: 'a text where an object should be' });
    await assertCloudProblem(become(), /^Google IAM Credentials refused the login \(HTTP 500\)\.$/);
  });
});

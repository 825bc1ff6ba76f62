import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { tryAtEntra } from '../../src/clouds/azure.ts';
import { Secret } from '../../src/secret.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { assertCloudProblem, TOKEN } from './refused.ts';

const CLIENT = { tenantId: '11111111-1111-1111-1111-111111111111', clientId: '22222222-2222-2222-2222-222222222222' };

describe('Microsoft Entra', () => {
  let cloud: FakeCloud;
  before(async () => {
    cloud = await startFakeCloud();
  });
  after(() => cloud.stop());
  beforeEach(() => {
    cloud.asked.length = 0;
  });
  const ask = () => tryAtEntra(cloud.clouds, new Secret(TOKEN), CLIENT);

  test('is asked as its own libraries ask', async () => {
    cloud.answer(200, { access_token: 'eyJ0', token_type: 'Bearer', expires_in: 3599 });
    await ask();
    const [{ method, path, headers, body } = assert.fail()] = cloud.asked;
    assert.deepEqual(
      [method, path, headers['content-type']],
      ['POST', `/${CLIENT.tenantId}/oauth2/v2.0/token`, 'application/x-www-form-urlencoded'],
    );
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
      client_id: CLIENT.clientId,
      scope: 'https://management.azure.com/.default',
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: TOKEN,
    });
  });

  for (const [code, sentence] of [
    ['AADSTS70021', /has this issuer/],
    ['AADSTS700211', /has this issuer/],
    ['AADSTS700212', /must be the token's aud/],
    ['AADSTS700213', /has this subject: Entra knows no patterns/],
    ['AADSTS7002138', /upper and lower case/],
    ['AADSTS700024', /not valid now/],
    ['AADSTS7000272', /not yet seen the key/],
    ['AADSTS90061', /from the internet/],
    ['AADSTS700016', /no such client/],
    ['AADSTS90002', /no such tenant/],
    ['AADSTS1', /Compare the federated credentials/],
  ] as const) {
    test(`says what to do about ${code}`, async () => {
      const error_description = `${code}: Something is wrong. Trace ID: 0 Correlation ID: 1 Timestamp: 2`;
      cloud.answer(401, { error: 'invalid_client', error_description });
      const { message } = await assertCloudProblem(ask(), sentence);
      assert.equal(
        message,
        `Microsoft Entra refused the login (HTTP 401, invalid_client): ${code}: Something is wrong.`,
      );
    });
  }

  test('may answer with nonsense, and that is said', async () => {
    for (const body of ['<html>', {}, null]) {
      cloud.answer(200, body);
      await assertCloudProblem(ask(), /^Microsoft Entra answered with HTTP 200, but without credentials/);
    }
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { postThrough } from '../../../src/clouds/strangers.ts';
import { Refusal } from '../../../src/errors.ts';
import { openOutbound } from '../../../src/issuers/outbound/open.ts';
import { TOKEN } from '../../clouds/refused.ts';
import { type HttpsHost, startHttpsHost, TEST_CERTIFICATE } from '../../issuers/https-host.ts';
import { type LoginDesk, startLoginDesk } from './login-desk.ts';
import { CONTEXT, V2_INPUTS, WITH_TOKEN } from './openings.ts';

describe('a login', () => {
  let desk: LoginDesk;
  /** A server that an author names. */
  let host: HttpsHost;
  before(async () => {
    [desk, host] = await Promise.all([startLoginDesk(), startHttpsHost()]);
  });
  after(() => Promise.all([desk.cloud.stop(), host.stop()]));
  beforeEach(() => desk.clear());

  test('with wrong inputs says where, mints nothing and asks no cloud', async () => {
    assert.equal(await desk.failed('nobody-login', {}), 'unknown provider "nobody-login"');
    assert.equal(await desk.failed('aws-login', {}), 'write exactly one of "oidc" and "static"');
    assert.equal(
      await desk.failed('aws-login', {
        oidc: { ...(WITH_TOKEN['aws-login'] as { oidc: object }).oidc, duration: '1m' },
      }),
      'oidc.duration: must be from 15m to 12h',
    );
    assert.equal(
      await desk.failed('oidc', { ...V2_INPUTS, duration: '2h' }),
      'duration must be between 1m0s and 1h0m0s',
    );
    assert.equal(
      await desk.failed('oidc', { ...V2_INPUTS, subjectAttributes: [], x: 1 }),
      'fn::open::oidc does not accept subjectAttributes; fn::open::oidc does not accept an input named "x"',
    );
    assert.deepEqual([desk.minted.length, desk.cloud.asked.length], [0, 0]);
  });

  test('with inputs that are only pointed out goes on', async () => {
    assert.deepEqual(await desk.opened('azure-login', { clientId: 'c', tenantId: 't', other: 1 }), {
      clientId: 'c',
      tenantId: 't',
    });
  });

  test('whose token cannot be said truthfully mints nothing', async () => {
    const { current: _current, root: _root, ...anonymous } = CONTEXT;
    assert.equal(
      await desk.failed('oidc', V2_INPUTS, { context: anonymous }),
      'fn::open::oidc cannot run in an unsaved environment document; save the environment and import it',
    );
    const team = { ...WITH_TOKEN['azure-login'], subjectAttributes: ['pulumi.token.team'] };
    assert.match(await desk.failed('azure-login', team), /^subjectAttributes: "pulumi\.token\.team" has no value here/);
    assert.match(await desk.failed('debug-oidc-claims', V2_INPUTS, { context: anonymous }), /cannot run in an unsaved/);
    assert.equal(desk.minted.length, 0);
    const secret = { clientId: 'c', tenantId: 't', clientSecret: 's' };
    assert.ok(await desk.opened('azure-login', secret, { context: anonymous }), 'no token, no subject');
  });

  test('that a cloud refuses gives its sentence, without the token', async () => {
    desk.cloud.answer(403, { Error: { Code: 'AccessDenied', Message: `Not authorized ${TOKEN}` } });
    const error = await desk.failed('aws-login', WITH_TOKEN['aws-login']);
    assert.match(
      error,
      /^AWS STS refused the login \(HTTP 403, AccessDenied\): Not authorized \[secret\]\. The role's trust/,
    );
    desk.cloud.answers(
      [200, { access_token: 'ya29.federated' }],
      [403, { error: { status: 'PERMISSION_DENIED', message: 'no' } }],
    );
    assert.match(await desk.failed('gcp-login', WITH_TOKEN['gcp-login']), /^Google IAM Credentials refused/);
  });

  test('ends the whole opening where nothing can be minted, or something of ours is broken', async () => {
    const mint = () => Promise.reject(new Refusal('issuing_paused'));
    await assert.rejects(desk.open('azure-login', WITH_TOKEN['azure-login'], { mint }), Refusal);
    const clouds = { ...desk.cloud.clouds, post: () => Promise.reject(new TypeError('ours')) };
    await assert.rejects(desk.open('aws-login', WITH_TOKEN['aws-login'], { clouds }), TypeError);
  });

  test('at an address that its author wrote goes only where the guard lets it', async () => {
    host.json('/v1/auth/jwt/login', { auth: { client_token: 'hvs.granted' } });
    const outbound = openOutbound({ ca: TEST_CERTIFICATE });
    const through = (hosts: readonly string[]) => ({
      clouds: { ...desk.cloud.clouds, postToStranger: postThrough(outbound, hosts) },
    });
    const inputs = { address: host.origin, jwt: { role: 'reader' } };
    assert.deepEqual(await desk.opened('vault-login', inputs, through([host.host])), {
      address: host.origin,
      token: 'hvs.granted',
    });
    const refused = await desk.failed('vault-login', inputs, through([]));
    assert.match(refused, /^localhost:\d+ is not on port 443; an operator can permit it: list "localhost:\d+" under/);
    assert.equal(host.requests.length, 1);
  });
});

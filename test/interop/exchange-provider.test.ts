import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type HttpsHost, startHttpsHost, TEST_THUMBPRINT } from '../issuers/https-host.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { openOutsideIssuer } from './outside-issuer.ts';
import { cliExchange, providerCall } from './stock-requests.ts';
import { exchangeParameters } from './trust.ts';

const ISSUERS = '/api/orgs/acme/oidc/issuers';
const POLICIES = '/api/orgs/acme/auth/policies';

/** An HTTPS host that publishes an issuer at its root, as GitHub does. */
const publish = async (host: HttpsHost) => {
  const issuer = await openOutsideIssuer(host.origin);
  host.json('/.well-known/openid-configuration', {
    issuer: host.origin,
    jwks_uri: `${host.origin}/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  host.json('/jwks', issuer.jwks);
  return issuer;
};

const definition = (decision: 'allow' | 'deny', environment: string, more: object = { authorizedPermissions: [] }) => ({
  decision,
  tokenType: 'organization',
  ...more,
  rules: { aud: 'urn:pulumi:org:acme', sub: `repo:acme/core:environment:${environment}` },
});

/** The life of an `OidcIssuer` resource, call by call as the provider makes them. Contract sections 4 and 7. */
describe('the provider manages a trusted issuer', () => {
  let host: HttpsHost;
  let server: TestServer;
  before(async () => {
    host = await startHttpsHost();
    // Right below `organizations: acme:`, where the settings of the test server end.
    server = await startTestServer({ lines: [`    issuerHosts: ["${host.host}"]`] });
  });
  after(async () => {
    await server.stop();
    await host.stop();
  });

  test('creates it, writes its policy, reads, renames and deletes it', async () => {
    const issuer = await publish(host);

    // Create: never with keys, so that discovery is fetched.
    const created = await providerCall(server, 'POST', ISSUERS, {
      name: 'ci',
      url: host.origin,
      thumbprints: [TEST_THUMBPRINT.toUpperCase()],
      maxExpiration: 3600,
    });
    assert.equal(created.status, 200, created.text);
    const { id } = created.json;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      [created.json.name, created.json.url, created.json.issuer, created.json.thumbprints, created.json.maxExpiration],
      ['ci', host.origin, host.origin, [TEST_THUMBPRINT], 3600],
    );

    // Its policy is there at once, by the issuer's id, and denies everything.
    const first = await providerCall(server, 'GET', `${POLICIES}/oidcissuers/${id}`);
    assert.equal(first.status, 200, first.text);
    assert.deepEqual(first.json.policies, []);
    const token = await issuer.token({ sub: 'repo:acme/core:environment:prod' });
    assert.equal((await cliExchange(server, exchangeParameters(token))).status, 400);

    // It is replaced by its own id; the provider's state keeps the order that it sent, and the members that it knows.
    const policies = [
      definition('deny', 'test'),
      definition('allow', 'prod', { authorizedPermissions: [], roleID: 'deployer' }),
      definition('allow', 'admin', { authorizedPermissions: ['admin'] }),
      definition('allow', 'other', { authorizedPermissions: ['standard'] }),
    ];
    const saved = await providerCall(server, 'PATCH', `${POLICIES}/${first.json.id}`, { policies });
    assert.equal(saved.status, 200, saved.text);
    assert.deepEqual(saved.json.policies, policies);
    assert.deepEqual([saved.json.id, saved.json.version], [first.json.id, first.json.version + 1]);
    const read = await providerCall(server, 'GET', `${POLICIES}/oidcissuers/${id}`);
    assert.deepEqual(read.json.policies, policies);
    const exchanged = await cliExchange(server, exchangeParameters(token));
    assert.deepEqual([exchanged.status, exchanged.json.expires_in], [200, 3600], exchanged.text);

    // Update: the name, and thumbprints that are null where the program names none.
    const renamed = await providerCall(server, 'PATCH', `${ISSUERS}/${id}`, { name: 'renamed', thumbprints: null });
    assert.equal(renamed.status, 200, renamed.text);
    assert.deepEqual([renamed.json.id, renamed.json.name, renamed.json.maxExpiration], [id, 'renamed', 3600]);
    const found = await providerCall(server, 'GET', `${ISSUERS}/${id}`);
    assert.deepEqual([found.json.name, found.json.thumbprints], ['renamed', [TEST_THUMBPRINT]]);
    assert.deepEqual((await providerCall(server, 'GET', `${POLICIES}/oidcissuers/${id}`)).json.policies, policies);

    // Delete, and once more after a lost answer; then it is gone, and with it what came from it.
    const accessToken = exchanged.json.access_token;
    const user = () => server.ask('GET', '/api/user', { headers: { authorization: `token ${accessToken}` } });
    assert.equal((await user()).status, 200);
    assert.equal((await providerCall(server, 'DELETE', `${ISSUERS}/${id}`)).status, 204);
    assert.equal((await user()).status, 401);
    for (const method of ['DELETE', 'GET'] as const) {
      const gone = await providerCall(server, method, `${ISSUERS}/${id}`);
      assert.deepEqual([gone.status, gone.json.code], [404, 404]);
      assert.match(gone.json.message, /oidc issuer/);
    }
  });

  test('is told in the form of the API what is wrong, and nothing is half made', async () => {
    const refused = await providerCall(server, 'POST', ISSUERS, { name: 'nowhere', url: 'https://127.0.0.1:9' });
    assert.deepEqual([refused.status, refused.json.code], [400, 400], refused.text);
    assert.match(refused.json.message, /.{20,}/);
    const list = await providerCall(server, 'GET', ISSUERS);
    assert.equal(list.status, 200);
    assert.deepEqual(
      list.json.oidcIssuers.filter(({ name }: { name: string }) => name === 'nowhere'),
      [],
    );
  });
});

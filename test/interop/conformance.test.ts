import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { until } from '../redis.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { discoveryOf, type Fetched, type Json, keysOf } from './profile.ts';
import { fetchDocument } from './surface.ts';

/** The conditions of the OpenID conformance suite that a machine-only issuer can meet: `oidcc-config-certification-test-plan`. */
for (const name of ['v1', 'v2'] as const) {
  describe(`conformance suite, configuration plan, issuer ${name}`, () => {
    let server: TestServer;
    let issuer: string;
    let discovery: Fetched;
    let metadata: Json;
    before(async () => {
      server = await startTestServer();
      issuer = server.settings.issuers[name].url;
      discovery = await fetchDocument(`${issuer}/.well-known/openid-configuration`);
      metadata = discoveryOf({ discovery });
    });
    after(() => server.stop());

    const keys = () => fetchDocument(String(metadata['jwks_uri']));
    const list = (member: string): readonly string[] => metadata[member] as string[];

    test('CheckDiscEndpointDiscoveryUrl: discovery answers exactly 200 and JSON', () => {
      assert.deepEqual([discovery.status, discovery.headers['content-type']], [200, 'application/json']);
    });
    test('CheckDiscEndpointIssuer: the issuer is where the document was found', () => {
      assert.equal(metadata['issuer'], issuer);
    });
    test('CheckDiscEndpointAllEndpointsAreHttps: every endpoint is an absolute URL of this server', () => {
      const endpoints = Object.entries(metadata).filter(([member]) => /_endpoint$|_uri$/.test(member));
      assert.ok(endpoints.length >= 5);
      // On this machine http stands for https.
      for (const [member, url] of endpoints) assert.ok(String(url).startsWith(`${server.url}/oidc`), member);
    });
    test('the required members are there, with the types of the standard', () => {
      for (const member of ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
        assert.equal(typeof metadata[member], 'string', member);
      }
      for (const [member, value] of Object.entries(metadata)) {
        if (member.endsWith('_supported') && member !== 'request_uri_parameter_supported') {
          const isList = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');
          assert.ok(typeof value === 'boolean' || isList, member);
        }
      }
    });
    test('response types, subject types, grant types and scopes are not empty, and the scopes hold openid', () => {
      for (const member of ['response_types_supported', 'subject_types_supported', 'grant_types_supported']) {
        assert.ok(list(member).length > 0, member);
      }
      assert.ok(list('scopes_supported').includes('openid'));
    });
    test('CheckDiscEndpointIdTokenSigningAlgValuesSupported: RS256 is listed', () => {
      assert.ok(list('id_token_signing_alg_values_supported').includes('RS256'));
    });
    test('CheckDiscEndpointClaimsSupported: claims are listed', () => {
      assert.ok(list('claims_supported').includes('sub'));
    });
    test('ValidateServerJWKs: every key is structurally valid, usable, and public', async () => {
      const answer = await keys();
      assert.equal(answer.status, 200);
      for (const jwk of keysOf({ keys: answer })) {
        assert.equal(createPublicKey({ key: jwk, format: 'jwk' }).type, 'public');
        for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(secret in jwk), secret);
      }
    });
    test('CheckForKeyIdInServerJWKs, EnsureServerJwksDoesNotContainDuplicateKeys: kids present and distinct', async () => {
      const kids = keysOf({ keys: await keys() }).map(({ kid }) => kid);
      assert.ok(kids.every((kid) => typeof kid === 'string' && kid !== ''));
      assert.equal(new Set(kids).size, kids.length);
    });
    test('authorization_endpoint answers, and says unauthorized_client', async () => {
      const url = new URL(String(metadata['authorization_endpoint']));
      url.search = 'client_id=x&response_type=id_token&redirect_uri=https%3A%2F%2Fx.example&scope=openid&nonce=n';
      const answer = await fetchDocument(url.href);
      assert.equal(answer.status, 400);
      assert.equal((JSON.parse(answer.text) as { error: string }).error, 'unauthorized_client');
    });
    test('oidcc-server-rotate-keys: afterwards a new key is there, and the old ones still are', async () => {
      const old = keysOf({ keys: await keys() }).map(({ kid }) => kid);
      assert.equal((await server.rotateUnsafely(name)).outcome, 'changed');
      let now: unknown[] = [];
      await until(async () => {
        now = keysOf({ keys: await keys() }).map(({ kid }) => kid);
        return now[0] !== old[0];
      });
      assert.ok(!old.includes(now[0] as string) || now.length > old.length);
      for (const kid of old) assert.ok(now.includes(kid));
    });
  });
}

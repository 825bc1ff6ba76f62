import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDiscoveryBase, renderDiscovery } from '../../src/provider/discovery.ts';
import { makeProvider, type ProviderParts } from '../../src/provider/live.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { silentLog, systemRandom } from '../../src/system.ts';
import { claimsSupported } from '../../src/tokens/claims.ts';
import {
  ACCESS_TOKENS,
  basic,
  MovableClock,
  organization,
  organizationMap,
  SECRET,
  secretClient,
  serve,
} from './server.ts';

const V1 = 'https://id.example.com/oidc';
const V2 = `${V1}/v2`;

const makeBase = async () => {
  const clock = new MovableClock();
  const parts: ProviderParts = {
    settings: {
      issuers: { v1: { url: V1 }, v2: { url: V2 } } as ProviderParts['settings']['issuers'],
      accessTokens: ACCESS_TOKENS,
    },
    store: memoryStore(clock),
    system: { clock, random: systemRandom, log: silentLog },
    organizations: () => new Map(),
    stands: async () => true,
  };
  const { provider } = makeProvider(parts);
  return { provider, base: await readDiscoveryBase(provider) };
};

const documentOf = async (issuer: string, claims: readonly string[]) => {
  const { base } = await makeBase();
  const text = renderDiscovery({ issuer, algs: ['RS256'], claims, base }).toString();
  return { text, document: JSON.parse(text) as Record<string, unknown> };
};

const METHODS = ['private_key_jwt', 'client_secret_basic', 'client_secret_post'];
const ALGS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const CLIENT_DOORS = {
  token_endpoint: `${V1}/token`,
  token_endpoint_auth_methods_supported: METHODS,
  token_endpoint_auth_signing_alg_values_supported: ALGS,
  introspection_endpoint: `${V1}/introspect`,
  introspection_endpoint_auth_methods_supported: METHODS,
  introspection_endpoint_auth_signing_alg_values_supported: ALGS,
  revocation_endpoint: `${V1}/revoke`,
  revocation_endpoint_auth_methods_supported: METHODS,
  revocation_endpoint_auth_signing_alg_values_supported: ALGS,
};

for (const [name, issuer] of [
  ['v1', V1],
  ['v2', V2],
] as const) {
  test(`discovery of ${name} holds what clouds and OIDC clients need, and nothing that does not exist`, async () => {
    const claims = claimsSupported(name, 'https://pulumi.com/');
    const { document, text } = await documentOf(issuer, claims);
    assert.deepEqual(document, {
      // AWS, Azure, go-oidc, Vault, Kubernetes: byte-equal to `iss`.
      issuer,
      // Everybody.
      jwks_uri: `${issuer}/.well-known/jwks`,
      // OIDF conformance, Ruby openid_connect.
      authorization_endpoint: `${issuer}/authorize`,
      // Required by Discovery, section 3.
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      // go-oidc v3 takes its allowed algorithms from here.
      id_token_signing_alg_values_supported: ['RS256'],
      // OIDF conformance.
      scopes_supported: ['openid'],
      // AWS lists it in its check of a provider.
      claims_supported: claims,
      // The default would be authorization_code and implicit.
      grant_types_supported: ['client_credentials'],
      request_uri_parameter_supported: false,
      ...CLIENT_DOORS,
    });
    assert.ok(Buffer.byteLength(text) < 100 * 1024);
    for (const value of Object.values(document)) {
      assert.notEqual(value, null);
      assert.ok(!Array.isArray(value) || value.length > 0);
    }
  });
}

test('the library itself offers nothing else', async () => {
  const { base } = await makeBase();
  const named = Object.keys(base).filter(
    (name) => base[name] !== undefined && /_endpoint$|dpop|logout|pushed/.test(name),
  );
  assert.deepEqual(named.sort(), [
    'authorization_endpoint',
    'introspection_endpoint',
    'revocation_endpoint',
    'token_endpoint',
  ]);
});

test('the same input renders the same bytes, in a process started at any other time', async () => {
  const claims = claimsSupported('v1', 'https://pulumi.com/');
  assert.equal((await documentOf(V1, claims)).text, (await documentOf(V1, claims)).text);
});

test('an issuer that signs with another algorithm says so', async () => {
  const { base } = await makeBase();
  const document = JSON.parse(
    renderDiscovery({ issuer: V1, algs: ['RS256', 'ES256'], claims: ['iss'], base }).toString(),
  );
  assert.deepEqual(document.id_token_signing_alg_values_supported, ['RS256', 'ES256']);
});

test('Host, X-Forwarded-Host and an absolute-form target never change a byte of discovery', async (t) => {
  const { send, issuer } = await serve(t, organizationMap(organization('acme')));
  for (const at of ['/oidc/.well-known/openid-configuration', '/oidc/v2/.well-known/openid-configuration']) {
    const honest = await send('GET', at);
    assert.equal(honest.status, 200);
    assert.equal(honest.body.token_endpoint, `${issuer}/token`);
    for (const [path, headers] of [
      [at, { host: 'evil.example' }],
      [at, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }],
      [at, { host: 'a b:c' }],
      [`http://evil.example${at}`, {}],
    ] as const) {
      assert.equal((await send('GET', path, { headers })).text, honest.text);
    }
  }
});

test('the library holds nothing that could sign: asking it for an ID token fails at the key', async () => {
  const { provider } = await makeBase();
  const Client = provider.Client as unknown as new (metadata: object) => InstanceType<typeof provider.Client>;
  const client = new Client({ client_id: 'jenkins', client_secret: 'x' });
  const token = new provider.IdToken({ sub: 'alice' }, { client });
  await assert.rejects(token.issue({ use: 'idtoken', expiresAt: 2 ** 31 }), { name: 'DataError' });
});

test('the library writes no notice or warning on either stream, at the start or at work', async (t) => {
  const written: unknown[] = [];
  for (const name of ['info', 'warn', 'log', 'error', 'debug'] as const) {
    t.mock.method(console, name, (...args: unknown[]) => written.push(args));
  }
  const { send, accessTokens } = await serve(
    t,
    organizationMap(organization('acme', { clients: [secretClient('ci')] })),
  );
  const headers = basic('ci', SECRET);
  const made = await send('POST', '/oidc/token', { form: { grant_type: 'client_credentials' }, headers });
  const by = { kind: 'organization', organization: 'acme', name: 'acme', tokenName: 'ci' } as const;
  for (const token of [made.body.access_token, (await accessTokens.issue(by, 60)).token.reveal(), 'unknown']) {
    await send('POST', '/oidc/introspect', { form: { token }, headers });
    await send('POST', '/oidc/revoke', { form: { token }, headers });
  }
  await send('POST', '/oidc/token', { form: {}, headers: { accept: 'text/html' } });
  assert.deepEqual(written, []);
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { JWK, JWKS } from '../../flows/trust-world.ts';
import { type HttpsHost, startHttpsHost, TEST_THUMBPRINT } from '../../issuers/https-host.ts';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused } from './answers.ts';
import { assertContract } from './contract-schemas.ts';

const ISSUERS = '/api/orgs/acme/oidc/issuers';
const NOBODY = '0b1f7c4e-8a55-4e0a-9d52-2b1f6a1d9c01';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** Nobody but administrators. */
const OTHERS: readonly Caller[] = ['bob', 'carol', 'ops', 'organization', 'client'];

let count = 0;
const fresh = (): string => `https://ci-${count++}.example.com`;

describe('/api/orgs/{org}/oidc/issuers', () => {
  let server: TestServer;
  let host: HttpsHost;
  before(async () => {
    host = await startHttpsHost();
    host.json('/.well-known/openid-configuration', { issuer: host.origin, jwks_uri: `${host.origin}/jwks` });
    host.json('/jwks', JWKS);
    server = await startTestServer({
      store: 'memory',
      change: (settings) => ({ ...settings, organizations: { acme: { audiences: [], issuerHosts: [host.host] } } }),
    });
  });
  after(async () => {
    await server.stop();
    await host.stop();
  });
  const call = (method: string, path = '', json?: unknown, as: Caller = 'admin') =>
    server.ask(method, `${ISSUERS}${path}`, { as, ...(json !== undefined && { json }) });
  const create = async (more: object = {}) => {
    const answer = await call('POST', '', { name: 'ci', url: fresh(), jwks: JWKS, ...more });
    assert.equal(answer.status, 200, answer.text);
    const { algorithms: _, ...issuer } = answer.json;
    return issuer;
  };

  test('a registration is answered with what the contract names, and what is ours', async () => {
    const url = fresh();
    const answer = await call('POST', '', { name: 'ci', url, jwks: JWKS, thumbprints: [], maxExpiration: 3600 });
    assert.equal(answer.status, 200, answer.text);
    assertContract('OidcIssuerRegistrationResponse', answer.json);
    const { algorithms, ...issuer } = answer.json;
    const { id, created, modified, ...rest } = issuer;
    assert.deepEqual(algorithms, ['RS256']);
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(created, TIME);
    assert.equal(modified, created);
    assert.deepEqual(rest, {
      name: 'ci',
      url,
      issuer: url,
      thumbprints: [],
      jwks: JWKS,
      maxExpiration: 3600,
      replay: 'allow',
      capToSubjectToken: false,
      maxTokenAge: 90_000,
      readOnly: false,
    });
    const read = await call('GET', `/${id}`);
    assert.deepEqual([read.status, read.json], [200, issuer]);
    const list = await call('GET');
    assertContract('ListOidcIssuersResponse', list.json);
    assert.deepEqual(list.json.oidcIssuers.at(-1), issuer);
  });

  test('an issuer that is fetched gives its iss and its certificate; a null stands for nothing', async () => {
    const body = { name: 'fetched', url: host.origin, jwks: null, maxExpiration: null, issuer: null };
    const unknown = await call('POST', '', { ...body, thumbprints: null });
    assertRefused(unknown, 'trusted_issuer_unusable', new RegExp(TEST_THUMBPRINT));
    const made = await call('POST', '', { ...body, thumbprints: [TEST_THUMBPRINT.toUpperCase()] });
    assert.equal(made.status, 200, made.text);
    assertContract('OidcIssuerRegistrationResponse', made.json);
    assert.deepEqual(
      [made.json.issuer, made.json.thumbprints, made.json.maxExpiration, made.json.jwks],
      [host.origin, [TEST_THUMBPRINT], 90_000, undefined],
    );
    const again = await call('POST', `/${made.json.id}/regenerate-thumbprints`);
    assert.equal(again.status, 200, again.text);
    assertContract('OidcIssuerRegistrationResponse', again.json);
    assert.deepEqual(again.json.thumbprints, [TEST_THUMBPRINT]);
  });

  test('our own issuer is registered without asking anybody', async () => {
    const answer = await call('POST', '', { name: 'own', url: `${server.url}/oidc` });
    assert.deepEqual([answer.status, answer.json.issuer], [200, `${server.url}/oidc`], answer.text);
  });

  test('of twenty at once exactly one is made', async () => {
    const body = { name: 'race', url: fresh(), jwks: JWKS };
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', '', body)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      assertRefused(answer, 'trusted_issuer_exists', /already, as "race"/);
    }
    const list = (await call('GET')).json.oidcIssuers as { url: string }[];
    assert.equal(list.filter(({ url }) => url === body.url).length, 1);
  });

  test('a change keeps what it does not say, and the name must be said', async () => {
    const made = await create({ thumbprints: [TEST_THUMBPRINT], maxExpiration: 3600 });
    const path = `/${made.id}`;
    const change = async (body: object) => {
      const answer = await call('PATCH', path, body);
      assert.equal(answer.status, 200, answer.text);
      assertContract('OidcIssuerRegistrationResponse', answer.json);
      const { modified: _, ...rest } = answer.json;
      return rest;
    };
    const { modified: _, ...before } = made;
    assert.deepEqual(await change({ name: 'x', thumbprints: null, jwks: null, maxExpiration: null }), {
      ...before,
      name: 'x',
    });
    assert.deepEqual(await change({ name: 'x', thumbprints: [] }), { ...before, name: 'x', thumbprints: [] });
    const ours = { replay: 'once', capToSubjectToken: true, maxTokenAge: 60, maxExpiration: 60 };
    assert.deepEqual(await change({ name: 'x', ...ours }), { ...before, name: 'x', thumbprints: [], ...ours });
    assertRefused(await call('PATCH', path, { thumbprints: [] }), 'invalid_request', /^the issuer name is required$/);
    assertRefused(await call('PATCH', path, { name: 'x', url: fresh() }), 'invalid_request', /^url: is fixed/);
  });

  test('a deleted issuer is gone, and asking again says so', async () => {
    const { id } = await create();
    const answer = await call('DELETE', `/${id}`);
    assert.deepEqual([answer.status, answer.text], [204, '']);
    for (const method of ['GET', 'DELETE']) {
      assertRefused(await call(method, `/${id}`), 'trusted_issuer_not_found', /oidc issuer/);
    }
    const list = (await call('GET')).json.oidcIssuers as { id: string }[];
    assert.ok(!list.some((issuer) => issuer.id === id));
  });

  test('uploaded keys have no certificate to take over', async () => {
    const { id } = await create();
    assertRefused(
      await call('POST', `/${id}/regenerate-thumbprints`),
      'invalid_request',
      /^issuer jwks are statically configured, can't regenerate thumbprints$/,
    );
  });

  test('a use is shown', async () => {
    const { id } = await create();
    const issuer = await server.parts.trust.issuers.get('acme', id);
    assert.ok(issuer);
    await server.parts.trust.issuers.used(issuer, 1_767_225_600);
    assert.equal((await call('GET', `/${id}`)).json.lastUsed, '2026-01-01T00:00:00Z');
  });

  test('what makes no sense is refused by name', async () => {
    const good = { name: 'ci', url: fresh(), jwks: JWKS };
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ url: good.url }, /"name" is missing/],
      [{ name: 'ci' }, /"url" is missing/],
      [{ ...good, thumbprint: [] }, /"thumbprint" is not a member/],
      [{ ...good, name: 5 }, /^name: /],
      [{ ...good, name: '' }, /^name: is not a name; write 1 to 100 printable characters\.$/],
      [{ ...good, url: 'ftp://x' }, /^url: is not an https URL; /],
      [{ ...good, url: `${good.url}?a` }, /^url: has a query; /],
      [{ ...good, issuer: 'a b' }, /^issuer: cannot be the "iss"/],
      [{ ...good, thumbprints: 'x' }, /^thumbprints: /],
      [{ ...good, thumbprints: ['x'] }, /^thumbprints\[0\]: is not a thumbprint; /],
      [{ ...good, thumbprints: Array(21).fill(TEST_THUMBPRINT) }, /^thumbprints: /],
      [{ ...good, maxExpiration: 59 }, /^maxExpiration: /],
      [{ ...good, maxExpiration: 31 * 86_400 + 1 }, /^maxExpiration: /],
      [{ ...good, maxExpiration: '3600' }, /^maxExpiration: /],
      [{ ...good, maxTokenAge: 59 }, /^maxTokenAge: /],
      [{ ...good, maxTokenAge: 30 * 86_400 + 1 }, /^maxTokenAge: /],
      [{ ...good, replay: 'never' }, /^replay: must be one of allow, retry-window, once/],
      [{ ...good, capToSubjectToken: 'yes' }, /^capToSubjectToken: /],
      [{ ...good, jwks: [] }, /^jwks: /],
      [{ ...good, jwks: {} }, /^jwks: "keys" is missing/],
      [{ ...good, jwks: { keys: Array(101).fill(JWK) } }, /^jwks\.keys: /],
    ];
    for (const [body, message] of wrong) assertRefused(await call('POST', '', body), 'invalid_request', message);
    const large = { ...good, jwks: { keys: [{ ...JWK, x5c: ['x'.repeat(256 * 1024)] }] } };
    assertRefused(await call('POST', '', large), 'body_too_large', /262144/);
    const fits = { ...good, jwks: { keys: [{ ...JWK, x5c: ['x'.repeat(200 * 1024)] }] } };
    assert.equal((await call('POST', '', fits)).status, 200);
  });

  test('another administrator finds nothing here', async () => {
    const { id } = await create();
    const asked = (method: string, path: string, json?: unknown) =>
      server.ask(method, `/api/orgs/umbrella/oidc/issuers${path}`, { as: 'stranger', ...(json ? { json } : {}) });
    assert.deepEqual((await asked('GET', '')).json, { oidcIssuers: [] });
    for (const [method, path, json] of [
      ['GET', `/${id}`],
      ['PATCH', `/${id}`, { name: 'x' }],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/regenerate-thumbprints`],
    ] as const) {
      assertRefused(await asked(method, path, json), 'trusted_issuer_not_found');
      const foreign = await server.ask(method, `${ISSUERS}${path}`, { as: 'stranger', ...(json ? { json } : {}) });
      assertRefused(foreign, 'organization_not_found');
    }
    assert.equal((await call('GET', `/${id}`)).status, 200);
  });

  test('everything is for administrators', async () => {
    const { id } = await create();
    const body = { name: 'x', url: fresh(), jwks: JWKS };
    for (const as of OTHERS) {
      for (const [method, path, json] of [
        ['GET', ''],
        ['POST', '', body],
        ['GET', `/${id}`],
        ['PATCH', `/${id}`, { name: 'x' }],
        ['DELETE', `/${id}`],
        ['POST', `/${id}/regenerate-thumbprints`],
      ] as const) {
        assertRefused(await call(method, path, json, as), 'not_permitted', /organization administrator/);
      }
    }
    assert.equal((await call('GET', '', undefined, 'organizationAdmin')).status, 200);
    assertRefused(await server.ask('GET', ISSUERS), 'unauthenticated');
  });

  test('what is no id leads nowhere', async () => {
    for (const id of [NOBODY, 'x', '%2e%2e', 'a'.repeat(600), '%00']) {
      assertRefused(await call('GET', `/${id}`), 'trusted_issuer_not_found');
    }
    assertRefused(await call('PUT', '', {}), 'method_not_allowed');
  });
});

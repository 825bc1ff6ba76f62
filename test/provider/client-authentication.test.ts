import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPair } from 'jose';
import * as oidc from 'openid-client';
import { isAccessToken } from '../../src/access/access-token.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import {
  ACCESS_TOKENS,
  assertion,
  basic,
  keyClient,
  organization,
  organizationMap,
  SECRET,
  secretClient,
  serve,
} from './server.ts';

const GRANT = { grant_type: 'client_credentials' };
const jenkins = () => organizationMap(organization('acme', { clients: [secretClient('jenkins')] }));

const keyed = async () => {
  const { client, key } = await keyClient('deployer');
  return { organizations: organizationMap(organization('acme', { clients: [client] })), key };
};

test('openid-client gets an access token by every way to authenticate that discovery names', async (t) => {
  const { client, key } = await keyClient('deployer');
  const all = organizationMap(organization('acme', { clients: [client, secretClient('jenkins')] }));
  const { issuer, accessTokens } = await serve(t, all);
  const ways: readonly (readonly [string, oidc.ClientAuth])[] = [
    ['jenkins', oidc.ClientSecretBasic(SECRET)],
    ['jenkins', oidc.ClientSecretPost(SECRET)],
    ['deployer', oidc.PrivateKeyJwt(key)],
  ];
  for (const [id, authentication] of ways) {
    const configuration = await oidc.discovery(new URL(issuer), id, undefined, authentication, {
      execute: [oidc.allowInsecureRequests],
    });
    const answer = await oidc.clientCredentialsGrant(configuration);
    assert.ok(isAccessToken(answer.access_token));
    assert.equal(answer.token_type, 'bearer');
    assert.equal(answer.expires_in, ACCESS_TOKENS.defaultLifetime);
    const holder = await accessTokens.holderOf(answer.access_token);
    assert.deepEqual(holder, { kind: 'client', organization: 'acme', name: id, tokenName: 'client_credentials' });

    const seen = await oidc.tokenIntrospection(configuration, answer.access_token);
    assert.equal(seen.active, true);
    assert.equal(seen.sub, id);
    await oidc.tokenRevocation(configuration, answer.access_token);
    assert.deepEqual(await oidc.tokenIntrospection(configuration, answer.access_token), { active: false });
    assert.equal(await accessTokens.holderOf(answer.access_token), undefined);
  }
});

test('the answer of the token endpoint is JSON that nobody may store', async (t) => {
  const { send } = await serve(t, jenkins());
  const { status, headers } = await send('POST', '/oidc/token', {
    form: GRANT,
    headers: { ...basic('jenkins', SECRET), accept: 'text/html' },
  });
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^application\/json/);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers.pragma, 'no-cache');
  assert.equal(headers['set-cookie'], undefined);
  assert.equal(headers['x-path'], '/oidc/token', 'the path is given back to those who look at it later');
});

test('a wrong secret, the stored hash and no secret at all are refused alike, in JSON', async (t) => {
  const { send, calls } = await serve(t, jenkins());
  const client = secretClient('jenkins').authentication;
  assert.equal(client.method, 'secret');
  for (const secret of ['wrong', client.secretHash, `${SECRET} `]) {
    for (const way of [
      { headers: basic('jenkins', secret) },
      { form: { client_id: 'jenkins', client_secret: secret } },
    ]) {
      const headers = { accept: 'text/html', ...('headers' in way ? way.headers : {}) };
      const answer = await send('POST', '/oidc/token', { form: { ...GRANT, ...way.form }, headers });
      assert.equal(answer.status, 401);
      assert.deepEqual(answer.body, { error: 'invalid_client', error_description: 'client authentication failed' });
      assert.equal('www-authenticate' in answer.headers, 'headers' in way);
    }
  }
  const without = await send('POST', '/oidc/token', { form: { ...GRANT, client_id: 'jenkins' } });
  assert.equal(without.status, 401);
  assert.deepEqual(calls, []);
});

test('an invented client id is refused without a question to the store', async (t) => {
  const { send, calls } = await serve(t, jenkins());
  for (const id of ['nobody', '__proto__', 'x'.repeat(2000)]) {
    const { status } = await send('POST', '/oidc/token', { form: GRANT, headers: basic(id, SECRET) });
    assert.equal(status, 401);
  }
  assert.deepEqual(calls, []);
});

test('an assertion is good for either issuer and for their token endpoint, whatever host the request names', async (t) => {
  const { organizations, key } = await keyed();
  const { send, issuer } = await serve(t, organizations);
  const origin = new URL(issuer).origin;
  for (const audience of [issuer, `${issuer}/token`, `${issuer}/v2`]) {
    for (const headers of [{}, { host: 'evil.example' }, { 'x-forwarded-host': 'evil.example' }, { host: 'a b:c' }]) {
      const form = { ...GRANT, ...(await assertion('deployer', key, issuer, { audience })) };
      assert.equal((await send('POST', '/oidc/token', { form, headers })).status, 200);
    }
  }
  const form = { ...GRANT, ...(await assertion('deployer', key, issuer, { audience: `${issuer}/token` })) };
  assert.equal((await send('POST', 'http://evil.example/oidc/token', { form })).status, 200);
  for (const audience of ['http://evil.example/oidc/token', 'http://evil.example/oidc', origin, `${issuer}/v3`]) {
    const forged = { ...GRANT, ...(await assertion('deployer', key, issuer, { audience })) };
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    assert.equal((await send('POST', '/oidc/token', { form: forged, headers })).status, 401, audience);
    const absolute = { ...GRANT, ...(await assertion('deployer', key, issuer, { audience })) };
    assert.equal((await send('POST', 'http://evil.example/oidc/token', { form: absolute })).status, 401, audience);
  }
});

test('an assertion by another key, another client, of an unlisted algorithm, expired or far too long is refused', async (t) => {
  const { organizations, key } = await keyed();
  const { send, issuer } = await serve(t, organizations);
  const other = await generateKeyPair('ES256');
  const secret = new TextEncoder().encode(JSON.stringify(organizations.get('acme')?.clients[0]?.authentication));
  const refused = {
    'another key': await assertion('deployer', other.privateKey, issuer),
    'HS256 with the public key': await assertion('deployer', secret, issuer, { alg: 'HS256' }),
    'another client': await assertion('deployer', key, issuer, { issuer: 'jenkins' }),
    expired: await assertion('deployer', key, issuer, { expiresIn: -60 }),
    'longer than an hour': await assertion('deployer', key, issuer, { expiresIn: 3700 }),
    'not signed': {
      ...(await assertion('deployer', key, issuer)),
      client_assertion: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: 'deployer', sub: 'deployer', aud: issuer, jti: '1', exp: 2 ** 31 })).toString('base64url')}.`,
    },
  };
  for (const [what, form] of Object.entries(refused)) {
    const { status, body } = await send('POST', '/oidc/token', { form: { ...GRANT, ...form } });
    assert.equal(status, 401, what);
    assert.equal(body.error, 'invalid_client', what);
  }
  const accepted = await assertion('deployer', key, issuer);
  assert.equal((await send('POST', '/oidc/token', { form: { ...GRANT, ...accepted } })).status, 200);
});

test('of twenty concurrent uses of one assertion exactly one succeeds, and none later', async (t) => {
  const { organizations, key } = await keyed();
  const { send, issuer, clock } = await serve(t, organizations);
  const form = { ...GRANT, ...(await assertion('deployer', key, issuer)) };
  const use = () => send('POST', '/oidc/token', { form });
  const statuses = (await Promise.all(Array.from({ length: 20 }, use))).map(({ status }) => status);
  assert.deepEqual(statuses.sort(), [200, ...Array.from({ length: 19 }, () => 401)]);
  assert.equal((await use()).status, 401);
  // The store's clock may run ahead of the one that checks `exp`.
  clock.move(90);
  assert.equal((await use()).status, 401);
});

test('a client is added, changed and removed by a reload alone', async (t) => {
  const { send, reload } = await serve(t, organizationMap(organization('acme')));
  const ask = (secret: string) => send('POST', '/oidc/token', { form: GRANT, headers: basic('jenkins', secret) });
  assert.equal((await ask(SECRET)).status, 401);
  reload(jenkins());
  assert.equal((await ask(SECRET)).status, 200);
  reload(organizationMap(organization('acme', { clients: [secretClient('jenkins', 'another secret')] })));
  assert.equal((await ask(SECRET)).status, 401);
  assert.equal((await ask('another secret')).status, 200);
  reload(organizationMap(organization('acme')));
  assert.equal((await ask('another secret')).status, 401);
});

test('a client that is removed while its request is under way gets no token', async (t) => {
  const { organizations, key } = await keyed();
  let removed = (): void => {};
  const removing = (store: Store): Store => ({
    ...store,
    create: async (...args) => {
      removed();
      return store.create(...args);
    },
  });
  const { send, issuer, reload, calls } = await serve(t, organizations, {
    store: (clock) => removing(memoryStore(clock)),
  });
  removed = () => reload(organizationMap(organization('acme')));
  const form = { ...GRANT, ...(await assertion('deployer', key, issuer)) };
  assert.equal((await send('POST', '/oidc/token', { form })).status, 401);
  assert.deepEqual(
    calls.map(([name]) => name),
    ['create'],
  );
});

test('no other grant, no public client and no body but a form is served', async (t) => {
  const { send } = await serve(t, jenkins());
  const headers = basic('jenkins', SECRET);
  for (const grant of ['authorization_code', 'implicit', 'refresh_token', 'password', 'constructor', '']) {
    const { status, body } = await send('POST', '/oidc/token', { form: { grant_type: grant }, headers });
    assert.equal(status, 400, grant);
    assert.equal(typeof body.error, 'string');
  }
  const resource = await send('POST', '/oidc/token', { form: { ...GRANT, resource: 'urn:x' }, headers });
  assert.equal(resource.status, 200, 'a parameter that means nothing here is passed over: RFC 6749, section 3.2');
  const json = { ...headers, 'content-type': 'application/json' };
  assert.equal((await send('POST', '/oidc/token', { form: GRANT, headers: json })).status, 400);
  assert.equal((await send('POST', '/oidc/token', { headers })).status, 400);
  const large = { ...GRANT, scope: 'x'.repeat(60_000) };
  const tooLarge = await send('POST', '/oidc/token', { form: large, headers });
  assert.equal(tooLarge.status, 400);
  assert.equal(tooLarge.headers.connection, 'close', 'what was not read must not be taken for a request');
  const foreign = { ...headers, origin: 'https://evil.example' };
  assert.equal((await send('POST', '/oidc/token', { form: GRANT, headers: foreign })).status, 400);
});

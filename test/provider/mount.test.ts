import assert from 'node:assert/strict';
import { test } from 'node:test';
import { organization, organizationMap, secretClient, serve } from './server.ts';

const ORGANIZATIONS = organizationMap(organization('acme', { clients: [secretClient('jenkins')] }));

test('nothing of the library is reachable but its three doors, spelled exactly so', async (t) => {
  const { send } = await serve(t, ORGANIZATIONS);
  const closed = [
    '/oidc/.well-known/jwks',
    '/oidc/.well-known/oauth-authorization-server',
    '/oidc/JWKS',
    '/oidc/jwks',
    '/oidc/auth',
    '/oidc/auth/1',
    '/oidc/authorize/1',
    '/oidc/AUTHORIZE',
    '/oidc/authorize/',
    '/oidc/session/end',
    '/oidc/session/end/confirm',
    '/oidc/me',
    '/oidc/reg',
    '/oidc/request',
    '/oidc/interaction/1',
    '/oidc/token/',
    '/oidc/TOKEN',
    '/oidc/%74oken',
    '/oidc//token',
    '/oidc/token/introspection',
    '/oidc/introspect/',
    '/oidc/v2/token',
    '/oidc/v2/introspect',
    '/token',
    '/',
  ];
  for (const path of closed) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'PUT', 'DELETE']) {
      const { status, body } = await send(method, path, { form: {}, headers: { accept: 'text/html' } });
      assert.deepEqual({ status, body }, { status: 404, body: { none: true } }, `${method} ${path}`);
    }
  }
});

test('the three doors take POST only', async (t) => {
  const { send } = await serve(t, ORGANIZATIONS);
  for (const path of ['/oidc/token', '/oidc/introspect', '/oidc/revoke']) {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status, headers, body } = await send(method, path, { headers: { accept: 'text/html' } });
      assert.equal(status, 405, `${method} ${path}`);
      assert.equal(headers.allow, 'POST');
      assert.deepEqual(body, { error: 'invalid_request', error_description: 'This path takes POST.' });
    }
    assert.equal((await send('POST', `${path}?client_id=jenkins`, { form: {} })).status, 400);
  }
});

test('the authorization endpoints of both issuers refuse cleanly, in JSON, whatever is asked', async (t) => {
  const { send, log } = await serve(t, ORGANIZATIONS);
  const ask = '?response_type=id_token&client_id=jenkins&redirect_uri=https%3A%2F%2Fevil.example&scope=openid&nonce=1';
  for (const path of ['/oidc/authorize', '/oidc/v2/authorize']) {
    for (const [method, query] of [
      ['GET', ''],
      ['GET', ask],
      ['POST', ask],
    ] as const) {
      const { status, body, headers } = await send(method, path + query, { headers: { accept: 'text/html' } });
      assert.equal(status, 400);
      assert.match(String(headers['content-type']), /^application\/json/);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers.location, undefined);
      assert.equal(body.error, 'unauthorized_client');
      assert.equal(typeof body.error_description, 'string');
    }
    const other = await send('DELETE', path);
    assert.equal(other.status, 405);
    assert.equal(other.headers.allow, 'GET, HEAD, POST');
  }
  assert.equal(log(), '');
});

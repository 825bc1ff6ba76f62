import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../server.ts';
import { type Answer, DOCUMENTS, sendRaw } from './ask.ts';

/** Every path that oidc-provider could serve in any of its configurations, and near misses of our own. */
const CLOSED = [
  ...['auth', 'session/end', 'session/end/confirm', 'session/end/success', 'me', 'userinfo', 'reg', 'reg/x', 'request'],
  ...['device', 'device/auth', 'device/x', 'backchannel', 'challenge', 'interaction/x', 'jwks', 'JWKS', 'certs'],
  ...['TOKEN', 'token/', 'token/x', 'introspect/', 'token/introspection', 'token/revocation', 'token;x', '%74oken'],
  ...[
    '.well-known/jwks/',
    '.well-known/JWKS',
    '.well-known/jwks.json',
    '.well-known/openid-configuration/',
    '.well-known/webfinger',
  ],
  ...[
    '',
    'runs',
    'runs/x',
    'runs/x/token/',
    'runs//token',
    'v2',
    'v2/token',
    'v2/introspect',
    'v2/revoke',
    'v3/.well-known/jwks',
  ],
];

describe('the public surface', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());
  const address = () => `http://127.0.0.1:${server.running.address.port}`;

  test('discovery and keys of both issuers answer, also at the path of RFC 8414', async () => {
    for (const path of DOCUMENTS) {
      const answer = await server.ask('GET', path);
      assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/json'], path);
      assert.equal(answer.headers['cache-control'], 'public, max-age=300');
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      assert.match(String(answer.headers['etag']), /^"[\w-]+"$/);
    }
    const [v1, , v2] = await Promise.all(DOCUMENTS.map((path) => server.ask('GET', path)));
    const [rfc1, rfc2] = await Promise.all(DOCUMENTS.slice(4).map((path) => server.ask('GET', path)));
    assert.deepEqual([rfc1?.text, rfc2?.text], [v1?.text, v2?.text]);
    assert.notEqual(v1?.json.jwks_uri, v2?.json.jwks_uri);
  });

  test('v2 has keys of its own, and names the endpoints of v1 for clients', async () => {
    const [v1, keys1, v2, keys2] = await Promise.all(DOCUMENTS.map((path) => server.ask('GET', path)));
    assert.notEqual(keys1?.text, keys2?.text);
    for (const endpoint of ['token_endpoint', 'introspection_endpoint', 'revocation_endpoint']) {
      assert.equal(v2?.json[endpoint], v1?.json[endpoint]);
      assert.ok(String(v1?.json[endpoint]).startsWith(`${server.url}/oidc/`));
    }
    assert.deepEqual([v1?.json.issuer, v2?.json.issuer], [`${server.url}/oidc`, `${server.url}/oidc/v2`]);
  });

  test('no Host, forwarded header or kind of target changes a byte', async () => {
    const disguises: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: '' },
      { host: 'localhost', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '1' },
      { forwarded: 'host=evil.example;proto=https', 'x-original-url': '/evil', 'x-forwarded-prefix': '/evil' },
      { accept: 'text/html', 'accept-language': 'de', 'accept-encoding': 'gzip, br', origin: 'https://evil.example' },
      { cookie: 'a=b', authorization: 'Bearer x', range: 'bytes=0-3' },
    ];
    for (const path of DOCUMENTS) {
      const plain = await server.ask('GET', path);
      for (const headers of disguises) {
        const answer = await server.ask('GET', path, { headers });
        assert.deepEqual(
          [answer.status, answer.text, answer.headers['etag']],
          [200, plain.text, plain.headers['etag']],
        );
      }
      for (const target of [`http://evil.example${path}`, `https://evil.example:1${path}`, `${path}?x=y`]) {
        assert.equal((await server.ask('GET', target)).text, plain.text, target);
      }
    }
  });

  test('HTTP/1.0 without a Host is answered, and the connection ends', async () => {
    const answer = await sendRaw(address(), 'GET /oidc/.well-known/jwks HTTP/1.0\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\{"keys":\[/);
  });

  test('HEAD has the headers of GET and no body; who holds the bytes gets 304; a preflight is answered', async () => {
    for (const path of DOCUMENTS) {
      const [get, head] = [await server.ask('GET', path), await server.ask('HEAD', path)];
      assert.deepEqual(
        [head.status, head.text, head.headers['content-length']],
        [200, '', get.headers['content-length']],
      );
      assert.equal(head.headers['etag'], get.headers['etag']);
      const etag = String(get.headers['etag']);
      for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const unchanged = await server.ask('GET', path, { headers: { 'if-none-match': tag } });
        assert.deepEqual([unchanged.status, unchanged.text], [304, ''], tag);
      }
      assert.equal((await server.ask('GET', path, { headers: { 'if-none-match': '"x"' } })).status, 200);
      const preflight = await server.ask('OPTIONS', path, {
        headers: { origin: 'https://x.example', 'access-control-request-method': 'GET' },
      });
      assert.deepEqual([preflight.status, preflight.headers['access-control-allow-origin']], [204, '*']);
      assert.equal(preflight.headers['access-control-allow-credentials'], undefined);
    }
  });

  test('another method on a public document is 405 with what it takes', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await server.ask(method, DOCUMENTS[0] as string);
      assert.deepEqual(
        [answer.status, answer.headers['allow'], answer.json.refusal],
        [405, 'GET, HEAD, OPTIONS', 'method_not_allowed'],
      );
    }
  });

  test('nothing else below /oidc answers: every route of the provider is closed, in JSON', async () => {
    for (const path of CLOSED) {
      for (const [method, accept] of [
        ['GET', 'text/html'],
        ['POST', '*/*'],
        ['OPTIONS', '*/*'],
        ['DELETE', '*/*'],
      ] as const) {
        const answer = await server.ask(method, `/oidc/${path}`, { headers: { accept } });
        assert.equal(answer.status, 404, `${method} /oidc/${path}: ${answer.text}`);
        assert.equal(answer.json.refusal, 'not_found');
        assertPlain(answer);
      }
    }
  });

  test('authorization_endpoint refuses cleanly, whatever it is asked', async () => {
    const queries = [
      '',
      '?client_id=jenkins&response_type=id_token&redirect_uri=https://x.example&state=s',
      '?prompt=none',
      '?request=x',
    ];
    for (const path of ['/oidc/authorize', '/oidc/v2/authorize']) {
      for (const query of queries) {
        for (const method of ['GET', 'POST']) {
          const answer = await server.ask(method, path + query, { headers: { accept: 'text/html' } });
          assert.deepEqual([answer.status, answer.json.error], [400, 'unauthorized_client']);
          assert.equal(answer.headers['location'], undefined);
          assertPlain(answer);
        }
      }
      assert.equal((await server.ask('DELETE', path)).status, 405);
    }
  });

  test('the endpoints of clients take POST only, answer OAuth errors, and have no CORS', async () => {
    for (const path of ['/oidc/token', '/oidc/introspect', '/oidc/revoke']) {
      const get = await server.ask('GET', path, { headers: { accept: 'text/html' } });
      assert.deepEqual([get.status, get.headers['allow']], [405, 'POST']);
      const nobody = await server.ask('POST', path, {
        form: { grant_type: 'client_credentials', token: 'x' },
        headers: { origin: 'https://x.example' },
      });
      assert.ok(nobody.status === 400 || nobody.status === 401, nobody.text);
      assert.match(nobody.json.error, /^invalid_(?:client|request)$/);
      assert.equal(nobody.headers['access-control-allow-origin'], undefined);
      assert.equal(nobody.headers['cache-control'], 'no-store');
      for (const answer of [get, nobody]) assertPlain(answer);
    }
  });

  test('an unknown path is 404 and a known one in another way 405, in JSON with the request’s id', async () => {
    for (const path of [
      '/',
      '/api',
      '/api/orgs',
      '/api/nothing',
      '/favicon.ico',
      '/API/user',
      '/index.html',
      '//',
      '/%',
      '/api/orgs/acme/runs/x/y/z',
    ]) {
      const answer = await server.ask('GET', path, { headers: { accept: 'text/html' } });
      assert.deepEqual([answer.status, answer.json.code, answer.json.refusal], [404, 404, 'not_found'], path);
      assert.equal(answer.json.requestId, answer.headers['x-request-id']);
      assertPlain(answer);
    }
    const ways = {
      '/api/orgs/acme/runs': 'GET, HEAD, POST',
      '/api/user': 'GET, HEAD',
      '/api/stacks/acme/a/b': 'DELETE',
    };
    for (const [path, allowed] of Object.entries(ways)) {
      for (const method of ['PUT', 'PATCH', 'OPTIONS', 'TRACE']) {
        const answer = await server.ask(method, path);
        assert.deepEqual([answer.status, answer.json.refusal], [405, 'method_not_allowed'], `${method} ${path}`);
        assert.equal(String(answer.headers['allow']).split(', ').sort().join(', '), allowed);
      }
    }
  });
});

/** JSON, never HTML, never a cookie. */
const assertPlain = (answer: Answer): void => {
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.doesNotMatch(answer.text, /<\/?[a-z]/i);
};

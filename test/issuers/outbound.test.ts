import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FetchPermissions } from '../../src/issuers/fetching.ts';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import { type HttpsHost, startHttpsHost, TEST_CERTIFICATE, TEST_THUMBPRINT } from './https-host.ts';
import { assertProblem } from './outbound-refused.ts';

describe('a fetch from a stranger', () => {
  let host: HttpsHost;
  const outbound = openOutbound({ ca: TEST_CERTIFICATE });
  /** Knows the public authorities only. */
  const stock = openOutbound({});
  before(async () => {
    host = await startHttpsHost();
    host.json('/keys?v=1', { keys: [] });
  });
  after(() => host.stop());
  const may = (parts: Partial<FetchPermissions> = {}): FetchPermissions => ({
    hosts: [host.host],
    thumbprints: [],
    ...parts,
  });
  const get = (path = '/keys?v=1', permissions = may()) => outbound.getJson(`${host.origin}${path}`, permissions);
  /** Answers `/other` with these headers and this status. */
  const answer = (headers: Readonly<Record<string, string | string[]>>, status = 200, body: string | Buffer = '{}') =>
    host.on('/other', (_request, response) => response.writeHead(status, headers).end(body));

  test('gives the body and the thumbprint of the certificate', async () => {
    const { bytes, maxAge, thumbprint } = await get();
    assert.equal(new TextDecoder().decode(bytes), '{"keys":[]}');
    assert.deepEqual([maxAge, thumbprint], [undefined, TEST_THUMBPRINT]);
  });

  test('sends a bare GET: no cookie, no credentials, no compression asked for, and closes the connection', async () => {
    host.on('/cookie', (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end('{}'),
    );
    await get('/cookie');
    await get('/cookie');
    const sent = host.requests.at(-1)?.headers ?? {};
    const { connection, ...rest } = sent;
    assert.deepEqual(rest, {
      host: host.host,
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'runpass',
    });
    const gone = host.disconnected().then(() => true);
    assert.ok(await Promise.race([gone, wait(1000, false)]), 'the connection stays open');
  });

  test('takes no proxy from the environment', async () => {
    const { HTTPS_PROXY, https_proxy } = process.env;
    Object.assign(process.env, { HTTPS_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' });
    try {
      assert.ok(await get());
    } finally {
      for (const [name, value] of Object.entries({ HTTPS_PROXY, https_proxy })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  test('needs a permission for this host and port, of this registration', async () => {
    for (const hosts of [[], ['localhost'], ['localhost:443'], [`127.0.0.1:${host.port}`], [`a.${host.host}`]]) {
      await assertProblem(get('/keys?v=1', may({ hosts })), /is not on port 443/);
    }
    assert.ok(await get('/keys?v=1', may({ hosts: ['other.test', host.host.toUpperCase()] })));
  });

  test('needs a certificate of a public authority, or one whose thumbprint this registration has', async () => {
    const fetched = (parts: Partial<FetchPermissions>) => stock.getJson(`${host.origin}/keys?v=1`, may(parts));
    const before = host.requests.length;
    for (const thumbprints of [[], ['0'.repeat(64)], [''], [TEST_THUMBPRINT.slice(0, 40)]]) {
      const sentence = await assertProblem(fetched({ thumbprints }), /No public authority vouches/);
      assert.ok(sentence.includes(TEST_THUMBPRINT));
      assert.match(sentence, /DEPTH_ZERO_SELF_SIGNED_CERT/);
    }
    assert.equal(host.requests.length, before, 'a request was sent before the certificate was judged');
    assert.ok(await fetched({ thumbprints: ['0'.repeat(64), TEST_THUMBPRINT.toUpperCase()] }));
    assert.ok(await fetched({ anyCertificate: true }));
    // What one registration may do serves no other, also right after it.
    await assertProblem(fetched({}), /No public authority vouches/);
  });

  test('needs a certificate for the name in the URL', async () => {
    const named = openOutbound({ ca: TEST_CERTIFICATE, resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    const hosts = [`issuer.test:${host.port}`];
    const url = `https://issuer.test:${host.port}/keys?v=1`;
    await assertProblem(named.getJson(url, may({ hosts })), /ERR_TLS_CERT_ALTNAME_INVALID/);
    assert.ok(await named.getJson(url, may({ hosts, thumbprints: [TEST_THUMBPRINT] })));
    assert.equal(host.requests.at(-1)?.headers.host, `issuer.test:${host.port}`);
    // An address may stand in a certificate, too.
    assert.ok(
      await outbound.getJson(`https://127.0.0.1:${host.port}/keys?v=1`, may({ hosts: [`127.0.0.1:${host.port}`] })),
    );
  });

  test('follows no redirect, and says where it led by its host alone', async () => {
    const elsewhere = await startHttpsHost();
    for (const [status, location, shown] of [
      [301, `${elsewhere.origin}/secret?token=1`, elsewhere.host],
      [302, '/keys?v=1', host.host],
      [307, 'http://169.254.169.254/latest', '169.254.169.254'],
      [308, '//other.test/', 'other.test'],
      [303, 'https://[', 'another place'],
    ] as const) {
      answer({ location, 'content-type': 'application/json' }, status);
      const sentence = await assertProblem(get('/other'), /redirects are not followed/);
      assert.ok(sentence.includes(`redirects to ${shown},`), sentence);
    }
    assert.equal(elsewhere.connections(), 0);
    await elsewhere.stop();
  });

  test('takes status 200 and nothing else', async () => {
    for (const status of [201, 204, 206, 400, 401, 404, 500, 503]) {
      answer({ 'content-type': 'application/json' }, status, status === 204 ? '' : '{}');
      await assertProblem(get('/other'), new RegExp(`answered /other with status ${status}`));
    }
    await assertProblem(get('/missing?secret=1'), /answered \/missing with status 404/);
  });

  test('takes a content type of JSON and nothing else', async () => {
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/jwk-set+json']) {
      answer({ 'content-type': type });
      assert.ok(await get('/other'), type);
    }
    for (const type of [
      'text/html',
      'text/json',
      'application/jsonp',
      'application/+json',
      'application/json, text/html',
    ]) {
      answer({ 'content-type': type });
      await assertProblem(get('/other'), /content type that is not JSON/);
    }
    answer({});
    await assertProblem(get('/other'), /content type that is not JSON/);
  });

  test('takes no compressed answer, so no bomb is ever unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    assert.ok(bomb.length < 512 * 1024);
    for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip', 'unheard-of']) {
      answer({ 'content-type': 'application/json', 'content-encoding': encoding }, 200, bomb);
      await assertProblem(get('/other'), /compresses its answer/);
    }
    answer({ 'content-type': 'application/json', 'content-encoding': 'identity' });
    assert.ok(await get('/other'));
  });

  test('says how long the answer may be kept, less the time that a cache has had it', async () => {
    for (const [cacheControl, age, seconds] of [
      ['max-age=300', undefined, 300],
      ['public, MAX-AGE="300"', undefined, 300],
      ['max-age=300', '299', 1],
      ['max-age=300', '999', 0],
      ['max-age=300', '-5', 300],
      ['max-age=300, no-store', undefined, 0],
      ['no-cache', undefined, 0],
      ['s-maxage=5', undefined, undefined],
      ['max-age=-1', undefined, undefined],
      ['max-age=99999999999999999999', undefined, undefined],
      ['private', undefined, undefined],
    ] as const) {
      answer({ 'content-type': 'application/json', 'cache-control': cacheControl, ...(age && { age }) });
      assert.equal((await get('/other')).maxAge, seconds, cacheControl);
    }
  });

  test('says by its code what the network said', async () => {
    const gone = await startHttpsHost();
    await gone.stop();
    const fetched = outbound.getJson(`${gone.origin}/`, may({ hosts: [gone.host] }));
    await assertProblem(fetched, /^localhost:\d+ could not be asked \(ECONNREFUSED\)\.$/);
    const lost = openOutbound({ resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })) });
    await assertProblem(lost.getJson('https://issuer.test/', may()), /issuer\.test could not be asked \(ENOTFOUND\)/);
  });
});

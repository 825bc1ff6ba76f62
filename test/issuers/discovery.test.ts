import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { discoverIssuer } from '../../src/issuers/discovery.ts';
import type { FetchPermissions } from '../../src/issuers/fetching.ts';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import { startHttpsHost, TEST_CERTIFICATE, TEST_THUMBPRINT } from './https-host.ts';
import { type IssuerHost, startIssuerHost } from './issuer-host.ts';
import { assertProblem } from './outbound-refused.ts';
import { makeIssuer } from './tokens.ts';

describe('the discovery of an issuer', () => {
  let published: IssuerHost;
  let jwks: { readonly keys: readonly object[] };
  const outbound = openOutbound({ ca: TEST_CERTIFICATE });
  before(async () => {
    const [first, second] = await Promise.all([makeIssuer({ kid: 'a' }), makeIssuer({ kid: 'b', alg: 'ES384' })]);
    jwks = { keys: [first.jwk, second.jwk] };
    published = await startIssuerHost({ keys: [first.jwk, second.jwk] });
  });
  after(() => published.stop());
  beforeEach(() => {
    published.describe();
    published.publish(jwks);
  });
  const may = (): FetchPermissions => ({ hosts: [published.host.host], thumbprints: [] });
  const discover = (url = published.url) => discoverIssuer(outbound, url, may());
  const answerRaw = (path: string, body: string | Buffer) =>
    published.host.on(path, (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(body),
    );

  test('gives issuer, keys, algorithms, the thumbprint, and how long the keys may be kept', async () => {
    published.publish(jwks, { 'cache-control': 'max-age=120' });
    const { keys, ...found } = await discover();
    assert.deepEqual(found, {
      issuer: published.url,
      jwksUri: `${published.host.origin}/tenant/keys`,
      algs: ['ES256', 'ES384'],
      thumbprint: TEST_THUMBPRINT,
      maxAge: 120,
    });
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ['a', 'b'],
    );
  });

  test('is fetched below the URL, without its slash at the end; the issuer may have that slash or not', async () => {
    for (const registered of [published.url, `${published.url}/`]) {
      for (const issuer of [published.url, `${published.url}/`]) {
        published.describe({ issuer });
        assert.equal((await discover(registered)).issuer, issuer);
      }
    }
    await assertProblem(discover(`${published.url}//`), /status 404/);
    await assertProblem(discover(`${published.url}?a=b`), /neither a query nor a fragment/);
    await assertProblem(discover(`${published.url}#`), /neither a query nor a fragment/);
  });

  test('of another issuer than the registered one is refused, and says which', async () => {
    const { url } = published;
    for (const issuer of ['https://other.test', `${url}//`, url.toUpperCase(), `${url}/sub`, ` ${url}`, '']) {
      published.describe({ issuer });
      await assertProblem(discover(), /is that of the issuer ".*"; register that URL/);
    }
    for (const issuer of [undefined, null, 1, [url], { url }]) {
      published.describe({ issuer });
      await assertProblem(discover(), /no text "issuer"/);
    }
  });

  test('with keys in a place that may not be reached is refused', async () => {
    for (const [jwksUri, sentence] of [
      [undefined, /no text "jwks_uri"/],
      [['https://a.test'], /no text "jwks_uri"/],
      [`http://${published.host.host}/tenant/keys`, /https:\/\/ URL only/],
      ['/tenant/keys', /https:\/\/ URL only/],
      ['https://127.0.0.1/keys', /not public/],
      ['https://169.254.169.254/latest', /where no issuer can be/],
      [`https://127.0.0.1:${published.host.port}/keys`, /not on port 443/],
      [`https://a@${published.host.host}/tenant/keys`, /user name/],
    ] as const) {
      published.describe({ jwks_uri: jwksUri });
      await assertProblem(discover(), sentence);
    }
  });

  test('finds keys on another host that may be reached', async () => {
    const other = await startHttpsHost();
    other.json('/keys', jwks);
    published.describe({ jwks_uri: `${other.origin}/keys` });
    await assertProblem(discover(), /not on port 443/);
    const hosts = [published.host.host, other.host];
    assert.equal((await discoverIssuer(outbound, published.url, { hosts, thumbprints: [] })).keys.length, 2);
    await other.stop();
  });

  test('with any certificate binds what follows to the one that was seen', async () => {
    const stock = openOutbound({});
    await assertProblem(discoverIssuer(stock, published.url, may()), /No public authority/);
    const seen: FetchPermissions[] = [];
    const watched = {
      getJson: (url: string, permissions: FetchPermissions) => {
        seen.push(permissions);
        return stock.getJson(url, permissions);
      },
    };
    const found = await discoverIssuer({ ...stock, ...watched }, published.url, { ...may(), anyCertificate: true });
    assert.equal(found.thumbprint, TEST_THUMBPRINT);
    assert.deepEqual(seen[1], { ...may(), thumbprints: [TEST_THUMBPRINT] });
  });

  test('whose documents can be read in two ways, or not at all, is refused', async () => {
    const discovery = '/tenant/.well-known/openid-configuration';
    const good = JSON.stringify({ issuer: published.url, jwks_uri: `${published.host.origin}/tenant/keys` });
    for (const text of ['', '{', 'null', '[]', '"a"', `${good}{}`, good.replace('{', '{"issuer":"https://a.test",')]) {
      answerRaw(discovery, text);
      await assertProblem(discover(), /^The discovery document (?:cannot be read|is not a JSON object)/);
    }
    answerRaw(discovery, Buffer.from([0x7b, 0xff, 0x7d]));
    await assertProblem(discover(), /not UTF-8/);
    answerRaw(discovery, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`.slice(0, 500_000));
    await assertProblem(discover(), /cannot be read/);
    published.describe();
    answerRaw('/tenant/keys', '{"keys":[],"keys":[]}');
    await assertProblem(discover(), /^The key set cannot be read/);
  });

  test('with no key, a malformed one, or a hundred thousand is refused, quickly', async () => {
    published.publish({ keys: [] });
    await assertProblem(discover(), /no key/);
    published.publish({ keys: [...jwks.keys, { ...jwks.keys[0], kid: 'c', x: 'AAAA' }] });
    await assertProblem(discover(), /keys\[2\]/);
    answerRaw('/tenant/keys', `{"keys":[${'{},'.repeat(100_000)}{}]}`);
    const started = performance.now();
    await assertProblem(discover(), /key set/);
    assert.ok(performance.now() - started < 1000);
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type KeysCourt, openKeysCourt } from './held-keys-fixture.ts';

describe('the held keys of an issuer', () => {
  let court: KeysCourt;
  beforeEach(async () => {
    court = await openKeysCourt();
  });
  afterEach(() => court.stop());
  const rotate = (): void => court.published.publish(court.second.jwks);
  const fetches = (): number => court.published.keyFetches();

  test('are fetched once, and found by kid, or by algorithm where the token names none', async () => {
    const issuer = court.register();
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    assert.deepEqual(await court.find(issuer, undefined), ['first']);
    assert.equal(await court.find(issuer, undefined, 'RS256'), 'unknown_key');
    // Which algorithms the named key has is the verifier's business.
    assert.deepEqual(await court.find(issuer, 'first', 'RS256'), ['first']);
    assert.equal(fetches(), 2, 'one, and one for the algorithm that no key had');
  });

  test('are asked for once, however many tokens come at the same time', async () => {
    const issuer = court.register();
    const found = await Promise.all(Array.from({ length: 100 }, () => court.find(issuer, 'first')));
    assert.deepEqual(new Set(found.map(String)), new Set(['first']));
    assert.equal(court.published.host.requests.length, 2);
    rotate();
    const others = await Promise.all(Array.from({ length: 100 }, () => court.find(issuer, 'second')));
    assert.deepEqual(new Set(others.map(String)), new Set(['second']));
    assert.equal(fetches(), 2);
  });

  test('are fresh for ten minutes, or for as long as the issuer says, from one minute to an hour', async () => {
    for (const [cacheControl, seconds] of [
      [undefined, 600],
      ['max-age=0', 60],
      ['no-store', 60],
      ['max-age=61', 61],
      ['max-age=3600', 3600],
      ['max-age=86400', 3600],
    ] as const) {
      court.published.publish(court.first.jwks, cacheControl ? { 'cache-control': cacheControl } : {});
      const issuer = court.register();
      await court.find(issuer, 'first');
      const before = fetches();
      court.clock.advance(seconds - 0.001);
      await court.find(issuer, 'first');
      assert.equal(fetches(), before, `${cacheControl}: fetched too early`);
      court.clock.advance(0.001);
      await court.find(issuer, 'first');
      assert.equal(fetches(), before + 1, `${cacheControl}: not fetched at ${seconds} s`);
    }
  });

  test('a key that the issuer took away counts until the set is no longer fresh, and no longer', async () => {
    const issuer = court.register();
    await court.find(issuer, 'first');
    rotate();
    court.clock.advance(599);
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    court.clock.advance(1);
    assert.equal(await court.find(issuer, 'first'), 'unknown_key');
    assert.deepEqual(await court.find(issuer, 'second'), ['second']);
    assert.equal(fetches(), 2);
  });

  test('a rotation is followed at the first token with the new key', async () => {
    const issuer = court.register();
    await court.find(issuer, 'first');
    rotate();
    assert.deepEqual(await court.find(issuer, 'second'), ['second']);
    assert.deepEqual(court.unknown, []);
  });

  test('unknown keys make one fetch in 30 s, and each of them is counted', async () => {
    const issuer = court.register();
    await court.find(issuer, 'first');
    for (let at = 0; at < 10; at++) assert.equal(await court.find(issuer, `invented-${at}`), 'unknown_key');
    assert.equal(fetches(), 2);
    assert.deepEqual(court.unknown, Array(10).fill(issuer.id));
    rotate();
    court.clock.advance(29.999);
    assert.equal(await court.find(issuer, 'second'), 'unknown_key');
    assert.equal(fetches(), 2);
    court.clock.advance(0.001);
    assert.deepEqual(await court.find(issuer, 'second'), ['second']);
    assert.equal(fetches(), 3);
  });

  test('the set that a token was waiting for is current: it is not fetched again for an unknown key', async () => {
    const issuer = court.register();
    assert.equal(await court.find(issuer, 'invented'), 'unknown_key');
    assert.equal(fetches(), 1);
  });

  test('unknown keys of all registrations together make 60 fetches in a minute', async () => {
    const issuers = Array.from({ length: 62 }, () => court.register());
    for (const issuer of issuers) await court.find(issuer, 'first');
    const before = fetches();
    for (const issuer of issuers) assert.equal(await court.find(issuer, 'invented'), 'unknown_key');
    assert.equal(fetches() - before, 60);
    court.clock.advance(59.999);
    await court.find(issuers[61]!, 'invented');
    assert.equal(fetches() - before, 60);
    court.clock.advance(0.001);
    await court.find(issuers[61]!, 'invented');
    assert.equal(fetches() - before, 61);
  });

  test('an issuer that never answered is asked every 30 s, and no more often', async () => {
    const issuer = court.register();
    court.published.breakDown();
    const asked = () => court.published.host.requests.length;
    assert.deepEqual(await Promise.all([court.find(issuer, 'first'), court.find(issuer, 'first')]), [
      'keys_unavailable',
      'keys_unavailable',
    ]);
    assert.equal(asked(), 1);
    court.clock.advance(29.999);
    assert.equal(await court.find(issuer, 'first'), 'keys_unavailable');
    assert.equal(asked(), 1);
    court.published.describe();
    court.published.publish(court.first.jwks);
    court.clock.advance(0.001);
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    assert.deepEqual(court.unknown, []);
  });

  test('the last good set counts for 24 h when the issuer cannot be reached', async () => {
    const issuer = court.register();
    await court.find(issuer, 'first');
    court.published.breakDown();
    const asked = () => court.published.host.requests.length;
    court.clock.advance(600);
    const before = asked();
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    assert.equal(asked() - before, 1, 'it was asked again within 30 s of a failure');
    assert.equal(await court.find(issuer, 'second'), 'keys_unavailable');
    court.clock.advance(86_400 - 600 - 0.001);
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    court.clock.advance(0.001);
    assert.equal(await court.find(issuer, 'first'), 'keys_unavailable');
  });

  test('a failed fetch for an unknown key leaves the fresh set as it is, and is not tried again for 30 s', async () => {
    const issuer = court.register();
    await court.find(issuer, 'first');
    court.published.breakDown();
    assert.equal(await court.find(issuer, 'invented'), 'unknown_key');
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    court.clock.advance(600);
    const before = court.published.host.requests.length;
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    court.clock.advance(20);
    assert.equal(await court.find(issuer, 'invented'), 'keys_unavailable');
    assert.equal(court.published.host.requests.length - before, 1);
  });

  test('the 30 s after a failure count from its end, and an unknown key that comes before does not prolong them', async () => {
    const issuer = court.register();
    await court.find(issuer, 'first');
    court.published.host.on('/tenant/.well-known/openid-configuration', (_request, response) => {
      court.clock.advance(2);
      response.writeHead(503).end();
    });
    await court.find(issuer, 'invented');
    court.published.describe();
    rotate();
    court.clock.advance(29);
    assert.equal(await court.find(issuer, 'second'), 'unknown_key');
    court.clock.advance(1);
    assert.deepEqual(await court.find(issuer, 'second'), ['second']);
  });

  test('what is empty, malformed, or of another issuer never takes the place of a good set', async () => {
    const good = court.first.jwks;
    for (const [what, spoil] of [
      ['no keys', () => court.published.publish({ keys: [] })],
      ['no list', () => court.published.publish({})],
      ['one bad key', () => court.published.publish({ keys: [court.second.jwk, { kty: 'oct', k: 'AAAA' }] })],
      ['no JSON', () => court.published.host.on('/tenant/keys', (_request, response) => response.end('no'))],
      ['another issuer', () => court.published.describe({ issuer: 'https://other.test' })],
      ['another spelling', () => court.published.describe({ issuer: `${court.published.url}/` })],
    ] as const) {
      court.published.describe();
      court.published.publish(good);
      const issuer = court.register();
      assert.deepEqual(await court.find(issuer, 'first'), ['first']);
      spoil();
      court.clock.advance(3600);
      assert.deepEqual(await court.find(issuer, 'first'), ['first'], what);
      assert.equal(await court.find(issuer, 'second'), 'keys_unavailable', what);
    }
  });
});

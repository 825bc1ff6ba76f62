import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import { type KeysCourt, openKeysCourt } from './held-keys-fixture.ts';
import { TEST_THUMBPRINT } from './https-host.ts';
import { assertProblem } from './outbound-refused.ts';

describe('keys are held per registration', () => {
  let court: KeysCourt;
  beforeEach(async () => {
    court = await openKeysCourt();
  });
  afterEach(() => court.stop());

  test('what one organization may reach serves no other, also for the same URL', async () => {
    assert.deepEqual(await court.find(court.register(), 'first'), ['first']);
    const other = court.register({ organization: 'umbrella' });
    assert.equal(await court.find(other, 'first'), 'keys_unavailable');
    assert.deepEqual(court.permitted(), { hosts: [], thumbprints: [] });
    await assertProblem(court.keys.discover(other), /not on port 443/);
    assert.equal((await court.keys.discover(court.register())).issuer, court.published.url);
  });

  test('a thumbprint that one registration has serves no other', async () => {
    const stock = await openKeysCourt({ outbound: openOutbound({}) });
    assert.deepEqual(await stock.find(stock.register({ thumbprints: [TEST_THUMBPRINT] }), 'first'), ['first']);
    assert.equal(await stock.find(stock.register(), 'first'), 'keys_unavailable');
    await assertProblem(stock.keys.discover(stock.register()), /No public authority/);
    const learned = await stock.keys.discover(stock.register(), { trustNow: true });
    assert.equal(learned.thumbprint, TEST_THUMBPRINT);
    assert.equal(
      await stock.find(stock.register(), 'first'),
      'keys_unavailable',
      'what was learned is held for nobody',
    );
    await stock.stop();
  });

  test('keys that one organization uploaded serve no other', async () => {
    const uploaded = court.register({ jwks: { keys: [{ ...court.second.jwk }] } });
    assert.deepEqual(await court.find(uploaded, 'second'), ['second']);
    assert.equal(await court.find(court.register(), 'second'), 'unknown_key');
  });

  test('uploaded keys are never fetched, whatever a token names', async () => {
    const uploaded = court.register({ jwks: { keys: [{ ...court.second.jwk }] } });
    assert.equal(await court.find(uploaded, 'first'), 'unknown_key');
    assert.equal(await court.find(uploaded, undefined, 'RS256'), 'unknown_key');
    court.clock.advance(100_000);
    assert.deepEqual(await court.find(uploaded, undefined), ['second']);
    assert.deepEqual(court.unknown, [uploaded.id, uploaded.id]);
    assert.equal(court.published.host.connections(), 0);
  });

  test('uploaded keys that are not sound are no keys', async () => {
    const bad = court.register({ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } });
    assert.equal(await court.find(bad, 'first'), 'keys_unavailable');
    await assertProblem(court.keys.check(bad.jwks), /keys\[0\]/);
    assert.equal((await court.keys.check(court.first.jwks)).length, 1);
  });

  test('uploaded keys are read once for as long as they stay the same', async () => {
    const jwks = { keys: [{ ...court.first.jwk }] };
    const issuer = court.register({ jwks });
    const header = { alg: 'ES256', kid: 'first' } as const;
    const [one] = await court.keys.candidates(issuer, header);
    const [same] = await court.keys.candidates({ ...issuer, jwks: structuredClone(jwks) }, header);
    assert.equal(one, same);
    const changed = { ...issuer, jwks: { keys: [{ ...court.second.jwk }] } };
    assert.equal(await court.find(changed, 'first'), 'unknown_key');
    assert.deepEqual(await court.find(changed, 'second'), ['second']);
  });

  test('a registration that was changed is served from nothing that came before', async () => {
    const issuer = court.register();
    const uploaded = { ...issuer, jwks: { keys: [{ ...court.second.jwk }] } };
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    assert.equal(await court.find(uploaded, 'first'), 'unknown_key');
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    court.hosts.set('umbrella', [court.published.host.host]);
    for (const change of [
      { thumbprints: ['0'.repeat(64)] },
      { url: `${court.published.url}/` },
      { issuer: `${court.published.url}/` },
      { organization: 'umbrella' },
    ]) {
      court.published.describe();
      court.published.publish(court.first.jwks);
      const before = court.register();
      assert.deepEqual(await court.find(before, 'first'), ['first']);
      court.published.breakDown();
      assert.equal(await court.find({ ...before, ...change }, 'first'), 'keys_unavailable', JSON.stringify(change));
    }
  });

  test('a permission that was taken away ends what was fetched with it', async () => {
    const issuer = court.register();
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    court.hosts.set('acme', []);
    assert.equal(await court.find(issuer, 'first'), 'keys_unavailable');
  });

  test('what is forgotten is fetched again', async () => {
    const issuer = court.register();
    await court.find(issuer, 'first');
    court.keys.forget(issuer.id);
    court.published.breakDown();
    assert.equal(await court.find(issuer, 'first'), 'keys_unavailable');
  });

  test('a thousand registrations are held; the one that was used longest ago goes first', async () => {
    const issuer = court.register();
    const other = court.register();
    await court.find(issuer, 'first');
    await court.find(other, 'first');
    const jwks = { keys: [{ ...court.second.jwk }] };
    for (let at = 0; at < 998; at++) await court.find(court.register({ jwks }), 'second');
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    assert.equal(court.published.keyFetches(), 2);
    await court.find(court.register({ jwks }), 'second');
    await court.find(issuer, 'first');
    assert.equal(court.published.keyFetches(), 2);
    await court.find(other, 'first');
    assert.equal(court.published.keyFetches(), 3);
  });
});

describe('our own issuers', () => {
  const OWN = 'https://runpass.example/oidc';

  test('are read from memory at each use, and nothing is fetched', async () => {
    let bytes: Uint8Array | undefined;
    const court = await openKeysCourt({ own: new Map([[OWN, () => bytes]]) });
    const issuer = court.register({ url: OWN, issuer: OWN });
    const publish = (jwks: unknown): void => {
      bytes = new TextEncoder().encode(JSON.stringify(jwks));
    };
    assert.equal(await court.find(issuer, 'first'), 'keys_unavailable');
    publish(court.first.jwks);
    assert.deepEqual(await court.find(issuer, 'first'), ['first']);
    publish(court.second.jwks);
    assert.equal(await court.find(issuer, 'first'), 'unknown_key');
    assert.deepEqual(await court.find(issuer, 'second'), ['second']);
    assert.deepEqual(court.unknown, [issuer.id]);
    assert.equal(court.permitted(), undefined);
    await court.stop();
  });

  test('have no keys but those, whatever somebody uploaded under their name', async () => {
    const court = await openKeysCourt({ own: new Map([[OWN, () => undefined]]) });
    const forged = court.register({ url: OWN, issuer: OWN, jwks: { keys: [{ ...court.first.jwk }] } });
    assert.equal(await court.find(forged, 'first'), 'keys_unavailable');
    await court.stop();
  });
});

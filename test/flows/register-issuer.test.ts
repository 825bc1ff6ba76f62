import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { registerIssuer } from '../../src/flows/register-issuer.ts';
import type { Registration } from '../../src/issuers/registration.ts';
import { type HttpsHost, TEST_THUMBPRINT } from '../issuers/https-host.ts';
import { declaration, registration } from '../issuers/registrations.ts';
import { JWK, JWKS, makeTrustWorld, OWN, publish, startIssuerHost } from './trust-world.ts';
import { ACME, PRINCIPALS, refuses } from './world.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('an administrator registers an issuer', () => {
  let host: HttpsHost;
  before(async () => {
    host = await startIssuerHost();
  });
  after(() => host.stop());
  /** By discovery, without uploaded keys. */
  const fetched = (request: Partial<Registration> = {}): Registration => ({ name: 'ci', url: host.origin, ...request });

  test('discovery gives the iss, the keys are loaded, the certificate is noted, and everything is denied', async () => {
    const { parts, events, clock, registerAs } = await makeTrustWorld(host);
    const made = await registerAs(fetched());
    const { id, policy, ...rest } = made;
    const now = clock.seconds;
    assert.match(id, UUID);
    assert.match(policy.id, UUID);
    assert.notEqual(id, policy.id);
    assert.deepEqual(rest, {
      organization: 'acme',
      name: 'ci',
      url: host.origin,
      issuer: host.origin,
      thumbprints: [TEST_THUMBPRINT],
      maxExpiration: 90_000,
      replay: 'allow',
      capToSubjectToken: false,
      maxTokenAge: 90_000,
      created: now,
      modified: now,
      declared: false,
    });
    assert.deepEqual(policy, {
      id: policy.id,
      version: 1,
      created: now,
      modified: now,
      document: { dialect: 'strict', mode: 'enforce', policies: [] },
    });
    assert.deepEqual(await parts.issuers.find('acme', host.origin), made);
    assert.deepEqual(events, [
      {
        kind: 'trusted-issuer.create',
        organization: 'acme',
        actor: 'personal:admin',
        outcome: 'granted',
        detail: { name: 'ci', url: host.origin, id, issuer: host.origin, policy: policy.id },
      },
    ]);
  });

  test('the iss is that of the discovery document where the URL only has a slash more', async () => {
    const { registerAs } = await makeTrustWorld(host);
    const made = await registerAs(fetched({ url: `${host.origin}/` }));
    assert.deepEqual([made.url, made.issuer], [`${host.origin}/`, host.origin]);
  });

  test('with uploaded keys nothing is fetched, and the iss is the URL or what is said', async () => {
    const { register } = await makeTrustWorld(host);
    const asked = host.connections();
    assert.equal((await register({ url: host.origin })).issuer, host.origin);
    const k8s = await register({ url: 'http://10.0.0.1', issuer: 'kubernetes/serviceaccount' });
    assert.deepEqual([k8s.issuer, k8s.jwks, k8s.thumbprints], ['kubernetes/serviceaccount', JWKS, []]);
    assert.equal(host.connections(), asked);
  });

  test('the algorithms are listed that its keys can verify', async () => {
    const { parts } = await makeTrustWorld(host);
    const listed = async (request: Registration) =>
      (await registerIssuer(parts, PRINCIPALS.admin, ACME, request)).algorithms;
    assert.deepEqual(await listed(fetched()), ['RS256']);
    const { alg: _, ...free } = JWK;
    const jwks = { keys: [JWK, { ...free, kid: 'b' }] };
    const all = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    assert.deepEqual(await listed({ name: 'ci', url: 'https://ci.example.com', jwks }), all);
    assert.equal(await listed({ name: 'own', url: OWN[0] ?? '' }), undefined);
  });

  test('our own issuers are known: nothing is fetched, and nobody uploads keys for them', async () => {
    const { register, registerAs } = await makeTrustWorld(host);
    const own = await registerAs({ name: 'own', url: OWN[0] ?? '' });
    assert.deepEqual([own.issuer, own.thumbprints, own.jwks], [OWN[0], [], undefined]);
    const slash = await registerAs({ name: 'own', url: `${OWN[1]}/` });
    assert.equal(slash.issuer, OWN[1]);
    await assert.rejects(register({ url: OWN[0] ?? '' }), refuses('trusted_issuer_unusable'));
    await assert.rejects(
      register({ url: 'https://x.example.com', issuer: OWN[0] ?? '' }),
      refuses('trusted_issuer_unusable'),
    );
    const other = { name: 'own', url: OWN[0] ?? '', issuer: OWN[1] ?? '' };
    await assert.rejects(registerAs(other), refuses('trusted_issuer_unusable'));
  });

  test('an own issuer on this machine may be http:, any other may not', async () => {
    const { parts, registerAs } = await makeTrustWorld(host);
    const url = 'http://localhost:8080/oidc';
    const local = { ...parts, ownIssuers: [url] };
    assert.equal((await registerIssuer(local, PRINCIPALS.admin, ACME, { name: 'own', url })).issuer.issuer, url);
    await assert.rejects(registerAs({ name: 'x', url: 'http://localhost:9999' }), refuses('trusted_issuer_unusable'));
    await assert.rejects(registerAs({ name: 'x', url: 'http://x.example.com' }), refuses('invalid_request'));
  });

  test('a certificate that nobody vouches for is refused with its thumbprint, and taken with it', async () => {
    const { registerAs } = await makeTrustWorld(host, { trusted: false });
    await assert.rejects(registerAs(fetched()), (reason: unknown) => {
      refuses('trusted_issuer_unusable')(reason);
      assert.ok((reason as Error).message.includes(TEST_THUMBPRINT), String(reason));
      return true;
    });
    const thumbprints = [TEST_THUMBPRINT.toUpperCase().replace(/(..)(?=.)/g, '$1:')];
    const made = await registerAs(fetched({ thumbprints }));
    assert.deepEqual(made.thumbprints, [TEST_THUMBPRINT]);
  });

  test('an issuer whose documents are not there or not sound is refused in words', async () => {
    const { parts, events, registerAs } = await makeTrustWorld(host);
    publish(host, '/other', { issuer: 'https://somebody.example.com' });
    publish(host, '/empty');
    host.json('/empty/jwks', { keys: [] });
    for (const [path, message] of [
      ['/missing', /404/],
      ['/other', /somebody\.example\.com/],
      ['/empty', /key/],
    ] as const) {
      await assert.rejects(registerAs(fetched({ url: `${host.origin}${path}` })), (reason: unknown) => {
        refuses('trusted_issuer_unusable')(reason);
        assert.match((reason as Error).message, message);
        return true;
      });
    }
    assert.deepEqual(await parts.issuers.list('acme'), []);
    assert.deepEqual(
      events.map(({ outcome, code }) => `${outcome} ${code}`),
      Array.from({ length: 3 }, () => 'refused trusted_issuer_unusable'),
    );
    const said = fetched({ issuer: `${host.origin}/` });
    await assert.rejects(registerAs(said), refuses('trusted_issuer_unusable'));
    assert.equal((await registerAs(fetched({ issuer: host.origin }))).issuer, host.origin);
  });

  test('uploaded keys that are not sound are refused, and private ones are never stored', async () => {
    const { register, parts } = await makeTrustWorld(host);
    for (const keys of [[], [{ ...JWK, d: 'x' }], [{ ...JWK, n: 'AQAB' }], [JWK, JWK], [{ kty: 'oct', k: 'x' }]]) {
      await assert.rejects(register({ jwks: { keys } }), refuses('trusted_issuer_unusable'));
    }
    assert.deepEqual(await parts.issuers.list('acme'), []);
    const more = { keys: [JWK], private: 'x' } as Registration['jwks'];
    assert.deepEqual((await register({ ...(more && { jwks: more }) })).jwks, JWKS);
  });

  test('what is written is checked before anything is fetched', async () => {
    const { register, registerAs } = await makeTrustWorld(host);
    const asked = host.connections();
    const wrong: readonly Partial<Registration>[] = [
      { name: '' },
      { name: 'x'.repeat(101) },
      { name: 'a\nb' },
      { url: 'localhost' },
      { url: `${host.origin}?x=1` },
      { url: `${host.origin}#x` },
      { url: host.origin.replace('//', '//me@') },
      { url: `${host.origin}/${'x'.repeat(255)}` },
      { url: `${host.origin}/a b` },
      { thumbprints: ['ab'.repeat(20)] },
      { thumbprints: ['ab'.repeat(33)] },
    ];
    for (const one of wrong) {
      await assert.rejects(registerAs(fetched(one)), refuses('invalid_request'));
    }
    await assert.rejects(register({ issuer: 'a b' }), refuses('invalid_request'));
    await assert.rejects(register({ issuer: 'x'.repeat(256) }), refuses('invalid_request'));
    assert.equal(host.connections(), asked);
  });

  test('the same issuer is registered once: by API, or in the file', async () => {
    const { register } = await makeTrustWorld(host, {
      declared: [declaration({ issuer: 'https://file.example.com' })],
    });
    await register();
    await assert.rejects(register({ name: 'again' }), (reason: unknown) => {
      refuses('trusted_issuer_exists')(reason);
      assert.match((reason as Error).message, /"https:\/\/ci\.example\.com" already, as "ci"/);
      return true;
    });
    await assert.rejects(register({ issuer: 'https://file.example.com' }), refuses('trusted_issuer_exists'));
  });

  test('an organization has at most a hundred', async () => {
    const { parts, register } = await makeTrustWorld(host);
    for (let at = 0; at < 99; at++) await parts.issuers.create(registration({ url: `https://i${at}.example.com` }));
    await register();
    await assert.rejects(register({ issuer: 'https://more.example.com' }), refuses('trusted_issuer_unusable'));
  });

  test('nobody but an administrator may, and that is recorded', async () => {
    const { parts, events } = await makeTrustWorld(host);
    const asked = host.connections();
    for (const principal of [PRINCIPALS.bob, PRINCIPALS.carol]) {
      await assert.rejects(registerIssuer(parts, principal, ACME, fetched()), refuses('not_permitted'));
    }
    assert.deepEqual(
      events.map(({ actor, outcome, code }) => [actor, outcome, code]),
      [
        ['personal:bob', 'refused', 'not_permitted'],
        ['personal:carol', 'refused', 'not_permitted'],
      ],
    );
    assert.equal(host.connections(), asked);
  });

  test('without its audit record nothing is registered', async () => {
    const { parts, register, state } = await makeTrustWorld(host);
    state.auditFails = true;
    await assert.rejects(register(), /the audit log is full/);
    assert.deepEqual(await parts.issuers.list('acme'), []);
    state.auditFails = false;
    await register();
  });
});

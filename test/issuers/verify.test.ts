import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { VerificationKey } from '../../src/issuers/issuer-keys.ts';
import { importKeySet } from '../../src/issuers/key-set.ts';
import { readToken } from '../../src/issuers/token-text.ts';
import type { ReadToken } from '../../src/issuers/verified-token.ts';
import { verifyToken } from '../../src/issuers/verify.ts';
import { ALGORITHMS, type Court, claimsAt, makeCourt, makeIssuer, NOW, type Verdict, verdictOf } from './tokens.ts';

const readOf = (text: string): ReadToken => {
  const read = readToken(text);
  assert.ok(!('problem' in read), JSON.stringify(read));
  return read;
};

describe('a subject token that is verified', () => {
  let court: Court;
  before(async () => {
    court = await makeCourt();
  });
  const verify = async (text: string, keys: readonly VerificationKey[], now = NOW): Promise<Verdict> =>
    verdictOf(await verifyToken(readOf(text), keys, court.registered, now));

  for (const alg of ALGORITHMS) {
    test(`of ${alg} is accepted as its issuer signed it, and refused from another key`, async () => {
      const [own, other] = [await makeCourt({ alg, kid: 'k' }), await makeIssuer({ alg, kid: 'k' })];
      assert.equal(await own.verdict(await own.sign(claimsAt(NOW))), 'accepted');
      assert.equal(await own.verdict(await other.sign(claimsAt(NOW))), 'bad_signature');
    });
  }

  test('gives its claims, times in whole seconds, jti and content hash', async () => {
    const claims = claimsAt(NOW, { iat: NOW - 0.5, exp: NOW + 300.9 });
    const text = await court.sign(claims);
    const judged = await court.judge(text);
    assert.ok(!('problem' in judged));
    assert.deepEqual(
      { ...judged, claims: { ...judged.claims } },
      {
        claims: { iss: court.issuer, ...claims },
        iat: NOW - 1,
        exp: NOW + 300,
        jti: claims['jti'],
        contentHash: readOf(text).contentHash,
      },
    );
    const bare = await court.judge(await court.sign({ exp: NOW + 1 }));
    assert.deepEqual(Object.keys(bare), ['claims', 'exp', 'contentHash']);
  });

  test('may leave out sub, aud, jti, iat and nbf, and may write aud as a list', async () => {
    for (const name of ['sub', 'aud', 'jti', 'iat', 'nbf']) {
      assert.equal(await court.verdict(await court.sign(claimsAt(NOW, { [name]: undefined }))), 'accepted', name);
    }
    for (const aud of ['', 'a', [], ['a'], ['a', 'b']]) {
      assert.equal(await court.verdict(await court.sign(claimsAt(NOW, { aud }))), 'accepted', JSON.stringify(aud));
    }
    assert.equal(await court.verdict(await court.sign(claimsAt(NOW, { jti: 'j'.repeat(512) }))), 'accepted');
  });

  test('is tried with no more than eight keys', async () => {
    const strangers = await Promise.all(Array.from({ length: 8 }, () => makeCourt()));
    const keys = strangers.flatMap((stranger) => stranger.keys);
    const text = await court.sign(claimsAt(NOW));
    assert.equal(await verify(text, [...keys.slice(1), ...court.keys]), 'accepted');
    assert.equal(await verify(text, [...keys, ...court.keys]), 'bad_signature');
  });

  test('is tried only with keys that are for its algorithm: the others do not count, and are not asked', async () => {
    const others = await Promise.all((['RS256', 'ES384', 'EdDSA'] as const).map((alg) => makeCourt({ alg })));
    const asked: string[] = [];
    const spies = others
      .flatMap(({ keys }) => keys)
      .flatMap((key) => Array(4).fill({ ...key, verify: () => asked.push('asked') }));
    const text = await court.sign(claimsAt(NOW));
    assert.equal(await verify(text, [...spies, ...court.keys]), 'accepted');
    assert.equal(await verify(text, spies), 'unsupported_algorithm');
    assert.equal(await verify(text, []), 'unsupported_algorithm');
    assert.deepEqual(asked, []);
  });

  test('is refused where its key would verify it, but is bound to another algorithm', async () => {
    const rsa = await makeIssuer({ alg: 'PS256' });
    const text = await rsa.sign(claimsAt(NOW), {});
    const read = readOf(text);
    const verdicts = [];
    for (const alg of ['PS256', undefined, 'RS256', 'PS384'] as const) {
      const { alg: _, ...jwk } = rsa.jwk;
      const keys = await importKeySet({ keys: [{ ...jwk, ...(alg && { alg }) }] });
      verdicts.push(verdictOf(await verifyToken(read, keys, court.registered, NOW)));
    }
    assert.deepEqual(verdicts, ['accepted', 'accepted', 'unsupported_algorithm', 'unsupported_algorithm']);
  });

  test('has an ECDSA or EdDSA signature of exactly the length that its algorithm has', async () => {
    for (const [alg, length] of [
      ['ES256', 64],
      ['ES384', 96],
      ['ES512', 132],
      ['EdDSA', 64],
      ['Ed25519', 64],
    ] as const) {
      const own = await makeCourt({ alg });
      const text = await own.sign(claimsAt(NOW));
      for (const bytes of [length - 1, length + 1, 0 + 1]) {
        const cut = `${text.slice(0, text.lastIndexOf('.') + 1)}${Buffer.alloc(bytes, 1).toString('base64url')}`;
        const judged = await own.judge(cut);
        assert.ok('detail' in judged);
        assert.equal(judged.detail, `an ${alg} signature has ${length} bytes, and this one ${bytes}`);
      }
    }
  });

  test('does not hide a fault of ours behind a bad signature', async () => {
    const text = await court.sign(claimsAt(NOW));
    const broken = court.keys.map((key) => ({
      ...key,
      verify: () => {
        throw new Error('the engine broke');
      },
    }));
    await assert.rejects(verify(text, broken), /the engine broke/);
  });

  test('is weighed signature first, then issuer, then claims, then times', async () => {
    const other = await makeIssuer({ kid: court.kid });
    const wrong = { iss: 'https://other.example', jti: 1, exp: NOW - 3600, iat: NOW - 7200, nbf: NOW - 7200 };
    assert.equal(await court.verdict(await other.sign(claimsAt(NOW, wrong))), 'bad_signature');
    assert.equal(await court.verdict(await court.sign(claimsAt(NOW, wrong))), 'wrong_issuer');
    assert.equal(
      await court.verdict(await court.sign(claimsAt(NOW, { ...wrong, iss: court.issuer }))),
      'malformed_claim',
    );
    assert.equal(
      await court.verdict(await court.sign(claimsAt(NOW, { ...wrong, iss: court.issuer, jti: '1' }))),
      'expired',
    );
  });

  test('is refused for a number that no JSON of ours has, too', async () => {
    const text = await court.sign(claimsAt(NOW));
    for (const exp of [2 ** 53, Number.POSITIVE_INFINITY, Number.NaN, -1]) {
      const read = { ...readOf(text), claims: { ...readOf(text).claims, exp } };
      const judged = await verifyToken(read, court.keys, court.registered, NOW);
      assert.deepEqual(judged, {
        problem: 'malformed_claim',
        detail: 'exp must be a number of seconds from 0 to 2^53 - 1',
      });
    }
  });

  /** Claims besides `iss`; seconds from `NOW`; at most so many since it was issued; what comes out. */
  const DAY = 86_400;
  const BOUNDARIES: readonly (readonly [string, Readonly<Record<string, unknown>>, number, number, Verdict])[] = [
    ['exp + 29', { iat: NOW - 300, exp: NOW }, 29, 900, 'accepted'],
    ['exp + 30', { iat: NOW - 300, exp: NOW }, 30, 900, 'expired'],
    ['exp + 29, broken', { iat: NOW - 300, exp: NOW + 0.9 }, 29, 900, 'accepted'],
    ['exp + 30, broken: floored', { iat: NOW - 300, exp: NOW + 0.9 }, 30, 900, 'expired'],
    ['nbf - 30', { nbf: NOW, exp: NOW + 300 }, -30, 900, 'accepted'],
    ['nbf - 31', { nbf: NOW, exp: NOW + 300 }, -31, 900, 'not_yet_valid'],
    ['nbf - 30, broken', { nbf: NOW + 0.1, exp: NOW + 300 }, -30, 900, 'not_yet_valid'],
    ['iat - 30', { iat: NOW, exp: NOW + 300 }, -30, 900, 'accepted'],
    ['iat - 31', { iat: NOW, exp: NOW + 300 }, -31, 900, 'not_yet_valid'],
    ['iat - 30, broken', { iat: NOW + 0.1, exp: NOW + 300 }, -30, 900, 'not_yet_valid'],
    ['iat right, nbf - 31', { iat: NOW - 60, nbf: NOW, exp: NOW + 300 }, -31, 900, 'not_yet_valid'],
    ['iat - 31, nbf right', { iat: NOW, nbf: NOW - 60, exp: NOW + 300 }, -31, 900, 'not_yet_valid'],
    ['age 930', { iat: NOW, exp: NOW + 3600 }, 930, 900, 'accepted'],
    ['age 931', { iat: NOW, exp: NOW + 3600 }, 931, 900, 'too_old'],
    ['age 930, broken', { iat: NOW - 0.1, exp: NOW + 3600 }, 930, 900, 'too_old'],
    ['age 930 by nbf', { nbf: NOW, exp: NOW + 3600 }, 930, 900, 'accepted'],
    ['age 931 by nbf', { nbf: NOW, exp: NOW + 3600 }, 931, 900, 'too_old'],
    ['age by iat, not nbf', { iat: NOW, nbf: NOW - 2000, exp: NOW + 3600 }, 930, 900, 'accepted'],
    ['exp alone, at the age', { exp: NOW + 900 }, 0, 900, 'accepted'],
    ['exp alone, beyond it', { exp: NOW + 901 }, 0, 900, 'too_old'],
    ['exp alone, a broken second beyond it', { exp: NOW + 900.1 }, 0, 900, 'too_old'],
    ['exp alone, gone', { exp: NOW }, 30, 900, 'expired'],
    ['exp after iat', { iat: NOW, exp: NOW + 1 }, 0, 900, 'accepted'],
    ['exp at iat', { iat: NOW, exp: NOW }, 0, 900, 'malformed_claim'],
    ['exp before iat', { iat: NOW + 1, exp: NOW }, 0, 900, 'malformed_claim'],
    ['exp at nbf', { iat: NOW - 60, nbf: NOW, exp: NOW }, 0, 900, 'malformed_claim'],
    ['nbf before iat', { iat: NOW, nbf: NOW - 30, exp: NOW + 60 }, 0, 900, 'accepted'],
    ['nbf after iat', { iat: NOW - 60, nbf: NOW, exp: NOW + 60 }, 0, 900, 'accepted'],
    ['400 days', { iat: NOW, exp: NOW + 400 * DAY }, 0, 900, 'accepted'],
    ['a second more', { iat: NOW, exp: NOW + 400 * DAY + 1 }, 0, 900, 'malformed_claim'],
    ['400 days by nbf', { nbf: NOW, exp: NOW + 400 * DAY + 1 }, 0, 900, 'malformed_claim'],
    ['400 days from now', { exp: NOW + 400 * DAY }, 0, 400 * DAY, 'accepted'],
    ['a second more from now', { exp: NOW + 400 * DAY + 1 }, 0, 401 * DAY, 'malformed_claim'],
    ['zero is a time', { iat: 0, exp: 1 }, 0, 900, 'expired'],
  ];
  for (const [name, claims, offset, maxTokenAge, expected] of BOUNDARIES) {
    test(`is ${expected} with ${name}`, async () => {
      assert.equal(verdictOf(await court.judge(await court.sign(claims), NOW + offset, maxTokenAge)), expected);
    });
  }

  test('is shown to the administrator where only a time is wrong, and nowhere else', async () => {
    const times: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      expired: { iat: NOW - 600, nbf: NOW - 600, exp: NOW - 300 },
      not_yet_valid: { nbf: NOW + 60 },
      too_old: { iat: NOW - 100_000 },
      malformed_claim: { exp: NOW - 1 },
    };
    for (const [code, changes] of Object.entries(times)) {
      const judged = await court.judge(await court.sign(claimsAt(NOW, { sub: 'shown', ...changes })));
      assert.ok('problem' in judged, code);
      assert.equal(judged.problem, code);
      assert.equal(judged.genuine?.claims['sub'], 'shown', code);
      assert.ok(judged.genuine?.contentHash);
    }
    const other = await makeIssuer({ kid: court.kid });
    const hidden = [
      await other.sign(claimsAt(NOW)),
      await court.sign(claimsAt(NOW, { iss: 'https://other.example' })),
      await court.sign(claimsAt(NOW, { exp: 'soon' })),
      await court.sign(claimsAt(NOW, { jti: 1 })),
    ];
    for (const text of hidden) {
      const judged = await court.judge(text);
      assert.ok('problem' in judged && judged.genuine === undefined);
    }
  });

  test('is accepted at an instant exactly when every rule about time holds', async () => {
    const offset = fc.integer({ min: -2000, max: 2000 });
    const times = fc.record({
      exp: offset,
      iat: fc.option(offset, { nil: undefined }),
      nbf: fc.option(offset, { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 60, max: 1500 }), async ({ exp, iat, nbf }, maxTokenAge) => {
        const at = (value: number | undefined): number | undefined => (value === undefined ? undefined : NOW + value);
        const judged = await court.judge(
          await court.sign({ exp: at(exp), iat: at(iat), nbf: at(nbf) }),
          NOW,
          maxTokenAge,
        );
        const starts = [iat, nbf].filter((one) => one !== undefined);
        const age = -(iat ?? nbf ?? 0);
        const right =
          exp > -30 &&
          starts.every((one) => one <= 30 && one < exp) &&
          (starts.length > 0 ? age <= maxTokenAge + 30 : exp <= maxTokenAge);
        assert.equal(verdictOf(judged) === 'accepted', right, JSON.stringify({ exp, iat, nbf, maxTokenAge, judged }));
      }),
      { numRuns: process.env.NIGHTLY ? 20_000 : 1_000 },
    );
  });
});

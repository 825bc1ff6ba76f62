import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { CompactSign, type JWK } from 'jose';
import { IssuerProblem } from '../../src/issuers/issuer-keys.ts';
import { importKeySet } from '../../src/issuers/key-set.ts';
import { verifySignature } from '../../src/issuers/verify.ts';
import { ALGORITHMS, encode, makeIssuer, type TestIssuer } from './tokens.ts';

const bytesOf = (value: bigint): Buffer => {
  const text = value.toString(16);
  return Buffer.from(text.padStart(text.length + (text.length % 2), '0'), 'hex');
};
const SMALL_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** A number of so many bits that may be a modulus as far as anybody sees: odd, without a small factor. */
const modulusOf = (bits: number): string => {
  let number = (1n << BigInt(bits - 1)) + 1n;
  while (SMALL_PRIMES.some((prime) => number % BigInt(prime) === 0n)) number += 2n;
  return encode(bytesOf(number));
};

/** 1 modulo every small prime: the simplest of the numbers that the broken library makes. */
const withFingerprint = (): string => {
  const product = SMALL_PRIMES.reduce((all, prime) => all * BigInt(prime), 2n);
  return encode(bytesOf(product * ((1n << 2047n) / product + 1n) + 1n));
};

/** Refuses the set with a sentence that begins with `place` and goes on with `problem`. */
const refuses = async (jwks: unknown, problem: RegExp, name?: string): Promise<void> => {
  const message = await importKeySet(jwks).then(
    () => 'accepted',
    (reason: unknown) => {
      assert.ok(reason instanceof IssuerProblem, `${name}: ${reason}`);
      return reason.message;
    },
  );
  assert.match(message, problem, name);
  assert.match(message, /\.$/);
};

describe('a key set of somebody else', () => {
  let rsa: TestIssuer;
  let ec: TestIssuer;
  let ed: TestIssuer;
  before(async () => {
    [rsa, ec, ed] = await Promise.all([
      makeIssuer({ alg: 'RS256', kid: 'r' }),
      makeIssuer({ alg: 'ES256', kid: 'e' }),
      makeIssuer({ alg: 'EdDSA', kid: 'd' }),
    ]);
  });
  const setWith = (
    jwk: Readonly<Record<string, unknown>>,
    changes: Readonly<Record<string, unknown>> = {},
  ): unknown => ({
    keys: [ed.jwk, JSON.parse(JSON.stringify({ ...jwk, ...changes }))],
  });

  for (const alg of ALGORITHMS) {
    test(`gives a key for ${alg} that verifies what its private half signed`, async () => {
      const issuer = await makeIssuer({ alg });
      const [key, ...others] = await importKeySet(issuer.jwks);
      assert.deepEqual(others, []);
      assert.deepEqual({ kid: key?.kid, algs: key?.algs }, { kid: issuer.kid, algs: [alg] });
      const text = await new CompactSign(Buffer.from('{}')).setProtectedHeader({ alg }).sign(issuer.privateKey);
      assert.equal(verifySignature({ text, header: { alg } }, key ? [key] : []), undefined);
    });
  }

  test('binds a key without alg to what its type and curve allow', async () => {
    const algsOf = async (jwk: JWK): Promise<readonly string[]> => {
      const { alg: _, ...rest } = jwk;
      return (await importKeySet({ keys: [rest] })).flatMap(({ algs }) => algs);
    };
    assert.deepEqual(await algsOf(rsa.jwk), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
    assert.deepEqual(await algsOf(ec.jwk), ['ES256']);
    assert.deepEqual(await algsOf((await makeIssuer({ alg: 'ES384' })).jwk), ['ES384']);
    assert.deepEqual(await algsOf((await makeIssuer({ alg: 'ES512' })).jwk), ['ES512']);
    assert.deepEqual(await algsOf(ed.jwk), ['EdDSA', 'Ed25519']);
  });

  test('verifies with a key only what it is bound to: being asked for more is a fault of ours', async () => {
    const text = Buffer.from('x');
    const [bound] = await importKeySet(rsa.jwks);
    assert.equal(bound?.verify('RS256', text, text), false);
    assert.throws(() => bound?.verify('PS256', text, text), /not for PS256/);
  });

  test('may hold members that nobody here knows: they are ignored, and nothing is fetched', async () => {
    const extra = {
      x5c: ['MIIB'],
      x5t: 'a',
      x5u: 'https://attacker.example',
      n: 'x',
      nbf: 1,
      ext: 'no',
      key_ops: ['verify'],
    };
    const jwks = { keys: [{ ...ec.jwk, ...extra }], issuer: 'https://attacker.example' };
    assert.equal((await importKeySet(jwks)).length, 1);
  });

  test('may write its numbers with zero octets before them', async () => {
    const padded = (member: string | undefined): string =>
      encode(Buffer.concat([Buffer.alloc(1), Buffer.from(member ?? '', 'base64url')]));
    const keys = await importKeySet({ keys: [{ ...rsa.jwk, n: padded(rsa.jwk.n), e: padded(rsa.jwk.e) }] });
    const text = await rsa.sign({});
    assert.equal(verifySignature({ text, header: { alg: 'RS256' } }, keys), undefined);
  });

  test('loses the keys that are for something else, or of a kind that nobody here knows', async () => {
    const skipped: readonly Readonly<Record<string, unknown>>[] = [
      { ...rsa.jwk, use: 'enc' },
      { ...rsa.jwk, use: 'jwt-svid' },
      { ...rsa.jwk, use: '' },
      { ...rsa.jwk, key_ops: ['encrypt', 'wrapKey'] },
      { ...rsa.jwk, key_ops: [] },
      { ...rsa.jwk, alg: 'RSA-OAEP-256' },
      { ...rsa.jwk, alg: 'HS256' },
      { ...ec.jwk, alg: 'ES256K', crv: 'secp256k1' },
      { ...ec.jwk, alg: 'ECDH-ES' },
      { ...ec.jwk, crv: 'BP-256' },
      { ...ed.jwk, kid: 'x', crv: 'Ed448' },
      { ...ed.jwk, kid: 'x', crv: 'X25519' },
      { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' },
      { kty: 'future' },
      { kty: '__proto__' },
    ];
    for (const jwk of skipped) {
      const name = JSON.stringify(jwk).slice(0, 80);
      assert.deepEqual(
        (await importKeySet(setWith(jwk))).map(({ kid }) => kid),
        ['d'],
        name,
      );
      await refuses({ keys: [jwk] }, /^The key set has no key that can verify a signature\.$/, name);
    }
  });

  test('is a JSON object with a list of 1 to 100 keys, and nothing else', async () => {
    for (const jwks of [null, undefined, 1, 'keys', [], [ec.jwk], true]) await refuses(jwks, /must be a JSON object/);
    for (const keys of [undefined, null, {}, 'a', { 0: ec.jwk, length: 1 }]) await refuses({ keys }, /no list "keys"/);
    await refuses({}, /no list "keys"/);
    await refuses(ec.jwk, /no list "keys"/);
    await refuses({ keys: [] }, /no key that can verify/);
    const many = (count: number): unknown => ({
      keys: Array.from({ length: count }, (_, at) => ({ ...ec.jwk, kid: `${at}` })),
    });
    assert.equal((await importKeySet(many(100))).length, 100);
    await refuses(many(101), /more than 100 keys/);
  });

  test('is refused whole when one key is private, or can be computed from what it says', async () => {
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']) {
      for (const jwk of [rsa.jwk, ec.jwk, { kty: 'future' }, { ...rsa.jwk, use: 'enc' }]) {
        await refuses(
          setWith(jwk, { [member]: 'AAAA' }),
          new RegExp(`^keys\\[1\\]\\.${member} .*private or symmetric`),
        );
      }
    }
    const problem = await importKeySet(setWith(ec.jwk, { d: 'SECRET' })).catch(({ message }) => message);
    assert.doesNotMatch(problem, /SECRET/);
    await refuses(setWith({ kty: 'oct', k: 'AAAA', alg: 'HS256' }), /^keys\[1\]\.k .*symmetric/);
    await refuses(setWith({ kty: 'oct', kid: 's' }), /^keys\[1\]\.kty \(kid "s"\) .*symmetric/);
  });

  test('is refused whole when two keys share a kid, also where one of them is for something else', async () => {
    await refuses(
      { keys: [ed.jwk, ec.jwk, { ...rsa.jwk, kid: 'd' }] },
      /^keys\[2\]\.kid \(kid "d"\) is that of keys\[0\], too\.$/,
    );
    await refuses({ keys: [ed.jwk, { ...ec.jwk, kid: 'd', use: 'enc' }] }, /^keys\[1\]\.kid/);
    await refuses(
      {
        keys: [
          { ...ec.jwk, kid: '__proto__' },
          { ...ed.jwk, kid: '__proto__' },
        ],
      },
      /^keys\[1\]\.kid/,
    );
    const unnamed = [ed.jwk, ec.jwk].map((jwk) => ({ ...jwk, kid: undefined }));
    assert.equal((await importKeySet({ keys: unnamed })).length, 2);
  });

  test('is refused whole when a key is malformed, and the sentence names key and member', async () => {
    const long = 'k'.repeat(256);
    assert.equal((await importKeySet(setWith(ec.jwk, { kid: long }))).at(-1)?.kid, long);
    const cases: readonly (readonly [string, RegExp, JWK, Readonly<Record<string, unknown>>])[] = [
      ['kid', /256 characters/, ec.jwk, { kid: `${long}k` }],
      ['kid', /text/, ec.jwk, { kid: 1 }],
      ['kid', /text/, ec.jwk, { kid: null }],
      ['kty', /text/, ec.jwk, { kty: undefined }],
      ['kty', /text/, ec.jwk, { kty: ['EC'] }],
      ['use', /text/, ec.jwk, { use: ['sig'] }],
      ['use', /text/, ec.jwk, { use: null }],
      ['alg', /text/, ec.jwk, { alg: 256 }],
      ['key_ops', /list/, ec.jwk, { key_ops: 'verify' }],
      ['key_ops', /list/, ec.jwk, { key_ops: [1] }],
      ['key_ops', /list/, ec.jwk, { key_ops: ['verify', 'verify'] }],
      ['alg', /type and curve/, ec.jwk, { alg: 'ES384' }],
      ['alg', /type and curve/, ec.jwk, { alg: 'RS256' }],
      ['alg', /type and curve/, ec.jwk, { crv: 'P-384' }],
      ['alg', /type and curve/, rsa.jwk, { alg: 'ES256' }],
      ['alg', /type and curve/, rsa.jwk, { alg: 'EdDSA' }],
      ['crv', /text/, ec.jwk, { crv: undefined }],
      ['crv', /text/, ec.jwk, { crv: 256 }],
      ['x', /text/, ec.jwk, { x: undefined }],
      ['y', /text/, ec.jwk, { y: undefined }],
      ['y', /has 31 bytes; on P-256 it has 32/, ec.jwk, { y: encode(Buffer.alloc(31)) }],
      ['x', /has 33 bytes/, ec.jwk, { x: encode(Buffer.alloc(33)) }],
      ['x', /without padding/, ec.jwk, { x: `${ec.jwk.x}=` }],
      ['x', /without padding/, ec.jwk, { x: ` ${ec.jwk.x}` }],
      ['n', /text/, rsa.jwk, { n: undefined }],
      ['e', /text/, rsa.jwk, { e: 65537 }],
      ['n', /without padding/, rsa.jwk, { n: `${rsa.jwk.n}==` }],
    ];
    for (const [member, problem, jwk, changes] of cases) {
      const name = `${member} ${JSON.stringify(changes).slice(0, 60)}`;
      await refuses(setWith(jwk, changes), new RegExp(`^keys\\[1\\]\\.${member} .*${problem.source}`), name);
    }
    for (const key of [null, 1, 'key', [], [ec.jwk]])
      await refuses({ keys: [ed.jwk, key] }, /^keys\[1\] must be an object/);
  });

  test('is refused whole when an RSA key is weak', async () => {
    for (const bits of [2048, 3072, 4096, 8192])
      assert.equal((await importKeySet(setWith(rsa.jwk, { n: modulusOf(bits) }))).length, 2);
    for (const bits of [512, 1024, 2047, 8193, 16_384]) {
      await refuses(
        setWith(rsa.jwk, { n: modulusOf(bits) }),
        new RegExp(`^keys\\[1\\]\\.n \\(kid "r"\\) has ${bits} bits`),
      );
    }
    await refuses(setWith(rsa.jwk, { n: '' }), /^keys\[1\]\.n .*has 0 bits/);
    await refuses(setWith(rsa.jwk, { n: encode(Buffer.alloc(256)) }), /^keys\[1\]\.n .*has 0 bits/);
    for (const e of [3n, 65_537n, (1n << 64n) - 1n])
      assert.equal((await importKeySet(setWith(rsa.jwk, { e: encode(bytesOf(e)) }))).length, 2);
    for (const e of [0n, 1n, 2n, 4n, 65_536n, (1n << 64n) + 1n, 1n << 2000n]) {
      await refuses(setWith(rsa.jwk, { e: encode(bytesOf(e)) }), /^keys\[1\]\.e .*odd number from 3/, `${e}`);
    }
    await refuses(setWith(rsa.jwk, { e: '' }), /^keys\[1\]\.e .*odd number from 3/);
    for (const factor of [2n, 3n, 167n]) {
      await refuses(
        setWith(rsa.jwk, { n: encode(bytesOf(factor * ((1n << 2047n) + 1n))) }),
        /^keys\[1\]\.n .*small factor/,
      );
    }
    await refuses(setWith(rsa.jwk, { n: withFingerprint() }), /^keys\[1\]\.n .*ROCA/);
  });

  test('is refused whole when a point does not lie on its curve, or anybody can sign with it', async () => {
    for (const alg of ['ES256', 'ES384', 'ES512'] as const) {
      const { jwk } = await makeIssuer({ alg });
      const y = Buffer.from(jwk.y ?? '', 'base64url');
      y[y.length - 1] = (y.at(-1) ?? 0) ^ 1;
      await refuses(setWith({ ...jwk }, { y: encode(y) }), /^keys\[1\] .*cannot be imported/, alg);
      await refuses(
        setWith({ ...jwk }, { x: encode(Buffer.alloc(y.length)), y: encode(Buffer.alloc(y.length)) }),
        /^keys\[1\]/,
        alg,
      );
    }
    const points: Readonly<Record<string, string>> = {
      'order 1': `01${'00'.repeat(31)}`,
      'order 2': `ec${'ff'.repeat(30)}7f`,
      'order 4': '00'.repeat(32),
      'order 4, the other': `${'00'.repeat(31)}80`,
      'order 8': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'order 8, the second': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'order 8, the third': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'order 8, the fourth': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
      'y = 3 + p, not reduced': `f0${'ff'.repeat(30)}7f`,
      'y = 7, not on the curve': `07${'00'.repeat(31)}`,
    };
    const at = (hex: string): unknown => setWith({ ...ed.jwk, kid: 'x' }, { x: encode(Buffer.from(hex, 'hex')) });
    for (const [name, hex] of Object.entries(points)) await refuses(at(hex), /^keys\[1\]\.x .*no point/, name);
    assert.equal((await importKeySet(at(`03${'00'.repeat(31)}`))).length, 2);
    for (let count = 0; count < 20; count += 1) await importKeySet((await makeIssuer({ alg: 'EdDSA' })).jwks);
  });
});

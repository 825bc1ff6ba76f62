import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { SubjectTokenAlgorithm } from '../../src/issuers/verified-token.ts';
import { type Court, claimsAt, encode, headerText, makeCourt, NOW } from './tokens.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const INSERTED = [' ', '\n', '\t', '=', '.', '+', '/', 'A', '_', '\u0000', 'é'];

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature that whoever sees one of ECDSA can make: (r, n - s). RFC 7518 allows both. */
const twinOf = (token: string): string => {
  const [header, payload, signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const s = P256_ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return `${header}.${payload}.${encode(twin)}`;
};

const makeToken = (court: Court): string =>
  court.signRaw(
    headerText(court),
    JSON.stringify({ iss: court.issuer, ...claimsAt(NOW, { aud: 'acme', sub: 'main', jti: '1' }) }),
  );

/** Every bit of the decoded parts, turned over. */
function* withBitsTurned(token: string): Generator<string> {
  const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'));
  for (const [index, bytes] of parts.entries()) {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      yield parts.map((part, at) => encode(at === index ? changed : part)).join('.');
    }
  }
}

/** Every character, replaced by each one of the alphabet. */
function* withCharactersReplaced(token: string): Generator<string> {
  for (let at = 0; at < token.length; at += 1) {
    for (const letter of ALPHABET) {
      yield `${token.slice(0, at)}${letter}${token.slice(at + 1)}`;
    }
  }
}

/** Characters put in or left out, at every place; two neighbours swapped; cut off at every place. */
function* withCharactersMoved(token: string): Generator<string> {
  for (let at = 0; at <= token.length; at += 1) {
    for (const text of INSERTED) yield `${token.slice(0, at)}${text}${token.slice(at)}`;
    yield token.slice(0, at) + token.slice(at + 1);
    yield token.slice(0, at);
    yield `${token.slice(0, at)}${token[at + 1] ?? ''}${token[at] ?? ''}${token.slice(at + 2)}`;
  }
}

describe('a valid token with anything changed', () => {
  let cases = 0;

  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const satisfies readonly SubjectTokenAlgorithm[]) {
    test(`is refused, for ${alg}: the text of a content and a signature is one`, { timeout: 600_000 }, async () => {
      const court = await makeCourt({ alg, kid: 'k' });
      const token = makeToken(court);
      assert.equal(await court.verdict(token), 'accepted');
      for (const make of [withBitsTurned, withCharactersReplaced, withCharactersMoved]) {
        for (const changed of make(token)) {
          if (changed === token) continue;
          cases += 1;
          // Signatures of ES256 that differ in a bit never happen to be the twin.
          assert.notEqual(await court.verdict(changed), 'accepted', changed);
        }
      }
    });
  }

  test('was tried in more than 50,000 ways', (t) => {
    t.diagnostic(`${cases} mutations, 0 accepted`);
    assert.ok(cases >= 50_000, `${cases}`);
  });

  test('is accepted with the twin of an ECDSA signature, and is the same content then', async () => {
    const court = await makeCourt({ alg: 'ES256' });
    const token = makeToken(court);
    const twin = twinOf(token);
    assert.notEqual(twin, token);
    assert.equal(twinOf(twin), token);
    const [one, other] = [await court.judge(token), await court.judge(twin)];
    assert.ok(!('problem' in one) && !('problem' in other));
    assert.equal(one.contentHash, other.contentHash);
    assert.deepEqual(one, other);
  });

  test('has another content hash as soon as a byte of header or payload differs', async () => {
    const court = await makeCourt({ alg: 'ES256' });
    const claims = JSON.stringify({ iss: court.issuer, ...claimsAt(NOW, { jti: '1' }) });
    const texts = [
      [headerText(court), claims],
      [`${headerText(court)} `, claims],
      [headerText(court), ` ${claims}`],
      [headerText(court), `${claims} `],
      [headerText(court, { x5t: '' }), claims],
      [headerText(court), claims.replace('"jti":"1"', '"jti":"2"')],
      [headerText(court), claims.replace('"jti":"1"', '"jti":"\\u0031"')],
    ] as const;
    const hashes = new Set<string>();
    for (const [header, payload] of texts) {
      const judged = await court.judge(court.signRaw(header, payload));
      assert.ok(!('problem' in judged), header);
      hashes.add(judged.contentHash);
    }
    assert.equal(hashes.size, texts.length);
  });
});

describe('a text that nobody signed', () => {
  const RUNS = { numRuns: process.env.NIGHTLY ? 100_000 : 5_000 };

  test('never crashes and is never accepted, whatever its bytes are', async () => {
    const court = await makeCourt();
    const part = fc.uint8Array({ maxLength: 80 }).map((bytes) => encode(bytes));
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.')),
      fc.tuple(fc.constant(encode(headerText(court))), part, part).map((parts) => parts.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (made) => {
        assert.notEqual(await court.verdict(made), 'accepted');
      }),
      RUNS,
    );
  });

  test('never crashes and is never accepted, whatever JSON is in it', async () => {
    const court = await makeCourt();
    const names = fc.oneof(fc.constantFrom('iss', 'exp', 'alg', 'kid', 'typ', '__proto__', 'crit'), fc.string());
    const values = fc.oneof(
      fc.constantFrom<unknown>(court.issuer, NOW + 60, court.alg, court.kid, 'JWT'),
      fc.jsonValue(),
    );
    const object = fc.dictionary(names, values).map((made) => JSON.stringify(made));
    const payload = fc.oneof(object, fc.json());
    const header = fc.oneof(fc.constant(headerText(court)), object, fc.json());
    const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(header, payload, signature, async (made, claims, bytes) => {
        assert.notEqual(await court.verdict(`${encode(made)}.${encode(claims)}.${encode(bytes)}`), 'accepted');
      }),
      RUNS,
    );
  });

  test('never crashes when it is signed after all, whatever its claims are', async () => {
    const court = await makeCourt();
    const names = fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', '__proto__', 'x');
    const values = fc.oneof(
      fc.constantFrom<unknown>(court.issuer, NOW, NOW + 60, NOW - 60, 'a', ['a']),
      fc.jsonValue(),
    );
    const claims = fc.dictionary(names, values).map((made) => JSON.stringify({ iss: court.issuer, ...made }));
    await fc.assert(
      fc.asyncProperty(claims, async (payload) => {
        const judged = await court.judge(court.signRaw(headerText(court), payload));
        if ('problem' in judged) return;
        assert.ok(Number.isSafeInteger(judged.exp) && judged.exp + 30 > NOW);
        assert.equal(judged.claims['iss'], court.issuer);
      }),
      { numRuns: RUNS.numRuns / 5 },
    );
  });
});

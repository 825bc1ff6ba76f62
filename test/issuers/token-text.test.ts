import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, test } from 'node:test';
import type { TokenProblem } from '../../src/issuers/problems.ts';
import { readJws, readToken } from '../../src/issuers/token-text.ts';
import { ALGORITHMS, claimsAt, encode, headerText, makeIssuer, NOW, type TestIssuer } from './tokens.ts';

const problemOf = (read: object): string => ('problem' in read ? String(read.problem) : 'read');
const detailOf = (read: object | TokenProblem): string => ('detail' in read ? read.detail : 'read');

/** A text in the form of a token; its signature is never looked at here. */
const unsigned = (header: string, payload: string, signature = 'AAAA'): string =>
  `${encode(header)}.${encode(payload)}.${signature}`;
const HEADER = '{"alg":"ES256"}';
const withHeader = (header: string): string => unsigned(header, '{"iss":"i"}');
const withClaims = (claims: string): string => unsigned(HEADER, claims);

describe('the text of a subject token', () => {
  let issuer: TestIssuer;
  before(async () => {
    issuer = await makeIssuer();
  });

  test('is read into its header, its claims and the hash of what it says', async () => {
    const claims = { iss: issuer.issuer, ...claimsAt(NOW) };
    const text = await issuer.sign(claims);
    const read = readToken(text);
    assert.ok(!('problem' in read));
    assert.equal(read.text, text);
    assert.deepEqual(read.header, { alg: 'ES256', kid: issuer.kid, typ: 'JWT' });
    assert.deepEqual({ ...read.claims }, claims);
    assert.equal(read.iss, issuer.issuer);

    const [header, payload] = [headerText(issuer), JSON.stringify(claims)].map((part) => Buffer.from(part));
    const length = (part: Buffer | undefined): Buffer =>
      Buffer.from([0, 0, (part?.length ?? 0) >> 8, (part?.length ?? 0) & 255]);
    const hash = createHash('sha256')
      .update(length(header))
      .update(header ?? '')
      .update(length(payload))
      .update(payload ?? '');
    assert.equal(read.contentHash, hash.digest('base64url'));
  });

  test('gives claims that have no prototype to fall back to', () => {
    const read = readToken(withClaims('{"iss":"i","__proto__":{"sub":"admin"},"constructor":1}'));
    assert.ok(!('problem' in read));
    assert.equal(Object.getPrototypeOf(read.claims), null);
    assert.equal(read.claims['sub'], undefined);
    assert.equal(read.claims['toString'], undefined);
  });

  test('hashes header and payload apart: a byte that moves from one to the other changes it', () => {
    const hashOf = (text: string): string => {
      const read = readJws(text);
      assert.ok(!('problem' in read));
      return read.contentHash;
    };
    assert.notEqual(hashOf(unsigned(`${HEADER} `, '1')), hashOf(unsigned(HEADER, ' 1')));
    assert.equal(hashOf(unsigned(HEADER, '1')), hashOf(unsigned(HEADER, '1', 'AQID')));
  });

  test('may name every algorithm that outside issuers use', () => {
    for (const alg of ALGORITHMS) assert.equal(problemOf(readToken(withHeader(JSON.stringify({ alg })))), 'read', alg);
  });

  test('has a header of alg, kid, typ and thumbprints, in the types that they have', () => {
    const headers = [
      { typ: 'JWT' },
      { typ: 'jwt' },
      { typ: 'Jwt' },
      { kid: '' },
      { kid: 'k'.repeat(256) },
      { kid: 'é😀' },
      { x5t: 'abc' },
      { 'x5t#S256': 'abc' },
      { x5t: 'x'.repeat(256), kid: 'a', typ: 'JWT' },
    ];
    for (const header of headers)
      assert.equal(problemOf(readToken(withHeader(JSON.stringify({ alg: 'ES256', ...header })))), 'read');
    const refused = [
      { kid: 'k'.repeat(257) },
      { kid: 1 },
      { typ: null },
      { typ: 'at+jwt' },
      { typ: '' },
      { x5t: [] },
      { x5c: [] },
      { cty: 'JWT' },
    ];
    for (const header of refused) {
      const text = withHeader(JSON.stringify({ alg: 'ES256', ...header }));
      assert.equal(problemOf(readToken(text)), 'unsupported_header', JSON.stringify(header));
    }
    const read = readToken(withHeader('{"alg":"ES256","x5t":"a"}'));
    assert.ok(!('problem' in read));
    assert.deepEqual(read.header, { alg: 'ES256' }, 'thumbprints are ignored');
  });

  test('names its issuer in 1 to 2048 characters', () => {
    assert.equal(problemOf(readToken(withClaims(JSON.stringify({ iss: 'i'.repeat(2048) })))), 'read');
    assert.equal(problemOf(readToken(withClaims(JSON.stringify({ iss: 'i'.repeat(2049) })))), 'malformed_claim');
    assert.equal(problemOf(readToken(withClaims('{"iss":""}'))), 'malformed_claim');
    assert.equal(problemOf(readToken(withClaims('{"iss":["i"]}'))), 'malformed_claim');
    assert.equal(problemOf(readToken(withClaims('{"iss":null}'))), 'malformed_claim');
    assert.equal(problemOf(readToken(withClaims('{}'))), 'missing_claim');
  });

  test('has at most 16 KiB, of which 4 KiB are its header', () => {
    const fill = (count: number): string => withClaims(`{"iss":"i","x":"${'x'.repeat(count)}"}`);
    const overhead = fill(0).length;
    const count = Math.floor(((16_384 - overhead) * 3) / 4);
    let text = fill(count);
    while (text.length < 16_384) text += 'A';
    assert.equal(text.length, 16_384);
    assert.notEqual(detailOf(readToken(text)), 'it has more than 16384 characters');
    assert.equal(detailOf(readToken(`${text}A`)), 'it has more than 16384 characters');
    const padded = (bytes: number): string => withHeader(HEADER + ' '.repeat(bytes - HEADER.length));
    assert.equal(problemOf(readToken(padded(4096))), 'read');
    assert.equal(detailOf(readToken(padded(4097))), 'its header has more than 4096 bytes');
  });

  test('is as deep as 16 and holds 1000 members, and no more', () => {
    const nested = (depth: number): string => `{"iss":"i","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    assert.equal(problemOf(readToken(withClaims(nested(16)))), 'read');
    assert.match(
      detailOf(readToken(withClaims(nested(17)))),
      /^its payload is not taken as JSON: it is nested deeper than 16/,
    );
    const wide = (members: number): string =>
      `{"iss":"i","x":[${Array(members - 2)
        .fill(0)
        .join()}]}`;
    assert.equal(problemOf(readToken(withClaims(wide(1000)))), 'read');
    assert.match(detailOf(readToken(withClaims(wide(1001)))), /more than 1000 members/);
  });

  test('may sign any bytes, where nobody asks for claims', () => {
    for (const payload of ['', 'a', '\u0000\uffff', '[]']) {
      const read = readJws(unsigned(HEADER, payload));
      assert.ok(!('problem' in read));
      assert.equal(Buffer.from(read.payload).toString(), payload);
      assert.equal(problemOf(readToken(unsigned(HEADER, payload))), 'malformed_token');
    }
  });

  test('is base64url in its canonical form, in each part', () => {
    const parts = [encode('{"alg":"ES256","kid":"ab"}'), encode('{"iss":"ab"}'), 'AAA'];
    assert.equal(problemOf(readToken(parts.join('.'))), 'read');
    for (const at of parts.keys()) {
      for (const change of [
        (part: string) => `${part}=`,
        (part: string) => ` ${part}`,
        (part: string) => `${part}\n`,
        (part: string) => `+${part.slice(1)}`,
      ]) {
        const text = parts.map((part, index) => (index === at ? change(part) : part)).join('.');
        assert.equal(problemOf(readToken(text)), 'malformed_token', text);
      }
    }
    assert.equal(problemOf(readToken(`${parts[0]}.${parts[1]}.AAB`)), 'malformed_token', 'bits that mean nothing');
    assert.equal(problemOf(readToken(`${parts[0]}.${parts[1]}.A`)), 'malformed_token', 'six bits are no byte');
    assert.equal(problemOf(readToken(`${parts[0]}.${parts[1]}.`)), 'malformed_token', 'no signature');
  });

  test('tells what is wrong without a part of the signature or the value of a claim', () => {
    const secret = 'SECRETSECRET';
    const texts = [
      unsigned(HEADER, `{"iss":"i","x":"${secret}","x":"${secret}"}`, secret),
      unsigned(HEADER, `{"iss":${JSON.stringify([secret])}}`, secret),
      unsigned(HEADER, `{"x":"${secret}`, secret),
      unsigned(`{"alg":"ES256","jwk":"${secret}"}`, '{}', secret),
      `${unsigned(HEADER, secret, secret)}=`,
      `${secret}.${secret}`,
    ];
    for (const text of texts) {
      const detail = detailOf(readToken(text));
      assert.notEqual(detail, 'read');
      assert.doesNotMatch(detail, /SECRET/);
    }
    const name = 'n'.repeat(3000);
    assert.ok(detailOf(readToken(withHeader(`{"alg":"ES256","${name}":1}`))).length < 200, 'and stays short');
    assert.ok(detailOf(readToken(withHeader(`{"alg":"${'a'.repeat(250)}"}`))).length < 200, 'and stays short');
  });
});

import assert from 'node:assert/strict';
import { createPublicKey, sign, verify } from 'node:crypto';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compactDecrypt } from 'jose';
import { bootstrap } from '../../src/keys/change.ts';
import { parseRing, RingError, ringText } from '../../src/keys/document.ts';
import { exportPrivate, generateKeys, importPrivate, thumbprintOf } from '../../src/keys/jwk.ts';
import { makeKey } from '../../src/keys/new-key.ts';
import { renderKeys } from '../../src/keys/published.ts';
import type { PublicJwk } from '../../src/keys/ring.ts';
import {
  EXAMPLE_SEALING_KEY,
  newSealingKey,
  open,
  parseSealingKeys,
  rewrap,
  SealingError,
  seal,
  sealedWith,
} from '../../src/keys/seal.ts';
import { createSealingKey, readSealingKeys } from '../../src/keys/sealing-file.ts';
import { readSnapshot, snapshotText } from '../../src/keys/snapshot.ts';
import { snapshotFile } from '../../src/keys/snapshot-file.ts';
import { systemRandom } from '../../src/system.ts';
import { DEFAULTS, START } from './rings.ts';

const fresh = () => parseSealingKeys(newSealingKey(systemRandom));
const kind = (wanted: SealingError['kind']) => (error: unknown) =>
  error instanceof SealingError && error.kind === wanted;

describe('signing keys', () => {
  test('the thumbprint of the RSA key of RFC 7638, section 3.1, is the one in the RFC', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const jwk: PublicJwk = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: '', n, e: 'AQAB' };
    assert.equal(thumbprintOf(jwk), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  for (const [name, jwk, kid] of [
    [
      'the P-256 key of RFC 7517, appendix A.1',
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
        y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
      },
      'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s',
    ],
  ] as const) {
    test(`the thumbprint of ${name} stays what it is`, () => {
      assert.equal(thumbprintOf({ ...jwk, use: 'sig', alg: 'ES256', kid: '' }), kid);
    });
  }

  for (const [alg, members] of [
    ['RS256', ['kty', 'use', 'alg', 'kid', 'n', 'e']],
    ['ES256', ['kty', 'use', 'alg', 'kid', 'crv', 'x', 'y']],
  ] as const) {
    test(`a new ${alg} key has exactly the public members that every verifier takes, and survives export and import`, async () => {
      const pair = await generateKeys(alg);
      assert.deepEqual(Object.keys(pair.jwk), members);
      assert.ok(!JSON.stringify(pair.jwk).includes('='), 'base64url without padding');
      assert.equal(pair.kid, thumbprintOf(pair.jwk));
      if (pair.jwk.kty === 'RSA') assert.equal(Buffer.from(pair.jwk.n, 'base64url').length, 256);
      else assert.equal(Buffer.from(pair.jwk.x, 'base64url').length, 32, 'full width');
      const back = importPrivate(exportPrivate(pair.privateKey), pair.jwk);
      const publicKey = createPublicKey({ key: { ...pair.jwk }, format: 'jwk' });
      assert.ok(verify('sha256', Buffer.from('x'), publicKey, sign('sha256', Buffer.from('x'), back)));
    });
  }

  test('a private half that belongs to another key is refused', async () => {
    const [one, other] = await Promise.all([generateKeys('ES256'), generateKeys('ES256')]);
    assert.throws(() => importPrivate(exportPrivate(one.privateKey), other.jwk), /does not belong/);
  });
});

describe('sealing', () => {
  test('opens for the same purpose only, so that a sealed text cannot be moved to another ring or key', async () => {
    const keys = fresh();
    const sealed = await seal(keys, 'signing-key v1 a', 'secret');
    assert.equal(await open(keys, 'signing-key v1 a', sealed), 'secret');
    await assert.rejects(open(keys, 'signing-key v2 a', sealed), kind('wrong_purpose'));
    await assert.rejects(open(keys, 'signing-key v1 b', sealed), kind('wrong_purpose'));
  });

  test('is a JWE that any library opens, with a nonce of its own each time', async () => {
    const keys = fresh();
    const text = 'é 🗝️ '.repeat(100_000);
    const [sealed, again] = [await seal(keys, 'p', text), await seal(keys, 'p', text)];
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, keys[0].bytes);
    assert.equal(Buffer.from(plaintext).toString(), text);
    assert.deepEqual(protectedHeader, { alg: 'dir', enc: 'A256GCM', kid: keys[0].id, purpose: 'p' });
    assert.notEqual(sealed.split('.')[2], again.split('.')[2]);
  });

  test('a changed header, text or tag does not open', async () => {
    const keys = fresh();
    const sealed = await seal(keys, 'p', 'secret');
    const [, ...rest] = sealed.split('.');
    const header = { alg: 'dir', enc: 'A256GCM', kid: keys[0].id, purpose: 'q' };
    const moved = [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.');
    await assert.rejects(open(keys, 'q', moved), kind('tampered'));
    for (const part of [2, 3, 4]) {
      const parts = sealed.split('.');
      const bytes = Buffer.from(parts[part] ?? '', 'base64url');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      parts[part] = bytes.toString('base64url');
      await assert.rejects(open(keys, 'p', parts.join('.')), kind('tampered'));
    }
    await assert.rejects(open(keys, 'p', 'not a jwe'), kind('tampered'));
  });

  test('a text under a key that is not in the file names both ids', async () => {
    const [ours, theirs] = [fresh(), fresh()];
    const sealed = await seal(theirs, 'p', 'secret');
    await assert.rejects(open(ours, 'p', sealed), (error: SealingError) => {
      assert.equal(error.kind, 'unknown_key');
      assert.ok(error.message.includes(ours[0].id) && error.message.includes(theirs[0].id));
      return true;
    });
  });

  test('the first key of the file seals, all of them open, and a rewrap moves a text to the first', async () => {
    const [newer, older] = [newSealingKey(systemRandom), newSealingKey(systemRandom)];
    const before = parseSealingKeys(older);
    const after = parseSealingKeys(`# rotated today\n${newer}\n\n${older} # last year\n`);
    const sealed = await seal(before, 'p', 'secret');
    assert.equal(await open(after, 'p', sealed), 'secret');
    const wrapped = await rewrap(after, 'p', sealed);
    assert.equal(sealedWith(wrapped), after[0].id);
    assert.equal(await open(parseSealingKeys(newer), 'p', wrapped), 'secret');
    assert.equal(await rewrap(after, 'p', wrapped), wrapped, 'once is enough');
  });

  for (const [name, text] of [
    ['an empty file', '# nothing\n'],
    ['the example of the documentation', EXAMPLE_SEALING_KEY],
    ['a key of one repeated byte', Buffer.alloc(32, 7).toString('base64url')],
    ['a key that is too short', Buffer.from('short').toString('base64url')],
    ['a key with a foreign character', `${newSealingKey(systemRandom).slice(0, 42)}!`],
  ] as const) {
    test(`${name} is refused, with its line and without its text`, () => {
      assert.throws(
        () => parseSealingKeys(text),
        (error: SealingError) => error.kind === 'unusable_key' && !error.message.includes(text.trim() || '?'),
      );
    });
  }

  test('the file is made once, for its owner only, and refused when others can read it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runpass-'));
    assert.equal(await readSealingKeys(folder), undefined);
    assert.equal(await createSealingKey(folder, systemRandom), true);
    const keys = await readSealingKeys(folder);
    assert.equal(await createSealingKey(folder, systemRandom), false);
    assert.equal((await readSealingKeys(folder))?.[0].id, keys?.[0].id);
    await chmod(join(folder, 'sealing.key'), 0o644);
    await assert.rejects(readSealingKeys(folder), /chmod 600/);
  });
});

describe('the stored ring and its snapshot', async () => {
  const sealing = fresh();
  const ring = bootstrap('v1', await makeKey('v1', 'ES256', sealing), START, START, DEFAULTS);
  const altered = (edit: (document: { keys: Record<string, unknown>[] } & Record<string, unknown>) => void): string => {
    const document = JSON.parse(ringText(ring));
    edit(document);
    return JSON.stringify(document);
  };

  test('reads back as it was written, with members that a newer version added', () => {
    assert.deepEqual(parseRing(ringText(ring), 'v1'), ring);
    const newer = altered((document) => Object.assign(document, { future: 1 }));
    assert.ok(JSON.stringify(parseRing(newer, 'v1')).includes('future'));
  });

  for (const [name, text] of [
    ['an empty text', ''],
    ['null', 'null'],
    ['no key', altered((document) => Object.assign(document, { keys: [] }))],
    ['another format', altered((document) => Object.assign(document, { format: 2 }))],
    ['another ring', altered((document) => Object.assign(document, { name: 'v2' }))],
    ['a private member', altered(({ keys }) => Object.assign(keys[0]?.['jwk'] as object, { d: 'x' }))],
    [
      'another key under the same name',
      altered(({ keys }) => Object.assign(keys[0]?.['jwk'] as object, { x: 'AAAA' })),
    ],
    ['another algorithm', altered(({ keys }) => Object.assign(keys[0] as object, { alg: 'RS256' }))],
    ['a key twice', altered(({ keys }) => keys.push(keys[0] as Record<string, unknown>))],
    ['a time that is text', altered(({ keys }) => Object.assign(keys[0] as object, { removeAt: 'soon' }))],
  ] as const) {
    test(`a ring with ${name} is never served`, () => {
      assert.throws(() => parseRing(text, 'v1'), RingError);
    });
  }

  test('the snapshot serves the same bytes and holds no private half, not even a sealed one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runpass-'));
    const file = snapshotFile(folder, 'v1');
    assert.equal(await file.read(), undefined);
    await file.write(snapshotText(ring, sealing));
    const text = (await file.read()) ?? '';
    assert.ok(!text.includes('sealed"') && !text.includes(ring.keys[0]?.sealed ?? ''));
    const read = readSnapshot(text, 'v1', sealing);
    assert.ok('ring' in read);
    assert.deepEqual(renderKeys(read.ring, START, 300).bytes, renderKeys(ring, START, 300).bytes);
  });

  test('a snapshot that was changed, moved to another issuer, written under another key or cut off is refused', async () => {
    const text = snapshotText(ring, sealing);
    assert.ok('problem' in readSnapshot(text.replace(String(START), String(START + 1)), 'v1', sealing));
    assert.ok('problem' in readSnapshot(text, 'v2', sealing));
    assert.ok('problem' in readSnapshot(text, 'v1', fresh()));
    assert.ok('problem' in readSnapshot(text.slice(0, -9), 'v1', sealing));
    const folder = await mkdtemp(join(tmpdir(), 'runpass-'));
    await writeFile(join(folder, 'keys-v1.json'), text, { mode: 0o644 });
    await assert.rejects(snapshotFile(folder, 'v1').read(), /chmod 600/);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { openMasking } from '../../src/runner/masking.ts';

/** What comes out of a stream that arrives in these pieces. */
const masked = (secrets: readonly string[], ...pieces: readonly (string | Uint8Array)[]): string => {
  const masker = openMasking(secrets).masker();
  const shown = pieces.map((piece) => masker.push(typeof piece === 'string' ? Buffer.from(piece) : piece));
  return Buffer.concat([...shown, masker.end()]).toString('latin1');
};

/** Every byte that lies inside an occurrence of a secret, found the slow way. */
const hiddenBytes = (secrets: readonly string[], text: string): readonly boolean[] => {
  const hidden = Array.from({ length: text.length }, () => false);
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) {
      hidden.fill(true, at, at + secret.length);
    }
  }
  return hidden;
};

describe('masking', () => {
  test('a secret is hidden wherever it stands, and nothing else is', () => {
    assert.equal(masked(['hunter2'], 'a hunter2 b hunter2hunter2 hunter'), 'a [secret] b [secret][secret] hunter');
  });

  test('a secret that is cut into chunks is hidden, at every place where it can be cut', () => {
    const text = 'password=hunter2\n';
    for (let at = 0; at <= text.length; at++) {
      assert.equal(masked(['hunter2'], text.slice(0, at), text.slice(at)), 'password=[secret]\n');
    }
    assert.equal(masked(['hunter2'], ...text), 'password=[secret]\n');
  });

  test('what is only the beginning of a secret comes out when it goes on otherwise, or ends', () => {
    assert.equal(masked(['hunter2'], 'hunt', 'ing', ' hunter'), 'hunting hunter');
    const masker = openMasking(['hunter2']).masker();
    assert.equal(masker.push(Buffer.from('ab hunter')).toString(), 'ab ');
    assert.equal(masker.push(Buffer.from('s')).toString(), 'hunters');
  });

  test('secrets that overlap are hidden as a whole: no end of one of them stays', () => {
    assert.equal(masked(['abcd', 'cdef'], 'xabcdefx'), 'x[secret]x');
    assert.equal(masked(['abcdef', 'cde'], 'xabcdex abcdef'), 'xab[secret]x [secret]');
    assert.equal(masked(['aaa'], 'aa', 'aa', 'aab'), '[secret]b');
  });

  test('what two characters can say is not hidden, three are', () => {
    assert.equal(masked(['ab', '', 'abc'], 'ab abc'), 'ab [secret]');
    assert.equal(masked(['é€', '🔑🔑'], 'é€🔑🔑'), Buffer.from('é€🔑🔑').toString('latin1'));
  });

  test('a secret of several lines is hidden line by line, too, and without the break at its end', () => {
    const key = '-----BEGIN KEY-----\nAAAABBBBCCCC\nshort\n-----END KEY-----\n';
    assert.equal(masked([key], `<${key}>`), '<[secret]>');
    assert.equal(masked([key], `<${key.trim()}>`), '<[secret]>');
    assert.equal(masked([key], '  AAAABBBBCCCC short'), '  [secret] short');
    assert.equal(masked([key], JSON.stringify({ key })), '{"key":"[secret]"}');
  });

  test('bytes that are no text come through as they are', () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, index) => index & 0xff);
    assert.equal(
      masked(['hunter2', 'ÿþý'], bytes.subarray(0, 100), bytes.subarray(100)),
      Buffer.from(bytes).toString('latin1'),
    );
  });

  test('without secrets nothing is kept back', () => {
    assert.equal(openMasking([]).masker().push(Buffer.from('abc')).toString(), 'abc');
  });

  test('however a text is cut, exactly the bytes inside secrets are hidden', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 3, maxLength: 6 });
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 9 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 5 }), pieces, (secrets, parts) => {
        const text = parts.join('');
        const hidden = hiddenBytes(secrets, text);
        const open = [...text].filter((_, index) => !hidden[index]).join('');
        const result = masked(secrets, ...parts);
        assert.equal(result.replaceAll('[secret]', ''), open);
        assert.equal(result, masked(secrets, text));
      }),
      { numRuns: 2000 },
    );
  });

  test('secrets that come later are hidden from then on, in streams that are open already', () => {
    const masking = openMasking(['hunter2']);
    const masker = masking.masker();
    const shown = [masker.push(Buffer.from('hunter2 hunter'))];
    masking.renew(['hunter2', 'zebra5']);
    shown.push(masker.push(Buffer.from('2 zeb')), masker.push(Buffer.from('ra5 zebra')), masker.end());
    assert.equal(Buffer.concat(shown).toString(), '[secret] [secret] [secret] zebra');
    masking.renew(['other']);
    assert.equal(masking.masker().push(Buffer.from('zebra5 others')).toString(), 'zebra5 [secret]s');
  });

  test('wherever a stream is cut by new secrets, exactly the bytes inside secrets are hidden', () => {
    const old = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 3, maxLength: 6 }), { maxLength: 4 });
    const fresh = fc.string({ unit: fc.constantFrom('y', 'z'), minLength: 3, maxLength: 6 });
    const before = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
    const after = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'y', 'z'), maxLength: 9 }), { maxLength: 4 });
    fc.assert(
      fc.property(old, fresh, before, after, (secrets, added, first, rest) => {
        const masking = openMasking(secrets);
        const masker = masking.masker();
        const shown = [masker.push(Buffer.from(first))];
        masking.renew([...secrets, added]);
        shown.push(...rest.map((part) => masker.push(Buffer.from(part))), masker.end());
        assert.equal(Buffer.concat(shown).toString(), masked([...secrets, added], first + rest.join('')));
      }),
      { numRuns: 2000 },
    );
  });

  test('a hundred thousand secrets and a long stream of beginnings take neither long nor much memory', () => {
    const secrets = Array.from({ length: 100_000 }, (_, index) => `secret-value-${index}`);
    const masker = openMasking([...secrets, 'a'.repeat(1000)]).masker();
    let length = 0;
    for (let round = 0; round < 100; round++) length += masker.push(Buffer.alloc(10_000, 'a')).length;
    assert.equal(length + masker.end().length, '[secret]'.length);
  });
});

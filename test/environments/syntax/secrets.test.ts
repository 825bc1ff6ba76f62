// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { packCiphertext, unpackCiphertext } from '../../../src/environments/syntax/envelope.ts';
import { decryptSecrets, encryptSecrets } from '../../../src/environments/syntax/secrets.ts';

/** No cipher, but one that shows what it was given. */
const cipher = (plaintext: string): Uint8Array => Buffer.from(`<<${plaintext}>>`);
const decipher = (ciphertext: Uint8Array): string | undefined =>
  /^<<(.*)>>$/s.exec(Buffer.from(ciphertext).toString())?.[1];
const stored = (plaintext: string): string => `{ciphertext: ${packCiphertext(cipher(plaintext))}}`;

describe('saving a definition', () => {
  test('encrypts every secret and changes no other byte', () => {
    const text = (a: string, b: string, c: string, d: string): string => `# head
values:   # of
  a:
    fn::secret: ${a} # why
  b: { fn::secret: ${b} }   
  list:
  - {"fn::secret": ${c}}

  nested: {x: [{fn::join: [',', [{fn::secret: ${d}}]]}]}
other:
    # kept
    fn::secret: ${a}
`;
    const plain = text('hunter2', '"a\\tb"', "'it''s'", 'x y');
    const { text: encrypted, diagnostics } = encryptSecrets(plain, cipher);
    assert.deepEqual(diagnostics, []);
    assert.equal(encrypted, text(stored('hunter2'), stored('a\tb'), stored("it's"), stored('x y')));
    assert.equal(encryptSecrets(encrypted, cipher).text, encrypted, 'a second time changes nothing');
  });

  test('encrypts a secret as it is written: $ has no meaning in it', () => {
    const { text } = encryptSecrets('values: {a: {fn::secret: "pa$$word${x}"}}', cipher);
    assert.equal(text, `values: {a: {fn::secret: ${stored('pa$$word${x}')}}}`);
  });

  test('encrypts blocks, texts of several lines, and what has a tag or an anchor', () => {
    const text =
      'values:\n  a:\n    fn::secret: |- # block\n      one\n      two\n  b:\n    fn::secret: >\n      one\n      two\n\n  c:\n    fn::secret: one\n      two # end\n  d: {fn::secret: !!str 12}\n  e: {fn::secret: &x y}\n';
    const { text: encrypted, diagnostics } = encryptSecrets(text, cipher);
    assert.deepEqual(diagnostics, []);
    const expected = `values:\n  a:\n    fn::secret: ${stored('one\ntwo')} # block\n  b:\n    fn::secret: ${stored('one two\n')}\n\n  c:\n    fn::secret: ${stored('one two')} # end\n  d: {fn::secret: ${stored('12')}}\n  e: {fn::secret: ${stored('y')}}\n`;
    assert.equal(encrypted.replaceAll(/\n+/g, '\n'), expected.replaceAll(/\n+/g, '\n'));
    assert.doesNotThrow(() => parse(encrypted));
    const { text: last } = encryptSecrets('values:\n  a:\n    fn::secret: |\n      one', cipher);
    assert.equal(last, `values:\n  a:\n    fn::secret: ${stored('one')}`, 'without a line break that is not there');
  });

  test('refuses a secret that would stay in the clear', () => {
    for (const [text, path, summary] of [
      ['values: {a: {fn::secret: 5}}', 'values.a["fn::secret"]', 'secret values must be string literals'],
      ['values: {a: {fn::secret: {x: y}}}', 'values.a["fn::secret"]', 'secret values must be string literals'],
      ['values: {a: {fn::secret: [x]}}', 'values.a["fn::secret"]', 'secret values must be string literals'],
      ['values: {a: {fn::secret: }}', 'values.a["fn::secret"]', 'secret values must be string literals'],
      ['values: {a: {FN::Secret: x}}', 'values.a["FN::Secret"]', "'fn::' is a reserved prefix"],
      [
        'values: {a: {fn::secret: x, b: c}}',
        'values.a["fn::secret"]',
        'illegal call to builtin function: "fn::secret" must be the only key within its containing object',
      ],
    ]) {
      const { diagnostics } = encryptSecrets(text ?? '', cipher);
      assert.deepEqual(
        diagnostics.map((found) => [found.severity, found.path, found.summary]),
        [['error', path, summary]],
      );
    }
    assert.equal(encryptSecrets('values: {a: [', cipher).diagnostics.length, 1);
  });
});

describe('showing a definition with its secrets', () => {
  test('puts the texts back', () => {
    const text = `values:\n  a: {fn::secret: ${stored('hunter2')}} # x\n  b:\n    fn::secret:\n      ciphertext: ${packCiphertext(cipher('12'))} # y\n`;
    const shown = decryptSecrets(text, decipher);
    assert.deepEqual(shown, {
      text: 'values:\n  a: {fn::secret: hunter2} # x\n  b:\n    fn::secret:\n      "12" # y\n',
      diagnostics: [],
    });
  });

  test('says what cannot be decrypted, and leaves it', () => {
    const text = `values: {a: {fn::secret: {ciphertext: nonsense}}, b: {fn::secret: {ciphertext: ${packCiphertext(Buffer.from('foreign'))}}}}`;
    const shown = decryptSecrets(text, decipher);
    assert.equal(shown.text, text);
    assert.deepEqual(
      shown.diagnostics.map(({ summary }) => summary),
      ['invalid ciphertext: EOF', 'decrypting: this is no secret of this environment'],
    );
  });

  test('leaves alone what stands outside of `values`', () => {
    const text = `other: {fn::secret: ${stored('x')}}`;
    assert.deepEqual(decryptSecrets(text, decipher), { text, diagnostics: [] });
  });

  test('gives back what was saved, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (secret) => {
        const saved = encryptSecrets(`values:\n  a:\n    fn::secret: ${JSON.stringify(secret)}\n`, cipher);
        assert.deepEqual(saved.diagnostics, []);
        const shown = decryptSecrets(saved.text, decipher);
        assert.deepEqual(parse(shown.text, { logLevel: 'silent' }), {
          values: { a: { 'fn::secret': secret.toWellFormed() } },
        });
      }),
    );
  });
});

describe('the envelope of a ciphertext', () => {
  const bytes = Buffer.from('some ciphertext');
  const packed = packCiphertext(bytes);
  const changed = (change: (envelope: Buffer) => void): string => {
    const envelope = Buffer.from(packed, 'base64');
    change(envelope);
    return envelope.toString('base64');
  };

  test('opens to what was packed', () => {
    assert.deepEqual(unpackCiphertext(packed), { ciphertext: bytes });
    const reference = unpackCiphertext('ZXNjeAAAAAHo9e705fKyKo30VQ==');
    assert.ok('ciphertext' in reference);
    assert.equal(Buffer.from(reference.ciphertext.map((byte) => (byte + 128) & 255)).toString(), 'hunter2');
  });

  test('says what is wrong with it', () => {
    const problems: readonly (readonly [string, string])[] = [
      ['?', 'illegal base64 data at input byte 0'],
      ['ZXNjeAAAAAE=', 'EOF'],
      [changed((envelope) => envelope.write('x')), 'invalid header'],
      [changed((envelope) => (envelope[10] = 0)), 'invalid checksum'],
      [changed((envelope) => (envelope[7] = 2)), 'invalid checksum'],
      [`${packed.slice(0, 20)}`, 'EOF'],
    ];
    for (const [text, problem] of problems) assert.deepEqual(unpackCiphertext(text), { problem }, text);
  });

  test('of another version is refused', () => {
    const future = Buffer.from(packed, 'base64');
    future[7] = 2;
    // CRC-32 of the first bytes, as node:zlib computes it.
    return import('node:zlib').then(({ crc32 }) => {
      future.writeUInt32BE(crc32(future.subarray(0, -4)), future.length - 4);
      assert.deepEqual(unpackCiphertext(future.toString('base64')), { problem: 'unsupported version' });
    });
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { bytesToText, textToBytes } from '../../../src/environments/evaluate/bytes.ts';
import { writeDetailed } from '../../../src/environments/evaluate/detailed.ts';
import { writeJson } from '../../../src/environments/evaluate/json-text.ts';
import { byKeyOrder } from '../../../src/environments/evaluate/key-order.ts';
import { nearestKey } from '../../../src/environments/evaluate/nearest-key.ts';
import { plainFrom, toPlain } from '../../../src/environments/evaluate/plain.ts';
import { JsonProblem, readJson } from '../../../src/environments/evaluate/read-json.ts';
import { writeYaml } from '../../../src/environments/evaluate/yaml-text.ts';
import { decodeBase64 } from '../../../src/environments/syntax/base64.ts';
import { check, load, open, openGraph } from './opening.ts';

describe('JSON', () => {
  test('comes out as it went in, numbers digit by digit', () => {
    for (const text of [
      'null',
      '[]',
      '{}',
      '[1,-0,1.50,1e400,12345678901234567890]',
      '{"__proto__":1,"a":{"b":["x\\"\\n"]}}',
    ]) {
      assert.equal(writeJson(readJson(text)), text);
    }
    fc.assert(
      fc.property(fc.json(), (text) => assert.deepEqual(JSON.parse(writeJson(readJson(text))), JSON.parse(text))),
    );
  });

  test('is sorted by code points, and indented on request', () => {
    const value = plainFrom({ b: [], '\u{10000}': 1, '\uffff': { a: 2 } });
    assert.equal(
      writeJson(value, { indent: 2 }),
      '{\n  "b": [],\n  "\uffff": {\n    "a": 2\n  },\n  "\u{10000}": 1\n}',
    );
  });

  test('that is none is refused in the words of Go', () => {
    const problems: readonly (readonly [string, string])[] = [
      ['', 'EOF'],
      [' \n', 'EOF'],
      ['[1', 'unexpected EOF'],
      ['"a', 'unexpected EOF'],
      ['tru', 'unexpected EOF'],
      ['-', 'unexpected EOF'],
      ['x', "invalid character 'x' looking for beginning of value"],
      ['[,]', "invalid character ',' looking for beginning of value"],
      ['{a', "invalid character 'a' looking for beginning of object key string"],
      ['{"a" 1}', "invalid character '1' after object key"],
      ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
      ['[1 2]', "invalid character '2' after array element"],
      ['trux', "invalid character 'x' in literal true (expecting 'e')"],
      ['"\n"', "invalid character '\\n' in string literal"],
      ['"\\x"', "invalid character 'x' in string escape code"],
      ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
      ['-a', "invalid character 'a' in numeric literal"],
      ['1.a', "invalid character 'a' after decimal point in numeric literal"],
      ['1e+x', "invalid character 'x' in exponent of numeric literal"],
      ["'", "invalid character '\\'' looking for beginning of value"],
    ];
    for (const [text, message] of problems) assert.throws(() => readJson(text), new JsonProblem(message), text);
  });

  test('ends with its first value: what follows is not looked at', () => {
    for (const [text, value] of [
      ['1 2', '1'],
      ['{}x', '{}'],
      ['truex', 'true'],
      ['01', '0'],
    ])
      assert.equal(writeJson(readJson(text ?? '')), value);
  });
});

describe('YAML', () => {
  const text = (value: unknown): string => writeYaml(plainFrom(value));

  test('is written in the style of go-yaml', () => {
    const value = {
      a: 'x',
      b: { c: ['d', { e: 'f', g: ['h'] }, ['i', ['j']]], k: {} },
      l: [],
      m: null,
      n: true,
      o: 1.5,
    };
    assert.equal(
      text(value),
      'a: x\nb:\n    c:\n        - d\n        - e: f\n          g:\n            - h\n        - - i\n          - - j\n    k: {}\nl: []\nm: null\n"n": true\no: "1.5"\n',
    );
    assert.equal(
      text(['a\nb\n', 'c\n\n', ' d\ne', 'x: y', '']),
      '- |\n  a\n  b\n- |+\n  c\n\n- |2-\n   d\n  e\n- \'x: y\'\n- ""\n',
    );
    assert.equal(
      text({ 'a\nb': { c: [1] }, d: ' e\nf' }),
      '? |-\n    a\n    b\n:   c:\n        - "1"\nd: |4-\n     e\n    f\n',
    );
    assert.equal(text({ ['k'.repeat(129)]: ['a'] }), `? ${'k'.repeat(129)}\n:   - a\n`);
    assert.equal(text(['\0\u001b\u0085😀\ufffe']), '- "\\0\\e\\N\\U0001F600\\uFFFE"\n');
    assert.equal(text('a'), 'a\n');
  });

  test('lists keys as go-yaml does: numbers in them by value, letters behind everything else', () => {
    const keys = ['a10', 'a2', 'b', 'A', '_', '10', '9', '02', 'a-b', 'a1b', 'a1_', 'a100', 'a020', ''];
    const sorted = ['', '_', '02', '9', '10', 'A', 'a-b', 'a1b', 'a1_', 'a2', 'a10', 'a020', 'a100', 'b'];
    assert.deepEqual(keys.toSorted(byKeyOrder), sorted);
  });

  test('reads back as the same texts', () => {
    const awkward = [
      '',
      '~',
      'yes',
      '1',
      '0x1',
      '1_0',
      '2001-01-01',
      '- a',
      '# a',
      'a #b',
      'a: b',
      "it's",
      '"q"',
      '[a]',
      '*a',
      '!a',
      '%a',
      '@a',
      '`a',
      'a\tb',
      'a ',
      ' a',
      '---',
      '<<',
      '1:30',
      '\u0085',
      '\ufeff',
      '\u2028',
      'é',
      '😀',
      'a\nb',
      'a\n',
      '\na',
      'a \nb',
      '\n',
      'a\r\nb',
    ];
    for (const sample of awkward) {
      assert.deepEqual(
        parse(text({ k: sample, l: [sample], [sample]: 'v' }), { version: '1.2', merge: false, logLevel: 'silent' }),
        { k: sample, l: [sample], [sample]: 'v' },
        JSON.stringify(sample),
      );
    }
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) =>
        assert.deepEqual(parse(text(texts), { version: '1.2', merge: false, logLevel: 'silent' }), texts),
      ),
    );
  });
});

describe('base64 and bytes', () => {
  test('are decoded as Go decodes them, and the first wrong byte is named', () => {
    for (const [sample, at] of [
      ['a', 0],
      ['aGk', 0],
      ['aGkx?', 4],
      ['aGkxa', 4],
      ['=', 0],
      ['a=', 1],
      ['aG=k', 2],
      ['aG=', 3],
      ['aGk=x', 4],
      ['aGk==', 4],
      ['aGkxéa', 4],
    ] as const) {
      assert.deepEqual(decodeBase64(sample), { problem: `illegal base64 data at input byte ${at}` }, sample);
    }
    for (const sample of ['', 'aGk=', 'aGkx', 'aG\nk=\r\n', 'aA==', 'aA=\n='])
      assert.ok(!('problem' in decodeBase64(sample)), sample);
  });

  test('that are no UTF-8 survive as a text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(new Uint8Array(textToBytes(bytesToText(bytes))), bytes)),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sample) =>
        assert.equal(bytesToText(Buffer.from(sample)), sample.toWellFormed()),
      ),
    );
  });
});

test('the nearest key is near: under half of its letters differ, and letter case and _ do not count', () => {
  assert.equal(nearestKey('fooBar', ['foo_bar', 'other']), 'foo_bar');
  assert.equal(nearestKey('pasword', ['name', 'password']), 'password');
  assert.equal(nearestKey('ab', ['cd', 'b']), undefined);
  assert.equal(nearestKey('abc', []), undefined);
});

describe('the detailed form', () => {
  const detailed = async (definition: string, secrets: 'reveal' | 'redact', documents = {}): Promise<unknown> => {
    const { value } = await open(definition, { documents });
    return value && JSON.parse(writeDetailed(value, { secrets }));
  };

  test('shows what is secret, and where each value was made', async () => {
    const range = (environment: string, line: number, column: number, byte: number, length: number) => ({
      environment,
      begin: { line, column, byte },
      end: { line, column: column + length, byte: byte + length },
    });
    const { value, trace } = (await detailed('imports: [e]\nvalues:\n  a: {fn::secret: s}\n  b: 2', 'redact', {
      e: 'values: {b: 1}',
    })) as { value: unknown; trace: unknown };
    assert.deepEqual(Object.keys(trace as object), ['def'], 'what was merged shows in its members');
    assert.deepEqual(value, {
      a: { value: '[secret]', secret: true, trace: { def: range('root', 3, 19, 39, 1) } },
      b: {
        value: 2,
        trace: { def: range('root', 4, 6, 47, 1), base: { value: 1, trace: { def: range('e', 1, 13, 12, 1) } } },
      },
    });
    const revealed = (await detailed('values: {a: {fn::secret: s}}', 'reveal')) as { value: { a: { value: unknown } } };
    assert.equal(revealed.value.a.value, 's');
  });

  test('shows what is unknown', async () => {
    const { value } = await check('values: {a: {fn::open::test: {}}}');
    assert.ok(value);
    const { value: members } = JSON.parse(writeDetailed(value, { secrets: 'reveal' }));
    assert.deepEqual([members.a.value, members.a.unknown], ['[unknown]', true]);
  });

  test('shows each opener of one definition his own values', async () => {
    const graph = await load('values: {a: "${context.user} {fn::secret}", b: {fn::secret: s}, c: "${b}"}');
    for (const user of ['ann', 'bob', 'ann']) {
      const { value } = openGraph(graph, { context: { user } });
      assert.ok(value);
      const { value: members } = JSON.parse(writeDetailed(value, { secrets: 'redact' }));
      assert.equal(members.a.value, `${user} {fn::secret}`);
      assert.deepEqual([members.b.value, members.c.value, members.c.secret], ['[secret]', '[secret]', true]);
    }
  });

  test('leaves out what was replaced where it is too large to be written', async () => {
    const doubled = Array.from({ length: 30 }, (_, level) =>
      level === 0 ? 'b0: [1, 1]' : `b${level}: ["\${b${level - 1}}", "\${b${level - 1}}"]`,
    );
    const overridden = doubled.map((_, level) => `b${level}: 1`).join(', ');
    const { value } = (await detailed(`imports: [e]\nvalues: {${overridden}}`, 'reveal', {
      e: `values: {${doubled.join(', ')}}`,
    })) as { value: Record<'b2' | 'b29', { trace: object }> };
    assert.deepEqual(Object.keys(value.b2.trace), ['base', 'def']);
    assert.deepEqual(Object.keys(value.b29.trace), ['def']);
  });

  test('stays of bearable size where many imports define the same', async () => {
    const documents = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `e${index}`,
        `values: {o: {${Array.from({ length: 30 }, (_x, key) => `k${key}: ${index}`).join(', ')}}}`,
      ]),
    );
    const { value } = await open(`imports: [${Object.keys(documents).join(', ')}]`, { documents });
    assert.ok(value);
    assert.ok(writeDetailed(value, { secrets: 'reveal' }).length < 40_000);
    assert.equal(writeJson(toPlain(value, { secrets: 'reveal' })).includes('"k0":59'), true);
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import {
  dotenvLine,
  exportsOf,
  problemWithExport,
  problemWithShellExport,
  shellLine,
} from '../../src/cli/env-output/exports.ts';
import { writeValue } from '../../src/cli/env-output/formats.ts';
import { readExactJson, secretTexts, treeAt, treeOf } from '../../src/cli/env-output/value-tree.ts';
import { told } from './env-stub.ts';

const treeFrom = (value: object, secret: readonly string[] = []) => {
  const { value: properties } = told(value, new Set(secret)) as { readonly value: object };
  return treeOf(readExactJson(JSON.stringify({ properties })));
};

const HOSTILE = [
  `$HOME \`id\` $(id) \${PATH}`,
  "it's 'quoted' \"twice\"",
  'back\\slash \\n \\',
  'two\nlines\n',
  '\r\n\ttab\x1b[2J\x07',
  "'; touch /tmp/x; '",
  '!history # comment ~ * ? [a]',
  'ünïcödé 🔑 \u2028 \u0085',
  '',
  ' ',
  '-n',
  '=',
];

/** Reads a line of dotenv by the rules of docs/cli.md, and by nothing else. */
const readDotenv = (text: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const line of text.split('\n').slice(0, -1)) {
    const [, name = '', quoted = ''] =
      /^([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\$`\r]|\\.)*)"$/u.exec(line) ?? assert.fail(line);
    found[name] = quoted.replace(/\\(.)/gu, (_, character) => ({ n: '\n', r: '\r' })[character as string] ?? character);
  }
  return found;
};

/** What a real shell has in its variables after it was told these lines. */
const evaluate = (lines: string, names: readonly string[]): readonly string[] => {
  const script = `eval "$LINES_TO_TEST"; for name in ${names.join(' ')}; do eval "printf '%s\\\\0' \\"\\$$name\\""; done`;
  const env = { LINES_TO_TEST: lines, PATH: process.env['PATH'] ?? '' };
  return execFileSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' }).split('\0').slice(0, -1);
};

describe('shell and dotenv', () => {
  const names = HOSTILE.map((_, index) => `V${index}`);
  const variables = names.map((name, index) => [name, HOSTILE[index] ?? ''] as const);

  test('what a shell is told gives hostile values back byte for byte', () => {
    assert.deepEqual(evaluate(variables.map(shellLine).join(''), names), HOSTILE);
  });

  test('so it does for any text', () => {
    const text = fc.string({ unit: fc.constantFrom(...'\'"$`\\\n\r\t !#*;&|<>(){}~=aé🔑'), maxLength: 40 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), (texts) => {
        const some = texts.map((one, index) => [`V${index}`, one] as const);
        assert.deepEqual(
          evaluate(
            some.map(shellLine).join(''),
            some.map(([name]) => name),
          ),
          texts,
        );
      }),
      { numRuns: 20 },
    );
  });

  test('dotenv read by the rules of docs/cli.md gives the same values, one line each', () => {
    assert.deepEqual(Object.values(readDotenv(variables.map(dotenvLine).join(''))), HOSTILE);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.deepEqual(readDotenv(dotenvLine(['A', text])), { A: text });
      }),
    );
  });

  test('variables come before files, each sorted; lists and objects are not exported, null is empty', () => {
    const tree = treeFrom({
      environmentVariables: { b: 1.5, a: true, N: null, list: [1], object: { x: 1 } },
      files: { Z: 'content', A: 7 },
      other: 1,
    });
    assert.deepEqual(exportsOf(tree, 'reveal'), {
      variables: [
        ['N', ''],
        ['a', 'true'],
        ['b', '1.5'],
      ],
      files: [
        ['A', '7'],
        ['Z', 'content'],
      ],
    });
  });

  test('a name that a shell would take for something else is refused', () => {
    for (const name of ['a b', 'a;rm -rf x', '1a', '', 'a-b', 'a\n', 'é', 'A=']) {
      assert.match(problemWithShellExport([name, 'x']) ?? '', /is no name of a variable/);
    }
    assert.equal(problemWithShellExport(['_a1', 'x']), undefined);
  });

  test('what no process can have is refused, without saying the value', () => {
    assert.match(problemWithExport(['a=b', 'x']) ?? '', /no name/);
    assert.match(problemWithExport(['a\0', 'x']) ?? '', /no name/);
    const problem = problemWithExport(['A', 'hunter2\0']);
    assert.equal(problem, 'The value of A has a zero byte, which no variable can hold.');
    assert.equal(problemWithExport(['npm_config_@a:b', 'x']), undefined);
  });
});

describe('values', () => {
  const write = (format: 'json' | 'yaml' | 'string' | 'detailed', json: string): string =>
    writeValue(format, readExactJson(json), 'reveal');

  test('json: members sorted by code points, two spaces, < > & escaped, numbers as they came', () => {
    const tree = treeFrom({ b: 1, a: ['<&>'], é: {}, '🔑': [], '\uffff': null, __proto__x: 'x\x7f\x9b' });
    assert.equal(
      writeValue('json', tree, 'reveal'),
      '{\n  "__proto__x": "x\\u007f\\u009b",\n  "a": [\n    "\\u003c\\u0026\\u003e"\n  ],\n  "b": 1,\n  "é": {},\n  "\uffff": null,\n  "🔑": []\n}\n',
    );
    for (const number of ['12345678901234567890', '1.50', '-0', '1E+400', '0.1e-7']) {
      assert.equal(write('json', `{"value":${number}}`), `${number}\n`);
      assert.equal(write('yaml', `{"value":${number}}`), `${number}\n`);
      assert.equal(write('string', `{"value":${number}}`), `${number}\n`);
    }
  });

  test('a member that is called like a part of JavaScript is a member', () => {
    const json = '{"value":{"__proto__":{"value":1},"constructor":{"value":2}}}';
    assert.equal(write('json', json), '{\n  "__proto__": 1,\n  "constructor": 2\n}\n');
    assert.equal(treeAt(readExactJson(json), ['toString']), undefined);
  });

  test('values may lie as deep as a server gives them', () => {
    const depth = 300;
    const json = `${'{"value":['.repeat(depth)}{"value":1}${']}'.repeat(depth)}`;
    assert.equal(write('json', json).replace(/\s/g, ''), `${'['.repeat(depth)}1${']'.repeat(depth)}`);
  });

  test('yaml reads back as the same, also by readers of YAML 1.1', () => {
    const texts = [
      ...HOSTILE,
      'yes',
      'No',
      'on',
      '1',
      '0777',
      '0o7',
      '1_000',
      '1:30',
      '.inf',
      '2026-01-01',
      '<<',
      '~',
      'null',
      'a: b',
      '- x',
      '\x7f\x9b',
    ];
    const text = writeValue('yaml', treeFrom({ texts, deep: { a: [{ b: [] }, {}] } }), 'reveal');
    for (const version of ['1.1', '1.2'] as const) {
      assert.deepEqual(parse(text, { version, merge: false }), { texts, deep: { a: [{ b: [] }, {}] } });
    }
    assert.ok(!/\p{Cc}/u.test(text.replaceAll('\n', '')));
  });

  test('string: elements in quotes between commas, members as name and value, one line break at the end', () => {
    const tree = treeFrom({ o: { b: 'x', a: [1, 'y"'] }, s: 'text\n', n: null, t: true });
    const show = (path: string): string => writeValue('string', treeAt(tree, [path]), 'reveal');
    assert.deepEqual(['o', 's', 'n', 't'].map(show), [
      '"a"="\\"1\\",\\"y\\\\\\"\\"","b"="x"\n',
      'text\n',
      '\n',
      'true\n',
    ]);
  });

  test('redacted: a secret is hidden as a whole in every format, also what an import says below it', () => {
    const json =
      '{"value":{"p":{"value":"new","trace":{"base":{"value":"hunter2","secret":true}}},"q":{"value":{"x":{"value":"hunter2"}},"secret":true}}}';
    for (const format of ['json', 'yaml', 'string', 'detailed'] as const) {
      const text = writeValue(format, readExactJson(json), 'redact');
      assert.ok(text.includes('[secret]') && !text.includes('hunter2'), text);
    }
    assert.ok(writeValue('detailed', readExactJson(json), 'reveal').includes('"hunter2"'));
  });

  test('what is masked: every text and number of a secret, also below it, and nothing else', () => {
    const tree = treeFrom({ a: 'open', s: 'one', o: { s: { x: ['two', 3, true, null] } } }, ['s']);
    assert.deepEqual(secretTexts(tree), ['one', 'two', '3']);
    const above = readExactJson('{"value":{"s":{"value":{"x":{"value":"below"}},"secret":true}}}');
    assert.deepEqual(secretTexts(above), ['below']);
  });
});

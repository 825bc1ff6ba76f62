// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseInterpolation } from '../../../src/environments/syntax/interpolation.ts';
import { Problems } from '../../../src/environments/syntax/problems.ts';
import { readPropertyPath } from '../../../src/environments/syntax/property-path.ts';
import { SourceText } from '../../../src/environments/syntax/source-text.ts';

const parse = (value: string): { readonly parts: readonly unknown[]; readonly problems: readonly string[] } => {
  const problems = new Problems();
  const at = { start: 0, end: value.length, path: 'values.x' };
  const parts = parseInterpolation({ kind: 'text', at, value, plain: true }, new SourceText('e', value), problems);
  const found = problems.all.map(({ summary, range: { begin, end } }) => `${begin.column}-${end.column} ${summary}`);
  return { parts: parts.map(({ text, access }) => [text, access?.map(({ key }) => key)]), problems: found };
};

describe('a text with accesses', () => {
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ['', []],
    ['plain', [['plain', undefined]]],
    ['a $ b', [['a $ b', undefined]]],
    ['cost: $5', [['cost: $5', undefined]]],
    ['$$', [['$', undefined]]],
    ['$${x}', [['${x}', undefined]]],
    ['$$$${x}', [['$${x}', undefined]]],
    ['$$${x}', [['$', ['x']]]],
    ['${a.b.c}', [['', ['a', 'b', 'c']]]],
    ['${["a b"].c[0][1]}', [['', ['a b', 'c', 0, 1]]]],
    ['${a["x\\"y"]}', [['', ['a', 'x"y']]]],
    ['${a["x\\y"]}', [['', ['a', 'x\\y']]]],
    ['${a[-1]}', [['', ['a', -1]]]],
    ['${34.ö-ä:x}', [['', ['34', 'ö-ä:x']]]],
    [
      '${a}${b} c',
      [
        ['', ['a']],
        ['', ['b']],
        [' c', undefined],
      ],
    ],
    [
      'pre ${a.b} post',
      [
        ['pre ', ['a', 'b']],
        [' post', undefined],
      ],
    ],
  ];
  for (const [text, parts] of cases) {
    test(`${text || '(nothing)'} is read without a problem`, () => {
      assert.deepEqual(parse(text), { parts, problems: [] });
    });
  }

  const wrong: readonly (readonly [string, readonly unknown[], readonly string[]])[] = [
    ['${', [['', ['']]], ["3-3 missing closing brace '}' in interpolation"]],
    ['${}', [['', ['']]], []],
    ['${a', [['', ['a']]], ["4-4 missing closing brace '}' in interpolation"]],
    [
      '${a b}',
      [
        ['', ['a']],
        [' b}', undefined],
      ],
      ["4-4 missing closing brace '}' in interpolation"],
    ],
    [
      '${a }',
      [
        ['', ['a']],
        [' }', undefined],
      ],
      ["4-4 missing closing brace '}' in interpolation"],
    ],
    ['${.a}', [['', ['a']]], []],
    ['${a..b}', [['', ['a', '', 'b']]], ['4-5 property name must not be empty']],
    ['${a.}', [['', ['a', '']]], ['4-5 property name must not be empty']],
    ['${a[""]}', [['', ['a', '']]], ['5-7 key subscript must not be empty']],
    [
      '${a[}',
      [['', ['a', '']]],
      ['5-5 numeric subscript must be a positive base-10 integer', "4-5 subscript is missing closing bracket ']'"],
    ],
    [
      '${a[',
      [['', ['a', '']]],
      ["4-5 subscript is missing closing bracket ']'", "5-5 missing closing brace '}' in interpolation"],
    ],
    ['${a[x1]}', [['', ['a', 'x1']]], ['5-7 numeric subscript must be a positive base-10 integer']],
    [
      '${[0].a}',
      [['', [0, 'a']]],
      ['3-5 the first accessor must be a property name or key subscript, not a numeric subscript'],
    ],
  ];
  for (const [text, parts, problems] of wrong) {
    test(`${text} leaves a problem and what can be read of it`, () =>
      assert.deepEqual(parse(text), { parts, problems }));
  }

  test('is read from any text without throwing, and no character is lost outside of accesses', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('$', '{', '}', '[', ']', '"', '.', 'a', '0', ' ', '\\') }),
        (text) => {
          const { parts } = parse(text);
          if (!text.includes('${'))
            assert.equal(parts.map((part) => (part as [string])[0]).join(''), text.replaceAll('$$', '$'));
        },
      ),
    );
  });
});

describe('a path into a result', () => {
  test('has the grammar of an access', () => {
    assert.deepEqual(readPropertyPath(''), []);
    assert.deepEqual(readPropertyPath('a.b["c d"][0]'), ['a', 'b', 'c d', 0]);
    assert.deepEqual(readPropertyPath('["x"]'), ['x']);
  });

  test('that is wrong says so', () => {
    for (const path of ['a[', 'a..b', '[0]', 'a}b', 'a b', '${a}'])
      assert.ok('problem' in readPropertyPath(path), path);
  });
});

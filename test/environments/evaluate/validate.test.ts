// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareDecimals, isMultiple } from '../../../src/environments/evaluate/decimal.ts';
import { compilePattern } from '../../../src/environments/evaluate/pattern.ts';
import { readSchema } from '../../../src/environments/evaluate/read-schema.ts';
import { check, json, open, summaries } from './opening.ts';

const problems = async (schema: string, value: string): Promise<readonly string[]> =>
  summaries((await open(`values: {v: {fn::validate: {schema: ${schema}, value: ${value}}}}`)).diagnostics);

describe('fn::validate', () => {
  test('is its value, and a problem for everything that its schema does not want, where it stands', async () => {
    const text =
      'values: {v: {fn::validate: {schema: {properties: {a: {type: string}}, required: [b]}, value: {a: 1}}}}';
    const opened = await open(text);
    assert.deepEqual(json(opened), { v: { a: 1 } });
    assert.deepEqual(summaries(opened.diagnostics), [
      'error values.v["fn::validate"].value: missing required properties: b',
      'error values.v["fn::validate"].value.a: expected string, got number',
    ]);
  });

  test('says what is wrong with a schema, and checks nothing then', async () => {
    const at = 'error values.v["fn::validate"].schema';
    assert.deepEqual(await problems('{$ref: x}', '1'), [
      `${at}: invalid schema: only fragment references of the form #/$defs/ref are supported`,
    ]);
    assert.deepEqual(await problems('{minLength: 1.5}', 'x'), [
      `${at}: invalid schema: strconv.ParseUint: parsing "1.5": invalid syntax`,
    ]);
    assert.deepEqual(await problems('{fn::fromJSON: "{\\"minLength\\": 18446744073709551616}"}', 'x'), [
      `${at}: invalid schema: strconv.ParseUint: parsing "18446744073709551616": value out of range`,
    ]);
    assert.deepEqual(await problems('{secret: 1}', 'x'), [
      `${at}: invalid schema: failed to parse schema: json: cannot unmarshal number into Go struct field rawSchema.secret of type bool`,
    ]);
    assert.deepEqual(await problems('{pattern: "(?i)a"}', 'x'), [
      `${at}: invalid schema: error parsing regexp: of the groups that begin with (?, only (?: and names are understood: \`(?i)a\``,
    ]);
  });

  test('checks what a provider gives when it is there, and its type before', async () => {
    const documents = { e: 'values: {o: {fn::open::test: {k: v}}}' };
    const text =
      'imports: [e]\nvalues: {v: {fn::validate: {schema: {properties: {k: {type: number}}}, value: "${o}"}}}';
    assert.deepEqual(summaries((await check(text, { documents })).diagnostics), []);
    const opened = await open(text, { documents });
    assert.deepEqual(summaries(opened.diagnostics), ['error values.o: expected number, got string']);
    const lazily = await open(
      'imports: [{e: {merge: false}}]\nvalues: {v: {fn::validate: {schema: "${imports.e.o}", value: 1}}}',
      { documents: { e: 'values: {o: {fn::open::test: {type: string}}}' } },
    );
    assert.deepEqual(summaries(lazily.diagnostics), [
      'error values.v["fn::validate"].value: expected string, got number',
    ]);
  });

  test('makes a secret of a value with a secret in it', async () => {
    const opened = await open('values: {v: {fn::validate: {schema: true, value: {a: {fn::secret: x}, b: 1}}}}');
    assert.deepEqual([json(opened, 'redact'), json(opened)], [{ v: '[secret]' }, { v: { a: 'x', b: 1 } }]);
  });

  test('ends in one problem where a schema costs too much', async () => {
    const reference = '{$ref: "#/$$defs/t"}';
    const twice = `{$ref: "#/$$defs/t", $defs: {t: {anyOf: [{items: ${reference}, type: array}, {items: ${reference}, minItems: 9}]}}}`;
    const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
    assert.deepEqual(await problems(twice.replace('type: array', 'minItems: 8'), deep), [
      'error values.v: the environment takes too many steps to evaluate',
    ]);
    const slow = `{pattern: "(a?){300}b"}`;
    assert.deepEqual(await problems(slow, `"${'a'.repeat(5_000)}"`), [
      'error values.v: the environment takes too many steps to evaluate',
    ]);
  });

  test('reads a schema that refers to itself below a value, and none that is nothing but itself', async () => {
    const tree = '{$ref: "#/$$defs/t", $defs: {t: {additionalProperties: {$ref: "#/$$defs/t"}, type: object}}}';
    const deep = `${'{a: '.repeat(50)}x${'}'.repeat(50)}`;
    assert.equal((await problems(tree, deep)).length, 1);
    assert.deepEqual(await problems('{$ref: "#/$$defs/t", $defs: {t: {anyOf: [{$ref: "#/$$defs/t"}]}}}', '1'), [
      'error values.v["fn::validate"].schema: invalid schema: the subschema #/$defs/t refers to itself',
    ]);
    assert.equal(readSchema(true), true);
  });
});

describe('a pattern', () => {
  const isMatch = (source: string, text: string): boolean => {
    const pattern = compilePattern(source);
    if ('problem' in pattern) throw new Error(pattern.problem);
    return pattern.matches(text, () => {});
  };

  test('matches what RE2 matches', () => {
    for (const [source, yes, no] of [
      ['', '', undefined],
      ['a|b*c', 'xc', 'd'],
      ['^a.c$', 'a😀c', 'a\nc'],
      ['^(?:ab)+$', 'abab', 'aba'],
      ['^(?P<n>a){2,3}?$', 'aaa', 'aaaa'],
      ['^a{2}$', 'aa', 'a'],
      ['^a{2,}$', 'aaaa', 'a'],
      ['^[^a-c\\d]+$', 'xyz', 'x1'],
      ['^[]a-]+$', '-]a', 'b'],
      ['\\bfoo\\b', 'a foo', 'afoo'],
      ['a\\Bb', 'ab', 'a b'],
      ['^\\x41\\x{e9}\\.$', 'Aé.', 'Aéx'],
      ['^\\w\\s\\D$', 'a b', 'a 1'],
      ['\\Aa\\z', 'a', 'ba'],
      ['^a{,2}$', 'a{,2}', 'aa'],
      ['(a*)*b', 'aab', 'aa'],
      ['^(|a)$', 'a', 'b'],
    ] as const) {
      assert.ok(isMatch(source, yes), source);
      if (no !== undefined) assert.ok(!isMatch(source, no), source);
    }
  });

  test('that cannot be understood says why, in the words of Go', () => {
    for (const [source, problem] of [
      ['a**', 'invalid nested repetition operator: `**`'],
      ['+a', 'missing argument to repetition operator: `+`'],
      ['(a', 'missing closing ): `(a`'],
      ['a)', 'unexpected ): `a)`'],
      ['a{1001}', 'invalid repeat count: `{1001}`'],
      ['a{2,1}', 'invalid repeat count: `{2,1}`'],
      ['\\q', 'invalid escape sequence: `\\q`'],
      ['((a{100}){100})', 'expression too large: `((a{100}){100})`'],
      [`${'('.repeat(101)}`, `groups are nested too deeply: \`${'('.repeat(101)}\``],
      ['[[:alpha:]]', 'classes like [:alpha:] are not understood: `[[:alpha:]]`'],
    ] as const) {
      assert.deepEqual(compilePattern(source), { problem: `error parsing regexp: ${problem}` });
    }
  });
});

test('decimals are compared exactly, whatever their size', () => {
  assert.ok(compareDecimals('9007199254740993', '9007199254740992') > 0);
  assert.ok(compareDecimals('-1.5', '-1.25') < 0);
  assert.equal(compareDecimals('1e2', '100.0'), 0);
  assert.ok(compareDecimals('1e999999', '1e-999999') > 0);
  assert.ok(compareDecimals('1'.repeat(5_000), '2'.repeat(4_999)) > 0);
  assert.ok(isMultiple('0.3', '0.1') && isMultiple('-6', '2') && isMultiple('0', '5'));
  assert.ok(!isMultiple('1.25', '0.5') && !isMultiple('1', '0'));
});

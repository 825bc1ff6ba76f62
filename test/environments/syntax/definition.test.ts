// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEnvironment } from '../../../src/environments/syntax/parse-environment.ts';

const problems = (text: string): readonly string[] =>
  parseEnvironment('p/env', text).diagnostics.map(
    ({ severity, summary, path, range: { begin } }) => `${severity} ${begin.line}:${begin.column} ${path}: ${summary}`,
  );

const isRead = (text: string): boolean => parseEnvironment('p/env', text).definition !== undefined;

describe('a definition', () => {
  test('may be empty, or nothing but comments', () => {
    for (const text of ['', '\n', '# nothing\n', '---\n', '{}']) {
      assert.deepEqual(problems(text), []);
      assert.deepEqual(parseEnvironment('e', text).definition, { isEmpty: true, imports: [], values: [] });
    }
  });

  test('holds no control characters but as escapes', () => {
    assert.deepEqual(problems('values: {a: "\u0007"}'), ['error 1:14 : yaml: control characters are not allowed']);
    assert.deepEqual(problems('values:\n  a: "\\u0007é\u00a0😀\u2028"\n  b: x\t# y\r\n'), []);
  });

  test('is a mapping whose imports are a list and whose values are a mapping', () => {
    assert.deepEqual(problems('- a'), ['error 1:1 : environment must be an object']);
    assert.deepEqual(problems('imports: a\nvalues: [b]'), [
      'error 1:10 imports: imports must be a list',
      'error 2:9 values: values must be an object',
    ]);
    assert.deepEqual(problems('description: [a]\nvalues: {a: 1}'), [
      'error 1:14 description: description must be a string',
    ]);
    assert.deepEqual(problems('description: "see ${a}"'), ['error 1:14 description: description must be a string']);
  });

  test('knows its fields in any case of letters, and warns of others', () => {
    assert.deepEqual(problems('Imports: [a]\nVALUES: {a: 1}\ndescription: x'), []);
    assert.deepEqual(problems('valuse: {}'), [
      "warning 1:1 valuse: Field 'valuse' does not exist on Object 'environment'. Existing fields are: 'values', 'imports', 'description'",
    ]);
  });

  test('takes the last of two fields with one name, with a warning', () => {
    const text = 'values: {a: 1}\nvalues: {b: 2}';
    assert.deepEqual(problems(text), ['warning 2:1 values: duplicate key "values"']);
    assert.deepEqual(
      parseEnvironment('e', text).definition?.values.map(({ key }) => key),
      ['b'],
    );
  });

  test('has imports of one name each, with `merge` or without; a bad one is left out', () => {
    const text = 'imports: [a, {p/b: {merge: false}}, {c: {}}, {d: 1}, {e: {merge: no}}, {}, 1, [x]]';
    assert.deepEqual(
      parseEnvironment('e', text).definition?.imports.map(({ name, merge }) => [name, merge]),
      [
        ['a', true],
        ['p/b', false],
        ['c', true],
        ['d', true],
        ['e', false],
      ],
    );
    assert.deepEqual(problems(text), [
      'error 1:50 imports[3].d: import must be an object',
      'error 1:66 imports[4].e.merge: merge must be a boolean value',
      'error 1:72 imports[5]: import must have a single key',
      'error 1:76 imports[6]: import must be a string or an object',
      'error 1:79 imports[7]: import must be a string or an object',
    ]);
  });

  test('has no function call at the top of its values', () => {
    const call = 'error 2:3 values["fn::join"]: builtin function call "fn::join" not allowed at the top level';
    assert.deepEqual(problems('values:\n  fn::join: 1'), [call]);
  });

  test('stops nowhere: what is wrong in one value does not hide the next', () => {
    assert.equal(problems('values:\n  a: ${\n  b: ${[1]}\n  c: {fn::nope: 1}\n').length, 3);
  });
});

describe('YAML of a definition', () => {
  test('has no aliases; anchors and `<<` mean nothing', () => {
    assert.deepEqual(problems('values: {a: &x 1, b: *x}'), ['error 1:22 values.b: alias nodes are not supported']);
    assert.equal(isRead('values: {a: &x 1, b: *x}'), false);
    assert.deepEqual(problems('values: {a: &x 1, <<: {b: 2}}'), []);
  });

  test('has texts for keys', () => {
    for (const key of ['1', 'true', 'null', '~', '[a]', '{b: c}']) {
      const found = problems(`values: {? ${key} : x}`);
      assert.equal(found.length, 1, key);
      assert.match(found[0] ?? '', /mapping keys must be strings$/);
    }
    assert.deepEqual(problems('values: {"1": x, "true": y}'), []);
  });

  test('is one document', () => {
    assert.deepEqual(problems('values: {}\n---\nvalues: {}'), ['error 3:1 : yaml: a second document begins here']);
  });

  test('is no more than 1 MiB', () => {
    const rest = 1024 * 1024 - 'values: {a: ""}'.length;
    assert.deepEqual(problems(`values: {a: "${'x'.repeat(rest)}"}`), []);
    assert.deepEqual(problems(`values: {a: "${'x'.repeat(rest + 1)}"}`), [
      'error 1:1 : the definition is larger than 1 MiB',
    ]);
    assert.deepEqual(problems(`values: {a: "${'é'.repeat(rest / 2 + 1)}"}`), [
      'error 1:1 : the definition is larger than 1 MiB',
    ]);
  });

  test('is no deeper than 64 levels, known before anything is composed', () => {
    const nested = (levels: number): string => `values: {a: ${'['.repeat(levels)}${']'.repeat(levels)}}`;
    assert.deepEqual(problems(nested(60)), []);
    for (const text of [nested(70), '['.repeat(20_000), '{a: '.repeat(20_000), '- '.repeat(20_000)]) {
      const found = problems(text);
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', /nested more than 64 levels deep$/);
    }
  });

  test('that is no YAML is one problem, with its place', () => {
    const [problem = '', ...more] = problems('values:\n  a: "x\n');
    assert.match(problem, /^error \d+:\d+ : yaml: /);
    assert.deepEqual(more, []);
  });

  test('a thousand problems are enough', () => {
    const values = Array.from({ length: 1500 }, (_, index) => `  k${index}: $\{`).join('\n');
    const found = problems(`values:\n${values}`);
    assert.equal(found.length, 1001);
    assert.match(found.at(-1) ?? '', /500 more problems are not shown/);
  });

  test('has places in lines, characters and bytes', () => {
    const text = 'values:\n  é: 😀 ${\n  b: "${"\n  c: |\n    ${\n  d:\n    x\n    ${\n';
    const places = parseEnvironment('e', text).diagnostics.map(({ range: { begin, end } }) => [
      [begin.line, begin.column, begin.byte],
      [end.line, end.column, end.byte],
    ]);
    assert.deepEqual(places, [
      [
        [2, 10, 21],
        [2, 10, 21],
      ],
      // Inside quotes, blocks and folded lines an offset into the value means nothing: the whole is shown.
      [
        [3, 6, 27],
        [3, 10, 31],
      ],
      [
        [4, 6, 37],
        [5, 7, 45],
      ],
      [
        [7, 5, 55],
        [8, 7, 63],
      ],
    ]);
  });
});

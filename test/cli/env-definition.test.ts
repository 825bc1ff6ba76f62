import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import {
  type NewValue,
  type Path,
  partOfDefinition,
  removeFromDefinition,
  setInDefinition,
} from '../../src/cli/commands/env/definition-text.ts';

const DEFINITION = `# top
imports:
  - base # why
values:
  # about x
  x: 1.50 # note
  nothing:
  list: [ a, b ]
  o:
    # inside
    p: yes # keep
    octal: 0777
    big: 12345678901234567890

  text: |
    two
    lines
`;

const set = (path: Path, value: NewValue | string, definition = DEFINITION): string =>
  setInDefinition(definition, path, typeof value === 'string' ? { yaml: value } : value);

describe('a value in a definition', () => {
  test('is replaced, and everything else stays byte for byte', () => {
    assert.equal(set(['x'], '007'), DEFINITION.replace('1.50', '007'));
    assert.equal(set(['o', 'p'], 'no'), DEFINITION.replace('yes', 'no'));
    assert.equal(set(['list', 1], `\${x}`), DEFINITION.replace('b ]', `"\${x}" ]`));
    assert.equal(set(['imports', 0], 'other@2'), DEFINITION.replace('- base', '- other@2'));
    assert.equal(set(['imports'], '[ z ]'), DEFINITION.replace('imports:\n  - base # why', 'imports: [ z ]'));
  });

  test('is added at the end of a list or a mapping, with what is missing on the way', () => {
    assert.equal(set(['list', 2], '3'), DEFINITION.replace('b ]', 'b, 3 ]'));
    assert.equal(set(['imports', 1], 'b'), DEFINITION.replace('# why\n', '# why\n  - b\n'));
    const deep = set(['nothing', 'a', 0, 'b c'], '1');
    assert.equal(deep, DEFINITION.replace('nothing:\n', 'nothing:\n    a:\n      - "b c": 1\n'));
    assert.equal(set(['a'], '1', ''), 'values:\n  a: 1\n');
    assert.equal(set(['imports', 0], 'a', '# only this\n'), '# only this\n\nimports:\n  - a\n');
    assert.equal(set(['a'], '1', 'Values:\n'), 'Values:\n  a: 1\n');
  });

  test('as a text it is one for every reader, whatever it looks like', () => {
    for (const text of ['1', 'yes', 'null', '~', '', '0x1', 'a: b', '# x', `\${y}`, 'line\nline\n', '\u2028\x85']) {
      assert.equal(parse(set(['x'], { text })).values.x, text);
      assert.deepEqual(parse(set(['x'], { secret: text })).values.x, { 'fn::secret': text });
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.equal(parse(set(['x'], { text })).values.x, text);
      }),
    );
  });

  test('a comment stays also where one line becomes several', () => {
    assert.match(set(['o', 'p'], { secret: 'a' }), /p:\n {6}# keep\n {6}fn::secret: "a"\n/);
  });

  test('is removed, with its own comment and nothing else', () => {
    assert.equal(removeFromDefinition(DEFINITION, ['o', 'octal']), DEFINITION.replace('    octal: 0777\n', ''));
    assert.equal(removeFromDefinition(DEFINITION, ['list', 0]), DEFINITION.replace('a, ', ''));
    assert.throws(() => removeFromDefinition(DEFINITION, ['o', 'q']), /There is nothing at o\.q/);
    assert.throws(() => removeFromDefinition('', ['a']), /There is nothing at a/);
  });

  test('is shown as it is written', () => {
    assert.equal(partOfDefinition(DEFINITION, ['o', 'big']), '12345678901234567890\n');
    assert.equal(partOfDefinition(DEFINITION, ['nope']), undefined);
    assert.equal(partOfDefinition('', ['nope']), undefined);
  });

  for (const [what, path, says] of [
    ['below a single value', ['x', 'y'], /: x is a single value/],
    ['with a name in a list', ['list', 'y'], /: list is a list/],
    ['beyond the end of a list', ['list', 3], /: list has 2 elements: the next one is \[2\]/],
    ['before the beginning of a list', ['list', -1], /: list has 2 elements/],
    ['with a number in a mapping', ['o', 0], /: o is a mapping/],
    ['with a number at the top', [0], /: The top of the values is a mapping/],
  ] as const) {
    test(`cannot be set ${what}`, () => {
      assert.throws(() => set(path, '1'), says);
    });
  }

  for (const [definition, says] of [
    ['a: [', /no YAML/],
    ['- a', /no mapping/],
    ['text', /no mapping/],
  ] as const) {
    test(`the definition ${JSON.stringify(definition)} cannot be edited: 2`, () => {
      assert.throws(
        () => set(['a'], '1', definition),
        (reason) => (reason as { exit: number }).exit === 2 && says.test((reason as Error).message),
      );
    });
  }
});

import fc from 'fast-check';
import type { ReferenceCase } from './answers.ts';
import { key } from './texts.ts';
import { listOf, mapOf, scalarOf, type Tree, write } from './trees.ts';
import { value } from './values.ts';

/** Whole definitions, with what they import. */

const importName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('e', 'f', 'p/x') },
  { weight: 1, arbitrary: fc.constantFrom('nope', 'p/nope', 'root', 'bad', 'p/bad', 'p/y', 'warned', '"e"') },
);
const oneImport: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 8, arbitrary: importName.map(scalarOf) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        importName,
        fc.constantFrom('merge', 'Merge', 'merge', 'other'),
        fc.constantFrom('true', 'false', 'false', '1', '"x"', 'null', '{}', '[]'),
      )
      .chain(([own, field, flag]) => mapOf(mapOf(fc.constant([[field, scalarOf(flag)]])).map((meta) => [[own, meta]]))),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.constantFrom('', '1', 'true', 'null', '[]', '{}').map(scalarOf),
      mapOf(fc.tuple(importName, fc.constantFrom('', '1', 'x', '[]', '{}').map(scalarOf)).map((entry) => [entry])),
      mapOf(
        fc.tuple(importName, importName).map(([one, other]) => [
          [one, scalarOf('{}')],
          [other, scalarOf('{}')],
        ]),
      ),
      value.filter((tree) => !('text' in tree)),
    ),
  },
);
const imports = fc.oneof(
  { weight: 8, arbitrary: listOf(fc.array(oneImport, { maxLength: 3 })) },
  { weight: 1, arbitrary: fc.oneof(value, fc.constant(scalarOf('e')), fc.constant(scalarOf(''))) },
);
const values = fc.oneof(
  { weight: 20, arbitrary: mapOf(fc.array(fc.tuple(key, value), { maxLength: 5 })) },
  { weight: 1, arbitrary: value },
);
const field = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('description', 'Description'), value) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom('IMPORTS', 'Values', 'value', 'import', 'vlaues', 'x', 'é', 'descriptions', 'fn::join', '1'),
      value,
    ),
  },
);
const someImports = fc.tuple(fc.constantFrom('imports', 'imports', 'imports', 'Imports'), imports);
const someValues = fc.tuple(fc.constantFrom('values', 'values', 'values', 'vAlues'), values);
const definition: fc.Arbitrary<string> = fc
  .tuple(
    fc.option(someImports, { freq: 3 }),
    someValues,
    fc.array(fc.oneof(field, someValues, someImports), { maxLength: 1 }),
    fc.constantFrom('\n', '\n', '\n', '', '\n\n# end\n'),
    fc.oneof(
      { weight: 20, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom('# first\n', '---\n', '\n\n', '%YAML 1.1\n---\n') },
    ),
  )
  .map(([first, second, more, end, start]) => {
    const entries = [...(first ? [first] : []), second, ...more];
    return start + entries.map(([own, tree]) => `${own}:${write(tree, '  ')}`).join('\n') + end;
  });
const whole = fc.oneof(
  { weight: 40, arbitrary: definition },
  {
    weight: 1,
    arbitrary: value.map((tree) => write(tree, '').replace(/^[ \n]/, '')).filter((text) => !/^[&!]/.test(text)),
  },
);

const BAD = 'values: {a: {fn::join: 1}}\n';
const WARNED = 'nope: 1\nvalues: {a: 1, obj: {w: 2}}\n';

/** A case of the reference, or what could be one. */
export const referenceCase: fc.Arbitrary<ReferenceCase> = fc
  .record({ text: whole, e: definition, f: definition, x: definition, y: definition, showSecrets: fc.boolean() })
  .map(({ text, e, f, x, y, showSecrets }) => ({
    root: 'root',
    text,
    documents: {
      e,
      f,
      'p/x': x,
      'p/y': y,
      root: text,
      bad: BAD,
      'p/bad': 'values: {x: &y 1, z: *y}\n',
      warned: WARNED,
    },
    showSecrets,
  }));

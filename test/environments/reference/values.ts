import fc from 'fast-check';
import { anyText, key, rawText, scalar } from './texts.ts';
import { listOf, mapOf, scalarOf, type Tree } from './trees.ts';

/** Values of definitions: scalars, collections, and every function in right and wrong shape. */

const CIPHERTEXTS =
  'ZXNjeAAAAAHo5ezs7/ei8bc= ZXNjeAAAAAHo5ezs7+vJ0Vg= AAAA !! ZXNjeAAAAALo5ezs7xAAAAA= ZXNjeAAAAAE= eHNjeAAAAAHo5ezs7/dAAAAA $$ Zg Z=== Zm9v\\n';

type Entry = readonly [string, Tree];

/** A JSON Schema, or what could be one. */
const { schema } = fc.letrec<{ schema: Tree }>((tie) => {
  const some = listOf(fc.array(tie('schema'), { maxLength: 2 }));
  const named = mapOf(fc.array(fc.tuple(key, tie('schema')), { maxLength: 2 }));
  const amount = fc.constantFrom('0', '1', '2', '3', '1.5', '-1', '10', 'x').map(scalarOf);
  const names = listOf(fc.array(key.map(scalarOf), { maxLength: 2 }));
  const field: fc.Arbitrary<Entry> = fc.oneof(
    fc.tuple(
      fc.constant('type'),
      fc.constantFrom('string', 'number', 'boolean', 'array', 'object', '"null"', 'x').map(scalarOf),
    ),
    fc.tuple(fc.constantFrom('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'), amount),
    fc.tuple(
      fc.constantFrom('minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'),
      amount,
    ),
    fc.tuple(fc.constantFrom('anyOf', 'oneOf', 'prefixItems'), some),
    fc.tuple(fc.constantFrom('items', 'additionalProperties'), tie('schema')),
    fc.tuple(fc.constantFrom('properties', '$defs'), named),
    fc.tuple(fc.constant('required'), names),
    fc.tuple(fc.constant('dependentRequired'), mapOf(fc.array(fc.tuple(key, names), { maxLength: 1 }))),
    fc.tuple(fc.constantFrom('const', 'enum'), fc.oneof(scalar, listOf(fc.array(scalar, { maxLength: 2 })))),
    fc.tuple(
      fc.constant('pattern'),
      fc.constantFrom('a', '"^x"', '"[a-e]+$"', '"(h|x).*"', '"\\\\d{1,2}"').map(scalarOf),
    ),
    fc.tuple(fc.constant('$ref'), fc.constantFrom('"#/$$defs/a"', '"#/$$defs/nope"', 'x').map(scalarOf)),
    fc.tuple(fc.constantFrom('title', 'nope', 'default', 'deprecated'), scalar),
  );
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      { weight: 1, arbitrary: fc.constantFrom('true', 'true', 'false', 'x', '1').map(scalarOf) },
      { weight: 6, arbitrary: mapOf(fc.array(field, { maxLength: 3 })) },
    ),
  };
});

const validation = (value: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
  mapOf(
    fc
      .tuple(
        fc.oneof({ weight: 6, arbitrary: schema }, { weight: 1, arbitrary: value }),
        value,
        fc.integer({ max: 9, min: 0 }),
      )
      .map(([wanted, given, odd]): readonly Entry[] => [
        ['schema', wanted],
        [odd === 0 ? 'values' : 'value', given],
      ]),
  );

/** A call, or something that looks like one. */
const call = (value: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> => {
  const of = (names: string, argument: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
    mapOf(fc.tuple(fc.constantFrom(...names.split(' ')), argument).map((entry) => [entry]));
  const text = fc.oneof({ weight: 3, arbitrary: anyText }, { weight: 1, arbitrary: value });
  const list = listOf(fc.array(text, { maxLength: 3 }));
  const lists = listOf(
    fc.array(fc.oneof({ weight: 4, arbitrary: list }, { weight: 1, arbitrary: text }), { maxLength: 3 }),
  );
  const record = mapOf(fc.array(fc.tuple(key, value), { maxLength: 3 }));
  const inputs = fc.oneof({ weight: 4, arbitrary: record }, { weight: 1, arbitrary: text });
  const why = fc.tuple(fc.constantFrom('why', 'why', 'who'), text, fc.boolean(), text);
  const reason = mapOf(
    why.map(([own, one, hasMore, other]): readonly Entry[] => [
      [own, one],
      ...(hasMore ? [['more', other] as const] : []),
    ]),
  );
  const provider = fc.constantFrom('test', 'test', 'secret-wrapper', 'error', 'nope').map(scalarOf);
  const ciphertext = fc.constantFrom(...CIPHERTEXTS.split(' '), '').map((own) => scalarOf(`"${own}"`));
  const noText = value.filter((tree) => !JSON.stringify(tree).includes('$'));
  return fc.oneof(
    of('fn::join', listOf(fc.tuple(text, fc.oneof(list, text)))),
    of('fn::split', listOf(fc.tuple(text, text))),
    of('fn::concat', fc.oneof(lists, value)),
    of('fn::join fn::split fn::concat', value),
    of('fn::toJSON fn::toYAML fn::toString fn::final', value),
    of('fn::fromJSON fn::fromBase64 fn::toBase64', text),
    of('fn::secret', fc.oneof({ weight: 4, arbitrary: rawText }, { weight: 1, arbitrary: noText })),
    of('fn::secret', of('ciphertext', ciphertext)),
    of('fn::open::test fn::open::secret-wrapper', inputs),
    of('fn::open::error', fc.oneof(reason, inputs)),
    of('fn::open::nope fn::open:: fn::open::test::x', inputs),
    of(
      'fn::open',
      mapOf(
        fc.tuple(provider, inputs).map(([who, what]): readonly Entry[] => [
          ['provider', who],
          ['inputs', what],
        ]),
      ),
    ),
    of(
      'fn::open',
      fc.oneof(value, mapOf(fc.array(fc.tuple(fc.constantFrom('provider', 'inputs', 'x'), value), { maxLength: 3 }))),
    ),
    of('fn::validate', fc.oneof({ weight: 5, arbitrary: validation(value) }, { weight: 1, arbitrary: value })),
    of('fn::nope Fn::join fn:: fn::tojson fn', value),
    mapOf(
      fc
        .tuple(fc.constantFrom('fn::join', 'fn::secret', 'fn::nope', 'fn::open::test'), value, key, value)
        .map(([one, first, other, second]): readonly Entry[] => [
          [one, first],
          [other, second],
        ]),
    ),
  );
};

export const { value } = fc.letrec<{ value: Tree }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: scalar },
    { weight: 2, arbitrary: listOf(fc.array(tie('value'), { maxLength: 3 })) },
    { weight: 3, arbitrary: mapOf(fc.array(fc.tuple(key, tie('value')), { maxLength: 3 })) },
    { weight: 5, arbitrary: call(tie('value')) },
  ),
}));

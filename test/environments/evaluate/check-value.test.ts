import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkUnknown } from '../../../src/environments/evaluate/check-schema.ts';
import { checkValue } from '../../../src/environments/evaluate/check-value.ts';
import { fromPlain, plainFrom } from '../../../src/environments/evaluate/plain.ts';
import { itemSchema, mergedSchema, propertySchema, type Schema } from '../../../src/environments/evaluate/schema.ts';
import { type Origin, object, scalar, unknown, type Value } from '../../../src/environments/evaluate/value.ts';
import { SourceText } from '../../../src/environments/syntax/source-text.ts';

const origin: Origin = { source: new SourceText('e', ''), at: { start: 0, end: 0, path: '' } };
const complaints = (value: unknown, schema: Schema): readonly string[] =>
  checkValue(fromPlain(origin, plainFrom(value)), schema).complaints.map(({ summary }) => summary);

describe('a known value', () => {
  const cases: readonly (readonly [Schema, unknown, readonly string[]])[] = [
    [true, { a: 1 }, []],
    [{}, { a: 1 }, []],
    [false, 1, ['nothing is allowed here']],
    [{ type: 'string' }, null, ['expected string, got null']],
    [{ type: 'object' }, [], ['expected object, got array']],
    [{ const: 'a' }, 'b', ['expected "a"']],
    [{ const: 5 }, 5, []],
    [{ enum: ['a'] }, 'b', ['expected "a"']],
    [{ enum: ['a', true] }, 'b', ['expected one of ["a",true]']],
    [{ enum: ['a', null] }, null, []],
    [{ minimum: 2, maximum: 3 }, 1, ['expected a number greater than or equal to 2']],
    [{ minimum: 2, maximum: 3 }, 4, ['expected a number less than or equal to3']],
    [{ minimum: 2, maximum: 3 }, 2, []],
    [{ exclusiveMinimum: 2, exclusiveMaximum: 4 }, 2, ['expected a number greater than 2']],
    [{ exclusiveMinimum: 2, exclusiveMaximum: 4 }, 4, ['expected a number less than 4']],
    [{ multipleOf: 3 }, 4, ['expected a multiple of 3']],
    [{ multipleOf: 3 }, 9, []],
    [{ minLength: 2, maxLength: 3 }, 'é', []],
    [{ minLength: 2, maxLength: 3 }, 'a', ['expected a string of at least length 2']],
    [{ minLength: 2, maxLength: 3 }, 'éé', ['expected a string of at most length 3']],
    [{ pattern: '^a\\d$' }, 'ab', ['string must match the pattern "^a\\\\d$"']],
    [{ pattern: '^a\\d$' }, 'a1', []],
    [{ type: 'array', minItems: 1, maxItems: 2 }, [], ['expected an array with at least 1 items']],
    [{ type: 'array', minItems: 1, maxItems: 2 }, [1, 2, 3], ['expected an array with at most 2 items']],
    [
      { prefixItems: [{ type: 'string' }], items: { type: 'number' } },
      [1, 'a'],
      ['expected string, got number', 'expected number, got string'],
    ],
    [{ minProperties: 1 }, {}, ['expected an object with at least 1 properties']],
    [{ maxProperties: 1 }, { a: 1, b: 2 }, ['expected an object with at most 1 properties']],
    [
      { properties: { a: { type: 'string' } }, additionalProperties: false },
      { a: 1, b: 2 },
      ['expected string, got number', 'nothing is allowed here'],
    ],
    [{ properties: { a: true }, additionalProperties: false }, { constructor: 1 }, ['nothing is allowed here']],
    [{ required: ['a', 'b', 'c'] }, { b: 1 }, ['missing required properties: a, c']],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, ['missing required properties: b']],
    [{ dependentRequired: { a: ['b'] } }, { c: 1 }, []],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, null, []],
    [
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      1,
      ['expected string, got number', 'expected null, got number', 'at least one subschema must match'],
    ],
    [
      { oneOf: [{ type: 'string' }, { type: 'null' }] },
      1,
      ['expected string, got number', 'expected null, got number', 'exactly one subschema must match'],
    ],
    [{ oneOf: [{ type: 'string' }, true] }, 'a', ['exactly one subschema may match']],
    [{ oneOf: [{ type: 'string' }, { type: 'null' }] }, 'a', []],
    [
      { $defs: { text: { type: 'string' } }, properties: { a: { $ref: '#/$defs/text' } } },
      { a: 1 },
      ['expected string, got number'],
    ],
  ];
  for (const [schema, value, expected] of cases) {
    test(`${JSON.stringify(value)} against ${JSON.stringify(schema)}`, () =>
      assert.deepEqual(complaints(value, schema), expected));
  }

  test('a schema that refers to nothing, or only to itself, is our own mistake', () => {
    assert.throws(() => complaints(1, { $ref: '#/$defs/gone' }), TypeError);
    assert.throws(() => complaints(1, { $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }), TypeError);
  });

  test('is checked together with what lies below it', () => {
    const members = new Map<string, Value>([
      ['a', unknown(origin, { type: 'number' })],
      ['b', scalar(origin, 'x')],
    ]);
    const value = object(origin, members);
    const schema: Schema = { properties: { a: { type: 'string' }, b: { type: 'string' } } };
    assert.deepEqual(
      checkValue(value, schema).complaints.map(({ summary }) => summary),
      ['expected string, got number'],
    );
  });
});

describe('an unknown value', () => {
  const text: Schema = { type: 'string' };
  const cases: readonly (readonly [given: Schema, wanted: Schema, readonly string[] | false])[] = [
    [true, text, []],
    [text, true, []],
    [text, text, []],
    [false, text, false],
    [text, false, false],
    [{ type: 'number' }, text, ['expected string, got number']],
    [{ oneOf: [{ type: 'number' }, text] }, text, []],
    [
      { oneOf: [{ type: 'number' }, { type: 'null' }] },
      text,
      ['expected string, got number', 'expected string, got null', 'at least one subschema must match'],
    ],
    [text, { anyOf: [{ type: 'number' }, text] }, []],
    [text, { oneOf: [{ type: 'number' }] }, ['expected number, got string', 'at least one subschema must match']],
    [{ type: 'array', items: text }, { type: 'array', items: text }, []],
    [{ type: 'array', items: text }, { type: 'array', items: { type: 'number' } }, ['expected number, got string']],
    [
      { type: 'array', prefixItems: [text], items: false },
      { type: 'array', items: { type: 'number' } },
      ['[0]: expected number, got string'],
    ],
    [
      { type: 'object', properties: { a: text }, required: ['a'] },
      { type: 'object', properties: { a: { type: 'number' } } },
      ['a: expected number, got string'],
    ],
    [
      { type: 'object', properties: { a: text }, required: ['a'] },
      { type: 'object', required: ['b'] },
      ['b: missing required property'],
    ],
    [
      { type: 'object', required: ['a'] },
      { type: 'object', dependentRequired: { a: ['b'] } },
      ['b: missing required property'],
    ],
    [{ type: 'object', additionalProperties: text }, { type: 'object', required: ['b'] }, []],
    [
      { type: 'object', additionalProperties: text },
      { type: 'object', additionalProperties: { type: 'number' } },
      ['expected number, got string'],
    ],
  ];
  for (const [given, wanted, expected] of cases) {
    test(`${JSON.stringify(given)} for ${JSON.stringify(wanted)}`, () => {
      const { ok, complaints: found } = checkUnknown(given, wanted, { origin, path: '', prefixed: false });
      assert.deepEqual(
        [ok, found.map(({ summary }) => summary)],
        [expected !== false && expected.length === 0, expected || []],
      );
    });
  }
});

describe('schemas', () => {
  const record: Schema = {
    type: 'object',
    properties: { a: { type: 'string' } },
    additionalProperties: { type: 'number' },
  };

  test('know the types of members', () => {
    assert.deepEqual(propertySchema(record, 'a'), { type: 'string' });
    assert.deepEqual(propertySchema(record, 'toString'), { type: 'number' });
    assert.equal(propertySchema({ type: 'object' }, 'a'), false);
    assert.equal(propertySchema({ type: 'string' }, 'a'), false);
    assert.equal(propertySchema(true, 'a'), false);
    assert.deepEqual(propertySchema({ anyOf: [record, { type: 'null' }] }, 'a'), { type: 'string' });
    assert.deepEqual(propertySchema({ anyOf: [record], oneOf: [record] }, 'a'), {
      oneOf: [{ type: 'string' }, { type: 'string' }],
    });
    assert.deepEqual(itemSchema({ type: 'array', prefixItems: [true], items: { type: 'string' } }, 1), {
      type: 'string',
    });
  });

  test('of objects are merged like objects', () => {
    const top: Schema = { type: 'object', properties: { b: true } };
    assert.deepEqual(mergedSchema(record, top), {
      type: 'object',
      properties: { __proto__: null, a: { type: 'string' }, b: true },
      required: ['a', 'b'],
      additionalProperties: { type: 'number' },
    });
    assert.equal((mergedSchema(record, record) as { additionalProperties: unknown }).additionalProperties, true);
    assert.deepEqual(mergedSchema({ type: 'string' }, top), top);
    assert.deepEqual(mergedSchema(record, { type: 'string' }), { type: 'string' });
  });
});

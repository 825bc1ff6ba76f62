import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, parseStrictJson, StrictJsonError } from '../src/strict-json.ts';

const RUNS = { numRuns: process.env.NIGHTLY ? 100_000 : 10_000 };
const WIDE = { maxDepth: 100, maxMembers: 10_000 };
const parse = (text: string, limits = WIDE): unknown => parseStrictJson(text, limits);
const refuses = (text: string, problem: RegExp, limits = WIDE): void =>
  assert.throws(
    () => parse(text, limits),
    (reason) => reason instanceof StrictJsonError && problem.test(reason.message),
  );

/** Objects as JSON.parse makes them, to be compared with. */
const withPrototypes = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withPrototypes);
  if (!isJsonObject(value)) return value;
  const object = {};
  for (const [name, member] of Object.entries(value)) {
    Object.defineProperty(object, name, {
      value: withPrototypes(member),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
};

const holdsNothingBig = (value: unknown): boolean => {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (Array.isArray(value)) return value.every(holdsNothingBig);
  return isJsonObject(value) ? Object.values(value).every(holdsNothingBig) : true;
};

describe('a JSON text from outside', () => {
  test('means what JSON.parse says that it means', () => {
    const spaces = fc.constantFrom(undefined, 1, '\t', '\n ');
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }).filter(holdsNothingBig),
        spaces,
        (value, space) => {
          const text = JSON.stringify(value, null, space);
          assert.deepEqual(withPrototypes(parse(text)), JSON.parse(text));
        },
      ),
      RUNS,
    );
  });

  test('that JSON.parse refuses is refused, whatever was cut, doubled or put in', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u00',
      '0',
      '-',
      '.',
      'e',
      ' ',
      '\u0000',
      'nul',
      '\ufeff',
    );
    const edit = fc.record({ at: fc.nat(), cut: fc.nat(3), piece: fc.option(pieces, { nil: '' }) });
    let taken = 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.array(edit, { minLength: 1, maxLength: 3 }), (json, edits) => {
        const text = edits.reduce((left, { at, cut, piece }) => {
          const place = at % (left.length + 1);
          return left.slice(0, place) + piece + left.slice(place + cut);
        }, json);
        let value: unknown;
        try {
          value = parse(text);
        } catch (reason) {
          assert.ok(reason instanceof StrictJsonError, String(reason));
          return;
        }
        taken += 1;
        assert.deepEqual(withPrototypes(value), JSON.parse(text));
      }),
      RUNS,
    );
    assert.ok(taken > 100, `only ${taken} of the texts were taken: the test shows nothing`);
  });

  test('of random characters is a value or a StrictJsonError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          parse(text);
        } catch (reason) {
          assert.ok(reason instanceof StrictJsonError);
        }
      }),
      RUNS,
    );
  });

  const TAKEN = [
    'null¦ true ¦false¦0¦-0¦-0.5e-3¦1E+2¦9007199254740991¦-9007199254740991¦""¦"\\u0000"¦"\\ud83d\\ude00"¦"😀"¦',
    '"\u2028\u007f"¦"\\"\\\\\\/\\b\\f\\n\\r\\t"¦[]¦[[],{}]¦{}¦ { "a" : [ 1 , 2 ] } ¦{"":{"":{}}}¦',
    '\t\r\n[ \t\r\n1]¦{"a":1,"A":2}¦1e-400¦0.1',
  ].flatMap((line) => line.replace(/¦$/, '').split('¦'));
  test('of every form that RFC 8259 has is taken', () => {
    for (const text of TAKEN) assert.deepEqual(withPrototypes(parse(text)), JSON.parse(text), text);
  });

  const MALFORMED = [
    '¦ ¦{¦}¦[¦]¦[1¦[1,¦[1,]¦[,1]¦[1 2]¦{"a"}¦{"a":}¦{"a":1,}¦{,"a":1}¦{a:1}¦{\'a\':1}¦{"a" 1}¦{1:1}¦',
    '{"a":1 "b":2}¦"¦"a¦"\\¦"\\"¦"\\x"¦"\\u12"¦"\\u12G4"¦"\n"¦"\t"¦"\u0000"¦01¦-¦-01¦+1¦.5¦1.¦1.e3¦1e¦1e+¦',
    '0x10¦NaN¦Infinity¦-Infinity¦nul¦nulll¦True¦undefined¦1 2¦{} {}¦[] x¦/* */1¦1//¦\ufeff1¦1\ufeff¦\u00a01¦',
    '\u20281¦\u000b1¦1\u0000¦[1}¦{"a":1]¦"\\ud83d\\u"¦１',
  ].flatMap((line) => line.replace(/¦$/, '').split('¦'));
  test('of any other form is refused, and JSON.parse agrees', () => {
    for (const text of MALFORMED) {
      assert.throws(() => parse(text), StrictJsonError, JSON.stringify(text));
      assert.throws(() => JSON.parse(text), SyntaxError, JSON.stringify(text));
    }
  });

  test('says where it is wrong, and shows no value of it', () => {
    refuses('{"a": secret}', /^a value must stand here \(character 7\)$/);
    refuses('{"a":1,"a":2}', /^the member "a" stands there twice \(character 8\)$/);
    refuses('["secret', /^a string does not end \(character 9\)$/);
  });

  test('that names a member twice is refused at any depth, however the name is written', () => {
    refuses('{"a":1,"b":2,"a":1}', /twice/);
    refuses('[[{"x":{"a":1,"a":1}}]]', /twice/);
    refuses('{"a":1,"\\u0061":1}', /twice/);
    refuses('{"__proto__":1,"__proto__":2}', /twice/);
    refuses('{"":1,"":2}', /twice/);
    refuses('{"10":1,"10":2}', /twice/);
    assert.deepEqual(withPrototypes(parse('{"a":{"a":1},"b":{"a":1}}')), { a: { a: 1 }, b: { a: 1 } });
  });

  test('has objects without a prototype: every name is like any other', () => {
    const value = parse('{"__proto__":{"admin":true},"constructor":1,"toString":2}');
    assert.ok(isJsonObject(value));
    assert.equal(Object.getPrototypeOf(value), null);
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor', 'toString']);
    assert.equal(value['admin'], undefined);
    assert.equal(value['hasOwnProperty'], undefined);
  });

  test('has no number that a double would round to another, or to infinity', () => {
    for (const text of [
      '9007199254740992',
      '9007199254740993',
      '-9007199254740992',
      '1e308',
      '1e400',
      '-1e400',
      '1e16',
      '9007199254740993.0',
    ]) {
      refuses(text, /2\^53/);
      refuses(`{"exp":[${text}]}`, /2\^53/);
    }
  });

  test('has no half of a surrogate pair, raw or escaped', () => {
    for (const text of [
      '"\ud83d"',
      '"\ude00\ud83d"',
      '{"\udc00":1}',
      '"\\ud83d"',
      '"\\ude00"',
      '"\\ud83dx"',
      '{"\\udc00":1}',
      '"\\ud83d\\ud83d"',
    ]) {
      refuses(text, /lone surrogate/);
    }
  });

  test('is as deep as the limit, and no deeper', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    for (const text of [nested(5), objects(5)]) parse(text, { maxDepth: 5, maxMembers: 10 });
    for (const text of [nested(6), objects(6)]) refuses(text, /deeper than 5/, { maxDepth: 5, maxMembers: 10 });
    refuses('{}', /deeper than 0/, { maxDepth: 0, maxMembers: 10 });
    refuses(nested(100_000), /deeper than 16/, { maxDepth: 16, maxMembers: 100 });
    refuses('['.repeat(1_000_000), /deeper than 16/, { maxDepth: 16, maxMembers: 100 });
  });

  test('has as many members as the limit, and no more', () => {
    const limits = { maxDepth: 3, maxMembers: 4 };
    parse('{"a":[1,2],"b":0}', limits);
    refuses('{"a":[1,2],"b":0,"c":0}', /more than 4 members/, limits);
    refuses('[1,2,3,4,5]', /more than 4 members/, limits);
    refuses('[[1,2],[3]]', /more than 4 members/, limits);
  });

  test('of a megabyte is read or refused in a time that grows with its length', () => {
    const size = 1_000_000;
    const many = { maxDepth: 16, maxMembers: size };
    const texts = [
      `"${'a'.repeat(size)}"`,
      `"${'\\n'.repeat(size / 2)}"`,
      `"${'\\'.repeat(size)}`,
      ' '.repeat(size),
      '9'.repeat(size),
      `0.${'1'.repeat(size)}`,
      `[${'0,'.repeat(size / 2)}0]`,
      `{${Array.from({ length: size / 20 }, (_, at) => `"${at}":"aaaaaaa"`).join()}}`,
    ];
    for (const text of texts) {
      const start = process.hrtime.bigint();
      try {
        parse(text, many);
      } catch (reason) {
        assert.ok(reason instanceof StrictJsonError);
      }
      // A hundred times what it takes: only what is not linear gets there.
      assert.ok(process.hrtime.bigint() - start < 5_000_000_000n, text.slice(0, 10));
    }
  });
});

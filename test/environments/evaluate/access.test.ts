// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check, json, open, PROVIDERS, summaries, type TestProvider } from './opening.ts';

/** What comes of `x`, and every problem. */
const x = async (
  values: string,
  documents: Readonly<Record<string, string>> = {},
  imports = Object.keys(documents),
) => {
  const opened = await open(`imports: [${imports.join(', ')}]\nvalues:\n${values}`, { documents });
  return { x: (json(opened) as { x?: unknown }).x, problems: summaries(opened.diagnostics) };
};
const value = (result: unknown): { x: unknown; problems: readonly string[] } => ({ x: result, problems: [] });
const problem = (summary: string): { x: unknown; problems: readonly string[] } => ({
  x: '[unknown]',
  problems: [`error values.x: ${summary}`],
});

describe('a reference', () => {
  test('keeps the type of what it names', async () => {
    assert.deepEqual(await x('  a: {b: [1, true, null]}\n  x: ${a.b}'), value([1, true, null]));
    assert.deepEqual(await x('  a: {b: [1, {c: d}]}\n  x: ${a["b"][1].c}'), value('d'));
  });

  test('may name its neighbours, and what stands further down', async () => {
    assert.deepEqual(await x('  x: {a: "${x.b}", b: "${z}"}\n  z: 1'), value({ a: 1, b: 1 }));
  });

  test('to itself is a cycle', async () => {
    assert.deepEqual(await x('  x: ${x}'), problem('cyclic reference to x'));
    assert.deepEqual(
      (await x('  x: {a: "${x}"}')).problems,
      ['error : cyclic reference to x'].map((text) => text.replace('error ', 'error values.x')),
    );
  });

  test('to its own name is a cycle also where an import defines it', async () => {
    assert.deepEqual((await x('  x: {b: "${x}"}', { e: 'values: {x: {a: 1}}' })).problems, [
      'error values.x: cyclic reference to x',
    ]);
  });

  test('binds early: an import does not see what overrides it', async () => {
    const documents = { e: 'values: {name: imported, x: "I am ${name}"}' };
    assert.deepEqual(await x('  name: mine', documents), value('I am imported'));
  });

  test('to a missing name is a problem, with the nearest key', async () => {
    assert.deepEqual(
      await x('  some_value: 1\n  x: ${someValu}'),
      problem('unknown property "someValu"; did you mean "some_value"?'),
    );
    assert.deepEqual(await x('  a: {b: 1}\n  x: ${a.c}'), problem('unknown property "c"'));
    assert.deepEqual(await x('  a: {}\n  x: ${a["q\\"q"]}'), problem('unknown property "q\\"q"'));
  });

  test('goes through a list by numbers and through an object by names', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['list.a', 'cannot access an array element using a property name'],
      ['list["0"]', 'cannot access an array element using a property name'],
      ['list[-1]', 'array indices must not be negative'],
      ['list[2]', 'array index 2 out-of-bounds for array of length 2'],
      ['object[0]', 'cannot access an object property using an integer index'],
      ['text.a', 'receiver must be an array or an object'],
      ['copy.a', 'cannot access an array element using a property name'],
      ['copy[2]', 'array index 2 out-of-bounds for array of length 2'],
      ['secret.a', 'receiver must be an array or an object'],
    ];
    for (const [access, summary] of cases) {
      const values = '  list: [1, 2]\n  copy: ${list}\n  object: {a: 1}\n  text: t\n  secret: {fn::secret: s}';
      assert.deepEqual(await x(`${values}\n  x: \${${access}}`), problem(summary), access);
    }
  });

  test('blames the step that is wrong, where its place is known', async () => {
    const columns = async (text: string): Promise<unknown> => {
      const { diagnostics } = await open(`values:\n  a: {b: 1}\n  x: ${text}`);
      return diagnostics.map(({ range }) => [range.begin.column, range.end.column]);
    };
    assert.deepEqual(await columns('${a.nope.b}'), [[9, 14]]);
    assert.deepEqual(await columns('"${a.nope.b}"'), [[6, 19]]);
    assert.deepEqual(await columns('text ${a.nope}'), [[14, 19]]);
  });
});

describe('a text with references', () => {
  test('shows scalars as they are written, and null as nothing', async () => {
    assert.deepEqual(
      await x('  a: [1, 1.50, true, null, t]\n  x: ${a[0]} ${a[1]} ${a[2]} ${a[3]} ${a[4]}'),
      value('1 1.5 true  t'),
    );
  });

  test('shows lists and objects in quotes, sorted', async () => {
    assert.deepEqual(await x('  a: [1, [2, "b\\""]]\n  x: =${a}'), value('="1","\\"2\\",\\"b\\\\\\"\\""'));
    assert.deepEqual(await x('  a: {c: 1, b: {d: é}}\n  x: =${a}'), value('="b"="\\"d\\"=\\"é\\"","c"="1"'));
  });

  test('shows of an object only the uppermost layer, as the reference does', async () => {
    assert.deepEqual(await x('  a: {b: 1}\n  x: =${a}', { e: 'values: {a: {c: 2}}' }), value('="b"="1"'));
  });
});

describe('imports by name', () => {
  const documents = { 'p/e': 'values: {a: {b: 1}}', f: 'values: {a: {c: 2}}' };

  test('are objects under the text of the import', async () => {
    assert.deepEqual(await x('  x: ${imports["p/e"].a}', documents), value({ b: 1 }));
    assert.deepEqual((await x('  x: ${imports}', documents)).x, { 'p/e': { a: { b: 1 } }, f: { a: { c: 2 } } });
    assert.deepEqual(await x('  x: ${imports.ff}', documents), problem('unknown property "ff"'));
  });

  test('hold only what is imported directly', async () => {
    const deep = { ...documents, g: 'imports: [f]\nvalues: {}' };
    assert.deepEqual(await x('  x: ${imports.f}', deep, ['g']), problem('unknown property "f"'));
  });
});

describe('inline imports', () => {
  const documents = { 'p/e': 'values: {a: {b: 1}}', 'p/e@3': 'values: {a: third}' };

  test('name project and environment, with a version in quotes', async () => {
    assert.deepEqual(await x('  x: ${environments.p.e.a.b}', documents, []), value(1));
    assert.deepEqual(await x('  x: ${environments.p["e@3"].a}', documents, []), value('third'));
    assert.deepEqual(await x('  x: ${environments.p.e}', documents, []), value({ a: { b: 1 } }));
  });

  test('that name less are unknown, and that name nothing are a problem', async () => {
    assert.deepEqual(await x('  x: ${environments}', documents, []), value('[unknown]'));
    assert.deepEqual(await x('  x: ${environments.p}', documents, []), value('[unknown]'));
    assert.deepEqual(
      await x('  x: ${environments.p.nope.a}', documents, []),
      problem('environment "p/nope" not found'),
    );
    assert.deepEqual(
      await x('  x: ${environments.p[0]}', documents, []),
      problem('cannot access an object property using an integer index'),
    );
  });
});

describe('what is unknown', () => {
  const typed: TestProvider = {
    inputs: true,
    outputs: {
      type: 'object',
      properties: {
        text: { type: 'string' },
        list: { type: 'array', items: { type: 'number' } },
        pair: { type: 'array', prefixItems: [true, true], items: false },
      },
      additionalProperties: { type: 'boolean' },
    },
    open: () => ({ output: new Map() }),
  };
  const checked = async (values: string): Promise<readonly string[]> => {
    const { diagnostics } = await check(`values:\n  o: {fn::open::typed: {}}\n${values}`, {
      providers: { ...PROVIDERS, typed },
    });
    return summaries(diagnostics);
  };

  test('has the type that its provider promises', async () => {
    assert.deepEqual(await checked('  a: ${o.text}\n  b: ${o.list[7]}\n  c: ${o.more}\n  d: ${o.pair[1]}'), []);
    assert.deepEqual(await checked('  a: ${o.text.x}'), ['error values.a: receiver must be an array or an object']);
    assert.deepEqual(await checked('  a: ${o[0]}'), [
      'error values.a: cannot access an object property using an integer index',
    ]);
    assert.deepEqual(await checked('  a: ${o.list.x}'), [
      'error values.a: cannot access an array element using a property name',
    ]);
    assert.deepEqual(await checked('  a: ${o.pair[2]}'), [
      'error values.a: array index 2 out-of-bounds for array of length 2',
    ]);
  });

  test('is checked by its type where it is used', async () => {
    assert.deepEqual(await checked('  a: {fn::toBase64: "${o.text}"}'), []);
    assert.deepEqual(await checked('  a: {fn::toBase64: "${o.list}"}'), [
      'error values.a["fn::toBase64"]: expected string, got array',
    ]);
    assert.deepEqual(await checked('  a: {fn::join: [",", "${o.list}"]}'), [
      'error values.a["fn::join"][1]: expected string, got number',
    ]);
  });

  test('makes everything unknown that is built from it', async () => {
    const text =
      'values:\n  o: {fn::open::test: {}}\n  a: "${o.x} y"\n  b: {fn::toJSON: {c: "${o}"}}\n  d: {e: "${o.y}"}';
    assert.deepEqual(json(await check(text)), {
      o: '[unknown]',
      a: '[unknown]',
      b: '[unknown]',
      d: { e: '[unknown]' },
    });
  });
});

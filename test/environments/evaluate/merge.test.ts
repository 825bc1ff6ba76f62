// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { factsOf } from '../../../src/environments/evaluate/facts.ts';
import { Budget } from '../../../src/environments/evaluate/limits.ts';
import { Merges } from '../../../src/environments/evaluate/merges.ts';
import { fromPlain, plainFrom, toPlain } from '../../../src/environments/evaluate/plain.ts';
import {
  membersOf,
  object,
  propertyOf,
  underlyingOf,
  unknown,
  type Value,
} from '../../../src/environments/evaluate/value.ts';
import { SourceText } from '../../../src/environments/syntax/source-text.ts';
import { json, load, open, openGraph, summaries } from './opening.ts';

const values = async (text: string, documents: Readonly<Record<string, string>>): Promise<unknown> =>
  json(await open(text, { documents }));

describe('imports', () => {
  test('are merged in order, later ones over earlier ones, and values over all', async () => {
    const documents = { a: 'values: {x: {p: 1, q: 1}, l: [1]}', b: 'values: {x: {q: 2, r: 2}, l: [2, 3]}' };
    assert.deepEqual(await values('imports: [a, b]\nvalues: {x: {r: 3}}', documents), {
      x: { p: 1, q: 2, r: 3 },
      l: [2, 3],
    });
    assert.deepEqual(await values('imports: [b, a]\nvalues: {x: {r: 3}}', documents), {
      x: { p: 1, q: 1, r: 3 },
      l: [1],
    });
  });

  test('lists and scalars replace; null stays and deletes nothing', async () => {
    const documents = { a: 'values: {x: {p: 1}, y: 1, z: {p: 1}, n: {p: 1}}' };
    assert.deepEqual(await values('imports: [a]\nvalues: {x: [2], y: {q: 2}, z: t, n: null}', documents), {
      x: [2],
      y: { q: 2 },
      z: 't',
      n: null,
    });
  });

  test('an object over a scalar hides what lies below the scalar', async () => {
    const documents = { a: 'values: {x: {p: 1}}', b: 'values: {x: t}' };
    assert.deepEqual(await values('imports: [a, b]\nvalues: {x: {q: 2}}', documents), { x: { q: 2 } });
  });

  test('merge references and what functions give, too', async () => {
    const documents = { a: 'values: {x: {p: 1}, y: {p: 1}}' };
    const text = 'imports: [a]\nvalues: {o: {q: 2}, x: "${o}", y: {fn::fromJSON: \'{"r": 3}\'}, z: "${x.p}"}';
    assert.deepEqual(await values(text, documents), { o: { q: 2 }, x: { p: 1, q: 2 }, y: { p: 1, r: 3 }, z: 1 });
  });

  test('with `merge: false` are not merged', async () => {
    assert.deepEqual(
      await values('imports: [{a: {merge: false}}]\nvalues: {y: "${imports.a.x}"}', { a: 'values: {x: 1}' }),
      { y: 1 },
    );
  });

  test('that bring the same environment again bring its values again', async () => {
    const documents = {
      base: 'values: {x: {v: base, w: base}}',
      a: 'imports: [base]\nvalues: {x: {v: a}}',
      b: 'imports: [base]\nvalues: {y: 1}',
    };
    assert.deepEqual(await values('imports: [a, b]', documents), { x: { v: 'base', w: 'base' }, y: 1 });
    assert.deepEqual(await values('imports: [b, a]', documents), { x: { v: 'a', w: 'base' }, y: 1 });
  });

  test('that cannot be read are skipped, with their problems wherever they are imported', async () => {
    const documents = { a: 'values: {x: "${"}', b: 'imports: [a]\nvalues: {y: 1}', c: 'nope: 1\nvalues: {z: 1}' };
    const opened = await open('imports: [a, b, c, gone]', { documents });
    assert.deepEqual(json(opened), { y: 1, z: 1 });
    assert.deepEqual(summaries(opened.diagnostics), [
      "error values.x: missing closing brace '}' in interpolation",
      "error values.x: missing closing brace '}' in interpolation",
      "warning nope: Field 'nope' does not exist on Object 'environment'. Existing fields are: 'values', 'imports', 'description'",
      'error imports[3]: environment "gone" not found',
    ]);
  });

  test('that are empty are empty objects', async () => {
    assert.deepEqual(await values('imports: [a]\nvalues: {x: "${imports.a}"}', { a: '' }), { x: {} });
  });

  test('an environment that says nothing has no value', async () => {
    for (const text of ['', 'values: {}', 'imports: []', 'description: x'])
      assert.equal((await open(text)).value, undefined);
  });
});

describe('fn::final', () => {
  const documents = { a: 'values: {s: {fn::final: 1}, o: {fn::final: {p: 1}}, n: {k: {fn::final: 1}, l: 1}}' };

  test('freezes a value as a whole, and a nested one alone', async () => {
    const opened = await open('imports: [a]\nvalues: {s: 2, o: {q: 2}, n: {k: 2, l: 2}}', { documents });
    assert.deepEqual(json(opened), { s: 1, o: { p: 1 }, n: { k: 1, l: 2 } });
    const paths = opened.diagnostics.map(({ severity, path, summary }) => `${severity} ${path} ${summary}`);
    assert.deepEqual(
      paths,
      ['values.n.k', 'values.o', 'values.s'].map((path) => `warning ${path} cannot override final value`),
    );
  });

  test('keeps what overrides it from being evaluated', async () => {
    const opened = await open('imports: [a]\nvalues: {s: "${nope}"}', { documents });
    assert.deepEqual(summaries(opened.diagnostics), ['warning values.s: cannot override final value']);
  });

  test('changes nothing in its own environment', async () => {
    assert.deepEqual(await values('values: {a: {fn::final: {b: 1}}, c: "${a.b}"}', {}), { a: { b: 1 }, c: 1 });
  });

  test('with a secret inside is secret as a whole', async () => {
    const opened = await open('values: {a: {fn::final: {b: {fn::secret: s}, c: 1}}}');
    assert.deepEqual(json(opened, 'redact'), { a: '[secret]' });
  });
});

describe('merging', () => {
  const origin = { source: new SourceText('e', ''), at: { start: 0, end: 0, path: '' } };
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, 1, 't'),
      fc.array(fc.constantFrom(1, 2), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('tree'), { maxKeys: 3 }),
    ),
  }));
  const made = (json: unknown): Value => fromPlain(origin, plainFrom(json));
  const plain = (value: Value): unknown => toPlain(value, { secrets: 'reveal' });
  const merges = new Merges(new Budget());
  const isObject = (json: unknown): json is Record<string, unknown> =>
    typeof json === 'object' && json !== null && !Array.isArray(json);

  /** JSON merge patch as it is written down, but for null (RFC 7396, section 2). */
  const patched = (below: unknown, above: unknown): unknown => {
    if (!isObject(above)) return above;
    const result = new Map(Object.entries(isObject(below) ? below : {}));
    for (const [key, member] of Object.entries(above))
      result.set(key, result.has(key) ? patched(result.get(key), member) : member);
    return Object.fromEntries(result);
  };

  test('is JSON merge patch, and null stays', () => {
    fc.assert(
      fc.property(tree, tree, (above, below) => {
        assert.deepEqual(plain(merges.merge(made(above), made(below))), plainSorted(patched(below, above)));
      }),
    );
  });

  test('of a value over itself changes nothing, nor does merging twice', () => {
    fc.assert(
      fc.property(tree, tree, (above, below) => {
        const [upper, lower] = [made(above), made(below)];
        assert.equal(merges.merge(upper, upper), upper);
        const once = merges.merge(upper, lower);
        assert.equal(merges.merge(once, lower), once);
        assert.equal(merges.merge(upper, once), once);
      }),
    );
  });

  test('changes neither of the two', () => {
    fc.assert(
      fc.property(tree, tree, (above, below) => {
        const [upper, lower] = [made(above), made(below)];
        const before = [plain(upper), plain(lower)];
        merges.merge(upper, lower);
        assert.deepEqual([plain(upper), plain(lower)], before);
      }),
    );
  });

  const plainSorted = (json: unknown): unknown => plain(made(json));
});

describe('a login’s result', () => {
  const at = { source: new SourceText('e', ''), at: { start: 0, end: 0, path: '' } };
  const made = (json: unknown, atomic = false): Value => fromPlain(at, plainFrom(json), { atomic });
  const merges = new Merges(new Budget());
  const shown = (value: Value): unknown => [
    [...membersOf(value).keys()],
    toPlain(value, { secrets: 'reveal' }),
    factsOf(value).nodes,
  ];
  // Atomic at its top only, so that each rule is seen alone.
  const shell = (key: string): Value => object(at, new Map([[key, made({ inner: 1 })]]), { atomic: true });

  test('shows nothing of what lies below it', () => {
    const merged = merges.merge(shell('a'), made({ a: { other: 2 }, b: 2 }));
    assert.deepEqual(shown(merged), [['a'], new Map([['a', new Map([['inner', { number: '1' }]])]]), 3]);
    assert.equal(propertyOf(merged, 'b'), undefined);
    assert.equal(underlyingOf(merged, 'a'), undefined);
  });

  test('does not show below anything else', () => {
    const merged = merges.merge(made({ a: { mine: 2 } }), shell('a'));
    assert.deepEqual(shown(merged), [['a'], new Map([['a', new Map([['mine', { number: '2' }]])]]), 3]);
    const apart = merges.merge(made({ c: 2 }), shell('a'));
    assert.deepEqual([[...membersOf(apart).keys()], propertyOf(apart, 'a')], [['c'], undefined]);
  });

  test('that is not there yet promises no members either', () => {
    const awaited = unknown(at, { type: 'object' }, new Set(['call']), { atomic: true });
    const merged = merges.merge(made({ a: 1 }), awaited);
    assert.deepEqual([propertyOf(merged, 'b'), factsOf(merged).awaits.size], [undefined, 0]);
  });

  test('is replaced as a whole also when it has been opened', async () => {
    const login = {
      inputs: true,
      outputs: true,
      scalarOutput: true,
      open: () => ({ output: new Map([['session', 'theirs']]) }),
    };
    const documents = { e: 'values: {login: {fn::open::login: {}}}' };
    const world = { documents, providers: { login }, options: { eager: true } };
    const opened = await open(
      'imports: [e]\nvalues: {login: {key: mine}, a: "${login.key}", b: "${login.session}"}',
      world,
    );
    assert.deepEqual(json(opened), { login: { key: 'mine' }, a: 'mine', b: '[unknown]' });
    const above = await open('imports: [e]\nvalues: {login: {fn::open::login: {}}, c: "${login.key}"}', {
      ...world,
      documents: { e: 'values: {login: {key: mine}}' },
    });
    assert.deepEqual(json(above), { login: { session: 'theirs' }, c: '[unknown]' });
  });
});

test('an evaluation gives the same result each time', async () => {
  const documents = { a: 'values: {x: {p: 1}, o: {fn::open::test: {q: "${x.p}"}}}' };
  const graph = await load('imports: [a]\nvalues: {x: {r: "${o.q}"}, y: "${x}"}', documents);
  const [first, second] = [openGraph(graph), openGraph(graph)];
  assert.deepEqual(json(first), { o: { q: 1 }, x: { p: 1, r: 1 }, y: { p: 1, r: 1 } });
  assert.deepEqual(
    [json(second), second.made.map(({ id }) => id), second.steps],
    [json(first), first.made.map(({ id }) => id), first.steps],
  );
});

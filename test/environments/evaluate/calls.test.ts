// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluateGraph } from '../../../src/environments/evaluate/evaluate-graph.ts';
import type { PendingCall } from '../../../src/environments/evaluate/run.ts';
import { readPropertyPath } from '../../../src/environments/syntax/property-path.ts';
import { check, json, load, open, openGraph, PROVIDERS, summaries, type World } from './opening.ts';

const providers = (made: readonly PendingCall[]): readonly string[] => made.map(({ path }) => path);
const ECHO = '{fn::open::test: {a: 1}}';

describe('fn::open', () => {
  test('has a short form and a long one', async () => {
    const opened = await open(
      'values:\n  a: {fn::open::test: {b: 1}}\n  c: {fn::open: {provider: test, inputs: {d: 2}}}',
    );
    assert.deepEqual(json(opened), { a: { b: 1 }, c: { d: 2 } });
    assert.deepEqual(
      opened.made.map(({ provider, inputs }) => [provider, inputs]),
      [
        ['test', new Map([['b', { number: '1' }]])],
        ['test', new Map([['d', { number: '2' }]])],
      ],
    );
  });

  test('of an unknown provider is a problem, and so are inputs that its schema refuses', async () => {
    const opened = await open(
      'values:\n  a: {fn::open::nope: {}}\n  b: {fn::open::error: {}}\n  c: {fn::open::error: {why: 1}}\n  d: {fn::open::error: "${e}"}\n  e: {x: y}',
    );
    assert.deepEqual(summaries(opened.diagnostics), [
      'error values.a: unknown provider "nope"',
      'error values.b["fn::open::error"]: missing required properties: why',
      'error values.c["fn::open::error"].why: expected string, got number',
      'error values.d["fn::open::error"]: missing required properties: why',
    ]);
    assert.deepEqual(opened.made, []);
  });

  test('that fails is a problem with the provider’s sentence, and unknown', async () => {
    const opened = await open('values:\n  a: {fn::open::error: {why: no luck}}\n  b: ${a.c}\n  d: 1');
    assert.deepEqual(summaries(opened.diagnostics), ['error values.a: no luck']);
    assert.deepEqual(json(opened), { a: '[unknown]', b: '[unknown]', d: 1 });
  });

  test('calls nothing when checking', async () => {
    const checked = await check(`values: {a: ${ECHO}}`);
    assert.deepEqual([json(checked), checked.calls], [{ a: '[unknown]' }, []]);
    // Providers may look at what they would be asked, where that is known.
    const inputs = await check(`values: {a: ${ECHO}, b: {fn::open::test: "\${a}"}}`);
    assert.deepEqual(providers(inputs.declared), ['values.a']);
    assert.deepEqual((await open(`values: {a: ${ECHO}}`)).declared, []);
  });

  test('takes what other calls gave', async () => {
    const opened = await open(
      'values:\n  c: {fn::open::test: {y: "${b.x}"}}\n  b: {fn::open::test: {x: "${a.a}"}}\n  a: {fn::open::test: {a: 1}}',
    );
    assert.deepEqual(json(opened), { a: { a: 1 }, b: { x: 1 }, c: { y: 1 } });
    assert.deepEqual(providers(opened.made), ['values.a', 'values.b', 'values.c']);
  });

  test('keeps secrets of its inputs secret where the provider hands them on', async () => {
    const opened = await open(
      'values:\n  a: {fn::open::test: {s: {fn::secret: x}, t: y}}\n  w: {fn::open::secret-wrapper: {t: y}}',
    );
    assert.deepEqual(json(opened, 'redact'), { a: { s: '[secret]', t: 'y' }, w: '[secret]' });
  });

  test('merges what it gives over an import’s value, unless it is a login', async () => {
    const documents = { e: `values: {a: {b: 2}, c: ${ECHO}}` };
    const opened = await open(`imports: [e]\nvalues: {a: ${ECHO}, c: {d: 3}}`, { documents });
    assert.deepEqual(json(opened), { a: { a: 1, b: 2 }, c: { a: 1, d: 3 } });
    const whole = { ...PROVIDERS, test: { ...PROVIDERS['test']!, scalarOutput: true } };
    const logins = await open(`imports: [e]\nvalues: {a: ${ECHO}, c: {d: 3}}`, { documents, providers: whole });
    assert.deepEqual(json(logins), { a: { a: 1 }, c: { d: 3 } });
    const parts = await open('imports: [e]\nvalues: {x: {y: "${c}"}}', {
      documents: { e: `values: {c: ${ECHO}, x: {y: {z: 1}}}` },
      providers: whole,
    });
    assert.deepEqual(json(parts), { c: { a: 1 }, x: { y: { a: 1 } } });
  });
});

describe('only what is needed is opened', () => {
  const lazily = async (
    text: string,
    documents: Readonly<Record<string, string>>,
    options: World['options'] = {},
  ): Promise<readonly string[]> => providers((await open(text, { documents, options })).made);

  test('not what is overridden by a scalar, a list or something final', async () => {
    const documents = { e: `values: {a: ${ECHO}, b: ${ECHO}, c: ${ECHO}}` };
    assert.deepEqual(await lazily('imports: [e]\nvalues: {a: 1, b: [2]}', documents), ['values.c']);
    assert.deepEqual(await lazily('imports: [e]\nvalues: {a: 1, b: [2]}', documents, { eager: true }), [
      'values.a',
      'values.b',
      'values.c',
    ]);
  });

  test('but what shows through an object that lies over it', async () => {
    assert.deepEqual(
      json(
        await open('imports: [e]\nvalues: {a: {b: 2}, j: {fn::toJSON: "${a}"}}', {
          documents: { e: `values: {a: ${ECHO}}` },
        }),
      ),
      {
        a: { a: 1, b: 2 },
        j: '{"a":1,"b":2}',
      },
    );
  });

  test('also where the member lies over one that nobody has seen yet', async () => {
    const documents = { e: 'values: {o: {fn::open::test: {c: {x: 1}}}}' };
    const text = 'imports: [e]\nvalues: {o: {c: {}}, out: "${o.c.x}"}';
    const opened = await open(text, { documents, options: { property: ['out'] } });
    assert.deepEqual([json(opened), summaries(opened.diagnostics)], [1, []]);
  });

  test('and what a text or another call is made of', async () => {
    const documents = { e: `values: {a: ${ECHO}, b: ${ECHO}, c: ${ECHO}}` };
    const imports = 'imports: [{e: {merge: false}}]';
    assert.deepEqual(
      await lazily(
        `${imports}\nvalues: {x: "\${imports.e.a.a}!", y: {fn::open::test: {z: "\${imports.e.b}"}}}`,
        documents,
      ),
      ['values.a', 'values.b', 'values.y'],
    );
  });

  test('and of a property only what that property needs', async () => {
    const text = `values: {a: ${ECHO}, b: {c: ["\${a.a}", 1], d: ${ECHO}}}`;
    const property = (path: string) => ({ property: readPropertyPath(path) as readonly (string | number)[] });
    assert.deepEqual(await lazily(text, {}, property('b.c[1]')), []);
    assert.deepEqual(await lazily(text, {}, property('b.c')), ['values.a']);
    const opened = await open(text, { options: property('b.c') });
    assert.deepEqual(json(opened), [1, 1]);
    assert.equal((await open(text, { options: property('b.nope') })).value, undefined);
  });

  test('what waits for a call is checked when it is there, not before', async () => {
    const documents = { e: 'values: {a: {fn::open::test: {why: because}}}' };
    const text = 'imports: [e]\nvalues: {a: {b: 1}, x: {fn::open::error: "${a}"}}';
    const opened = await open(text, { documents, options: { property: ['x'] } });
    assert.deepEqual(summaries(opened.diagnostics), ['error values.x: because']);
  });
});

describe('a pending call', () => {
  test('has the same id in every evaluation, and another one at every place', async () => {
    // An empty key leaves no trace in a path: the paths of the first two are the same.
    const text = 'values: {a: {"": {x: {fn::open::test: {}}}, x: {fn::open::test: {}}}, d: [{fn::open::test: {}}]}';
    const graph = await load(text);
    const [first, second] = [openGraph(graph), openGraph(graph)];
    assert.deepEqual(
      first.made.map(({ id }) => id),
      second.made.map(({ id }) => id),
    );
    assert.equal(new Set(first.made.map(({ id }) => id)).size, 3);
  });

  test('says who calls and where, whatever the inputs say', async () => {
    const text = 'values: {a: {fn::open::test: {environment: {current: evil}, currentEnvironment: evil}}}';
    const { made } = await open({ name: 'p/r', key: 'k', text, revision: '4' });
    const [call] = made;
    assert.deepEqual(call?.environment, {
      current: { project: 'p', name: 'r', revision: '4' },
      root: { project: 'p', name: 'r', revision: '4' },
      key: 'k',
    });
    assert.equal(call?.range.begin.column, 13);
    assert.equal(call?.inputsRange.begin.column, 30);
  });

  test('is one of at most 32; more are one problem, and nothing is opened', async () => {
    const calls = (count: number): string =>
      `values:\n${Array.from({ length: count }, (_, index) => `  k${index}: {fn::open::test: {}}`).join('\n')}`;
    assert.equal((await open(calls(32))).made.length, 32);
    const many = await open(calls(33));
    assert.equal(many.made.length, 0);
    assert.deepEqual(
      many.diagnostics.map(({ summary }) => summary),
      ['more than 32 calls of fn::open are needed'],
    );
    const chained = await open(
      `${calls(31)}\n  z: {fn::open::test: {a: "\${k0}"}}\n  zz: {fn::open::test: {a: "\${z}"}}`,
    );
    assert.deepEqual(
      chained.diagnostics.map(({ summary }) => summary),
      ['more than 32 calls of fn::open are needed'],
    );
  });

  test('whose outcome is a plain value may be anything that JSON can say', async () => {
    const graph = await load('values: {a: {fn::open::test: {}}}');
    const options = {
      mode: 'open',
      context: new Map(),
      providers: new Map([['test', { inputs: true, outputs: true }]]),
      decrypt: () => undefined,
    } as const;
    const { calls } = evaluateGraph(graph, options);
    const output = new Map([['__proto__', [{ number: '12345678901234567890' }, null, true]]]);
    const { value, calls: none } = evaluateGraph(graph, {
      ...options,
      outputs: new Map([[calls[0]?.id ?? '', { output }]]),
    });
    assert.deepEqual(none, []);
    assert.ok(value?.kind === 'object');
    const { toPlain } = await import('../../../src/environments/evaluate/plain.ts');
    assert.deepEqual(toPlain(value, { secrets: 'reveal' }), new Map([['a', output]]));
  });
});

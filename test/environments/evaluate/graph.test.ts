// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LoadRequest, loadGraph } from '../../../src/environments/evaluate/graph.ts';
import { rememberParsed } from '../../../src/environments/syntax/remembered.ts';
import { json, openGraph, summaries } from './opening.ts';

const root = (text: string) => ({ name: 'p/root', key: 'root', text });

/** A loader that writes down what it was asked for. */
const loader = (documents: Readonly<Record<string, string>>) => {
  const asked: string[] = [];
  const load = async ({ reference, importer }: LoadRequest) => {
    const name = `${reference.project}/${reference.name}`;
    asked.push(`${importer.key}${importer.isRoot ? '*' : ''} -> ${reference.text}`);
    const text = documents[name];
    return text === undefined ? { problem: `no ${reference.text}` } : { name, key: name, text };
  };
  return { asked, load };
};

describe('loading', () => {
  test('asks for every edge once, also where the environment is known already', async () => {
    const { asked, load } = loader({
      'p/x': 'imports: [p/base]',
      'p/y': 'imports: [p/base, p/base]\nvalues: {a: "${environments.p.base.b}"}',
      'p/base': 'values: {b: 1}',
    });
    const graph = await loadGraph(
      root('imports: [p/x, p/y]\nvalues: {c: "${environments.p.base.b}", d: "${environments.p.base.b}"}'),
      load,
    );
    assert.deepEqual(asked, ['root* -> p/x', 'root* -> p/y', 'root* -> p/base', 'p/x -> p/base', 'p/y -> p/base']);
    assert.deepEqual(
      graph.nodes.map(({ id }) => id),
      ['p/root', 'p/x', 'p/y', 'p/base'],
    );
  });

  test('finds inline imports wherever an expression may stand', async () => {
    const { asked, load } = loader({});
    const text =
      'values:\n  a: [{fn::join: ["${environments.p.a.x}", ["${environments.p.b.x}"]]}]\n  b: {fn::open::test: {c: "x${environments.p.c}"}}\n  c: {fn::toJSON: "${environments.p.d}"}\n  d: {fn::secret: "${environments.p.none}"}';
    await loadGraph(root(text), load);
    assert.deepEqual(
      asked.toSorted(),
      ['a', 'b', 'c', 'd'].map((name) => `root* -> p/${name}`),
    );
  });

  test('an edge that is refused is a problem of that edge, not of the environment', async () => {
    const graph = await loadGraph(
      root('imports: [p/x, p/base]'),
      async ({ reference: { project, name }, importer }) => {
        if (name === 'base' && !importer.isRoot) return { problem: 'you may not open p/base' };
        return {
          name: `${project}/${name}`,
          key: name,
          text: name === 'x' ? 'imports: [p/base]\nvalues: {x: 1}' : 'values: {b: 1}',
        };
      },
    );
    const opened = openGraph(graph);
    assert.deepEqual(json(opened), { b: 1, x: 1 });
    assert.deepEqual(summaries(opened.diagnostics), ['error imports[0]: you may not open p/base']);
    assert.equal(opened.diagnostics[0]?.range.environment, 'p/x');
  });

  test('a problem with an inline import is reported where it is evaluated, and nowhere else', async () => {
    const { load } = loader({ 'p/e': 'values: {a: {fn::final: 1}}' });
    const overridden = await loadGraph(root('imports: [p/e]\nvalues: {a: "${environments.p.gone.x}"}'), load);
    assert.deepEqual(summaries(openGraph(overridden).diagnostics), ['warning values.a: cannot override final value']);
  });

  test('a revision is part of who an environment is where its loader says so: where a version was asked for', async () => {
    const graph = await loadGraph(root('imports: [p/e, p/e@stable]'), async ({ reference }) => {
      const { project, name, version } = reference;
      const revision = version === undefined ? {} : { revision: '7' };
      return { name: `${project}/${name}`, key: name, text: 'values: {}', ...revision };
    });
    const [, latest, stable] = graph.nodes.map(({ identity }) => identity);
    assert.deepEqual(
      [latest, stable],
      [
        { project: 'p', name: 'e' },
        { project: 'p', name: 'e', revision: '7' },
      ],
    );
  });

  test('a name that cannot be is a problem without asking', async () => {
    const { asked, load } = loader({});
    const graph = await loadGraph(root('imports: [acme/p/e, "a b"]'), load);
    assert.deepEqual(asked, []);
    assert.equal(openGraph(graph).diagnostics.length, 2);
  });

  test('fails when the loader fails', async () => {
    await assert.rejects(
      loadGraph(root('imports: [e]'), () => Promise.reject(new Error('store is gone'))),
      /store is gone/,
    );
  });
});

describe('a reader that remembers', () => {
  test('reads a text under a name once, until there are too many', () => {
    const parse = rememberParsed(100);
    const first = parse('a', 'values: {x: 1}');
    assert.equal(parse('a', 'values: {x: 1}'), first);
    assert.notEqual(parse('b', 'values: {x: 1}'), first, 'the name stands in the places of problems');
    assert.notEqual(parse('a', 'values: {x: 2}'), first);
    assert.equal(parse('a', 'values: {x: 1}'), first);
    parse('c', `values: {x: ${'1'.repeat(60)}}`);
    assert.notEqual(parse('b', 'values: {x: 1}'), undefined);
    const long = `values: {x: "${'1'.repeat(200)}"}`;
    const kept = parse('b', 'values: {x: 1}');
    assert.notEqual(parse('d', long), parse('d', long), 'what is too long is not kept');
    assert.equal(parse('b', 'values: {x: 1}'), kept, 'and takes nobody’s place');
  });

  test('forgets what was not asked for the longest', () => {
    const parse = rememberParsed(40);
    const [a, b] = [parse('a', 'values: {x: 1}'), parse('b', 'values: {x: 1}')];
    assert.equal(parse('a', 'values: {x: 1}'), a);
    parse('c', 'values: {x: 1}');
    assert.equal(parse('a', 'values: {x: 1}'), a);
    assert.notEqual(parse('b', 'values: {x: 1}'), b);
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EnvironmentIdentity } from '../../../src/environments/evaluate/graph.ts';
import type { PendingCall } from '../../../src/environments/evaluate/run.ts';
import { check, json, open, PROVIDERS, summaries, type TestProvider, type World } from './opening.ts';

/** Who a document is and what was opened, as the document itself sees it. */
const WHO = '${context.currentEnvironment.name}|${context.rootEnvironment.name}';
const LOGIN = '{fn::open::login: {}}';

/** Gives a credential that says for whom it was made. */
const login: TestProvider = {
  inputs: { type: 'object' },
  outputs: { type: 'object', properties: { for: { type: 'string' } }, additionalProperties: { type: 'string' } },
  secretOutputs: true,
  scalarOutput: true,
  open: ({ environment }) => ({ output: new Map([['for', tokenOf({ environment })]]) }),
};

const nameOf = (identity: EnvironmentIdentity | undefined): string =>
  identity
    ? `${identity.project}/${identity.name}${identity.revision === undefined ? '' : `@${identity.revision}`}`
    : '-';
const tokenOf = ({ environment: { current, root } }: Pick<PendingCall, 'environment'>): string =>
  `${nameOf(current)}|${nameOf(root)}`;

const world = (documents: Readonly<Record<string, string>>): World => ({
  documents,
  providers: { ...PROVIDERS, login },
});
const root = (name: string, text: string, revision?: string) => ({
  name,
  key: name,
  text,
  ...(revision !== undefined && { revision }),
});
const tokens = ({ made }: { readonly made: readonly PendingCall[] }): readonly string[] => made.map(tokenOf);

describe('current and root environment (esc.md 3.3)', () => {
  test('1: the imported environment names itself and the one that was opened', async () => {
    const documents = { 'p/a': `values: {a: "${WHO}"}` };
    const opened = await open(root('p/b', `imports: [p/a]\nvalues: {b: "${WHO}"}`), world(documents));
    assert.deepEqual(json(opened), { a: 'p/a|p/b', b: 'p/b|p/b' });
  });

  test('2: the root is the same at every depth', async () => {
    const documents = { m: `imports: [l]\nvalues: {m: "${WHO}"}`, l: `values: {l: "${WHO}"}` };
    const opened = await open(root('r', `imports: [m]\nvalues: {r: "${WHO}"}`), world(documents));
    assert.deepEqual(json(opened), { l: 'l|r', m: 'm|r', r: 'r|r' });
  });

  test('3: a diamond evaluates its base once and opens one token, which both sides share', async () => {
    const documents = {
      'p/base': `values: {login: ${LOGIN}}`,
      'p/x': 'imports: [p/base]\nvalues: {x: "${login.for}"}',
      'p/y': 'imports: [p/base]\nvalues: {y: "${login.for}"}',
    };
    const opened = await open(root('p/r', 'imports: [p/x, p/y]'), world(documents));
    assert.deepEqual(tokens(opened), ['p/base|p/r']);
    assert.deepEqual(json(opened), { login: { for: 'p/base|p/r' }, x: 'p/base|p/r', y: 'p/base|p/r' });
    assert.deepEqual(json(opened, 'redact'), { login: '[secret]', x: '[secret]', y: '[secret]' });
  });

  test('4: an environment that is imported twice, once inline, is evaluated once', async () => {
    const documents = { 'p/base': `values: {login: ${LOGIN}}` };
    const values = `{x: "\${environments.p.base.login.for}", y: '\${imports["p/base"].login.for}'}`;
    const opened = await open(root('p/r', `imports: [p/base, p/base]\nvalues: ${values}`), world(documents));
    assert.deepEqual(summaries(opened.diagnostics), []);
    assert.deepEqual(tokens(opened), ['p/base|p/r']);
  });

  test('5: another spelling is the same environment; a version is another one, with its revision beside the name', async () => {
    const base = `values: {login: ${LOGIN}, who: "${WHO}"}`;
    const documents = { base, 'base@stable': base, 'p/base': base, 'p/base@7': base };
    const same = await open(
      root(
        'p/r',
        'values: {a: "${environments.default.base.login}", b: "${imports.base.login}"}\nimports: [{base: {merge: false}}]',
      ),
      world(documents),
    );
    assert.deepEqual(tokens(same), ['default/base|p/r']);
    const imports = 'imports: [{p/base: {merge: false}}, {p/base@7: {merge: false}}, {base@stable: {merge: false}}]';
    const values = `values: {a: '\${imports["p/base"]}', b: '\${imports["p/base@7"]}', c: '\${imports["base@stable"]}'}`;
    const opened = await open(root('p/r', `${imports}\n${values}`, '3'), world(documents));
    assert.deepEqual(tokens(opened), ['p/base|p/r@3', 'p/base@7|p/r@3', 'default/base@stable|p/r@3']);
    const { a, b, c } = json(opened) as Record<string, { who: string }>;
    assert.deepEqual([a?.who, b?.who, c?.who], ['p/base|p/r', 'p/base|p/r', 'base|p/r'], 'no version in a name');
  });

  test('5: a tag that means a revision is that revision', async () => {
    const documents = { 'p/base@7': `values: {login: ${LOGIN}}` };
    const { graph, opened } = await openTagged('imports: [p/base@7, p/base@stable]', documents);
    assert.equal(graph, 2);
    assert.deepEqual(tokens(opened), ['p/base@7|p/r']);
  });

  test('6: an import that is not merged has the same context, and opens nothing that nobody asks for', async () => {
    const documents = { 'p/a': `values: {login: ${LOGIN}, who: "${WHO}"}` };
    const text = 'imports: [{p/a: {merge: false}}]\nvalues: {x: \'${imports["p/a"].who}\'}';
    const lazy = await open(root('p/r', text), world(documents));
    assert.deepEqual([json(lazy), tokens(lazy)], [{ x: 'p/a|p/r' }, []]);
    const eager = await open(root('p/r', text), { ...world(documents), options: { eager: true } });
    assert.deepEqual(tokens(eager), ['p/a|p/r']);
  });

  test('7: an inline reference has the same root, and opens only what it names', async () => {
    const documents = { 'p/e': `values: {login: ${LOGIN}, other: {fn::open::login: {a: b}}}` };
    const opened = await open(root('p/r', 'values: {x: "${environments.p.e.login.for}"}'), world(documents));
    assert.deepEqual([json(opened), tokens(opened)], [{ x: 'p/e|p/r' }, ['p/e|p/r']]);
  });

  test('8: a copied login stays the import’s', async () => {
    const documents = { 'p/a': `values: {login: ${LOGIN}}` };
    const opened = await open(root('p/r', 'imports: [p/a]\nvalues: {mine: "${login}"}'), world(documents));
    assert.deepEqual(tokens(opened), ['p/a|p/r']);
    assert.deepEqual(json(opened), { login: { for: 'p/a|p/r' }, mine: { for: 'p/a|p/r' } });
  });

  test('9: a redefined login replaces the import’s as a whole, and only it is opened', async () => {
    const documents = { 'p/a': 'values: {login: {fn::open::login: {}}}' };
    const extra: TestProvider = {
      ...login,
      open: (call) => ({ output: new Map([[call.environment.current?.name ?? '', 'x']]) }),
    };
    const mixed = { ...world(documents), providers: { login: extra } };
    const opened = await open(root('p/r', 'imports: [p/a]\nvalues: {login: {fn::open::login: {}}}'), mixed);
    assert.deepEqual([json(opened), tokens(opened)], [{ login: { r: 'x' } }, ['p/r|p/r']]);
    const literal = await open(root('p/r', 'imports: [p/a]\nvalues: {login: {key: mine}}'), mixed);
    assert.deepEqual([json(literal), tokens(literal)], [{ login: { key: 'mine' } }, []]);
    const over = await open(root('p/r', 'imports: [p/b]\nvalues: {login: {fn::open::login: {}}}'), {
      ...mixed,
      documents: { 'p/b': 'values: {login: {session: theirs}}' },
    });
    assert.deepEqual(json(over), { login: { r: 'x' } });
    const nested = await open(root('p/r', 'imports: [p/a]\nvalues: {login: {key: mine}, x: "${login.for}"}'), mixed);
    assert.deepEqual(summaries(nested.diagnostics), ['error values.x: unknown property "for"']);
  });

  test('10: a final login cannot be redefined, nor got around by naming its members', async () => {
    const documents = { 'p/a': `values: {login: {fn::final: ${LOGIN}}}` };
    const text = `imports: [p/a]\nvalues: {login: {fn::open::login: {x: y}}, b: "\${login.for}"}`;
    const opened = await open(root('p/r', text), world(documents));
    assert.deepEqual(tokens(opened), ['p/a|p/r']);
    assert.deepEqual(json(opened), { login: { for: 'p/a|p/r' }, b: 'p/a|p/r' });
    assert.deepEqual(summaries(opened.diagnostics), ['warning values.login: cannot override final value']);
    const literal = await open(
      root('p/r', 'imports: [p/a]\nvalues: {login: {for: me}, b: "${login.for}"}'),
      world(documents),
    );
    assert.deepEqual(json(literal), { login: { for: 'p/a|p/r' }, b: 'p/a|p/r' });
  });

  test('11: below an anonymous document each import is a root of its own, whatever the order', async () => {
    const documents = {
      'p/base': `values: {login: ${LOGIN}}`,
      'p/x': `imports: [p/base]\nvalues: {x: "\${login}", wx: "${WHO}"}`,
      'p/y': `imports: [p/base]\nvalues: {y: "\${login}", wy: "${WHO}"}`,
    };
    const expected = { x: { for: 'p/base|p/x' }, y: { for: 'p/base|p/y' }, wx: 'p/x|p/x', wy: 'p/y|p/y' };
    for (const imports of ['[p/x, p/y]', '[p/y, p/x]']) {
      const opened = await open(
        root('<yaml>', `imports: ${imports}\nvalues: {me: "${WHO}", login: 1}`),
        world(documents),
      );
      assert.deepEqual(json(opened), { ...expected, login: 1, me: '<yaml>|<yaml>' });
      assert.deepEqual(tokens(opened).toSorted(), ['p/base|p/x', 'p/base|p/y']);
    }
  });

  test('12: an environment that stands in the list itself is its own root there', async () => {
    const documents = { 'p/base': `values: {login: ${LOGIN}}`, 'p/x': 'imports: [p/base]\nvalues: {x: "${login}"}' };
    for (const imports of ['[p/x, p/base]', '[p/base, p/x]']) {
      const opened = await open(root('', `imports: ${imports}`), world(documents));
      assert.deepEqual((json(opened) as { x: unknown }).x, { for: 'p/base|p/x' });
      assert.deepEqual(tokens(opened).includes('p/base|p/base'), imports === '[p/x, p/base]');
    }
  });

  test('12: a login in the anonymous document has neither', async () => {
    const opened = await open(root('<yaml>', `values: {login: ${LOGIN}}`), world({}));
    assert.deepEqual(tokens(opened), ['-|-']);
  });

  test('13: a cycle is found under any spelling', async () => {
    const text = 'imports: [p/r@2]\nvalues: {a: 1}';
    const versions = await open(root('p/r', text), world({ 'p/r': text, 'p/r@2': text }));
    assert.deepEqual(summaries(versions.diagnostics), ['error imports[0]: cyclic import of p/r@2']);
    const names = await open(root('r', 'imports: [default/r]\nvalues: {a: 1}'), world({ r: 'values: {}' }));
    assert.deepEqual(summaries(names.diagnostics), ['error imports[0]: cyclic import of default/r']);
    const inline = await open(
      root('p/r', 'values: {a: "${environments.p.r.b}", b: 1}'),
      world({ 'p/r': 'values: {}' }),
    );
    assert.deepEqual(summaries(inline.diagnostics), ['error values.a: cyclic import of p/r']);
  });

  test('14: a resolved name counts, not the one that was written', async () => {
    const { opened } = await openTagged(`imports: [p/dev]\nvalues: {r: '\${imports["p/dev"].who}'}`, {
      'p/prod': `values: {who: "${WHO}"}`,
    });
    assert.deepEqual(json(opened), { who: 'p/prod|p/r', r: 'p/prod|p/r' });
  });
});

describe('the context', () => {
  const documents = { a: 'values: {}' };

  test('of the seed: values, the same when checking, and never secret', async () => {
    const context = { pulumi: { user: { login: 'ann' }, token: { type: 'personal' } } };
    const text = 'values: {x: "${context.pulumi.user.login}", all: "${context}"}';
    for (const evaluation of [
      await open(root('a', text), { documents, context }),
      await check(root('a', text), { documents, context }),
    ]) {
      const all = { ...context, currentEnvironment: { name: 'a' }, rootEnvironment: { name: 'a' } };
      assert.deepEqual(json(evaluation, 'redact'), { x: 'ann', all });
    }
  });

  test('cannot be given another environment from outside, or be written to', async () => {
    const context = { currentEnvironment: { name: 'evil' }, rootEnvironment: { name: 'evil' } };
    const text = `values: {context: {currentEnvironment: {name: evil}}, x: {context: fine}, y: "\${x.context}", who: "${WHO}"}`;
    const opened = await open(root('a', text), { documents, context });
    assert.deepEqual(json(opened), { x: { context: 'fine' }, y: 'fine', who: 'a|a' });
    assert.deepEqual(summaries(opened.diagnostics), ['error values.context: "context" is a reserved key']);
  });

  test('in the legacy project shows the bare name', async () => {
    const opened = await open(root('default/r', `imports: [default/a]\nvalues: {r: "${WHO}"}`), {
      documents: { a: `values: {a: "${WHO}"}` },
    });
    assert.deepEqual(json(opened), { a: 'a|r', r: 'r|r' });
  });
});

/** A loader with a tag and an override: `p/base@stable` is revision 7, `p/dev` is `p/prod`. */
const openTagged = async (text: string, documents: Readonly<Record<string, string>>) => {
  const { loadGraph } = await import('../../../src/environments/evaluate/graph.ts');
  const { openGraph } = await import('./opening.ts');
  const graph = await loadGraph(root('p/r', text), async ({ reference }) => {
    const name = reference.name === 'dev' ? 'p/prod' : `${reference.project}/${reference.name}`;
    const revision = reference.version === 'stable' ? '7' : reference.version;
    const found = documents[revision === undefined ? name : `${name}@${revision}`];
    if (found === undefined) return { problem: 'none' };
    return { name, key: name, text: found, ...(revision !== undefined && { revision }) };
  });
  return { graph: graph.nodes.length, opened: openGraph(graph, { providers: { login } }) };
};

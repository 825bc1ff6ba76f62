// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { writeJson } from '../../src/environments/evaluate/json-text.ts';
import { toPlain } from '../../src/environments/evaluate/plain.ts';
import { checkEnvironment } from '../../src/flows/check-environment.ts';
import type { EnvironmentRoot } from '../../src/flows/environment-graph.ts';
import { AZURE, claimsOf, type OpeningWorld, openingWorld, somebody } from './opening-world.ts';
import { ACME } from './world.ts';

const LOGIN = `values: {login: ${AZURE}}`;

/** Which environments stand in the tokens, row by row of the reference's table of contexts. */
describe('the environments of a token', () => {
  let world: OpeningWorld;
  beforeEach(async () => {
    world = await openingWorld();
  });
  afterEach(() => world.cloud.stop());
  /** Defines all, opens the root, and gives `current|root` of every token. */
  const open = async (
    root: string | { readonly text: string },
    definitions: Readonly<Record<string, string>>,
    options: Parameters<OpeningWorld['values']>[1] = {},
  ): Promise<readonly string[]> => {
    for (const [path, text] of Object.entries(definitions)) await world.define(path, text);
    await world.values(root, options);
    return world.minted();
  };

  test('1: the importing one is the root of both', async () => {
    const tokens = await open('p/b', {
      'p/a': `values: {a: ${AZURE}}`,
      'p/b': `imports: [p/a]\nvalues: {b: ${AZURE}}`,
    });
    assert.deepEqual(tokens, ['p/a|p/b', 'p/b|p/b']);
  });

  test('2: the root stays the same through all levels', async () => {
    const tokens = await open('p/r', {
      'p/l': `values: {l: ${AZURE}}`,
      'p/m': `imports: [p/l]\nvalues: {m: ${AZURE}}`,
      'p/r': `imports: [p/m]\nvalues: {r: ${AZURE}}`,
    });
    assert.deepEqual(tokens, ['p/l|p/r', 'p/m|p/r', 'p/r|p/r']);
  });

  test('3: a diamond has one token, and both ways lead to it', async () => {
    const tokens = await open('p/r', {
      'p/base': LOGIN,
      'p/x': 'imports: [p/base]\nvalues: {x: "${login.oidc.token}"}',
      'p/y': 'imports: [p/base]\nvalues: {y: "${login.oidc.token}"}',
      'p/r': 'imports: [p/x, p/y]',
    });
    assert.deepEqual(tokens, ['p/base|p/r']);
    const { x, y, login } = await world.values('p/r');
    assert.deepEqual([x, y], [login.oidc.token, login.oidc.token]);
  });

  test('4: an import that is listed twice, or named in a text besides, has one token', async () => {
    const tokens = await open('p/r', {
      'p/base': LOGIN,
      'p/r': 'imports: [p/base, p/base]\nvalues: {again: "${environments.p.base.login.oidc.token}"}',
    });
    assert.deepEqual(tokens, ['p/base|p/r']);
  });

  test('5: another spelling is the same environment, and another version is another one', async () => {
    const same = await open('q/r', { base: LOGIN, 'q/r': 'imports: [base, default/base]' });
    assert.deepEqual(same, ['base|q/r']);
    world.events.length = 0;
    const versions = await open('p/r', {
      'p/base': LOGIN,
      'p/r': 'imports: [{p/base@2: {merge: false}}, p/base]\nvalues: {old: "${imports[\\"p/base@2\\"].login}"}',
    });
    assert.deepEqual(versions, ['p/base|p/r', 'p/base|p/r']);
    const subjects = world.events.map(({ detail }) => detail['sub']).slice(0, 2);
    assert.deepEqual(new Set(subjects), new Set(['pulumi:environments:org:acme:env:p/r']));
    const revisions = world.events.map(({ detail }) => detail['current_env_revision']).slice(0, 2);
    assert.deepEqual(revisions.sort(), ['2', undefined]);
  });

  test('6: an import that is not merged is opened where something needs it, in the same context', async () => {
    const imports = 'imports: [{p/base: {merge: false}}]';
    const definitions = {
      'p/base': LOGIN,
      'p/idle': imports,
      'p/user': `${imports}\nvalues: {x: "\${imports[\\"p/base\\"].login}"}`,
    };
    assert.deepEqual(await open('p/idle', definitions), []);
    assert.deepEqual(await open('p/idle', {}, { eager: true }), ['p/base|p/idle']);
    world.events.length = 0;
    assert.deepEqual(await open('p/user', {}), ['p/base|p/user']);
  });

  test('7: an environment that a text names is opened as far as the text needs it', async () => {
    const tokens = await open('p/r', {
      'q/e': `values: {login: ${AZURE}, other: ${AZURE}, plain: 1}`,
      'p/r': 'values: {x: "${environments.q.e.login.oidc.token}"}',
      'p/plain': 'values: {x: "${environments.q.e.plain}"}',
    });
    assert.deepEqual(tokens, ['q/e|p/r']);
    assert.deepEqual(await open('p/plain', {}), ['q/e|p/r']);
  });

  test('8: a copy of a login stays the import’s', async () => {
    const tokens = await open('p/r', { 'p/base': LOGIN, 'p/r': 'imports: [p/base]\nvalues: {copy: "${login}"}' });
    assert.deepEqual(tokens, ['p/base|p/r']);
    const { copy, login } = await world.values('p/r');
    assert.deepEqual(copy, login);
  });

  test('9: a login that lies over another one takes its place as a whole, and only it is opened', async () => {
    const parts = '{fn::open::aws-login: {static: {accessKeyId: a, secretAccessKey: b}}}';
    const aws =
      '{fn::open::aws-login: {oidc: {roleArn: "arn:aws:iam::123456789012:role/deploy", sessionName: runpass}}}';
    const tokens = await open('p/r', {
      'p/base': `values: {login: ${AZURE}, aws: ${aws}}`,
      'p/r': `imports: [p/base]\nvalues: {login: ${AZURE}, aws: ${parts}}`,
    });
    assert.deepEqual(tokens, ['p/r|p/r']);
    assert.deepEqual((await world.values('p/r')).aws, { accessKeyId: 'a', secretAccessKey: 'b' });
    assert.deepEqual(world.cloud.asked, []);
  });

  test('9: eager opens both', async () => {
    const definitions = { 'p/base': LOGIN, 'p/r': `imports: [p/base]\nvalues: {login: ${AZURE}}` };
    assert.deepEqual(await open('p/r', definitions, { eager: true }), ['p/base|p/r', 'p/r|p/r']);
  });

  test('10: a final login is not overridden, and there is a warning', async () => {
    await world.define('p/base', `values: {login: {fn::final: ${AZURE}}}`);
    await world.define('p/r', `imports: [p/base]\nvalues: {login: ${AZURE}}`);
    const { id, diagnostics } = await world.open('p/r');
    assert.ok(id !== undefined, JSON.stringify(diagnostics));
    assert.deepEqual([diagnostics.length, diagnostics[0]?.severity], [1, 'warning']);
    assert.deepEqual(world.minted(), ['p/base|p/r']);
  });

  test('11: below a document without a name each import is a root of its own', async () => {
    const definitions = {
      'p/base': LOGIN,
      'p/x': 'imports: [p/base]\nvalues: {x: "${login}"}',
      'p/y': 'imports: [p/base]\nvalues: {y: "${login}"}',
    };
    const tokens = await open({ text: 'imports: [p/x, p/y]' }, definitions);
    assert.deepEqual(tokens, ['p/base|p/x', 'p/base|p/y']);
  });

  test('12: and the order of the imports changes no token', async () => {
    const definitions = { 'p/base': LOGIN, 'p/x': 'imports: [p/base]\nvalues: {x: "${login}"}' };
    for (const list of ['[p/x, p/base]', '[p/base, p/x]']) {
      world.events.length = 0;
      const tokens = await open({ text: `imports: ${list}` }, definitions);
      const { x } = await world.values({ text: `imports: ${list}` });
      const { payload } = await claimsOf(world, x.oidc.token);
      assert.deepEqual([payload['current_env'], payload['root_env']], ['p/base', 'p/x'], list);
      // The later import lies over the earlier one; what x has of base is x's, whatever comes first.
      const own = list === '[p/x, p/base]' ? ['p/base|p/base'] : [];
      assert.deepEqual(tokens, [...own, 'p/base|p/x'], list);
    }
  });

  test('13: a cycle through another spelling ends in a problem, and mints nothing', async () => {
    await world.define('p/r', `imports: [p/r@2]\nvalues: {login: ${AZURE}}`);
    assert.match(String(await world.problems('p/r')), /cyclic import of p\/r@2/);
    assert.deepEqual(world.minted(), []);
  });

  describe('and their ids in the context', () => {
    const IDS = 'values: {ids: "${context.currentEnvironment.id}|${context.rootEnvironment.id}"}';
    const idOf = async (name: string): Promise<string> =>
      (await world.stored.environments.get({ organization: world.owner, project: 'p', name }))?.id ?? assert.fail();
    const checked = async (root: EnvironmentRoot): Promise<unknown> => {
      const { evaluation, diagnostics } = await checkEnvironment(world.parts, somebody(), ACME, root);
      assert.deepEqual(diagnostics, []);
      return evaluation.value && JSON.parse(writeJson(toPlain(evaluation.value, { secrets: 'reveal' })));
    };

    test('are the immutable ones, opened and checked, by whatever version', async () => {
      await world.define('p/base', IDS);
      await world.define('p/r', 'imports: [p/base]\nvalues: {own: "${context.currentEnvironment.id}"}');
      const [base, root] = [await idOf('base'), await idOf('r')];
      for (const values of [
        await world.values('p/r'),
        await world.values('p/r@2'),
        await checked({ place: { project: 'p', name: 'r' } }),
      ]) {
        assert.deepEqual(values, { ids: `${base}|${root}`, own: root });
      }
    });

    test('are absent, not empty, for a document without a name; its imports have theirs', async () => {
      await world.define('p/base', IDS);
      const base = await idOf('base');
      const text =
        'imports: [p/base]\nvalues: {own: "${context.currentEnvironment}", root: "${context.rootEnvironment}"}';
      const nameless = { name: '<yaml>' };
      for (const values of [await world.values({ text }), await checked({ text })]) {
        assert.deepEqual(values, { ids: `${base}|${base}`, own: nameless, root: nameless });
      }
      const [problem = ''] = await world.problems({ text: 'values: {a: "${context.rootEnvironment.id}"}' });
      assert.match(problem, /^error values\.a: unknown property "id"/);
    });

    test('say what tokens with ids say, whatever a definition calls itself', async () => {
      const claims = '{fn::open::debug-oidc-claims: {audience: x, identityToken: {version: v2}}}';
      await world.define('p/base', `values: {base: ${claims}, id: forged, currentEnvironment: {id: forged}}`);
      await world.define(
        'p/r',
        `imports: [p/base]\nvalues: {x: {context: {rootEnvironment: {id: forged}}}, root: ${claims}}`,
      );
      const [base, root] = [await idOf('base'), await idOf('r')];
      const values = await world.values('p/r');
      const ids = [values.base, values.root].map((told) => [
        told.sub,
        told['https://pulumi.com/current_env_id'],
        told['https://pulumi.com/root_env_id'],
      ]);
      assert.deepEqual(ids, [
        [`pulumi:org:${world.owner.id}:env:${base}`, base, root],
        [`pulumi:org:${world.owner.id}:env:${root}`, root, root],
      ]);
    });
  });

  test('a login in a document without a name is refused, whatever lies beside it', async () => {
    await world.define('p/base', LOGIN);
    const problems = await world.problems({ text: `imports: [p/base]\nvalues: {mine: ${AZURE}}` });
    assert.deepEqual(problems, [
      'error values.mine: fn::open::azure-login cannot run in an unsaved environment document; save the environment and import it',
    ]);
    assert.deepEqual(world.minted(), []);
  });

  test('only what a property needs is opened', async () => {
    const text = `values: {a: {login: ${AZURE}}, b: ${AZURE}, list: [x, ${AZURE}], c: "\${a.login.clientId}"}`;
    await world.define('p/r', text);
    assert.deepEqual(await open('p/r', {}, { property: ['c'] }), ['p/r|p/r']);
    const { list, ...more } = await world.values('p/r', { property: ['list', 1] });
    assert.deepEqual([list[0], list[1].clientId, more], [null, 'c', {}]);
    assert.equal(world.minted().length, 2);
    assert.equal(await world.values('p/r', { property: ['nothing'] }), undefined);
    assert.equal(world.minted().length, 2);
  });
});

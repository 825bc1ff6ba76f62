// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Overrides, readOverrides } from '../../src/environments/overrides.ts';
import { Refusal } from '../../src/errors.ts';
import { AWS, AZURE, claimsOf, type OpeningWorld, openingWorld, somebody } from './opening-world.ts';

const WHO = '${context.currentEnvironment.name}|${context.rootEnvironment.name}';
const LOGIN = `values: {login: ${AZURE}, who: "${WHO}"}`;

const overriding = (pairs: Readonly<Record<string, string>>): { readonly overrides: Overrides } => {
  const overrides = readOverrides(Object.entries(pairs));
  assert.ok(!('problem' in overrides), JSON.stringify(overrides));
  return { overrides };
};
const DEV_IS_PROD = overriding({ 'p/dev': 'p/prod' });

describe('an override', () => {
  let world: OpeningWorld;
  beforeEach(async () => {
    world = await openingWorld();
    await world.define('p/dev', `values: {login: ${AZURE}, who: "dev ${WHO}"}`);
    await world.define('p/prod', LOGIN);
  });
  afterEach(() => world.cloud.stop());
  const defineAll = async (definitions: Readonly<Record<string, string>>): Promise<void> => {
    for (const [path, text] of Object.entries(definitions)) await world.define(path, text);
  };
  const refused = (work: Promise<unknown>, problem: RegExp) =>
    assert.rejects(work, (reason: unknown) => reason instanceof Refusal && problem.test(reason.message));

  test('row 14: the import keeps its name where it is imported, and is the replacement in all else', async () => {
    await world.define('p/r', 'imports: [p/dev]\nvalues: {same: \'${imports["p/dev"].who}\'}');
    const { who, same, login } = await world.values('p/r', DEV_IS_PROD);
    assert.deepEqual([who, same], ['p/prod|p/r', 'p/prod|p/r']);
    const { payload } = await claimsOf(world, login.oidc.token);
    assert.deepEqual(
      [payload['current_env'], payload['root_env'], payload.sub],
      ['p/prod', 'p/r', 'pulumi:environments:org:acme:env:p/r'],
    );
    const { who: without } = await world.values('p/r');
    assert.equal(without, 'dev p/dev|p/r');
  });

  test('meets an import wherever it stands, and a replacement that is imported besides has one token', async () => {
    await defineAll({
      'p/list': 'imports: [p/dev]\nvalues: {list: "${who}"}',
      'p/inline': 'values: {inline: "${environments.p.dev.who}"}',
      'p/r': 'imports: [p/list, p/inline, p/prod]',
    });
    const { list, inline } = await world.values('p/r', DEV_IS_PROD);
    assert.deepEqual([list, inline], ['p/prod|p/r', 'p/prod|p/r']);
    assert.deepEqual(world.minted(), ['p/prod|p/r']);
  });

  test('meets each spelling of the name', async () => {
    await defineAll({ dev: 'values: {a: 1}', 'q/r': 'imports: [default/dev@latest]' });
    assert.equal((await world.values('q/r', overriding({ dev: 'p/prod' }))).who, 'p/prod|q/r');
  });

  test('takes and gives versions: what is pinned stays, unless that very version is replaced', async () => {
    await world.define('p/prod', 'values: {third: true}');
    await world.define('p/r', 'imports: [p/dev@2]');
    await refused(world.open('p/r', DEV_IS_PROD), /imports p\/dev, which is overridden/);
    const pinned = await world.values('p/r', overriding({ 'p/dev@2': 'p/prod' }));
    assert.deepEqual(pinned, { third: true });
    await world.define('p/s', 'imports: [p/dev]');
    const older = await world.values('p/s', overriding({ 'p/dev': 'p/prod@2' }));
    assert.equal(older.who, 'p/prod|p/s');
    const { payload } = await claimsOf(world, older.login.oidc.token);
    assert.equal(payload['current_env_revision'], '2');
  });

  test('of a pinned import by one without a version leaves no revision in the token', async () => {
    await world.define('p/r', 'imports: [p/dev@2]');
    const { login } = await world.values('p/r', overriding({ 'p/dev@2': 'p/prod' }));
    const { payload } = await claimsOf(world, login.oidc.token);
    assert.deepEqual([payload['current_env'], payload['current_env_revision']], ['p/prod', undefined]);
  });

  test('is made once: a replacement is not replaced again', async () => {
    await defineAll({ 'p/r': 'imports: [p/dev]', 'p/s': 'imports: [p/dev, p/prod]' });
    const swapped = overriding({ 'p/dev': 'p/prod', 'p/prod': 'p/dev' });
    assert.equal((await world.values('p/s', swapped)).who, 'dev p/dev|p/s');
    await refused(world.open('p/r', swapped), /imports p\/prod/);
  });

  test('that leads back to an importer is a cycle', async () => {
    await defineAll({ 'p/prod': 'imports: [p/dev]', 'p/r': 'imports: [p/dev]' });
    assert.deepEqual(await world.problems('p/r', DEV_IS_PROD), ['error imports[0]: cyclic import of p/dev']);
    const back = overriding({ 'p/dev': 'p/r' });
    assert.deepEqual(await world.problems('p/r', back), ['error imports[0]: cyclic import of p/dev']);
  });

  test('that meets no import is refused, also where it names what is opened', async () => {
    await world.define('p/r', 'imports: [p/dev]');
    await refused(world.open('p/r', overriding({ 'p/dve': 'p/prod' })), /^Nothing that is opened imports p\/dve,/);
    await refused(world.open('p/r', overriding({ 'p/r': 'p/prod' })), /^Nothing that is opened imports p\/r,/);
    assert.deepEqual(world.minted(), []);
  });

  test('is authorised like an import, and so is all that it imports; what it replaces is not read', async () => {
    await world.define('p/r', 'imports: [p/dev]');
    await world.define('p/prod', `imports: [q/base]\nvalues: {login: ${AZURE}}`);
    await world.define('q/base', 'values: {base: 1}');
    const may = (...names: readonly string[]) =>
      somebody({
        environments: names.map((name) => {
          const [project = '', environment = ''] = name.split('/');
          return { project, environment, access: 'open' };
        }),
      });
    const open = (...names: readonly string[]) => world.problems('p/r', { ...DEV_IS_PROD, as: may('p/r', ...names) });
    assert.deepEqual(await open('p/dev'), [
      'error imports[0]: environment "p/prod", which overrides "p/dev", not found',
    ]);
    assert.deepEqual(await open('p/prod'), ['error imports[0]: environment "q/base" not found']);
    const values = await world.values('p/r', { ...DEV_IS_PROD, as: may('p/r', 'p/prod', 'q/base') });
    assert.equal(values.base, 1);
  });

  test('counts in a document without a name, where the replacement is a root of its own', async () => {
    const text = 'imports: [p/dev]';
    const { who, login } = await world.values({ text }, DEV_IS_PROD);
    assert.equal(who, 'p/prod|p/prod');
    const { payload } = await claimsOf(world, login.oidc.token);
    assert.equal(payload.sub, 'pulumi:environments:org:acme:env:p/prod');
  });

  test('stands in the audit record of the opening', async () => {
    await world.define('p/r', 'imports: [p/dev]');
    await world.values('p/r', DEV_IS_PROD);
    const [opening] = world.events.filter(({ kind }) => kind === 'environment.open');
    assert.deepEqual(opening?.detail['overrides'], 'p/dev=p/prod');
  });

  describe('below a login of another environment', () => {
    const WRITER = somebody({ environments: [{ project: '*', environment: '*', access: 'write' }] });
    const CLOSED =
      /stays closed: an override changes what p\/base imports, and no role of yours lets you change p\/base$/;
    beforeEach(async () => {
      const aws = AWS.replace('"arn:aws:iam::123456789012:role/deploy"', '"${role}"');
      await defineAll({
        'p/config': 'values: {role: "arn:aws:iam::123456789012:role/deploy", x: 1}',
        'p/mine': 'values: {role: "arn:aws:iam::666666666666:role/mine", x: 2}',
        'p/between': 'imports: [p/config]',
        'p/base': `imports: [p/between]\nvalues: {login: ${aws}}`,
        'p/app': 'imports: [p/base]\nvalues: {y: "${x}"}',
      });
    });
    const MINE = overriding({ 'p/config': 'p/mine' });

    test('opens it for nobody who may only open, at any depth: the token would go where its owner never sent it', async () => {
      for (const root of ['p/base', 'p/app', { text: 'imports: [p/app]' }]) {
        for (const eager of [false, true]) {
          const [problem = '', ...more] = await world.problems(root, { ...MINE, eager });
          assert.match(problem, CLOSED);
          assert.deepEqual(more, []);
        }
      }
      assert.deepEqual([world.minted(), world.cloud.asked.length], [[], 0]);
    });

    test('opens it for whoever may change the declaring environment', async () => {
      await world.values('p/app', { ...MINE, as: WRITER });
      assert.deepEqual(world.minted(), ['p/base|p/app']);
      assert.match(String(world.cloud.asked[0]?.body), /666666666666/);
    });

    test('leaves everything but the login to whoever may open', async () => {
      assert.deepEqual((await world.values('p/app', { ...MINE, property: ['y'] })).y, 2);
    });

    test('that it does not reach changes nothing', async () => {
      await world.define('p/r', 'imports: [p/dev, p/base]');
      const { who } = await world.values('p/r', DEV_IS_PROD);
      assert.equal(who, 'p/prod|p/r');
      assert.deepEqual(world.minted(), ['p/base|p/r']);
    });
  });
});

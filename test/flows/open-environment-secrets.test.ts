// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { AWS, AZURE, type OpeningWorld, openingWorld, somebody } from './opening-world.ts';
import { refuses } from './world.ts';

let world: OpeningWorld;
beforeEach(async () => {
  world = await openingWorld();
  await world.define('p/base', 'values: {password: {fn::secret: hunter2}}');
});
afterEach(() => world.cloud.stop());
const storedText = async (name: string): Promise<string> =>
  (await world.stored.environments.read({ organization: world.owner, project: 'p', name }))?.revision.yaml ?? '';

describe('secrets of definitions', () => {
  test('of an import are decrypted for whoever may open it, and stay marked', async () => {
    await world.define('p/r', 'imports: [p/base]\nvalues: {own: {fn::secret: swordfish}, text: "x${password}"}');
    assert.match(await storedText('base'), /ciphertext/);
    assert.deepEqual(await world.values('p/r'), { password: 'hunter2', own: 'swordfish', text: 'xhunter2' });
    const { id = '' } = await world.open('p/r');
    const { value } = JSON.parse(await world.read('p/r', id));
    assert.deepEqual([value.password.secret, value.own.secret, value.text.secret], [true, true, true]);
  });

  test('of an older version are decrypted, too', async () => {
    await world.define('p/base', 'values: {password: other}');
    assert.deepEqual(await world.values('p/base@2'), { password: 'hunter2' });
  });

  test('that are copied into another definition do not open there, nor in a document without a name', async () => {
    const stolen = await storedText('base');
    await world.define('p/thief', stolen);
    for (const root of ['p/thief', { text: stolen }]) {
      const problems = String(await world.problems(root));
      assert.match(problems, /^error values\.password.*decrypt/);
      assert.doesNotMatch(problems, /hunter2/);
    }
  });

  test('end with their environment: one that gets the name later cannot open them', async () => {
    const stolen = await storedText('base');
    const place = { organization: world.owner, project: 'p', name: 'base' };
    await world.stored.environments.delete((await world.stored.environments.get(place)) ?? assert.fail());
    await world.define('p/base', stolen);
    assert.match(String(await world.problems('p/base')), /decrypt/);
  });

  test('of what a login gives are marked, each by its schema', async () => {
    await world.define('p/logins', `values: {azure: ${AZURE}, aws: ${AWS}}`);
    const { id = '' } = await world.open('p/logins');
    const { azure, aws } = JSON.parse(await world.read('p/logins', id)).value;
    const secretIn = (login: { value: Record<string, { secret?: boolean }> }) =>
      Object.entries(login.value).map(([name, { secret = false }]) => [name, secret]);
    assert.deepEqual(secretIn(aws), [
      ['accessKeyId', true],
      ['secretAccessKey', true],
      ['sessionToken', true],
    ]);
    assert.equal(azure.value.oidc.value.token.secret, true);
    assert.equal(azure.value.clientId.secret, undefined);
  });
});

describe('an open session', () => {
  const opened = async () => (await world.open('p/base', { duration: 60 })).id ?? assert.fail();
  const absent = refuses('not_found');

  test('is there for its opener until its end', async () => {
    const id = await opened();
    world.clock.advance(59);
    assert.match(await world.read('p/base', id), /hunter2/);
    world.clock.advance(1);
    await assert.rejects(world.read('p/base', id), absent);
  });

  test('is there for nobody else, also not for administrators', async () => {
    const id = await opened();
    for (const other of [
      somebody({ name: 'bob' }),
      somebody({ kind: 'team' }),
      somebody({ kind: 'organization', name: 'acme', administrator: true }),
    ]) {
      await assert.rejects(world.read('p/base', id, other), absent);
    }
    assert.equal(world.events.filter(({ code }) => code === 'not_found').length, 3);
  });

  for (const kind of ['personal', 'client'] as const) {
    test(`of a ${kind} token is there for every other one of the same name`, async () => {
      const { id = '' } = await world.open('p/base', { as: somebody({ kind }) });
      assert.match(await world.read('p/base', id, somebody({ kind, tokenFingerprint: 'of the phone' })), /hunter2/);
    });
  }

  for (const kind of ['organization', 'team', 'runner'] as const) {
    test(`of a ${kind} token is there for that token alone`, async () => {
      const opener = somebody({ kind, name: 'acme' });
      const { id = '' } = await world.open('p/base', { as: opener });
      assert.match(await world.read('p/base', id, opener), /hunter2/);
      const other = { ...opener, tokenFingerprint: 'of another' };
      await assert.rejects(world.read('p/base', id, other), absent);
    });
  }

  test('is there under the environment that was opened only', async () => {
    await world.define('p/other', 'values: {a: 1}');
    const id = await opened();
    await assert.rejects(world.read('p/other', id), absent);
    await assert.rejects(world.read(undefined, id), absent);
    const { id: anonymous = '' } = await world.open({ text: 'values: {a: 1}' });
    await assert.rejects(world.read('p/base', anonymous), absent);
    assert.match(await world.read(undefined, anonymous), /"a"/);
  });

  test('is gone for an opener who may not open the environment any more', async () => {
    const id = await opened();
    const readOnly = somebody({ environments: [{ project: 'p', environment: 'base', access: 'read' }] });
    await assert.rejects(world.read('p/base', id, readOnly), absent);
    assert.match(await world.read('p/base', id), /hunter2/);
  });

  test('stands in the store without a single value', async () => {
    await opened();
    const id = await opened();
    const stored = await world.store.get(`open-session/${world.owner.id}/${id}`);
    assert.ok(stored);
    assert.doesNotMatch(stored.value, /hunter2|password/);
  });
});

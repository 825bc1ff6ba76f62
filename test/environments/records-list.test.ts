import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../src/errors.ts';
import { ACME, ALICE, PLACE, world } from './world.ts';

const everything = { count: 1000, shows: () => true };
const FILE = { text: 'a: file', modified: 1000 };

const declaredInFile = (error: unknown): boolean => error instanceof Refusal && error.code === 'declared_in_file';

const names = (page: { readonly environments: readonly { readonly project: string; readonly name: string }[] }) =>
  page.environments.map(({ project, name }) => `${project}/${name}`);

test('environments are listed in the order of project and name, each part where the one before ended', async () => {
  const { records, create } = world();
  for (const path of ['b/a', 'a/z', 'a/b', 'a-x/a', 'a/a']) {
    const [project = '', name = ''] = path.split('/');
    await create({ organization: ACME, project, name });
  }
  const sorted = ['a-x/a', 'a/a', 'a/b', 'a/z', 'b/a'];
  assert.deepEqual(names(await records.list(ACME, everything)), sorted);
  assert.equal((await records.list(ACME, everything)).next, undefined);

  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await records.list(ACME, { count: 2, shows: () => true, ...(after !== undefined && { after }) });
    assert.ok(page.environments.length <= 2);
    seen.push(...names(page));
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(seen, sorted);
});

test('a part begins where the one before ended, also when what it ended with is gone', async () => {
  const { records, create } = world();
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => create({ ...PLACE, name })));
  assert.ok(a && b && c);
  const { next } = await records.list(ACME, { count: 2, shows: () => true });
  await records.delete(b);
  await create({ ...PLACE, name: 'aa' });
  const rest = await records.list(ACME, { ...everything, ...(next !== undefined && { after: next }) });
  assert.deepEqual(names(rest), ['core/c']);
});

test('the list shows what its reader may see, and nothing of other organizations', async () => {
  const { records, create } = world();
  await create();
  await create({ ...PLACE, project: 'edge' });
  await create({ ...PLACE, organization: { id: 'org-2', name: 'beta' } });
  const own = await records.list(ACME, { count: 10, shows: ({ project }) => project === 'edge' });
  assert.deepEqual(names(own), ['edge/dev']);
});

test('what does not exist is in no list: a name that was only seen, and one that was deleted', async () => {
  const { records, directory, create, whole } = world();
  await directory.environment(ACME, 'core', 'seen');
  await records.delete(await create());
  // What a start or an end that died half-way leaves in the index.
  await whole.add('environments/org-1', 'core/seen/id', 0);
  await whole.add('environments/org-1', 'core/never/id', 0);
  const last = await create({ ...PLACE, name: 'z' });
  assert.deepEqual((await records.list(ACME, { count: 1, shows: () => true })).environments, [last]);
});

test('ten thousand names are listed to the last, and more are refused', async () => {
  const { records, create, whole } = world();
  for (let at = 0; at < 9999; at++) await whole.add('environments/org-1', `core/e${at}/id`, 0);
  await create({ ...PLACE, name: 'z' });
  assert.equal(await records.create({ ...PLACE, name: 'next' }, ALICE), 'too_many');
  assert.deepEqual(names(await records.list(ACME, everything)), ['core/z']);
  assert.equal((await whole.page('environments/org-1', 0, 0)).total, 9990, 'a list removes ten that are not there');
  await create({ ...PLACE, name: 'next' });
});

test('a declared environment has one revision, which its file gives, and an id that stays', async () => {
  const { records, state, text } = world();
  state.files = { 'core/dev': FILE };
  const environment = await records.get(PLACE);
  assert.ok(environment);
  const { id, ...shown } = environment;
  assert.deepEqual(shown, { ...PLACE, created: 1000, modified: 1000, latest: 1, declared: true });
  state.files = { 'core/dev': { text: 'b: file', modified: 2000 } };
  assert.equal((await records.get(PLACE))?.id, id);
  assert.deepEqual([await text(), await text('1'), await text('latest')], ['b: file', 'b: file', 'b: file']);
  assert.equal(await text('2'), undefined);
  assert.deepEqual(await records.revisions(environment, { count: 10 }), [
    { number: 1, created: 2000, tags: ['latest'] },
  ]);
});

test('a declared environment hides a stored one, which is there again when the file goes', async () => {
  const { records, create, state, text } = world();
  const stored = await create();
  await records.update(stored, { yaml: 'a: stored', author: ALICE });
  await records.revisionTags.create(stored, 'stable', { editor: ALICE });
  await records.tags.create(stored, { name: 'team', value: 'x', editor: ALICE });
  state.files = { 'core/dev': FILE, 'core/a': FILE };
  const declared = await records.get(PLACE);
  assert.ok(declared);
  assert.deepEqual([await text(), await text('2'), await text('stable')], ['a: file', undefined, undefined]);
  assert.deepEqual(await records.tags.list(declared), []);
  assert.deepEqual(names(await records.list(ACME, everything)), ['core/a', 'core/dev']);
  state.files = {};
  assert.deepEqual([await text(), await text('stable')], ['a: stored', 'a: stored']);
});

test('nothing about a declared environment can be changed', async () => {
  const { records, state, create } = world();
  const stored = await create();
  state.files = { 'core/dev': FILE };
  const declared = await records.get(PLACE);
  assert.ok(declared);
  await assert.rejects(records.create(PLACE, ALICE), declaredInFile);
  for (const environment of [declared, stored]) {
    await assert.rejects(records.update(environment, { yaml: 'x', author: ALICE }), declaredInFile);
    await assert.rejects(records.delete(environment), declaredInFile);
  }
  await assert.rejects(records.revisionTags.create(declared, 'stable', { editor: ALICE }), declaredInFile);
  await assert.rejects(records.revisionTags.delete(declared, 'stable'), declaredInFile);
  await assert.rejects(records.tags.create(declared, { name: 'a', value: 'b', editor: ALICE }), declaredInFile);
  state.files = {};
  assert.deepEqual(await records.get(PLACE), stored);
});

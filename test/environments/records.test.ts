import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../src/errors.ts';
import { ACME, ALICE, BOB, PLACE, world } from './world.ts';

const MIB = 1024 * 1024;
const refusal =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.code === code;

test('a new environment has one revision, which is empty', async () => {
  const { records, create, clock } = world();
  const environment = await create();
  assert.deepEqual(await records.get(PLACE), environment);
  assert.deepEqual(
    { ...environment, id: '' },
    {
      ...PLACE,
      id: '',
      creator: ALICE,
      created: clock.seconds,
      modified: clock.seconds,
      latest: 1,
      declared: false,
    },
  );
  const read = await records.read(PLACE);
  assert.deepEqual(read?.revision, { number: 1, yaml: '', creator: ALICE, created: clock.seconds });
});

test('an environment that exists is not created again', async () => {
  const { records, create } = world();
  const environment = await create();
  assert.equal(await records.create(PLACE, BOB), 'exists');
  assert.deepEqual(await records.get(PLACE), environment);
});

test('a name that nobody created, or that names nothing, is not there', async () => {
  const { records, directory } = world();
  await directory.environment(ACME, 'core', 'seen');
  for (const name of ['dev', 'seen', '..', 'a/b', '', 'ü', 'x'.repeat(101)]) {
    assert.equal(await records.get({ ...PLACE, name }), undefined, name);
    assert.equal(await records.read({ ...PLACE, name }), undefined, name);
  }
  assert.equal(await records.get({ ...PLACE, project: 'yaml' }), undefined);
});

test('a bad name is refused where it would come into being, with the field that is wrong', async () => {
  const { records } = world();
  for (const [place, field] of [
    [{ ...PLACE, name: '..' }, 'name'],
    [{ ...PLACE, name: 'a:b' }, 'name'],
    [{ ...PLACE, project: 'yaml' }, 'project'],
  ] as const) {
    await assert.rejects(records.create(place, ALICE), (error: unknown) => {
      assert.ok(error instanceof Refusal && error.code === 'invalid_name');
      assert.equal(error.detail['field'], field);
      return true;
    });
  }
});

test('each update makes the next revision, and the ones before stay as they are', async () => {
  const { records, create, clock, text } = world();
  const environment = await create();
  clock.advance(10);
  assert.equal(await records.update(environment, { yaml: 'a: 1', base: 1, author: BOB }), 2);
  clock.advance(10);
  assert.equal(await records.update(environment, { yaml: 'a: 2', base: 2, author: ALICE }), 3);
  assert.deepEqual([await text('1'), await text('2'), await text('3'), await text()], ['', 'a: 1', 'a: 2', 'a: 2']);
  const now = await records.get(PLACE);
  assert.deepEqual(now, { ...environment, latest: 3, modified: clock.seconds });
  const second = await records.read(PLACE, '2');
  assert.deepEqual(second?.revision, { number: 2, yaml: 'a: 1', creator: BOB, created: clock.seconds - 10 });
  assert.deepEqual(second?.environment, now);
});

test('an update of a revision that is not the newest is a conflict, and changes nothing', async () => {
  const { records, create, text } = world();
  const environment = await create();
  await records.update(environment, { yaml: 'a: 1', base: 1, author: ALICE });
  for (const base of [0, 1, 3]) {
    assert.equal(await records.update(environment, { yaml: 'lost', base, author: BOB }), 'conflict', String(base));
  }
  assert.deepEqual([(await records.get(PLACE))?.latest, await text()], [2, 'a: 1']);
});

test('an update of whatever is there takes its place', async () => {
  const { records, create, text } = world();
  const environment = await create();
  assert.equal(await records.update(environment, { yaml: 'a', author: ALICE }), 2);
  assert.equal(await records.update(environment, { yaml: 'b', author: ALICE }), 3);
  assert.equal(await text(), 'b');
});

test('a definition of 1 MiB is stored, and one byte more is refused', async () => {
  const { records, create, text } = world();
  const environment = await create();
  const most = `${'ü'.repeat(MIB / 2 - 1)}"\n`;
  assert.equal(Buffer.byteLength(most), MIB);
  assert.equal(await records.update(environment, { yaml: most, author: ALICE }), 2);
  assert.equal(await text(), most);
  await assert.rejects(records.update(environment, { yaml: `${most}x`, author: ALICE }), refusal('invalid_request'));
  assert.equal((await records.get(PLACE))?.latest, 2);
});

test('a definition that would not fit into the store is refused, not lost on the way', async () => {
  const { records, create } = world();
  const environment = await create();
  const control = '\u0001'.repeat(MIB);
  await assert.rejects(records.update(environment, { yaml: control, author: ALICE }), refusal('invalid_request'));
  assert.equal((await records.get(PLACE))?.latest, 1);
});

test('a version is a number, a tag or latest; anything else finds nothing', async () => {
  const { records, create, text } = world();
  const environment = await create();
  await records.update(environment, { yaml: 'a', author: ALICE });
  await records.revisionTags.create(environment, 'stable', { revision: 2, editor: ALICE });
  await records.update(environment, { yaml: 'b', author: ALICE });
  assert.deepEqual([await text('stable'), await text('latest'), await text('2')], ['a', 'b', 'a']);
  for (const version of ['4', '0', '-1', '02', '2.0', '99999999999', 'gone', 'a/b', '__proto__', ' 2', 'toString']) {
    assert.equal(await records.read(PLACE, version), undefined, version);
  }
});

test('a deleted environment is gone with everything of it, and one of its name that comes later is another', async () => {
  const { records, directory, create, whole, clock } = world();
  const environment = await create();
  for (let at = 0; at < 120; at++) await records.update(environment, { yaml: `a: ${at}`, author: ALICE });
  await records.revisionTags.create(environment, 'stable', { editor: ALICE });
  await records.tags.create(environment, { name: 'team', value: 'x', editor: ALICE });
  assert.equal(await records.delete(environment), true);
  assert.equal(await records.delete(environment), false);
  assert.equal(await records.get(PLACE), undefined);
  assert.equal(await records.update(environment, { yaml: 'late', author: ALICE }), 'absent');
  for (let number = 2; number <= 122; number++) {
    assert.equal(await whole.get(`environment-revision/${environment.id}/${number}`), undefined);
  }
  assert.equal(await whole.get(`environment-revision-tags/${environment.id}`), undefined);
  assert.equal(await whole.get(`environment-tags/${environment.id}`), undefined);
  assert.equal((await whole.page('environments/org-1', 0, 10)).total, 0);

  const again = await create();
  assert.notEqual(again.id, environment.id);
  assert.equal((await directory.environment(ACME, 'core', 'dev')).id, again.id);
  assert.equal(again.latest, 1);
  assert.deepEqual(await records.tags.list(again), []);
  assert.equal(await records.delete(environment), false, 'the old one is not the new one');
  clock.advance(2 * 86_400);
  assert.deepEqual(await records.get(PLACE), again, 'it stays for longer than the trace of the old one');
});

test('a name that was deleted leaves no trace after a day', async () => {
  const { records, create, whole, clock } = world();
  await records.delete(await create());
  clock.advance(86_399);
  assert.ok(await whole.get('environment/org-1/core/dev'));
  clock.advance(1);
  assert.equal(await whole.get('environment/org-1/core/dev'), undefined);
});

test('revisions are listed newest first, below a number, at most as many as asked for and never more than 100', async () => {
  const { records, create } = world();
  const environment = await create();
  for (let at = 0; at < 120; at++) await records.update(environment, { yaml: 'x', author: BOB });
  await records.revisionTags.create(environment, 'stable', { revision: 119, editor: ALICE });
  const now = await records.get(PLACE);
  assert.ok(now);
  const numbers = async (count: number, before?: number) =>
    (await records.revisions(now, { count, ...(before !== undefined && { before }) })).map(({ number }) => number);
  assert.deepEqual(await numbers(3), [121, 120, 119]);
  assert.deepEqual(await numbers(3, 120), [119, 118, 117]);
  assert.deepEqual(await numbers(3, 3), [2, 1]);
  assert.deepEqual(await numbers(3, 1), []);
  assert.deepEqual(await numbers(2, 500), [121, 120]);
  assert.equal((await numbers(500)).length, 100);
  assert.deepEqual(await numbers(-1), []);
  const [first, , third] = await records.revisions(now, { count: 3 });
  assert.deepEqual([first?.tags, third?.tags, third?.creator], [['latest'], ['stable'], BOB]);
  assert.ok(first && !('yaml' in first));
});

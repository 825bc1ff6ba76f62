import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../src/errors.ts';
import { ALICE, BOB, PLACE, world } from './world.ts';

const refusal =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.code === code;

/** An environment with three revisions. */
const opened = async () => {
  const opening = world();
  const { records, create, clock } = opening;
  const environment = await create();
  for (const yaml of ['a', 'b']) await records.update(environment, { yaml, author: ALICE });
  clock.advance(60);
  const now = await records.get(PLACE);
  assert.ok(now);
  return { ...opening, environment: now };
};

test('a revision tag points to a revision, without one to the newest, until it is pointed elsewhere', async () => {
  const { records, environment, clock, text } = await opened();
  const tags = records.revisionTags;
  const made = { name: 'stable', revision: 2, created: clock.seconds, modified: clock.seconds, editor: ALICE };
  assert.deepEqual(await tags.create(environment, 'stable', { revision: 2, editor: ALICE }), made);
  assert.deepEqual(await tags.get(environment, 'stable'), made);
  assert.equal(await text('stable'), 'a');
  await tags.create(environment, 'newest', { editor: ALICE });
  assert.equal((await tags.get(environment, 'newest'))?.revision, 3);
  clock.advance(60);
  const moved = { ...made, revision: 1, modified: clock.seconds, editor: BOB };
  assert.deepEqual(await tags.update(environment, 'stable', { revision: 1, editor: BOB }), moved);
  assert.equal(await text('stable'), '');
  await tags.update(environment, 'stable', { editor: BOB });
  assert.equal(await text('stable'), 'b');
});

test('a revision tag that exists is not made again, and one that does not is neither changed nor deleted', async () => {
  const { records, environment } = await opened();
  const tags = records.revisionTags;
  await tags.create(environment, 'stable', { revision: 2, editor: ALICE });
  assert.equal(await tags.create(environment, 'stable', { revision: 3, editor: ALICE }), 'exists');
  assert.equal((await tags.get(environment, 'stable'))?.revision, 2);
  assert.equal(await tags.update(environment, 'gone', { revision: 2, editor: ALICE }), 'absent');
  assert.equal(await tags.delete(environment, 'gone'), false);
  assert.equal(await tags.delete(environment, 'stable'), true);
  assert.equal(await tags.delete(environment, 'stable'), false);
  assert.equal(await tags.get(environment, 'stable'), undefined);
});

test('no tag points to a revision that is not there', async () => {
  const { records, environment } = await opened();
  const tags = records.revisionTags;
  await tags.create(environment, 'stable', { revision: 2, editor: ALICE });
  for (const revision of [0, -1, 4, 1.5, Number.NaN]) {
    assert.equal(await tags.create(environment, 'new', { revision, editor: ALICE }), 'no_revision', String(revision));
    assert.equal(await tags.update(environment, 'stable', { revision, editor: ALICE }), 'no_revision');
  }
  assert.equal((await tags.get(environment, 'stable'))?.revision, 2);
});

test('latest is built in: it is shown in its place, follows the newest revision, and cannot be changed', async () => {
  const { records, environment } = await opened();
  const tags = records.revisionTags;
  for (const name of ['zeta', 'a']) await tags.create(environment, name, { revision: 1, editor: ALICE });
  assert.deepEqual(
    (await tags.list(environment)).map(({ name, revision }) => [name, revision]),
    [
      ['a', 1],
      ['latest', 3],
      ['zeta', 1],
    ],
  );
  assert.equal((await tags.get(environment, 'latest'))?.revision, 3);
  await assert.rejects(tags.create(environment, 'latest', { editor: ALICE }), refusal('invalid_name'));
  await assert.rejects(tags.update(environment, 'latest', { revision: 1, editor: ALICE }), refusal('invalid_name'));
  await assert.rejects(tags.delete(environment, 'latest'), refusal('invalid_name'));
});

test('a revision tag is never a number, and has the characters of a name', async () => {
  const { records, environment } = await opened();
  for (const name of ['1', '007', '', 'a/b', 'a b', '.', '..', 'x'.repeat(101), 'ü', 'a:b']) {
    await assert.rejects(
      records.revisionTags.create(environment, name, { editor: ALICE }),
      refusal('invalid_name'),
      name,
    );
  }
  for (const name of ['v1', '1.0', '__proto__', '-', 'x'.repeat(100)]) {
    await records.revisionTags.create(environment, name, { revision: 2, editor: ALICE });
    assert.equal((await records.revisionTags.get(environment, name))?.revision, 2, name);
    assert.equal((await records.read(PLACE, name))?.revision.number, 2, name);
  }
});

test('more tags than an environment may have are refused', async () => {
  const { records, environment } = await opened();
  for (let at = 0; at < 500; at++) await records.revisionTags.create(environment, `t${at}`, { editor: ALICE });
  assert.equal(await records.revisionTags.create(environment, 'more', { editor: ALICE }), 'too_many');
  for (let at = 0; at < 100; at++) await records.tags.create(environment, { name: `t${at}`, value: '', editor: ALICE });
  assert.equal(await records.tags.create(environment, { name: 'more', value: '', editor: ALICE }), 'too_many');
});

test('an environment tag is made, read, changed and deleted', async () => {
  const { records, environment, clock } = await opened();
  const { tags } = records;
  const made = { name: 'team', value: 'core', created: clock.seconds, modified: clock.seconds, editor: ALICE };
  assert.deepEqual(await tags.create(environment, { name: 'team', value: 'core', editor: ALICE }), made);
  assert.equal(await tags.create(environment, { name: 'team', value: 'x', editor: ALICE }), 'exists');
  clock.advance(1);
  const changed = { ...made, value: 'edge', modified: clock.seconds, editor: BOB };
  assert.deepEqual(await tags.update(environment, 'team', { expected: 'core', value: 'edge', editor: BOB }), changed);
  const renamed = { ...changed, name: 'squad' };
  assert.deepEqual(await tags.update(environment, 'team', { expected: 'edge', name: 'squad', editor: BOB }), renamed);
  assert.deepEqual(await tags.list(environment), [renamed]);
  assert.equal(await tags.get(environment, 'team'), undefined);
  assert.equal(await tags.delete(environment, 'team'), false);
  assert.equal(await tags.delete(environment, 'squad'), true);
  assert.deepEqual(await tags.list(environment), []);
});

test('an environment tag that has another value by now, or would take the name of another, stays as it is', async () => {
  const { records, environment } = await opened();
  const { tags } = records;
  await tags.create(environment, { name: 'b', value: '1', editor: ALICE });
  await tags.create(environment, { name: 'a', value: '2', editor: ALICE });
  assert.equal(await tags.update(environment, 'a', { expected: '1', value: 'x', editor: BOB }), 'conflict');
  assert.equal(await tags.update(environment, 'a', { expected: '2', name: 'b', editor: BOB }), 'exists');
  assert.equal(await tags.update(environment, 'c', { expected: '2', value: 'x', editor: BOB }), 'absent');
  const shown = (await tags.list(environment)).map(({ name, value, editor }) => [name, value, editor]);
  assert.deepEqual(shown, [
    ['a', '2', ALICE],
    ['b', '1', ALICE],
  ]);
  await tags.update(environment, 'a', { expected: '2', name: 'a', value: '3', editor: BOB });
  assert.equal((await tags.get(environment, 'a'))?.value, '3', 'its own name is free to it');
});

test('names and values of environment tags are limited', async () => {
  const { records, environment } = await opened();
  const { tags } = records;
  const create = (name: string, value: string) => tags.create(environment, { name, value, editor: ALICE });
  for (const name of ['', '.', '..', 'a/b', 'a b', 'x'.repeat(101)])
    await assert.rejects(create(name, 'v'), refusal('invalid_name'), name);
  for (const value of ['x'.repeat(257), 'a\nb', '\u0000'])
    await assert.rejects(create('n', value), refusal('invalid_request'));
  await create('aws:cost', `${'ü'.repeat(255)} `);
  const change = { expected: `${'ü'.repeat(255)} `, editor: ALICE };
  await assert.rejects(tags.update(environment, 'aws:cost', { ...change, name: 'a/b' }), refusal('invalid_name'));
  await assert.rejects(tags.update(environment, 'aws:cost', { ...change, value: '\n' }), refusal('invalid_request'));
});

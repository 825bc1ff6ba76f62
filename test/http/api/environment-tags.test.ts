import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DEV_PATH, type EnvironmentAsk, openEnvironmentDoor } from '../environment-door.ts';
import { assertRefused } from './answers.ts';

const REVISION_TAGS = `${DEV_PATH}/versions/tags`;
const TAGS = `${DEV_PATH}/tags`;
const EDITOR = { editorLogin: 'writer', editorName: 'writer' };
const TIME = '2026-01-01T00:00:00Z';

describe('tags of environments and of their revisions', () => {
  let door: Awaited<ReturnType<typeof openEnvironmentDoor>>;
  beforeEach(async () => {
    door = await openEnvironmentDoor();
    await door.make();
    await door.save('values: { a: 1 }');
    await door.save('values: { a: 2 }');
  });
  afterEach(() => door.stop());
  const post = (path: string, json: object, what: EnvironmentAsk = {}) => door.call('POST', path, { json, ...what });
  const patch = (path: string, json: object) => door.call('PATCH', path, { json });
  const revisionOf = async (name: string): Promise<number> =>
    (await door.call('GET', `${REVISION_TAGS}/${name}`)).json.revision;

  test('a revision tag is created, read, moved and deleted', async () => {
    const made = await post(REVISION_TAGS, { name: 'stable', revision: 2 });
    assert.deepEqual([made.status, made.text], [204, '']);
    const read = await door.call('GET', `${REVISION_TAGS}/stable`);
    assert.deepEqual(read.json, { name: 'stable', revision: 2, created: TIME, modified: TIME, ...EDITOR });
    door.clock.advance(60);
    assert.equal((await patch(`${REVISION_TAGS}/stable`, { revision: 1 })).status, 204);
    const moved = await door.call('GET', `${REVISION_TAGS}/stable`);
    assert.deepEqual(moved.json, { ...read.json, revision: 1, modified: '2026-01-01T00:01:00Z' });
    assert.equal((await door.call('DELETE', `${REVISION_TAGS}/stable`)).status, 204);
    assertRefused(await door.call('GET', `${REVISION_TAGS}/stable`), 'tag_not_found');
  });

  test('without a revision a tag points to the newest, as it is at that moment', async () => {
    for (const [name, body] of Object.entries({ a: {}, b: { revision: null }, c: { revision: 0 } })) {
      assert.equal((await post(REVISION_TAGS, { name, ...body })).status, 204);
      assert.equal(await revisionOf(name), 3, name);
    }
    await door.save('values: { a: 3 }');
    assert.deepEqual([await revisionOf('a'), await revisionOf('latest')], [3, 4]);
    await patch(`${REVISION_TAGS}/a`, {});
    assert.equal(await revisionOf('a'), 4);
  });

  test('latest is built in, and nobody else may use its name', async () => {
    assertRefused(await post(REVISION_TAGS, { name: 'latest', revision: 1 }), 'invalid_name', /latest/);
    assertRefused(await patch(`${REVISION_TAGS}/latest`, { revision: 1 }), 'invalid_name', /latest/);
    assertRefused(await door.call('DELETE', `${REVISION_TAGS}/latest`), 'invalid_name', /latest/);
    assert.equal(await revisionOf('latest'), 3);
    for (const name of ['2', '..', 'a/b', '']) {
      assertRefused(await post(REVISION_TAGS, { name }), 'invalid_name', /^name: /);
    }
  });

  test('a revision tag needs a revision that there is, and is made once', async () => {
    assertRefused(await post(REVISION_TAGS, { name: 'x', revision: 4 }), 'revision_not_found', /no version "4"/);
    await post(REVISION_TAGS, { name: 'x', revision: 1 });
    assertRefused(await post(REVISION_TAGS, { name: 'x', revision: 2 }), 'tag_exists', /"x"/);
    assertRefused(await patch(`${REVISION_TAGS}/x`, { revision: 4 }), 'revision_not_found');
    assertRefused(await patch(`${REVISION_TAGS}/y`, { revision: 1 }), 'tag_not_found', /"y"/);
    assertRefused(await door.call('DELETE', `${REVISION_TAGS}/y`), 'tag_not_found');
    assertRefused(await post(REVISION_TAGS, { name: 'z', revision: -1 }), 'invalid_request', /^revision: /);
    assertRefused(await post(REVISION_TAGS, { revision: 1 }), 'invalid_request', /"name" is missing/);
    assert.equal(await revisionOf('x'), 1);
  });

  test('of many that create one revision tag at once one does', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => post(REVISION_TAGS, { name: 'x', revision: 1 + (at % 3) })),
    );
    assert.equal(answers.filter(({ status }) => status === 204).length, 1);
    for (const lost of answers.filter(({ status }) => status !== 204)) assertRefused(lost, 'tag_exists');
  });

  test('revision tags are listed by name, in parts that end with an empty one', async () => {
    for (const name of ['b', 'a', 'z']) await post(REVISION_TAGS, { name, revision: 1 });
    const names: string[] = [];
    for (let after = ''; ; after = names.at(-1) ?? '') {
      const { json } = await door.call('GET', `${REVISION_TAGS}?after=${after}&count=3`);
      if (json.tags.length === 0) break;
      names.push(...json.tags.map(({ name }: { name: string }) => name));
    }
    assert.deepEqual(names, ['a', 'b', 'latest', 'z']);
  });

  test('a tag of an environment is created, read, changed and deleted', async () => {
    const made = await post(TAGS, { name: 'team', value: 'core' });
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(made.json, { name: 'team', value: 'core', created: TIME, modified: TIME, ...EDITOR });
    assert.deepEqual((await door.call('GET', `${TAGS}/team`)).json, made.json);
    door.clock.advance(60);
    const modified = '2026-01-01T00:01:00Z';
    const changed = await patch(`${TAGS}/team`, {
      currentTag: { name: '', value: 'core' },
      newTag: { name: '', value: 'infra' },
    });
    assert.deepEqual(changed.json, { ...made.json, value: 'infra', modified });
    const renamed = await patch(`${TAGS}/team`, { currentTag: { value: 'infra' }, newTag: { name: 'owner' } });
    assert.deepEqual(renamed.json, { ...made.json, name: 'owner', value: 'infra', modified });
    assertRefused(await door.call('GET', `${TAGS}/team`), 'tag_not_found');
    const deleted = await door.call('DELETE', `${TAGS}/owner`);
    assert.deepEqual([deleted.status, deleted.text], [204, '']);
    assertRefused(await door.call('DELETE', `${TAGS}/owner`), 'tag_not_found');
  });

  test('a tag that somebody changed meanwhile is not changed, and no tag takes the name of another', async () => {
    await post(TAGS, { name: 'a', value: '1' });
    await post(TAGS, { name: 'b', value: '2' });
    assertRefused(await post(TAGS, { name: 'a', value: '3' }), 'tag_exists', /"a"/);
    const change = (name: string, value: string, newTag: object) =>
      patch(`${TAGS}/${name}`, { currentTag: { value }, newTag });
    assertRefused(await change('a', 'old', { value: '3' }), 'conflict');
    assertRefused(await change('a', '1', { name: 'b' }), 'tag_exists', /"b"/);
    assertRefused(await change('c', '1', { value: '3' }), 'tag_not_found');
    assertRefused(await change('a', '1', { name: 'x y' }), 'invalid_name', /^name: /);
    assertRefused(await change('a', '1', { value: 'x'.repeat(257) }), 'invalid_request', /value/);
    assertRefused(await post(TAGS, { name: 'x'.repeat(101), value: '' }), 'invalid_request', /^name: /);
    const { tags } = (await door.call('GET', TAGS)).json;
    assert.deepEqual([tags.a.value, tags.b.value, Object.keys(tags)], ['1', '2', ['a', 'b']]);
  });

  test('a list of tags says when nothing follows: clients ask until then', async () => {
    for (const name of ['a', '0', '__proto__', 'b']) await post(TAGS, { name, value: name });
    const names: string[] = [];
    let after = '';
    while (after !== '0') {
      const { json } = await door.call('GET', `${TAGS}?after=${encodeURIComponent(after)}&count=1`);
      names.push(...Object.keys(json.tags));
      after = json.nextToken;
    }
    assert.deepEqual(names, ['0', '__proto__', 'a', 'b']);
    assert.equal((await door.call('GET', `${TAGS}?after=&count=500`)).json.nextToken, '0');
  });

  test('only so many tags are kept', async () => {
    for (let at = 0; at < 100; at++) await post(TAGS, { name: `t${at}`, value: 'x' });
    assertRefused(await post(TAGS, { name: 'more', value: 'x' }), 'limit_reached', /as many tags/);
  });
});

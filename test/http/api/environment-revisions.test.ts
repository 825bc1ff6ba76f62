import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { BASE, DEV_PATH, type EnvironmentAsk, openEnvironmentDoor } from '../environment-door.ts';
import { assertRefused } from './answers.ts';

const YAML = 'values:\n  # kept\n  password: { fn::secret: hunter2 }\n  greeting: hello\n';
const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

describe('revisions, lists, metadata and copies of environments', () => {
  let door: Awaited<ReturnType<typeof openEnvironmentDoor>>;
  beforeEach(async () => {
    door = await openEnvironmentDoor();
  });
  afterEach(() => door.stop());

  test('a revision stays readable by its number and by a tag', async () => {
    await door.make();
    await door.save('values: { a: 1 }');
    await door.save(YAML);
    await door.call('POST', `${DEV_PATH}/versions/tags`, { json: { name: 'stable', revision: 2 } });
    const texts = await Promise.all(
      ['1', '2', 'stable', '3', 'latest'].map(async (version) => {
        const { status, text, headers } = await door.call('GET', `${DEV_PATH}/versions/${version}`);
        return [status, text.length > 40 ? 'long' : text, headers['pulumi-esc-revision']];
      }),
    );
    const one = [200, 'values: { a: 1 }', '2'];
    assert.deepEqual(texts, [[200, '', '1'], one, one, [200, 'long', '3'], [200, 'long', '3']]);
    assert.equal((await door.call('GET', `${DEV_PATH}/versions/3/decrypt`)).text, YAML);
    for (const version of ['4', '0', 'gone', '%2e%2e%2fx', '__proto__']) {
      assertRefused(await door.call('GET', `${DEV_PATH}/versions/${version}`), 'revision_not_found');
    }
  });

  test('revisions are listed newest first, in the parts that stock clients ask for', async () => {
    await door.make();
    for (let at = 0; at < 3; at++) await door.save(`values: { a: ${at} }`);
    const all = await door.call('GET', `${DEV_PATH}/versions?before=0&count=500`);
    assert.deepEqual(
      all.json.map(({ number, creatorLogin, tags }: Record<string, unknown>) => [number, creatorLogin, tags]),
      [
        [4, 'writer', ['latest']],
        [3, 'writer', []],
        [2, 'writer', []],
        [1, 'writer', []],
      ],
    );
    const part = await door.call('GET', `${DEV_PATH}/versions?before=4&count=2`);
    assert.deepEqual(
      part.json.map(({ number }: { number: number }) => number),
      [3, 2],
    );
    assert.deepEqual((await door.call('GET', `${DEV_PATH}/versions?before=1&count=`)).json, []);
    for (const query of ['before=x', 'before=-1', 'count=1.5', 'count=1&count=2']) {
      assertRefused(await door.call('GET', `${DEV_PATH}/versions?${query}`), 'invalid_request');
    }
  });

  test('a list holds what the caller may read, and goes on where it stopped', async () => {
    for (let at = 0; at < 103; at++) await door.create({ project: 'core', name: `e${1000 + at}` });
    await door.create({ project: 'other', name: 'x' }, 'admin');
    const first = await door.call('GET', `${BASE}/acme`);
    assert.equal(first.json.environments.length, 100);
    const { created, modified, ...shown } = first.json.environments[0];
    assert.deepEqual(shown, { organization: 'acme', project: 'core', name: 'e1000' });
    assert.equal(created, modified);
    const next = encodeURIComponent(first.json.nextToken);
    for (const path of [`${BASE}/acme?continuationToken=${next}`, `${BASE}/acme?after=${next}`]) {
      const rest = await door.call('GET', path);
      assert.deepEqual([rest.json.environments.length, rest.json.nextToken], [3, ''], path);
    }
    const everywhere = await door.call('GET', `${BASE}?continuationToken=${next}`, { as: 'admin' });
    assert.equal(everywhere.json.environments.length, 4);
    assert.deepEqual((await door.call('GET', `${BASE}/acme`, { as: 'nobody' })).json, {
      environments: [],
      nextToken: '',
    });
    assertRefused(await door.call('GET', `${BASE}?organization=umbrella`), 'organization_not_found');
    assertRefused(await door.call('GET', `${BASE}/umbrella`), 'organization_not_found');
    assertRefused(await door.call('GET', `${BASE}/acme?after=${'x'.repeat(202)}`), 'invalid_request');
  });

  test('the metadata tells a trust policy the id and the subject on v2', async () => {
    await door.make();
    const { json } = await door.call('GET', `${DEV_PATH}/metadata`, { as: 'reader' });
    const { id, created, modified, ...rest } = json;
    assert.match(id, new RegExp(`^${ID}$`));
    assert.equal(created, modified);
    assert.deepEqual(rest, {
      organization: 'acme',
      project: 'core',
      name: 'dev',
      latestRevision: 1,
      oidcSubjectV2: `pulumi:org:11111111-1111-4111-8111-111111111111:env:${id}`,
      readOnly: false,
    });
  });

  test('a copy has the definition with secrets of its own, and the tags where they are asked for', async () => {
    await door.make();
    await door.save('values: { a: 1 }');
    await door.save(YAML);
    await door.call('POST', `${DEV_PATH}/tags`, { json: { name: 'team', value: 'x' } });
    const clone = (json: object, what: EnvironmentAsk = {}) =>
      door.call('POST', `${DEV_PATH}/clone`, { json, ...what });
    const copy = { project: 'core', name: 'copy', preserveEnvironmentTags: true };
    assert.equal((await clone(copy)).status, 204);
    const path = `${BASE}/acme/core/copy`;
    assert.equal((await door.call('GET', `${path}/decrypt`)).text, YAML);
    const stored = (await door.call('GET', path)).text;
    assert.match(stored, /ciphertext/);
    assert.notEqual(stored, (await door.call('GET', DEV_PATH)).text);
    assert.equal((await door.call('GET', `${path}/tags/team`)).json.value, 'x');
    assert.equal((await clone({ project: 'core', name: 'old', version: 2 })).status, 204);
    assert.equal((await door.call('GET', `${BASE}/acme/core/old`)).text, 'values: { a: 1 }');
    assert.deepEqual(Object.keys((await door.call('GET', `${BASE}/acme/core/old/tags`)).json.tags), []);
    assertRefused(await clone(copy), 'environment_exists');
    assertRefused(await clone({ ...copy, name: 'third', version: 9 }), 'revision_not_found');
    for (const wish of ['preserveHistory', 'preserveRevisionTags', 'preserveAccess']) {
      assertRefused(await clone({ ...copy, name: 'third', [wish]: true }), 'invalid_request', new RegExp(wish));
    }
    assertRefused(await clone({ project: 'core', name: 'third' }, { as: 'opener' }), 'environment_not_permitted');
    assertRefused(await door.call('GET', `${BASE}/acme/core/third`), 'environment_not_found');
  });
});

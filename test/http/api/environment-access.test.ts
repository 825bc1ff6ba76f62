import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { USERS, type User } from '../../flows/environment-world.ts';
import { BASE, CHANGES, DEV_PATH, type EnvironmentAsk, openEnvironmentDoor } from '../environment-door.ts';
import { assertRefused } from './answers.ts';

const YAML = 'values:\n  # kept\n  password: { fn::secret: hunter2 }\n';

type Door = readonly [method: string, below: string, what?: EnvironmentAsk];

/** Every door of one environment, by the access that it takes. */
const DOORS: Readonly<Record<'reader' | 'opener' | 'writer' | 'owner', readonly Door[]>> = {
  reader: [
    ['GET', ''],
    ['HEAD', ''],
    ['GET', '/versions'],
    ['GET', '/versions/1'],
    ['GET', '/versions/tags'],
    ['GET', '/versions/tags/latest'],
    ['GET', '/tags'],
    ['GET', '/tags/team'],
    ['GET', '/metadata'],
  ],
  opener: [
    ['GET', '/decrypt'],
    ['GET', '/versions/1/decrypt'],
  ],
  writer: CHANGES,
  owner: [['DELETE', '']],
};
const ALL = Object.values(DOORS).flat();

describe('who may do what with an environment', () => {
  let door: Awaited<ReturnType<typeof openEnvironmentDoor>>;
  beforeEach(async () => {
    door = await openEnvironmentDoor();
  });
  afterEach(() => door.stop());
  /** Everything that is kept of an environment. */
  const stateOf = async (path: string): Promise<string> => {
    const parts = ['', '/tags', '/versions', '/versions/tags'];
    const answers = await Promise.all(parts.map((below) => door.call('GET', `${path}${below}`, { as: 'admin' })));
    return answers.map(({ text }) => text).join();
  };

  test('what is not there is said not to be there, with the same answer for every door', async () => {
    for (const as of ['admin', 'nobody'] as const) {
      for (const [method, below, what] of ALL) {
        const answer = await door.call(method, `${DEV_PATH}${below}`, { ...what, as });
        if (method === 'HEAD') assert.equal(answer.status, 404);
        else assertRefused(answer, 'environment_not_found', /^There is no environment "core\/dev" that you may use\.$/);
      }
    }
  });

  for (const user of USERS) {
    test(`${user} gets through the doors of the own access, and through no other`, async () => {
      let count = 0;
      for (const [least, doors] of Object.entries(DOORS)) {
        for (const [method, below, what] of doors) {
          const name = `e${count++}`;
          const path = `${BASE}/acme/core/${name}`;
          await door.make(name);
          await door.call('POST', `${path}/tags`, { json: { name: 'team', value: 'x' } });
          await door.call('POST', `${path}/versions/tags`, { json: { name: 'stable' } });
          const before = await stateOf(path);
          const answer = await door.call(method, `${path}${below}`, { ...what, as: user });
          const shown = `${user}: ${method} ${below}`;
          if (USERS.indexOf(user) >= USERS.indexOf(least as User)) {
            assert.ok(answer.status < 300, `${shown} ${answer.status} ${answer.text}`);
          } else {
            if (method === 'HEAD') assert.equal(answer.status, 404, shown);
            else assertRefused(answer, user === 'nobody' ? 'environment_not_found' : 'environment_not_permitted');
            assert.equal(await stateOf(path), before, `${shown} changed something`);
          }
        }
      }
    });

    test(`${user} creates and copies what the own access covers`, async () => {
      const may = USERS.indexOf(user) >= USERS.indexOf('writer');
      const made = await door.make('mine', { as: user });
      const elsewhere = await door.call('POST', `${BASE}/acme`, { as: user, json: { project: 'other', name: 'x' } });
      await door.make();
      const json = { project: 'core', name: 'copy' };
      const copied = await door.call('POST', `${DEV_PATH}/clone`, { as: user, json });
      if (may) assert.deepEqual([made.status, copied.status], [204, 204]);
      else assertRefused(made, 'environment_not_permitted', /create the environment "core\/mine"/);
      if (!may) assertRefused(copied, user === 'nobody' ? 'environment_not_found' : 'environment_not_permitted');
      if (user === 'admin') assert.equal(elsewhere.status, 204);
      else assertRefused(elsewhere, 'environment_not_permitted');
      const { environments } = (await door.call('GET', `${BASE}/acme`, { as: 'admin' })).json;
      const names = environments.map(({ name }: { name: string }) => name);
      assert.deepEqual(names, [...(may ? ['copy', 'dev', 'mine'] : ['dev']), ...(user === 'admin' ? ['x'] : [])]);
    });
  }

  test('somebody whom nobody knows, and a member of another organization, get nowhere', async () => {
    await door.make();
    for (const [method, below, what] of ALL.filter(([method]) => method !== 'HEAD')) {
      const headers = { ...what?.headers, authorization: 'token stranger' };
      assertRefused(await door.call(method, `${DEV_PATH}${below}`, { ...what, headers }), 'unauthenticated');
      const elsewhere = await door.call(method, `${BASE}/umbrella/core/dev${below}`, { ...what, as: 'admin' });
      assertRefused(elsewhere, 'organization_not_found');
    }
  });

  test('what a file declares is read only, and its secrets are shown to nobody who may not open it', async () => {
    door.state.files = { 'core/dev': { text: YAML, modified: 1_767_225_600 } };
    const read = await door.call('GET', DEV_PATH, { as: 'reader' });
    assert.equal(read.status, 200, read.text);
    assert.equal(read.headers['pulumi-esc-revision'], '1');
    assert.doesNotMatch(read.text, /hunter2/);
    assert.match(read.text, /# kept/);
    assert.equal((await door.call('GET', `${DEV_PATH}/decrypt`, { as: 'opener' })).text, YAML);
    for (const [method, below, what] of [...DOORS.writer, ...DOORS.owner]) {
      const answer = await door.call(method, `${DEV_PATH}${below}`, { ...what, as: 'admin' });
      assertRefused(answer, 'declared_in_file');
    }
    assertRefused(await door.make(), 'declared_in_file');
    assert.equal((await door.call('GET', `${DEV_PATH}/metadata`)).json.readOnly, true);
    const [listed] = (await door.call('GET', `${BASE}/acme`)).json.environments;
    assert.equal(listed.created, '2026-01-01T00:00:00Z');
    assert.deepEqual((await door.call('GET', `${DEV_PATH}/versions`)).json, [
      { number: 1, created: '2026-01-01T00:00:00Z', tags: ['latest'] },
    ]);

    door.state.files = { 'core/dev': { text: 'values: { s: { fn::secret: [hunter2] } }', modified: 1 } };
    const broken = await door.call('GET', DEV_PATH);
    assert.equal(broken.json.refusal, 'definition_invalid');
    assert.doesNotMatch(broken.text, /hunter2/);
  });
});

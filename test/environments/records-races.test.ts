import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentRecord } from '../../src/environments/record.ts';
import type { Store } from '../../src/store/store.ts';
import { STORES } from '../exchange/stores.ts';
import { ACME, ALICE, BOB, failing, openRecords, PLACE, world } from './world.ts';

const twenty = <T>(make: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 20 }, (_, at) => make(at)));

for (const { name, skip, open } of STORES) {
  test(`of twenty creations exactly one wins, and all find its environment (${name})`, { skip }, async (t) => {
    const [one, other] = await open(t);
    const ends = [openRecords(one).records, openRecords(other).records] as const;
    const answers = await twenty((at) => ends[at % 2 ? 1 : 0].create(PLACE, at % 2 ? ALICE : BOB));
    const made = answers.filter((answer) => typeof answer !== 'string');
    assert.equal(made.length, 1);
    for (const records of ends) assert.deepEqual(await records.get(PLACE), made[0]);
    const listed = await ends[0].list(ACME, { count: 10, shows: () => true });
    assert.deepEqual(listed.environments, made);
  });

  test(`of twenty updates of one revision exactly one wins, and the others are told (${name})`, { skip }, async (t) => {
    const [one, other] = await open(t);
    const ends = [openRecords(one).records, openRecords(other).records] as const;
    const environment = await ends[0].create(PLACE, ALICE);
    assert.ok(typeof environment !== 'string');
    for (let base = 1; base <= 3; base++) {
      const answers: readonly unknown[] = await twenty((at) =>
        ends[at % 2 ? 1 : 0].update(environment, { yaml: `${base} ${at}`, base, author: ALICE }),
      );
      assert.equal(answers.filter((answer) => answer === base + 1).length, 1, String(answers));
      assert.equal(answers.filter((answer) => answer === 'conflict').length, 19);
      const winner = `${base} ${answers.indexOf(base + 1)}`;
      for (const records of ends) assert.equal((await records.read(PLACE))?.revision.yaml, winner);
    }
  });

  test(`twenty updates of whatever is there all happen, one after the other (${name})`, { skip }, async (t) => {
    const [one, other] = await open(t);
    const ends = [openRecords(one).records, openRecords(other).records] as const;
    const environment = await ends[0].create(PLACE, ALICE);
    assert.ok(typeof environment !== 'string');
    const answers = await twenty((at) => ends[at % 2 ? 1 : 0].update(environment, { yaml: `${at}`, author: ALICE }));
    const numbers = answers.map(Number).sort((left, right) => left - right);
    assert.deepEqual(
      numbers,
      Array.from({ length: 20 }, (_, at) => at + 2),
    );
    const texts = await twenty(async (at) => (await ends[0].read(PLACE, String(at + 2)))?.revision.yaml);
    assert.equal(new Set(texts).size, 20);
  });

  test(`twenty tags made at once are all there (${name})`, { skip }, async (t) => {
    const [one, other] = await open(t);
    const ends = [openRecords(one).records, openRecords(other).records] as const;
    const environment = await ends[0].create(PLACE, ALICE);
    assert.ok(typeof environment !== 'string');
    await twenty((at) => ends[at % 2 ? 1 : 0].revisionTags.create(environment, `t${at}`, { editor: ALICE }));
    const same = await twenty((at) => ends[at % 2 ? 1 : 0].revisionTags.create(environment, 'same', { editor: ALICE }));
    assert.equal(same.filter((answer) => answer === 'exists').length, 19);
    assert.equal((await ends[1].revisionTags.list(environment)).length, 22);
  });
}

for (const done of ['before', 'after'] as const) {
  test(`a revision that was created is the newest, also where its document was cut off ${done} the write`, async () => {
    let cut = false;
    const { records, untouched, create, whole, clock } = world(
      (store) =>
        new Proxy(store, {
          get: (target, name) =>
            cut ? Reflect.get(failing(store, 'replace', 1, done), name) : Reflect.get(target, name),
        }),
    );
    const environment = await create();
    clock.advance(5);
    cut = true;
    assert.equal(await records.update(environment, { yaml: 'a: 1', base: 1, author: BOB }), 2, 'it stands');
    if (done === 'before') {
      const { latest } = JSON.parse(
        (await whole.get('environment/org-1/core/dev'))?.value ?? '{}',
      ) as EnvironmentRecord;
      assert.equal(latest, 1, 'the document lags behind');
    }

    const read = await untouched.records.read(PLACE);
    assert.equal(read?.revision.yaml, 'a: 1');
    assert.deepEqual(read?.environment, { ...environment, latest: 2, modified: clock.seconds });
    const mended = JSON.parse((await whole.get('environment/org-1/core/dev'))?.value ?? '{}') as EnvironmentRecord;
    assert.deepEqual([mended.latest, mended.modified], [2, clock.seconds], 'whoever reads makes it follow');
    assert.equal(await untouched.records.update(environment, { yaml: 'x', base: 1, author: BOB }), 'conflict');
    assert.equal(await untouched.records.update(environment, { yaml: 'x', base: 2, author: BOB }), 3);
  });
}

test('a document that lags many revisions behind is made to follow in one reading', async () => {
  const { records, create, whole, text } = world();
  const environment = await create();
  for (let number = 2; number <= 5; number++) {
    const revision = { number, yaml: `a: ${number}`, creator: ALICE, created: number };
    await whole.create(`environment-revision/${environment.id}/${number}`, JSON.stringify(revision));
  }
  assert.equal((await records.get(PLACE))?.latest, 5);
  assert.equal(await text(), 'a: 5');
});

test('an update that comes while its environment is deleted leaves nothing behind', async () => {
  let meanwhile: (() => Promise<unknown>) | undefined;
  const { records, untouched, create, whole } = world(
    (store) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name !== 'create') return Reflect.get(target, name) as unknown;
          return async (...args: Parameters<typeof store.create>) => {
            const answer = await target.create(...args);
            await meanwhile?.();
            return answer;
          };
        },
      }),
  );
  const environment = await create();
  meanwhile = async () => {
    await untouched.records.delete(environment);
    await untouched.records.create(PLACE, BOB);
  };
  assert.equal(await records.update(environment, { yaml: 'late', base: 1, author: ALICE }), 'absent');
  assert.equal(await whole.get(`environment-revision/${environment.id}/2`), undefined);
  assert.equal((await untouched.records.get(PLACE))?.latest, 1);
});

/** What is still stored under the id of an environment. */
const remains = async (whole: Store, id: string): Promise<readonly string[]> => {
  const keys = [
    ...Array.from({ length: 60 }, (_, at) => `environment-revision/${id}/${at + 2}`),
    `environment-revision-tags/${id}`,
    `environment-tags/${id}`,
  ];
  const found = await Promise.all(keys.map(async (key) => ((await whole.get(key)) ? [key] : [])));
  return found.flat();
};

/** An environment of 42 revisions with tags, on a store that fails at one deletion of a key. */
const deletedHalfWay = async (at: number, done: 'before' | 'after') => {
  const begun = world((store) => failing(store, 'delete', at, done));
  const { untouched, create, records } = begun;
  const environment = await create();
  for (let number = 2; number <= 42; number++)
    await untouched.records.update(environment, { yaml: 'a', author: ALICE });
  await untouched.records.revisionTags.create(environment, 'stable', { editor: ALICE });
  await untouched.records.tags.create(environment, { name: 'team', value: 'x', editor: ALICE });
  await assert.rejects(records.delete(environment), /the store is gone/);
  return { ...begun, environment };
};

for (const at of [1, 7, 10, 11, 29, 41, 42, 43]) {
  for (const done of ['before', 'after'] as const) {
    test(`what a deletion that failed ${done} key ${at} leaves behind is removed when somebody lists`, async () => {
      const { untouched, whole, environment } = await deletedHalfWay(at, done);
      assert.equal(await untouched.records.get(PLACE), undefined, 'it is gone at once');
      // One that gets the name meanwhile stays as it is.
      const next = await untouched.records.create(PLACE, BOB);
      assert.ok(typeof next !== 'string');
      await untouched.records.update(next, { yaml: 'b', author: BOB });
      const { environments } = await untouched.records.list(ACME, { count: 10, shows: () => true });
      assert.deepEqual(
        environments.map(({ id }) => id),
        [next.id],
      );
      assert.deepEqual(await remains(whole, environment.id), []);
      assert.deepEqual((await whole.page('environments/org-1', 0, 10)).members, [`core/dev/${next.id}`]);
      assert.equal((await untouched.records.read(PLACE))?.revision.yaml, 'b');
    });
  }
}

test('a removal of remains that fails half-way, too, is finished by the next list, also below a file of the name', async () => {
  const { whole, environment } = await deletedHalfWay(3, 'before');
  const everything = { count: 10, shows: () => true };
  for (let at = 1; at <= 43; at += 3) {
    const half = openRecords(failing(whole, 'delete', at)).records;
    await half.list(ACME, everything).catch(() => undefined);
  }
  const files = () => ({ 'core/dev': { text: 'a: file', modified: 1 } });
  await openRecords(whole, undefined, files).records.list(ACME, everything);
  assert.deepEqual(await remains(whole, environment.id), []);
  assert.equal((await whole.page('environments/org-1', 0, 10)).total, 0);
});

test('a creation that is under way is nobody’s remains', async () => {
  const { records, untouched, whole } = world(
    (store) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name !== 'add') return Reflect.get(target, name) as unknown;
          return async (...args: Parameters<typeof store.add>) => {
            await target.add(...args);
            const { environments } = await untouched.records.list(ACME, { count: 10, shows: () => true });
            assert.deepEqual(environments, []);
          };
        },
      }),
  );
  assert.ok(typeof (await records.create(PLACE, ALICE)) !== 'string');
  assert.equal((await whole.page('environments/org-1', 0, 10)).total, 1);
});

test('a tag that comes while its environment is deleted leaves nothing behind', async () => {
  let meanwhile: (() => Promise<unknown>) | undefined;
  const { records, untouched, create, whole } = world(
    (store) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name !== 'replace') return Reflect.get(target, name) as unknown;
          return async (...args: Parameters<typeof store.replace>) => {
            await meanwhile?.();
            return target.replace(...args);
          };
        },
      }),
  );
  const environment = await create();
  meanwhile = () => untouched.records.delete(environment);
  assert.equal(await records.revisionTags.create(environment, 'stable', { editor: ALICE }), 'absent');
  assert.equal(await whole.get(`environment-revision-tags/${environment.id}`), undefined);
});

test('a creation whose name was deleted and named again meanwhile never takes the old id', async () => {
  const { records, untouched, directory, create, whole } = world(
    (store) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name !== 'get') return Reflect.get(target, name) as unknown;
          return async (key: string) => {
            const answer = await target.get(key);
            if (key === 'environment/org-1/core/dev') await meanwhile?.();
            return answer;
          };
        },
      }),
  );
  let meanwhile: (() => Promise<unknown>) | undefined;
  const old = await create();
  meanwhile = async () => {
    meanwhile = undefined;
    await untouched.records.delete(old);
    await untouched.directory.environment(ACME, 'core', 'dev');
  };
  const made = await records.create(PLACE, BOB);
  assert.ok(typeof made !== 'string');
  assert.notEqual(made.id, old.id);
  assert.equal((await directory.environment(ACME, 'core', 'dev')).id, made.id);
  assert.equal((await whole.page('environments/org-1', 0, 10)).total, 1);
});

test('of twenty deletions one does it', async () => {
  const { records, create } = world();
  const environment = await create();
  const answers = await twenty(() => records.delete(environment));
  assert.equal(answers.filter(Boolean).length, 1);
});

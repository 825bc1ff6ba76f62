import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EnvironmentRecord } from '../../src/environments/record.ts';
import { ALICE, PLACE, world } from './world.ts';

/** What one name should be: nothing, or its revisions and tags. */
interface Model {
  environment?: EnvironmentRecord;
  revisions: string[];
  tags: Map<string, number>;
}

const text = fc.string({ maxLength: 20 });
const revision = fc.integer({ min: 0, max: 6 });
const tag = fc.constantFrom('stable', 'next', '__proto__');
const place = fc.constantFrom('dev', 'prod');

const step = fc.oneof(
  fc.record({ does: fc.constant('create' as const), place }),
  fc.record({ does: fc.constant('delete' as const), place, stale: fc.boolean() }),
  fc.record({ does: fc.constant('update' as const), place, text, base: fc.option(revision) }),
  fc.record({ does: fc.constant('tag' as const), place, tag, revision }),
  fc.record({ does: fc.constant('move' as const), place, tag, revision }),
  fc.record({ does: fc.constant('untag' as const), place, tag }),
);

test('whatever is done in whatever order, the records are what a simple model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { records, create } = world();
      const models = new Map<string, Model>();
      /** Environments that were deleted: nothing may be done to them any more. */
      const gone: EnvironmentRecord[] = [];
      const ids = new Set<string>();

      for (const one of steps) {
        const at = { ...PLACE, name: one.place };
        const model = models.get(one.place) ?? { revisions: [], tags: new Map<string, number>() };
        models.set(one.place, model);
        const { environment } = model;
        if (one.does === 'create') {
          if (environment) {
            assert.equal(await records.create(at, ALICE), 'exists');
          } else {
            model.environment = await create(at);
            assert.ok(!ids.has(model.environment.id), 'an id was given again');
            ids.add(model.environment.id);
            model.revisions = [''];
            model.tags = new Map();
          }
          continue;
        }
        if (!environment || (one.does === 'delete' && one.stale)) {
          const old = gone.find(({ name }) => name === one.place);
          if (old) assert.equal(await records.update(old, { yaml: 'late', author: ALICE }), 'absent');
          if (old) assert.equal(await records.delete(old), false);
          if (old)
            assert.equal(
              await records.revisionTags.create(old, 'late', { revision: 1, editor: ALICE }),
              environment ? 'absent' : 'no_revision',
            );
          continue;
        }
        const { revisions, tags } = model;
        if (one.does === 'delete') {
          assert.equal(await records.delete(environment), true);
          gone.unshift(environment);
          models.delete(one.place);
        } else if (one.does === 'update') {
          const change = { yaml: one.text, author: ALICE, ...(one.base !== null && { base: one.base }) };
          const fits = one.base === null || one.base === revisions.length;
          if (fits) revisions.push(one.text);
          assert.equal(await records.update(environment, change), fits ? revisions.length : 'conflict');
        } else {
          const there = tags.has(one.tag);
          if (one.does === 'untag') {
            assert.equal(await records.revisionTags.delete(environment, one.tag), there);
            tags.delete(one.tag);
            continue;
          }
          const exists = one.revision >= 1 && one.revision <= revisions.length;
          const blocked = one.does === 'tag' ? there && 'exists' : !there && 'absent';
          const way = one.does === 'tag' ? 'create' : 'update';
          const change = { revision: one.revision, editor: ALICE };
          const answer = await records.revisionTags[way](environment, one.tag, change);
          const expected = exists ? blocked || 'done' : 'no_revision';
          assert.equal(typeof answer === 'string' ? answer : 'done', expected);
          if (expected === 'done') tags.set(one.tag, one.revision);
        }
      }

      for (const [name, { environment, revisions, tags }] of models) {
        const at = { ...PLACE, name };
        const now = await records.get(at);
        assert.equal(now?.id, environment?.id);
        assert.equal((await records.read(at))?.revision.yaml, revisions.at(-1));
        for (const [index, yaml] of revisions.entries())
          assert.equal((await records.read(at, String(index + 1)))?.revision.yaml, yaml);
        assert.equal(await records.read(at, String(revisions.length + 1)), undefined);
        for (const other of ['stable', 'next', '__proto__'])
          assert.equal((await records.read(at, other))?.revision.number, tags.get(other));
      }
      const listed = await records.list(PLACE.organization, { count: 10, shows: () => true });
      const alive = [...models].filter(([, { environment }]) => environment).map(([name]) => name);
      assert.deepEqual(
        listed.environments.map(({ name }) => name),
        alive.sort(),
      );
    }),
    { numRuns: process.env['NIGHTLY'] ? 5000 : 200 },
  );
});

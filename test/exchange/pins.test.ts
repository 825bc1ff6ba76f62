import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPins } from '../../src/exchange/pin-records.ts';
import type { Pin } from '../../src/exchange/pins.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { StandingClock } from '../clock.ts';
import { countingStore, STORES } from './stores.ts';

const REPOSITORY = { claim: 'repository', name: 'acme/shop', idClaim: 'repository_id', id: '77' };
const OWNER = { claim: 'repository_owner', name: 'acme', idClaim: 'repository_owner_id', id: '7' };
const NOW = 1_780_000_000;

const opened = () => openPins(memoryStore(new StandingClock()));

test('a name is pinned to the id that came with it first, and another id is a conflict from then on', async () => {
  const pins = opened();
  assert.deepEqual((await pins.compare('acme', 'p1', [REPOSITORY, OWNER])).conflicts, []);
  assert.deepEqual(await pins.pin('acme', 'p1', [REPOSITORY, OWNER], NOW), []);
  assert.deepEqual((await pins.compare('acme', 'p1', [REPOSITORY, OWNER])).conflicts, []);

  const other = { ...REPOSITORY, id: '78' };
  const [pin, ...more] = (await pins.compare('acme', 'p1', [OWNER, other])).conflicts;
  assert.deepEqual(more, []);
  assert.match(pin?.id ?? '', /^[0-9a-f]{32}$/);
  const { id: _, ...rest } = pin!;
  const { claim, name, idClaim } = REPOSITORY;
  assert.deepEqual(rest, { policyId: 'p1', claim, name, idClaim, value: '77', created: NOW, modified: NOW });
  assert.deepEqual(await pins.pin('acme', 'p1', [other], NOW), [pin], 'and pinning changes nothing');
});

test('a pin belongs to one policy of one organization, one claim and one name', async () => {
  const pins = opened();
  await pins.pin('acme', 'p1', [REPOSITORY], NOW);
  const other = { ...REPOSITORY, id: '78' };
  assert.deepEqual((await pins.compare('acme', 'p2', [other])).conflicts, []);
  assert.deepEqual((await pins.compare('umbrella', 'p1', [other])).conflicts, []);
  assert.deepEqual((await pins.compare('acme', 'p1', [{ ...other, claim: 'project_path' }])).conflicts, []);
  assert.deepEqual((await pins.compare('acme', 'p1', [{ ...other, name: 'acme/Shop' }])).conflicts, []);
  assert.equal((await pins.compare('acme', 'p1', [other])).conflicts.length, 1);
});

test('comparing writes nothing, tells what is not pinned yet, and costs one read a name', async () => {
  const { store, calls } = countingStore(new StandingClock());
  const pins = openPins(store);
  assert.deepEqual(await pins.compare('acme', 'p1', [REPOSITORY, OWNER]), {
    conflicts: [],
    unpinned: [REPOSITORY, OWNER],
  });
  assert.deepEqual(calls, ['get', 'get']);
  await pins.pin('acme', 'p1', [REPOSITORY], NOW);
  calls.length = 0;
  assert.deepEqual(await pins.compare('acme', 'p1', [REPOSITORY]), { conflicts: [], unpinned: [] });
  assert.deepEqual(calls, ['get']);
});

test('an administrator reads, moves and forgets pins; of a pin that is not there each says so', async () => {
  const pins = opened();
  await pins.pin('acme', 'p1', [REPOSITORY], NOW);
  await pins.pin('acme', 'p1', [OWNER], NOW + 5);
  const { pins: all, total } = await pins.list('acme', 'p1', 0, 10);
  assert.deepEqual([all.map(({ name }) => name), total], [['acme', 'acme/shop'], 2], 'the newest first');
  assert.deepEqual((await pins.list('acme', 'p1', 1, 10)).pins, all.slice(1));
  assert.deepEqual(await pins.list('acme', 'p2', 0, 10), { pins: [], total: 0 });

  const { id } = all[1]!;
  assert.equal(await pins.set('acme', 'p1', id, '78', NOW + 60), true);
  assert.deepEqual(await pins.get('acme', 'p1', id), { ...all[1], value: '78', modified: NOW + 60 });
  assert.deepEqual((await pins.compare('acme', 'p1', [{ ...REPOSITORY, id: '78' }])).conflicts, []);
  assert.equal((await pins.compare('acme', 'p1', [REPOSITORY])).conflicts.length, 1);

  assert.equal(await pins.remove('acme', 'p1', id), true);
  assert.equal((await pins.list('acme', 'p1', 0, 10)).total, 1);
  for (const gone of [id, 'f'.repeat(32), '../p2/x', 'é', 'f'.repeat(600), '']) {
    assert.equal(await pins.get('acme', 'p1', gone), undefined);
    assert.equal(await pins.set('acme', 'p1', gone, '1', NOW), false);
    assert.equal(await pins.remove('acme', 'p1', gone), false);
  }
  assert.deepEqual(await pins.pin('acme', 'p1', [{ ...REPOSITORY, id: '79' }], NOW), [], 'the next grant pins anew');
  assert.equal((await pins.list('acme', 'p1', 0, 10)).total, 2);
});

test('a pin that another replica made in between is respected', async () => {
  const clock = new StandingClock();
  const store = memoryStore(clock);
  const other = openPins(store);
  const late = openPins(
    new Proxy(store, {
      get: (target, name) =>
        name === 'add'
          ? async (...[key, member, score]: [string, string, number]) => {
              await other.pin('acme', 'p1', [REPOSITORY], NOW);
              await target.add(key, member, score);
            }
          : Reflect.get(target, name),
    }),
  );
  const conflicts = await late.pin('acme', 'p1', [{ ...REPOSITORY, id: '78' }], NOW);
  assert.deepEqual(
    conflicts.map(({ value }) => value),
    ['77'],
  );
});

test('who moves a pin against others again and again is told so, and nothing is half done', async () => {
  const store = memoryStore(new StandingClock());
  const busy = openPins(
    new Proxy(store, {
      get: (target, name) => (name === 'replace' ? async () => 'conflict' : Reflect.get(target, name)),
    }),
  );
  await busy.pin('acme', 'p1', [REPOSITORY], NOW);
  const [{ id }] = (await busy.list('acme', 'p1', 0, 1)).pins as [Pin];
  await assert.rejects(busy.set('acme', 'p1', id, '78', NOW), { name: 'Refusal', code: 'conflict' });
  assert.equal((await busy.get('acme', 'p1', id))?.value, '77');
});

test('forgetting a pin that is only being made does not hide it', async () => {
  const store = memoryStore(new StandingClock());
  const administrator = openPins(store);
  const late = openPins(
    new Proxy(store, {
      get: (target, name) =>
        name === 'create'
          ? async (...[key, value]: [string, string]) => {
              assert.equal(await administrator.remove('acme', 'p1', key.split('/').at(-1)!), false);
              return target.create(key, value);
            }
          : Reflect.get(target, name),
    }),
  );
  assert.deepEqual(await late.pin('acme', 'p1', [REPOSITORY], NOW), []);
  assert.equal((await administrator.list('acme', 'p1', 0, 10)).pins.length, 1);
});

for (const { name, skip, open } of STORES) {
  test(`of many first grants at once with different ids one pins the name, and the others hear of it (${name})`, {
    skip,
  }, async (t) => {
    const replicas = (await open(t)).map(openPins);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        replicas[index % 2]!.pin('acme', 'p1', [{ ...REPOSITORY, id: String(index) }], NOW),
      ),
    );
    const winners = answers.flatMap((conflicts, index) => (conflicts.length === 0 ? [String(index)] : []));
    assert.equal(winners.length, 1);
    for (const conflict of answers.flat()) assert.equal(conflict.value, winners[0]);
    assert.equal((await replicas[0]!.list('acme', 'p1', 0, 10)).total, 1);
  });
}

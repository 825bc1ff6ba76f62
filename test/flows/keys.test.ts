import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newSealingKey, parseSealingKeys } from '../../src/keys/seal.ts';
import { loadRing } from '../../src/keys/stored-ring.ts';
import { systemRandom } from '../../src/system.ts';
import { DAY, DEFAULTS, runs } from '../keys/rings.ts';

import { bytesOf, kidOf, openWorld } from './keys-world.ts';

describe('bringing a ring up', () => {
  test('with an embedded store the first key signs at once, and the spare follows with the first step', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    assert.equal(keeper.status().problem, undefined);
    assert.equal(keeper.jwks()?.kids.length, 1);
    await keeper.step();
    assert.equal(keeper.jwks()?.kids.length, 2);
    assert.equal(keeper.jwks()?.kids[0], kidOf(keeper));
    assert.deepEqual(
      world.events.map(({ kind }) => kind),
      ['key.bootstrap', 'key.append'],
    );
  });

  test('with Redis nothing is issued before S, and readiness says until when', async () => {
    const world = openWorld('redis');
    const keeper = world.keeper();
    await keeper.open();
    assert.equal(kidOf(keeper), undefined);
    assert.match(keeper.status().problem ?? '', /starts in 30 s/);
    await world.pass(DEFAULTS.staleness - 1, keeper);
    assert.equal(kidOf(keeper), undefined);
    await world.pass(1, keeper);
    assert.ok(kidOf(keeper));
  });

  test('R2: eight replicas on an empty store make one ring with one key', async () => {
    for (let round = 0; round < runs(10, 200); round++) {
      const world = openWorld('redis');
      const keepers = Array.from({ length: 8 }, () => world.keeper());
      await Promise.all(keepers.map((keeper) => keeper.open()));
      const stored = await loadRing(world.store, 'v1');
      assert.equal(stored?.ring.keys.length, 1);
      assert.equal(new Set(keepers.map(bytesOf)).size, 1);
      assert.equal(world.events.length, 1);
    }
  });

  test('a replica whose sealing key cannot open the ring does not start, and names both ids', async () => {
    const world = openWorld();
    await world.keeper().open();
    const strange = parseSealingKeys(newSealingKey(systemRandom));
    await assert.rejects(world.keeper({ sealingKeys: strange }).open(), (error: Error) => {
      assert.ok(error.message.includes(strange[0].id) && error.message.includes(world.sealingKeys[0].id));
      return true;
    });
  });

  test('another algorithm in the settings is a rotation that begins with the start', async () => {
    const world = openWorld();
    await world.keeper().open();
    const keeper = world.keeper({ alg: 'RS256' });
    await keeper.open();
    await keeper.step();
    assert.equal(keeper.signer()?.alg, 'ES256');
    assert.deepEqual(keeper.jwks()?.algs, ['ES256', 'RS256']);
  });
});

describe('several replicas', () => {
  test('R1: at the due time exactly one new key is made, one generation later, and the others drop theirs', async () => {
    for (let round = 0; round < runs(20, 500); round++) {
      const world = openWorld();
      const keepers = Array.from({ length: 2 + (round % 2) * 6 }, () => world.keeper());
      for (const keeper of keepers) await keeper.open();
      const before = await loadRing(world.store, 'v1');
      await Promise.all(keepers.map((keeper) => keeper.step()));
      const after = await loadRing(world.store, 'v1');
      assert.equal(after?.ring.gen, (before?.ring.gen ?? 0) + 1);
      assert.equal(after?.ring.keys.length, 2);
      assert.equal(new Set(keepers.map(bytesOf)).size, 1, 'R3: the same bytes everywhere');
      assert.equal(world.events.filter(({ kind }) => kind === 'key.append').length, 1);
    }
  });

  test('a switch happens on its time while the store is away, and issuing stops after S', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    await keeper.step();
    const old = kidOf(keeper);
    await world.pass(7 * DAY - 10, keeper);
    const heal = world.cutOff();
    await world.pass(10, keeper);
    const next = kidOf(keeper);
    assert.ok(next && next !== old, 'the schedule needs no store');
    assert.equal(keeper.jwks()?.kids[0], next);
    await world.pass(DEFAULTS.staleness, keeper);
    assert.equal(kidOf(keeper), undefined, 'bounded staleness');
    assert.match(keeper.status().problem ?? '', /could not be read for more than 30 s \(the store is gone\)/);
    assert.ok(keeper.jwks(), 'the key set is served all the same');
    heal();
    await world.pass(6, keeper);
    assert.equal(kidOf(keeper), next);
  });

  test('a damaged or empty ring in the store is never taken over; the last good one is served', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    const bytes = bytesOf(keeper);
    for (const text of ['', '{}', '{"format":1,"name":"v1","gen":99,"alg":"ES256","keys":[],"tombstones":[]}']) {
      await world.store.put('ring/v1', text);
      await world.pass(10, keeper);
      assert.equal(bytesOf(keeper), bytes);
    }
    await world.pass(DEFAULTS.staleness, keeper);
    assert.equal(kidOf(keeper), undefined);
    assert.match((await world.store.get('ring/v1'))?.value ?? '', /"gen":99/, 'and it is not overwritten');
  });

  test('listeners hear of a changed key set, and of nothing else', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    let heard = 0;
    keeper.onChange(() => heard++);
    await keeper.step();
    assert.equal(heard, 1, 'the spare');
    await world.pass(60, keeper);
    assert.equal(heard, 1);
  });
});

describe('a clock that disagrees with the store', () => {
  test('drifting: nothing is scheduled; wrong: nothing is issued; back in order: all goes on', async () => {
    const world = openWorld();
    let state: 'ok' | 'drifting' | 'wrong' = 'ok';
    const { clock } = world;
    const keeper = world.keeper({
      clock: { nowMs: () => clock.nowMs(), monotonicMs: () => clock.monotonicMs(), state: () => state },
    });
    await keeper.open();
    state = 'drifting';
    await keeper.step();
    assert.equal(keeper.jwks()?.kids.length, 1, 'no spare is appended');
    assert.ok(kidOf(keeper));
    state = 'wrong';
    assert.equal(kidOf(keeper), undefined);
    assert.match(keeper.status().problem ?? '', /clock/);
    state = 'ok';
    await keeper.step();
    assert.equal(keeper.jwks()?.kids.length, 2);
    assert.ok(kidOf(keeper));
  });
});

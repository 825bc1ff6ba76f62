import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadRing } from '../../src/keys/stored-ring.ts';
import { overlap, publishFloor } from '../../src/keys/timing.ts';
import { StoreError } from '../../src/store/store.ts';
import { DAY, DEFAULTS, HOUR, runs } from '../keys/rings.ts';

import { bytesOf, fileInMemory, kidOf, openWorld } from './keys-world.ts';

describe('a store that lost the ring', () => {
  test('an emptied store gets it back from the memory of a replica, and nothing stops', async () => {
    const world = openWorld();
    const keepers = [world.keeper(), world.keeper()];
    for (const keeper of keepers) await keeper.open();
    await keepers[0]?.step();
    await world.pass(DAY, ...keepers);
    const signer = keepers.map(kidOf);
    await world.store.delete('ring/v1');
    await world.pass(6, ...keepers);
    assert.deepEqual(keepers.map(kidOf), signer);
    assert.deepEqual(keepers.map((keeper) => keeper.status().rollbacks).sort(), [0, 1], 'one repairs, the other reads');
    assert.ok((await loadRing(world.store, 'v1'))?.ring.keys.length);
    assert.equal(world.events.at(-1)?.kind, 'key.merge');
  });

  test('a store that went back is joined with what was served, and nothing is scheduled before', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    const early = (await world.store.get('ring/v1'))?.value ?? '';
    await keeper.step();
    const kids = keeper.jwks()?.kids;
    await world.store.put('ring/v1', early);
    await world.pass(6, keeper);
    assert.deepEqual(keeper.jwks()?.kids, kids);
    const stored = await loadRing(world.store, 'v1');
    assert.equal(stored?.ring.gen, 3);
    assert.equal(stored?.ring.keys.length, 2);
  });

  test('while the join cannot be written, the union is served and nothing is scheduled', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    const signer = kidOf(keeper);
    await world.store.delete('ring/v1');
    const { store } = world;
    let asked = 0;
    const replace = () => {
      asked++;
      return Promise.reject(new StoreError('unavailable', 'read only'));
    };
    world.store = { ...store, replace };
    await world.pass(6, keeper);
    assert.equal(asked, 1, 'the join, and no spare');
    assert.equal(kidOf(keeper), signer);
    world.store = store;
    await world.pass(6, keeper);
    assert.equal(keeper.status().rollbacks, 1, 'one event, however long it took');
    assert.equal(keeper.jwks()?.kids.length, 2);
  });

  test('an empty store after a cold start: old tokens keep verifying, a new key waits for the floor', async () => {
    const world = openWorld();
    const snapshot = fileInMemory();
    const keeper = world.keeper({ snapshot });
    await keeper.open();
    const old = kidOf(keeper) ?? '';
    await world.store.delete('ring/v1');
    await world.pass(60);
    const reborn = world.keeper({ snapshot });
    await reborn.open();
    assert.ok(reborn.jwks()?.kids.includes(old));
    assert.equal(reborn.jwks()?.kids.length, 2);
    assert.equal(kidOf(reborn), undefined);
    await world.pass(publishFloor(DEFAULTS), reborn);
    assert.ok(kidOf(reborn) && kidOf(reborn) !== old);
  });

  test('a cold start without the store serves the snapshot and issues nothing; the store takes over when it is back', async () => {
    const world = openWorld();
    const snapshot = fileInMemory();
    const keeper = world.keeper({ snapshot });
    await keeper.open();
    const heal = world.cutOff();
    const cold = world.keeper({ snapshot });
    await cold.open();
    assert.equal(bytesOf(cold), bytesOf(keeper));
    assert.equal(cold.status().source, 'snapshot');
    assert.equal(kidOf(cold), undefined);
    heal();
    // At the next turn, not only when the next regular reading is due.
    await world.pass(1, cold);
    assert.equal(kidOf(cold), kidOf(keeper));
    assert.equal(cold.status().rollbacks, 0);
  });

  test('a snapshot that was tampered with is not served', async () => {
    const world = openWorld();
    const snapshot = fileInMemory();
    await world.keeper({ snapshot }).open();
    snapshot.text = snapshot.text?.replace('ES256', 'RS256');
    world.cutOff();
    const cold = world.keeper({ snapshot });
    await cold.open();
    assert.equal(cold.jwks(), undefined);
    assert.match(cold.status().problem ?? '', /no key ring yet/);
  });
});

describe('restarts', () => {
  test('C5: at any time a restarted replica signs with the same key as one that never stopped', async () => {
    const world = openWorld();
    const steady = world.keeper();
    await steady.open();
    for (let round = 0; round < runs(60, 1000); round++) {
      await world.pass((round % 5) * DAY * 0.37 + (round % 7) * HOUR + (round % 11), steady);
      const restarted = world.keeper();
      await restarted.open();
      assert.equal(kidOf(restarted), kidOf(steady));
      assert.equal(bytesOf(restarted), bytesOf(steady));
    }
  });

  test('I8: a private half is forgotten H after it stopped signing, in the store and in memory', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    await keeper.step();
    const old = kidOf(keeper);
    await world.pass(7 * DAY, keeper);
    await world.pass(overlap(DEFAULTS) + DEFAULTS.rollbackHold, keeper);
    const ring = (await loadRing(world.store, 'v1'))?.ring;
    assert.equal(ring?.keys.find(({ kid }) => kid === old)?.sealed, undefined);
    assert.ok(keeper.jwks()?.kids.includes(old ?? ''), 'it still verifies');
    assert.ok(world.events.some(({ kind, detail }) => kind === 'key.destroy' && detail['kid'] === old));
  });

  test('a change stays made when its audit record cannot be written, and the record follows', async () => {
    const world = openWorld();
    world.auditFails = true;
    const keeper = world.keeper();
    await keeper.open();
    await keeper.step();
    assert.equal(keeper.jwks()?.kids.length, 2);
    assert.equal(world.events.length, 0);
    world.auditFails = false;
    await keeper.step();
    assert.deepEqual(
      world.events.map(({ kind }) => kind),
      ['key.bootstrap', 'key.append'],
    );
  });
});

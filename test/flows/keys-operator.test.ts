import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  changeAlgorithmOfKeys,
  exportKeys,
  listKeys,
  revokeKey,
  rewrapKeys,
  rollbackKeys,
  rotateKeys,
  rotateKeysUnsafely,
} from '../../src/flows/rotate-keys.ts';
import { newSealingKey, parseSealingKeys, type SealingKeys } from '../../src/keys/seal.ts';
import { loadRing } from '../../src/keys/stored-ring.ts';
import { publishFloor } from '../../src/keys/timing.ts';
import { systemRandom } from '../../src/system.ts';
import { DAY, DEFAULTS } from '../keys/rings.ts';

import { bytesOf, kidOf, openWorld } from './keys-world.ts';

describe('an operator beside a running server', () => {
  const openBoth = async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    await keeper.step();
    await world.pass(2 * DAY, keeper);
    return { world, keeper, first: kidOf(keeper) };
  };

  test('rotates, and rolls back', async () => {
    const { world, keeper, first } = await openBoth();
    const answer = await rotateKeys(world.desk());
    assert.equal(answer.outcome, 'changed');
    assert.equal(answer.takesEffect, world.clock.seconds + 35);
    assert.equal((await rotateKeys(world.desk())).outcome, 'unchanged');
    await world.pass(35, keeper);
    assert.notEqual(kidOf(keeper), first);
    assert.equal((await rollbackKeys(world.desk())).outcome, 'changed');
    await world.pass(6, keeper);
    assert.equal(kidOf(keeper), first);
    assert.equal(keeper.status().rollbacks, 0, 'a rollback of keys is no rollback of the store');
  });

  test('rotates unsafely, with a reason', async () => {
    const { world, keeper, first } = await openBoth();
    assert.equal((await rotateKeysUnsafely(world.desk(), '')).refusal, 'reason_required');
    assert.equal((await rotateKeysUnsafely(world.desk(), 'leaked')).outcome, 'changed');
    await world.pass(6, keeper);
    assert.notEqual(kidOf(keeper), first);
  });

  test('revokes, also the only key of a ring', async () => {
    const { world, keeper, first } = await openBoth();
    const request = { kid: first ?? '', reason: 'leaked' };
    assert.equal((await revokeKey(world.desk(), request)).outcome, 'changed');
    await world.pass(6, keeper);
    assert.ok(kidOf(keeper) && kidOf(keeper) !== first);
    assert.ok(!bytesOf(keeper)?.includes(first ?? ''));

    const alone = openWorld();
    await alone.keeper().open();
    const [key] = (await loadRing(alone.store, 'v1'))?.ring.keys ?? [];
    const answer = await revokeKey(alone.desk(), { kid: key?.kid ?? '', reason: 'leaked' });
    assert.equal(answer.takesEffect, alone.clock.seconds + publishFloor(DEFAULTS));
  });

  test('asks for another algorithm', async () => {
    const { world, keeper } = await openBoth();
    assert.equal((await changeAlgorithmOfKeys(world.desk(), 'RS256')).outcome, 'changed');
    await world.pass(6, keeper);
    assert.ok(keeper.jwks()?.algs.includes('RS256'));
  });

  test('rewraps, after which the old sealing key is not needed any more', async () => {
    const { world, first } = await openBoth();
    const [line] = [newSealingKey(systemRandom)];
    const added = parseSealingKeys(line);
    const both: SealingKeys = [added[0], ...world.sealingKeys];
    const answer = await rewrapKeys(world.desk(both));
    assert.deepEqual(answer.sealedWith, { [added[0].id]: 2 });
    assert.equal((await rewrapKeys(world.desk(both))).outcome, 'unchanged');
    const keeper = world.keeper({ sealingKeys: added });
    await keeper.open();
    assert.equal(kidOf(keeper), first);
  });

  test('sees what signs now, what signs next and when, and when each leaves', async () => {
    const { world, keeper, first } = await openBoth();
    const view = await listKeys(world.desk());
    assert.equal(view?.signsNow, first);
    assert.equal(view?.signsNext?.kid, keeper.jwks()?.kids[1]);
    assert.deepEqual(
      view?.timeline.filter(({ kid }) => kid === first).map(({ what }) => what),
      ['stops signing', 'private half destroyed', 'leaves the key set'],
    );
    assert.deepEqual((await exportKeys(world.desk()))?.bytes, keeper.jwks()?.bytes);
  });

  test('wins over servers and operators who change the ring at the same time', async () => {
    const world = openWorld();
    const keeper = world.keeper();
    await keeper.open();
    const answers = await Promise.all([
      rotateKeysUnsafely(world.desk(), 'drill'),
      changeAlgorithmOfKeys(world.desk(), 'RS256'),
      keeper.step(),
    ]);
    assert.deepEqual(
      answers.slice(0, 2).map((answer) => answer?.outcome),
      ['changed', 'changed'],
    );
    const stored = await loadRing(world.store, 'v1');
    assert.equal(stored?.ring.gen, world.events.length, 'every generation has its record');
  });

  test('cannot change a ring that is not there', async () => {
    assert.equal((await rotateKeys({ ...openWorld().desk(), name: 'v2' })).refusal, 'no_ring');
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bootstrap, type Change, enter } from '../../src/keys/change.ts';
import { append, remove, schedule } from '../../src/keys/lifecycle.ts';
import { makeKey } from '../../src/keys/new-key.ts';
import { carryOut, plan } from '../../src/keys/plan.ts';
import { PrivateHalves } from '../../src/keys/private-halves.ts';
import { chooseSigner, phaseOf, publishedKeys, type Ring, type RingKey, settle } from '../../src/keys/ring.ts';
import { newSealingKey, parseSealingKeys } from '../../src/keys/seal.ts';
import { serve } from '../../src/keys/serving.ts';
import { writeRing } from '../../src/keys/stored-ring.ts';
import { longestWindow, overlap, publishFloor, retention } from '../../src/keys/timing.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { type Store, StoreError } from '../../src/store/store.ts';
import { systemRandom } from '../../src/system.ts';
import { StandingClock } from '../clock.ts';
import { DAY, DEFAULTS, fakeKey, HOUR, START } from './rings.ts';

const first = bootstrap('v1', fakeKey('a'), START, START, DEFAULTS);
const refusalOf = (change: Change): string => (change.done ? 'done' : change.refusal);
const ringOf = (...keys: readonly RingKey[]): Ring => ({ ...first, keys });
const at = (seed: string, signFrom: number, more: Partial<RingKey> = {}): RingKey => ({
  ...enter(fakeKey(seed), START, signFrom, 'scheduled', DEFAULTS),
  ...more,
});

describe('the guards of append, schedule and remove', () => {
  const second = carryOut(first, plan(first, START, DEFAULTS), fakeKey('b'), START, DEFAULTS).ring;

  test('a thumbprint that the ring knew never comes back', () => {
    const buried = { ...first, tombstones: [{ kid: fakeKey('z').kid, removedAt: START, reason: 'expired' as const }] };
    assert.equal(refusalOf(append(first, fakeKey('a'), START, DEFAULTS)), 'kid_reused');
    assert.equal(refusalOf(append(buried, fakeKey('z'), START, DEFAULTS)), 'kid_reused');
  });

  test('one spare at a time, of the ring’s algorithm, and never more than N', () => {
    assert.equal(refusalOf(append(second, fakeKey('c'), START, DEFAULTS)), 'spare_exists');
    assert.equal(refusalOf(append(first, fakeKey('c', 'ES256'), START, DEFAULTS)), 'wrong_algorithm');
    assert.equal(refusalOf(append(first, fakeKey('c'), START, { ...DEFAULTS, maxKeys: 1 })), 'ring_full');
    assert.equal(refusalOf(append(first, fakeKey('c'), START, DEFAULTS)), 'done');
  });

  test('a switch is not scheduled into the past or before the floor', () => {
    const kid = fakeKey('b').kid;
    const floor = START + publishFloor(DEFAULTS);
    assert.equal(refusalOf(schedule(second, kid, floor - 1, START, DEFAULTS)), 'too_early');
    assert.equal(refusalOf(schedule(second, kid, floor, floor + 1, DEFAULTS)), 'too_early');
    assert.equal(refusalOf(schedule(second, kid, floor, START, DEFAULTS)), 'done');
  });

  test('the last key does not leave', () => {
    assert.equal(refusalOf(remove(first, fakeKey('a').kid, START + 90 * DAY, DEFAULTS)), 'last_key');
  });
});

describe('the windows of the keys of a ring', () => {
  test('of three keys that would sign together the oldest one stops', () => {
    const keys = [at('a', START), at('b', START + 10), at('c', START + 15)];
    const settled = settle(keys, START, DEFAULTS);
    assert.deepEqual(
      settled.map(({ signUntil }) => signUntil - START),
      [15, 15 + overlap(DEFAULTS), 15 + 2 * DEFAULTS.rotationPeriod],
    );
    for (let now = START; now < START + 100; now++) {
      assert.ok(settled.filter((key) => phaseOf(key, now) === 'active').length <= 2);
    }
  });

  test('no key signs for more than 3T, however late its successor', () => {
    const [old] = settle([at('a', START), at('b', START + 30 * DAY)], START, DEFAULTS);
    assert.equal(old?.signUntil, START + longestWindow(DEFAULTS));
  });

  test('a key that is stopped early stays published for what a replica may sign that has not read it yet', () => {
    const now = START + DAY;
    const [old] = settle([at('a', START), at('b', now - overlap(DEFAULTS) + 1), at('c', now + 1)], now, DEFAULTS);
    assert.equal(old?.signUntil, now + 1);
    assert.equal(old?.removeAt, now + overlap(DEFAULTS) + retention(DEFAULTS));
  });

  test('a gap before the next switch is closed as far as the floor allows', () => {
    const alone = ringOf(at('a', START, { signUntil: START + HOUR }), at('b', START + 30 * DAY));
    const due = plan(alone, START, DEFAULTS).find(({ kind }) => kind === 'schedule');
    assert.deepEqual(due, { kind: 'schedule', kid: fakeKey('b').kid, signFrom: START + HOUR - overlap(DEFAULTS) });
    const later = carryOut(alone, plan(alone, START + DAY, DEFAULTS), undefined, START + DAY, DEFAULTS).ring;
    assert.equal(chooseSigner(later, START + DAY)?.kid, fakeKey('b').kid);
  });

  test('a ring whose every key is gone still shows the last one', () => {
    const ring = ringOf(at('a', START), at('b', START + DAY));
    assert.deepEqual(
      publishedKeys(ring, START + 90 * DAY).map(({ kid }) => kid),
      [fakeKey('b').kid],
    );
  });
});

describe('private halves', () => {
  const sealing = parseSealingKeys(newSealingKey(systemRandom));
  const hold = DEFAULTS.rollbackHold;

  test('are forgotten by the clock alone, H after the end, and at once when revoked', async () => {
    const ring = bootstrap('v1', await makeKey('v1', 'ES256', sealing), START, START, DEFAULTS);
    const [key] = ring.keys;
    assert.ok(key);
    const halves = new PrivateHalves(sealing);
    await halves.follow(ring, START, hold);
    halves.forget(ring, key.signUntil + hold - 1, hold);
    assert.ok(halves.get(key.kid));
    halves.forget(ring, key.signUntil + hold, hold);
    assert.equal(halves.get(key.kid), undefined);
    await halves.follow(ring, START, hold);
    halves.forget({ ...ring, keys: [{ ...key, revoked: { at: START, reason: 'leaked' } }] }, START, hold);
    assert.equal(halves.get(key.kid), undefined);
  });

  test('a half that was moved to another ring or key stays closed', async () => {
    const [one, other] = await Promise.all([makeKey('v1', 'ES256', sealing), makeKey('v1', 'ES256', sealing)]);
    for (const ring of [
      bootstrap('v2', one, START, START, DEFAULTS),
      bootstrap('v1', { ...one, sealed: other.sealed }, START, START, DEFAULTS),
    ]) {
      const halves = new PrivateHalves(sealing);
      assert.equal((await halves.follow(ring, START, hold)).length, 1);
      assert.equal(halves.get(one.kid), undefined);
    }
  });

  test('I12: a key that is not in the served set does not sign, whatever its window says', async () => {
    const ring = bootstrap('v1', await makeKey('v1', 'ES256', sealing), START, START, DEFAULTS);
    const [key] = ring.keys;
    assert.ok(key);
    const halves = new PrivateHalves(sealing);
    const odd = { ...ring, keys: [{ ...key, removeAt: START }, at('b', START + DAY)] };
    await halves.follow(odd, START, hold);
    assert.equal(serve(odd, START, halves, 300).signer, undefined);
    assert.equal(serve(ring, START, halves, 300).signer?.kid, key.kid);
  });
});

describe('a write whose outcome the store did not tell', () => {
  const openLate = (isWritten: boolean): Store => {
    const store = memoryStore(new StandingClock());
    return Object.assign(Object.create(store) as Store, {
      get: (key: string) => store.get(key),
      async replace(key: string, expected: number, value: string) {
        if (isWritten) await store.replace(key, expected, value);
        throw new StoreError('timeout', 'too slow');
      },
    });
  };

  test('counts as made when the store holds it, and as lost to another when it does not', async () => {
    assert.deepEqual(await writeRing(openLate(true), first, 0), { ring: first, version: 1 });
    assert.equal(await writeRing(openLate(false), first, 0), undefined);
  });
});

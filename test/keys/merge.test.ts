import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bootstrap } from '../../src/keys/change.ts';
import { judge, merge, publicRing, samePublicly, wentBack } from '../../src/keys/merge.ts';
import { carryOut, plan } from '../../src/keys/plan.ts';
import { chooseSigner, publishedKeys, type Ring, upcomingKeys } from '../../src/keys/ring.ts';
import { revoke, rotate } from '../../src/keys/switch.ts';
import { checkTiming, publishFloor, spell } from '../../src/keys/timing.ts';
import { DAY, DEFAULTS, fakeKey, START } from './rings.ts';

const NOW = START + 2 * DAY;
const append = (ring: Ring, seed: string, now: number): Ring =>
  carryOut(ring, plan(ring, now, DEFAULTS), fakeKey(seed, ring.alg), now, DEFAULTS).ring;
const first = bootstrap('v1', fakeKey('a'), START, START, DEFAULTS);
const second = append(first, 'b', START);
const rotated = ((): Ring => {
  const change = rotate(second, NOW, DEFAULTS);
  assert.ok(change.done);
  return change.ring;
})();

describe('a store that went back', () => {
  test('is noticed by its generation, by a forgotten key, and by another text under the same generation', () => {
    assert.equal(wentBack(second, second, NOW), false);
    assert.equal(wentBack(second, rotated, NOW), false);
    assert.equal(wentBack(rotated, second, NOW), true);
    assert.equal(wentBack(second, { ...append(first, 'c', START), gen: 9 }, NOW), true);
    assert.equal(wentBack(second, append(first, 'c', START), NOW), true);
  });

  test('is not suspected where only private halves differ, or where a dead key was forgotten', () => {
    assert.equal(wentBack(publicRing(second), second, NOW), false);
    const renewed = { ...bootstrap('v1', fakeKey('d'), NOW, NOW, DEFAULTS), gen: 50 };
    assert.equal(wentBack(second, renewed, START + 90 * DAY), false);
  });

  test('that has no ring at all gets the held one back; a replica that held nothing alive starts anew', () => {
    const judgement = judge(second, undefined, NOW, DEFAULTS);
    assert.ok(judgement.kind === 'back' && judgement.union.gen === second.gen + 1);
    assert.equal(judge(undefined, undefined, NOW, DEFAULTS).kind, 'new');
    assert.equal(judge(second, undefined, START + 90 * DAY, DEFAULTS).kind, 'new');
  });
});

describe('the join of two histories', () => {
  test('is the union, above both, and does not depend on the order of its parts', () => {
    const other = append(first, 'c', START);
    const joined = merge(second, other, NOW, DEFAULTS);
    assert.deepEqual(joined.keys.map(({ kid }) => kid).sort(), ['a', 'b', 'c'].map((seed) => fakeKey(seed).kid).sort());
    assert.equal(joined.gen, 3);
    assert.ok(samePublicly(joined, merge(other, second, NOW, DEFAULTS)));
    assert.equal(publishedKeys(joined, NOW).length, 3);
  });

  test('a lost rotation is simply a later one', () => {
    const joined = merge(rotated, second, NOW, DEFAULTS);
    assert.equal(upcomingKeys(joined, NOW)[0]?.signFrom, second.keys[1]?.signFrom);
    assert.equal(chooseSigner(joined, NOW)?.kid, fakeKey('a').kid);
  });

  test('a revoked key stays revoked, whichever side knew', () => {
    const change = revoke(second, { kid: fakeKey('a').kid, reason: 'leaked' }, NOW, DEFAULTS);
    assert.ok(change.done);
    for (const joined of [merge(second, change.ring, NOW, DEFAULTS), merge(change.ring, second, NOW, DEFAULTS)]) {
      const key = joined.keys.find(({ kid }) => kid === fakeKey('a').kid);
      assert.ok(key?.revoked && key.sealed === undefined);
      assert.ok(!publishedKeys(joined, NOW).some(({ kid }) => kid === key.kid));
    }
  });

  test('a key that a fresh replica made in an emptied store does not sign before the others publish it', () => {
    const stranger = bootstrap('v1', fakeKey('stranger'), NOW, NOW, DEFAULTS);
    const joined = merge(second, stranger, NOW, DEFAULTS);
    assert.equal(chooseSigner(joined, NOW)?.kid, fakeKey('a').kid);
    const key = joined.keys.find(({ kid }) => kid === fakeKey('stranger').kid);
    assert.ok(key && key.signFrom >= NOW + publishFloor(DEFAULTS));
  });

  test('of two seals of one private half the later generation’s counts', () => {
    const rewrapped = { ...second, gen: 7, keys: second.keys.map((key) => ({ ...key, sealed: `new ${key.kid}` })) };
    for (const joined of [merge(second, rewrapped, NOW, DEFAULTS), merge(rewrapped, second, NOW, DEFAULTS)]) {
      assert.ok(joined.keys.every((key) => key.sealed?.startsWith('new ')));
    }
  });
});

describe('timings', () => {
  test('the defaults are sound', () => assert.deepEqual(checkTiming(DEFAULTS), []));

  for (const [field, change] of [
    ['publishAhead', { publishAhead: 339 }],
    ['rotationPeriod', { rotationPeriod: 86_439 }],
    ['maxKeys', { maxKeys: 3 }],
  ] as const) {
    test(`${field} is refused one step before it is sound`, () => {
      assert.deepEqual(
        checkTiming({ ...DEFAULTS, ...change }).map((problem) => problem.field),
        [field],
      );
    });
  }

  test('durations are written for people', () => {
    assert.deepEqual([0, 40, 340, 90_000, 604_800].map(spell), ['0 s', '40 s', '5 min 40 s', '1 d 1 h', '7 d']);
  });
});

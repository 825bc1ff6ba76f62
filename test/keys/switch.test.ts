import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bootstrap, type Change } from '../../src/keys/change.ts';
import { destroyPrivate, remove } from '../../src/keys/lifecycle.ts';
import { carryOut, plan } from '../../src/keys/plan.ts';
import { chooseSigner, phaseOf, publishedKeys, type Ring, upcomingKeys } from '../../src/keys/ring.ts';
import { revoke, rollback, rotate, rotateUnsafe } from '../../src/keys/switch.ts';
import { overlap, publishFloor, switchNotice } from '../../src/keys/timing.ts';
import { DAY, DEFAULTS, fakeKey, HOUR, START } from './rings.ts';

let made = 0;
const tick = (ring: Ring, now: number): Ring =>
  carryOut(ring, plan(ring, now, DEFAULTS), fakeKey(`switch ${made++}`, ring.alg), now, DEFAULTS).ring;

/** A ring that started at START and has been kept until `now`. */
const keptUntil = (now: number, ring = bootstrap('v1', fakeKey(`switch ${made++}`), START, START, DEFAULTS)): Ring => {
  let kept = ring;
  for (let at = START; at < now; at += HOUR) kept = tick(kept, at);
  return tick(kept, now);
};

const ringOf = (change: Change): Ring => {
  assert.ok(change.done, change.done ? '' : change.sentence);
  return change.ring;
};
const refusalOf = (change: Change): string => (change.done ? 'done' : change.refusal);
const signerOf = (ring: Ring, now: number): string | undefined => chooseSigner(ring, now)?.kid;

describe('rotate', () => {
  test('lets a spare that is old enough sign after S + σ, and says so', () => {
    const now = START + 2 * DAY;
    const ring = keptUntil(now);
    const [spare] = upcomingKeys(ring, now);
    const change = rotate(ring, now, DEFAULTS);
    assert.ok(change.done);
    assert.equal(change.takesEffect, now + switchNotice(DEFAULTS));
    assert.notEqual(signerOf(change.ring, now), spare?.kid);
    assert.equal(signerOf(change.ring, change.takesEffect ?? 0), spare?.kid);
  });

  test('twice in a row: the second one has nothing to do and names the same instant', () => {
    const now = START + 2 * DAY;
    const first = rotate(keptUntil(now), now, DEFAULTS);
    assert.ok(first.done);
    const second = rotate(first.ring, now + 1, DEFAULTS);
    assert.ok(second.done);
    assert.equal(second.ring, first.ring);
    assert.equal(second.takesEffect, first.takesEffect);
  });

  test('a spare that is too young waits until it has been published for P', () => {
    const now = START + HOUR;
    const ring = keptUntil(now);
    const change = rotate(ring, now, DEFAULTS);
    assert.ok(change.done);
    assert.equal(change.takesEffect, START + DEFAULTS.publishAhead);
  });

  test('without a spare it is refused', () => {
    const ring = bootstrap('v1', fakeKey('alone'), START, START, DEFAULTS);
    assert.equal(refusalOf(rotate(ring, START, DEFAULTS)), 'no_spare');
  });

  test('unsafe: needs a reason, signs at once, predicts the failures, and keeps the old key published', () => {
    const now = START + 60;
    const ring = keptUntil(now);
    const old = signerOf(ring, now);
    assert.equal(refusalOf(rotateUnsafe(ring, { reason: ' ' }, now, DEFAULTS)), 'reason_required');
    const change = rotateUnsafe(ring, { reason: 'leaked' }, now, DEFAULTS);
    assert.ok(change.done);
    assert.match(change.sentence, /up to 4 min 40 s/, 'the floor is 340 s, of which 60 have passed');
    assert.notEqual(signerOf(change.ring, now), old);
    assert.ok(
      publishedKeys(change.ring, now + HOUR).some(({ kid }) => kid === old),
      'R is never waived',
    );
  });

  test('unsafe without a spare takes the replacement, in one generation', () => {
    const ring = bootstrap('v1', fakeKey('alone'), START, START, DEFAULTS);
    assert.equal(refusalOf(rotateUnsafe(ring, { reason: 'x' }, START, DEFAULTS)), 'replacement_required');
    const replacement = fakeKey('replacement');
    const change = rotateUnsafe(ring, { reason: 'x', replacement }, START, DEFAULTS);
    const next = ringOf(change);
    // The first key started in this very second: the latest start signs, so the other one starts in the next.
    assert.equal(change.done && change.takesEffect, START + 1);
    assert.equal(next.gen, ring.gen + 1);
    assert.equal(signerOf(next, START + 1), replacement.kid);
  });
});

describe('rollback, from each phase of a switch', () => {
  const asked = START + 2 * DAY;
  const scheduled = () => {
    const ring = keptUntil(asked);
    const old = signerOf(ring, asked);
    const change = rotate(ring, asked, DEFAULTS);
    assert.ok(change.done && change.takesEffect !== undefined);
    return { ring: change.ring, at: change.takesEffect, old };
  };

  test('published: the switch is called off', () => {
    const { ring, at, old } = scheduled();
    const back = ringOf(rollback(ring, at - 5, DEFAULTS));
    assert.equal(signerOf(back, at + HOUR), old);
    assert.ok((upcomingKeys(back, at)[0]?.signFrom ?? 0) >= asked + DAY);
  });

  for (const [phase, after] of [
    ['overlap', overlap(DEFAULTS) - 1],
    ['retiring, within H', overlap(DEFAULTS) + DEFAULTS.rollbackHold - 1],
  ] as const) {
    test(`${phase}: the old key signs again at once, the new one stays published`, () => {
      const { ring, at, old } = scheduled();
      const now = at + after;
      const current = tick(ring, at);
      const bad = signerOf(current, now);
      assert.notEqual(bad, old);
      const back = ringOf(rollback(current, now, DEFAULTS));
      assert.equal(signerOf(back, now), old);
      const demoted = back.keys.find(({ kid }) => kid === bad);
      assert.ok(demoted && phaseOf(demoted, now) === 'published');
      assert.ok(publishedKeys(back, now).some(({ kid }) => kid === bad));
      let kept = back;
      for (let later = now; later < now + 30 * DAY; later += HOUR) {
        kept = tick(kept, later);
        assert.ok(signerOf(kept, later));
      }
    });
  }

  test('later than H: refused, because the private half is destroyed', () => {
    const { ring, at } = scheduled();
    const now = at + overlap(DEFAULTS) + DEFAULTS.rollbackHold;
    assert.equal(refusalOf(rollback(tick(ring, at), now, DEFAULTS)), 'private_half_destroyed', 'by the clock');
    assert.equal(
      refusalOf(rollback(tick(tick(ring, at), now), now, DEFAULTS)),
      'private_half_destroyed',
      'by the plan',
    );
  });

  test('before any switch there is nothing to go back to', () => {
    assert.equal(refusalOf(rollback(keptUntil(asked), asked, DEFAULTS)), 'nothing_to_roll_back');
  });
});

describe('revoke', () => {
  const now = START + 2 * DAY;
  const request = { reason: 'leaked' };

  test('the signing key: the warm spare signs from the same instant', () => {
    const ring = keptUntil(now);
    const [spare] = upcomingKeys(ring, now);
    const kid = signerOf(ring, now) ?? '';
    const next = ringOf(revoke(ring, { ...request, kid }, now, DEFAULTS));
    assert.equal(signerOf(next, now), spare?.kid);
    assert.ok(!publishedKeys(next, now).some((key) => key.kid === kid));
    assert.equal(next.keys.find((key) => key.kid === kid)?.sealed, undefined, 'its private half is gone');
  });

  test('the signing key with a spare that is too young: nothing signs until the floor, unless unsafe', () => {
    const early = START + 100;
    const ring = keptUntil(early);
    const kid = signerOf(ring, early) ?? '';
    const next = ringOf(revoke(ring, { ...request, kid }, early, DEFAULTS));
    const ready = START + publishFloor(DEFAULTS);
    assert.equal(signerOf(next, ready - 1), undefined);
    assert.ok(signerOf(next, ready));
    assert.ok(signerOf(ringOf(revoke(ring, { ...request, kid, unsafe: true }, early, DEFAULTS)), early));
  });

  test('the only key: a replacement is published and waits for the floor', () => {
    const ring = bootstrap('v1', fakeKey('only'), START, START, DEFAULTS);
    const [key] = ring.keys;
    const kid = key?.kid ?? '';
    assert.equal(refusalOf(revoke(ring, { ...request, kid }, now, DEFAULTS)), 'replacement_required');
    const replacement = fakeKey('instead');
    const next = ringOf(revoke(ring, { ...request, kid, replacement }, now, DEFAULTS));
    assert.deepEqual(
      publishedKeys(next, now).map((published) => published.kid),
      [replacement.kid],
    );
    assert.equal(signerOf(next, now), undefined);
    assert.equal(signerOf(next, now + publishFloor(DEFAULTS)), replacement.kid);
  });

  test('needs a reason and a key that is there; a second time changes nothing', () => {
    const ring = keptUntil(now);
    const kid = signerOf(ring, now) ?? '';
    assert.equal(refusalOf(revoke(ring, { kid, reason: '' }, now, DEFAULTS)), 'reason_required');
    assert.equal(refusalOf(revoke(ring, { ...request, kid: 'nobody' }, now, DEFAULTS)), 'unknown_key');
    const once = ringOf(revoke(ring, { ...request, kid }, now, DEFAULTS));
    assert.equal(ringOf(revoke(once, { ...request, kid }, now, DEFAULTS)), once);
  });

  test('the spare: a new one is planned at once', () => {
    const ring = keptUntil(now);
    const kid = upcomingKeys(ring, now)[0]?.kid ?? '';
    const next = ringOf(revoke(ring, { ...request, kid }, now, DEFAULTS));
    assert.deepEqual(
      plan(next, now, DEFAULTS).map((step) => step.kind),
      ['append'],
    );
  });
});

describe('what must not happen early', () => {
  const ring = keptUntil(START + DAY);
  const kid = signerOf(ring, START + DAY) ?? '';

  test('a private half that may still be needed is not destroyed', () => {
    assert.equal(refusalOf(destroyPrivate(ring, kid, START + DAY, DEFAULTS)), 'too_early');
  });

  test('a key whose tokens may be alive does not leave', () => {
    assert.equal(refusalOf(remove(ring, kid, START + DAY, DEFAULTS)), 'too_early');
  });
});

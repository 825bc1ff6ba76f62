import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bootstrap } from '../../src/keys/change.ts';
import { changeAlgorithm } from '../../src/keys/lifecycle.ts';
import { carryOut, plan } from '../../src/keys/plan.ts';
import { chooseSigner, publishedKeys, type Ring, upcomingKeys } from '../../src/keys/ring.ts';
import { overlap, publishFloor, retention, type Timing } from '../../src/keys/timing.ts';
import { DAY, DEFAULTS, fakeKey, HOUR, runs, START } from './rings.ts';

let made = 0;
/** One tick of a replica: does what is due. */
export const tick = (ring: Ring, now: number, timing: Timing = DEFAULTS): Ring => {
  const steps = plan(ring, now, timing);
  return steps.length === 0 ? ring : carryOut(ring, steps, fakeKey(`plan ${made++}`, ring.alg), now, timing).ring;
};

const started = (): Ring => tick(bootstrap('v1', fakeKey('first'), START, START, DEFAULTS), START);

describe('the plan of a ring', () => {
  test('after bootstrap it publishes a spare whose switch is already scheduled', () => {
    const ring = started();
    const [first, spare] = ring.keys;
    assert.ok(first && spare);
    assert.equal(ring.gen, 2);
    assert.equal(spare.publishedAt, START);
    assert.equal(spare.signFrom, START + 7 * DAY);
    assert.equal(spare.signUntil, spare.signFrom + 14 * DAY, 'no key is open-ended');
    assert.equal(first.signUntil, spare.signFrom + overlap(DEFAULTS));
    assert.equal(first.removeAt, first.signUntil + retention(DEFAULTS));
    assert.deepEqual(plan(ring, START, DEFAULTS), []);
  });

  test('two years of hourly ticks: always one signer, always published before use, never more than three keys', () => {
    const hours = runs(2, 2) * 365 * 24;
    let ring = started();
    const firstSeen = new Map<string, number>();
    const lastSigned = new Map<string, number>();
    for (let hour = 0; hour < hours; hour++) {
      const now = START + hour * HOUR;
      ring = tick(ring, now);
      const published = publishedKeys(ring, now).map(({ kid }) => kid);
      for (const kid of published) if (!firstSeen.has(kid)) firstSeen.set(kid, now);
      const signer = chooseSigner(ring, now);
      assert.ok(signer, `nobody signs in hour ${hour}`);
      assert.equal(published[0], signer.kid, 'the signing key comes first');
      if (signer.origin !== 'bootstrap') assert.ok(now - (firstSeen.get(signer.kid) ?? now) >= publishFloor(DEFAULTS));
      lastSigned.set(signer.kid, now);
      for (const [kid, at] of lastSigned) {
        if (now <= at + DEFAULTS.maxLifetime + DEFAULTS.leeway)
          assert.ok(published.includes(kid), 'a live token lost its key');
      }
      assert.ok(published.length <= 3);
      assert.ok(upcomingKeys(ring, now).length >= 1, 'a spare is published at all times');
      for (const key of ring.keys) {
        assert.ok(key.sealed === undefined || now < key.signUntil + DEFAULTS.rollbackHold + HOUR);
      }
    }
    assert.ok(lastSigned.size >= hours / 24 / 7, 'it rotates every week');
    assert.ok(ring.tombstones.length <= 90 / 7 + 1, 'tombstones have an end');
  });

  test('an installation that was switched off past every end recovers by itself: a new key waits for the floor, then signs', () => {
    const now = START + 60 * DAY;
    const ring = tick(started(), now);
    assert.equal(chooseSigner(ring, now), undefined);
    const [next] = upcomingKeys(ring, now);
    assert.equal(next?.origin, 'recovery');
    assert.equal(next?.signFrom, now + publishFloor(DEFAULTS));
    assert.deepEqual(
      publishedKeys(ring, now).map(({ kid }) => kid),
      [next?.kid],
    );
    assert.equal(ring.keys.length, 1, 'the dead keys left in the same change');
    assert.equal(chooseSigner(ring, now + publishFloor(DEFAULTS))?.kid, next?.kid);
  });

  test('a late spare still gets its full time in the JWKS: the old key signs on until then', () => {
    const late = START + 7 * DAY + 14 * DAY - HOUR;
    const ring = tick(started(), late);
    const [next] = upcomingKeys(ring, late);
    assert.ok(next);
    assert.equal(next.signFrom, late + DEFAULTS.publishAhead);
    for (let now = late; now < next.signFrom + HOUR; now += 600) assert.ok(chooseSigner(tick(ring, now), now));
  });

  test('a change of algorithm is a rotation: RS256 to ES256 and back never leaves a moment without signer', () => {
    let ring = started();
    let now = START + DAY;
    const seen: string[] = [];
    for (const alg of ['ES256', 'RS256'] as const) {
      const change = changeAlgorithm(ring, alg, now, DEFAULTS);
      assert.ok(change.done);
      ring = change.ring;
      for (const until = now + 16 * DAY; now < until; now += HOUR) {
        ring = tick(ring, now);
        const signer = chooseSigner(ring, now);
        assert.ok(signer);
        if (seen.at(-1) !== signer.alg) seen.push(signer.alg);
        const algs = new Set(publishedKeys(ring, now).map((key) => key.alg));
        assert.ok(algs.has(signer.alg));
      }
    }
    assert.deepEqual(seen, ['RS256', 'ES256', 'RS256']);
    assert.ok(
      ring.keys.every(({ alg }) => alg === 'RS256'),
      'the spare of the other algorithm is gone',
    );
  });

  test('an algorithm that is changed back at once costs nothing', () => {
    const ring = started();
    const there = changeAlgorithm(ring, 'ES256', START + HOUR, DEFAULTS);
    assert.ok(there.done);
    const back = changeAlgorithm(tick(there.ring, START + HOUR), 'RS256', START + 2 * HOUR, DEFAULTS);
    assert.ok(back.done);
    let settled = back.ring;
    for (let now = START + 2 * HOUR; now < START + 30 * DAY; now += HOUR) {
      settled = tick(settled, now);
      assert.equal(chooseSigner(settled, now)?.alg, 'RS256');
    }
  });

  test('a full ring takes no further key', () => {
    const timing = { ...DEFAULTS, maxKeys: 1 };
    const ring = bootstrap('v1', fakeKey('full'), START, START, timing);
    assert.deepEqual(plan(ring, START, timing), []);
  });

  test('the last key never leaves, however old it is', () => {
    const timing = { ...DEFAULTS, maxKeys: 1 };
    const ring = bootstrap('v1', fakeKey('last'), START, START, timing);
    const late = tick(ring, START + 100 * DAY, timing);
    assert.equal(late.keys.length, 1);
    assert.equal(publishedKeys(late, START + 100 * DAY).length, 1);
  });
});

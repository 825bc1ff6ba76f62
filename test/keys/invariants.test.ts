import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bootstrap, type Change } from '../../src/keys/change.ts';
import { changeAlgorithm } from '../../src/keys/lifecycle.ts';
import { merge, publicRing } from '../../src/keys/merge.ts';
import { carryOut, plan } from '../../src/keys/plan.ts';
import { renderKeys } from '../../src/keys/published.ts';
import { chooseSigner, nextBoundary, phaseOf, publishedKeys, type Ring, type RingKey } from '../../src/keys/ring.ts';
import { revoke, rollback, rotate } from '../../src/keys/switch.ts';
import { longestWindow, overlap, publishFloor, retention, type Timing } from '../../src/keys/timing.ts';
import { DEFAULTS, fakeKey, runs, START } from './rings.ts';

const COMPRESSED: Timing = {
  cacheMaxAge: 5,
  staleness: 1,
  clockError: 1,
  leeway: 1,
  maxLifetime: 4,
  rotationPeriod: 20,
  publishAhead: 9,
  rollbackHold: 4,
  maxKeys: 8,
};

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), share: fc.double({ min: 0, max: 1.2, noNaN: true }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('boundary' as const), offset: fc.integer({ min: -1, max: 1 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('rotate' as const, 'rollback' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), which: fc.nat(7) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('algorithm' as const),
      alg: fc.constantFrom('RS256' as const, 'ES256' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost' as const), back: fc.nat(3) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What a verifier and an auditor would have seen of a ring so far. */
interface Witness {
  readonly publishedSince: Map<string, number>;
  readonly owedUntil: Map<string, number>;
  readonly algs: Map<string, string>;
  readonly left: Set<string>;
  readonly revoked: Set<string>;
}

const check = (ring: Ring, now: number, timing: Timing, seen: Witness): void => {
  const published = publishedKeys(ring, now).map(({ kid }) => kid);
  for (const kid of seen.publishedSince.keys()) if (!published.includes(kid)) seen.publishedSince.delete(kid);
  for (const kid of published) if (!seen.publishedSince.has(kid)) seen.publishedSince.set(kid, now);
  const signer = chooseSigner(ring, now);
  if (signer) {
    assert.ok(published.includes(signer.kid), 'I12: signs with a key that is not served');
    const waited = now - (seen.publishedSince.get(signer.kid) ?? now);
    if (signer.origin !== 'bootstrap')
      assert.ok(waited >= publishFloor(timing), `I1: signs ${waited} s after publication`);
    assert.ok(signer.sealed !== undefined && !signer.revoked, 'I8: signs without a private half');
    // The longest token that could be signed now.
    seen.owedUntil.set(signer.kid, now + timing.maxLifetime + timing.leeway);
  }
  for (const [kid, until] of seen.owedUntil) {
    if (now < until && !seen.revoked.has(kid))
      assert.ok(published.includes(kid), 'I2: a key left before its last token');
  }
  const signers = ring.keys.filter((key) => phaseOf(key, now) === 'active').sort((a, b) => a.signFrom - b.signFrom);
  assert.ok(signers.length <= 2, `I4: ${signers.length} signers`);
  const [, newer] = signers;
  if (newer) assert.ok(now < newer.signFrom + overlap(timing), 'I4: two signers outside the overlap');
  for (const key of ring.keys) checkKey(key, timing, seen);
  assert.ok(published.length > 0, 'I13: an empty key set');
  assert.ok(published.length <= timing.maxKeys, 'too many keys');
  const text = renderKeys(ring, now, timing.cacheMaxAge).bytes.toString();
  assert.ok(!text.includes('sealed'), 'I8: a private half in the key set');
  const shuffled = { ...ring, keys: [...ring.keys].reverse() };
  assert.equal(
    renderKeys(shuffled, now, timing.cacheMaxAge).bytes.toString(),
    text,
    'I7: the order of the document matters',
  );
  assert.equal(
    renderKeys(publicRing(ring), now, timing.cacheMaxAge).bytes.toString(),
    text,
    'I7: private halves matter',
  );
  for (const { kid } of ring.tombstones) seen.left.add(kid);
};

const checkKey = (key: RingKey, timing: Timing, seen: Witness): void => {
  assert.ok(key.revoked || key.removeAt >= key.signUntil + retention(timing), 'I2: leaves too early');
  assert.ok(key.signUntil - key.signFrom <= longestWindow(timing), 'a key without an end');
  assert.equal(seen.algs.get(key.kid) ?? key.alg, key.alg, 'I9: a key changed its algorithm');
  seen.algs.set(key.kid, key.alg);
};

/** Plays a history on one ring, checking it after every step; gives how many instants were checked. */
const play = (history: readonly Operation[], timing: Timing): number => {
  let made = 0;
  let checked = 0;
  let now = START;
  let ring = bootstrap('v1', fakeKey(`h${made++}`), now, now, timing);
  const past: Ring[] = [ring];
  const seen: Witness = {
    publishedSince: new Map(),
    owedUntil: new Map(),
    algs: new Map(),
    left: new Set(),
    revoked: new Set(),
  };
  const become = (next: Ring): void => {
    assert.ok(next.gen > ring.gen, 'I5: the generation grows');
    ring = next;
    past.push(next);
    check(ring, now, timing, seen);
    checked++;
  };
  const tick = (): void => {
    const steps = plan(ring, now, timing);
    if (steps.length > 0) become(carryOut(ring, steps, fakeKey(`h${made++}`, ring.alg), now, timing).ring);
    check(ring, now, timing, seen);
    checked++;
  };
  const moveTo = (instant: number): void => {
    // Every boundary on the way is looked at, as a replica with a one-second tick would.
    for (let next = nextBoundary(ring, now); next < instant; next = nextBoundary(ring, now)) {
      now = next;
      tick();
    }
    now = Math.max(now, instant);
    tick();
  };
  const attempt = (change: Change): void => {
    if (change.done && change.ring !== ring) become(change.ring);
  };
  tick();
  for (const step of history) {
    if (step.kind === 'wait') moveTo(now + Math.floor(step.share * timing.rotationPeriod));
    if (step.kind === 'boundary') {
      const next = nextBoundary(ring, now);
      if (Number.isFinite(next)) moveTo(Math.max(now, next + step.offset));
    }
    if (step.kind === 'rotate') attempt(rotate(ring, now, timing));
    if (step.kind === 'rollback') attempt(rollback(ring, now, timing));
    if (step.kind === 'algorithm') attempt(changeAlgorithm(ring, step.alg, now, timing));
    if (step.kind === 'revoke') {
      const key = ring.keys[step.which % ring.keys.length];
      if (key && !key.revoked) {
        const request = { kid: key.kid, reason: 'test', replacement: fakeKey(`h${made++}`, ring.alg) };
        const change = revoke(ring, request, now, timing);
        assert.ok(change.done || change.refusal === 'ring_full', change.sentence);
        if (change.done) seen.revoked.add(key.kid);
        attempt(change);
      }
    }
    if (step.kind === 'lost') {
      // The store comes back with an older generation; this replica joins it with what it holds.
      const older = past.at(-1 - step.back);
      if (older) become(merge(ring, older, now, timing));
    }
  }
  for (const kid of seen.left) {
    assert.ok(!ring.keys.some((key) => key.kid === kid), 'I6: a key came back');
  }
  for (const kid of seen.revoked)
    assert.ok(!publishedKeys(ring, now).some((key) => key.kid === kid), 'a revoked key is served');
  return checked;
};

describe('the invariants of a ring', () => {
  for (const [name, timing] of [
    ['the defaults', DEFAULTS],
    ['compressed times', COMPRESSED],
  ] as const) {
    test(`I1 to I13 hold after any history of operations, with ${name}`, () => {
      const wanted = runs(10_000, 1_000_000) / 2;
      let checked = 0;
      while (checked < wanted) {
        fc.assert(
          fc.property(fc.array(operation, { maxLength: 40 }), (history) => {
            checked += play(history, timing);
          }),
          { numRuns: 100 },
        );
      }
    });
  }
});

/** K9: the choice of the signer, once more and as plainly as possible. */
const reference = (ring: Ring, now: number, usable: (kid: string) => boolean): string | undefined => {
  const candidates: RingKey[] = [];
  for (const key of ring.keys) {
    if (key.revoked !== undefined) continue;
    if (now < key.signFrom) continue;
    if (now >= key.signUntil) continue;
    if (!usable(key.kid)) continue;
    candidates.push(key);
  }
  candidates.sort((a, b) => {
    if (a.signFrom !== b.signFrom) return b.signFrom - a.signFrom;
    return a.kid < b.kid ? -1 : 1;
  });
  return candidates[0]?.kid;
};

describe('the choice of the signer', () => {
  const key = fc.record({ seed: fc.nat(), from: fc.nat(20), lasts: fc.nat(20), revoked: fc.boolean() }).map(
    ({ seed, from, lasts, revoked }): RingKey => ({
      ...fakeKey(seed),
      publishedAt: 0,
      signFrom: from,
      signUntil: from + lasts,
      removeAt: from + lasts + 5,
      origin: 'scheduled',
      ...(revoked && seed % 4 === 0 && { revoked: { at: 0, reason: 'test' } }),
    }),
  );
  const rings = fc
    .uniqueArray(key, { maxLength: 8, selector: ({ kid }) => kid })
    .map((keys): Ring => ({ format: 1, name: 'v1', gen: 1, alg: 'RS256', keys, tombstones: [] }));

  test('is the same as in a plain reference, on random rings at random times', () => {
    fc.assert(
      fc.property(rings, fc.nat(45), fc.func(fc.boolean()), (ring, now, usable) => {
        assert.equal(chooseSigner(ring, now, usable)?.kid, reference(ring, now, usable));
        const { algs } = renderKeys(ring, now, 300);
        assert.equal(new Set(algs).size, algs.length);
      }),
      { numRuns: runs(10_000, 1_000_000) },
    );
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { goneAtMs, type HeldToken, nextMove, refreshAtMs, retryAfterMs } from '../../src/runner/schedule.ts';

const held = (lifeMs: number, isLast = false, askedMs = 1_000_000): HeldToken => ({
  askedMs,
  expiresMs: askedMs + lifeMs,
  isLast,
});
const HOUR = 3_600_000;

describe('the schedule of a token in a file', () => {
  test('it is renewed at 80 % of its life', () => {
    const token = held(HOUR);
    assert.equal(refreshAtMs(token), token.askedMs + 2_880_000);
    assert.deepEqual(nextMove(token, false, undefined, token.askedMs), { kind: 'wait', untilMs: refreshAtMs(token) });
    assert.equal(nextMove(token, false, undefined, refreshAtMs(token)).kind, 'refresh');
  });

  test('it goes ten seconds before it expires, or a tenth of a short life', () => {
    assert.equal(goneAtMs(held(HOUR)), held(HOUR).expiresMs - 10_000);
    assert.equal(goneAtMs(held(60_000)), held(60_000).expiresMs - 6_000);
    const trouble = { failures: 9, lastMs: goneAtMs(held(HOUR)) - 1 };
    assert.equal(nextMove(held(HOUR), false, trouble, goneAtMs(held(HOUR))).kind, 'remove');
  });

  test('the last token of a run is never renewed, only removed, and then there is nothing to do', () => {
    const last = held(HOUR, true);
    assert.deepEqual(nextMove(last, false, undefined, refreshAtMs(last)), { kind: 'wait', untilMs: goneAtMs(last) });
    assert.equal(nextMove(last, false, undefined, goneAtMs(last)).kind, 'remove');
    assert.equal(nextMove(last, true, undefined, goneAtMs(last)).kind, 'end');
  });

  test('a failure is tried again, ever later, at most every half a minute, also when the file is gone', () => {
    assert.deepEqual([1, 2, 3, 6, 100].map(retryAfterMs), [1000, 2000, 4000, 30_000, 30_000]);
    const token = held(HOUR);
    const trouble = { failures: 2, lastMs: token.expiresMs + 5 };
    assert.deepEqual(nextMove(token, true, trouble, token.expiresMs + 5), {
      kind: 'wait',
      untilMs: token.expiresMs + 2005,
    });
    assert.equal(nextMove(token, true, trouble, token.expiresMs + 2005).kind, 'refresh');
  });

  test('whatever happens, a file never outlives its token, and every wait ends', () => {
    const life = fc.integer({ min: 60_000, max: HOUR });
    fc.assert(
      fc.property(life, fc.boolean(), fc.array(fc.boolean(), { maxLength: 40 }), (lifeMs, isLast, outcomes) => {
        let [now, token, isGone] = [1_000_000, held(lifeMs, isLast), false];
        let trouble: { failures: number; lastMs: number } | undefined;
        const left = [...outcomes];
        for (let step = 0; step < 200; step++) {
          if (!isGone) assert.ok(now < token.expiresMs, 'the file outlived its token');
          const move = nextMove(token, isGone, trouble, now);
          if (move.kind === 'end') return;
          if (move.kind === 'wait') {
            assert.ok(move.untilMs > now, 'a wait that never ends');
            now = move.untilMs;
          } else if (move.kind === 'remove') {
            isGone = true;
          } else {
            assert.ok(!token.isLast);
            if (left.shift() ?? false) [token, trouble, isGone] = [held(lifeMs, isLast, now), undefined, false];
            else trouble = { failures: (trouble?.failures ?? 0) + 1, lastMs: now };
          }
        }
      }),
    );
  });
});

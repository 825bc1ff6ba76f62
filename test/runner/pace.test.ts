import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { persist, waitUntil } from '../../src/runner/pace.ts';
import { simulateTime } from './simulated-time.ts';

const always = (): boolean => true;

describe('trying again', () => {
  const attempts = async (budgetMs: number, isPassing: (reason: unknown) => boolean, succeedAt = 1000) => {
    const time = simulateTime(0);
    const at: number[] = [];
    const attempt = async (): Promise<string> => {
      at.push(time.clock.nowMs());
      if (at.length < succeedAt) throw new Error(`attempt ${at.length}`);
      return 'granted';
    };
    const ended = persist(attempt, time.pace, { budgetMs, isPassing }).catch((reason: Error) => reason.message);
    await time.runUntil(600_000);
    return { at, result: await ended };
  };

  test('ends with what came of it, each delay twice the one before, and never after the budget', async () => {
    assert.deepEqual(await attempts(30_000, always), {
      at: [0, 500, 1500, 3500, 7500, 15_500, 23_500],
      result: 'attempt 7',
    });
    assert.deepEqual(await attempts(30_000, always, 3), { at: [0, 500, 1500], result: 'granted' });
  });

  test('is not done about what does not pass', async () => {
    assert.deepEqual(await attempts(30_000, () => false), { at: [0], result: 'attempt 1' });
  });

  test('ends with the signal', async () => {
    const time = simulateTime(0);
    const stop = new AbortController();
    const refuse = () => Promise.reject(new Error('no'));
    const ended = persist(refuse, time.pace, { budgetMs: 30_000, isPassing: always, signal: stop.signal });
    await Promise.all([assert.rejects(ended, /no/), time.runUntil(100).then(() => stop.abort())]);
    assert.equal(time.clock.nowMs(), 100);
  });

  test('is spread, so that many do not come back together', async () => {
    const time = simulateTime(0);
    const pace = { ...time.pace, random: { bytes: () => new Uint8Array(1), uuid: () => '' } };
    const at: number[] = [];
    const ended = persist(
      async () => {
        at.push(time.clock.nowMs());
        throw new Error('no');
      },
      pace,
      { budgetMs: 1000, isPassing: always },
    ).catch(() => undefined);
    await time.runUntil(5000);
    await ended;
    assert.deepEqual(at, [0, 250, 750]);
  });
});

test('a wait looks at the clock again and again: a machine may have slept', async () => {
  const time = simulateTime(0);
  let isOver = false;
  // The clock jumps ahead while the timer stands still, as it does when a laptop is closed.
  const clock = { ...time.clock, nowMs: () => (time.clock.nowMs() >= 5_000 ? 3_600_000 : time.clock.nowMs()) };
  void waitUntil({ ...time.pace, clock }, 1_800_000, new AbortController().signal).then(() => {
    isOver = true;
  });
  await time.runUntil(5_000);
  assert.ok(isOver);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepRunAlive, keepVaultToken, LEASE } from '../../src/runner/keep-alive.ts';
import { RunProblem } from '../../src/runner/run-desk.ts';
import { simulateTime } from './simulated-time.ts';

describe('a run with a lease', () => {
  const keep = (renew: (count: number) => void, isOver?: () => Promise<boolean>) => {
    const time = simulateTime(0);
    const [at, told]: [number[], string[]] = [[], []];
    const stop = new AbortController();
    const ended = keepRunAlive(
      {
        async renew() {
          at.push(time.clock.nowMs() / 1000);
          renew(at.length);
        },
      },
      time.pace,
      { over: (status) => void told.push(`over: ${status}`), failed: () => void told.push('failed'), isOver },
      stop.signal,
    );
    return { time, at, told, stop, ended };
  };

  test('is renewed three times in each lease, until it is stopped', async () => {
    const { time, at, stop, ended } = keep(() => undefined);
    await time.runUntil(100_000);
    stop.abort();
    await ended;
    await time.runUntil(200_000);
    assert.deepEqual(at, [20, 40, 60, 80, 100]);
    assert.ok(LEASE >= 3 * 20);
  });

  test('is tried again sooner when that failed', async () => {
    const { time, at, told, stop } = keep((count) => {
      if (count < 3) throw new RunProblem('passing', 'away');
    });
    await time.runUntil(55_000);
    stop.abort();
    assert.deepEqual(
      [at, told],
      [
        [20, 25, 30, 50],
        ['failed', 'failed'],
      ],
    );
  });

  test('that ends otherwise is heard of within seconds, where somebody asks; a question that fails says nothing', async () => {
    let looks = 0;
    const look = async (): Promise<boolean> => {
      if (++looks === 1) throw new RunProblem('passing', 'away');
      return looks === 3;
    };
    const over = new RunProblem('over', 'over', { status: 'cancelled' });
    const { time, at, told, ended } = keep(() => {
      throw over;
    }, look);
    await time.runUntil(60_000);
    await ended;
    assert.deepEqual([at, told], [[6], ['over: cancelled']]);
  });

  test('that is over is told of, and not asked about again', async () => {
    const { time, at, told, ended } = keep(() => {
      throw new RunProblem('over', 'over', { status: 'cancelled' });
    });
    await time.runUntil(100_000);
    await ended;
    assert.deepEqual([at, told], [[20], ['over: cancelled']]);
  });
});

describe('a Vault token', () => {
  const keep = (
    login: { lifetime: number; renewable: boolean },
    renew: (count: number) => { lifetime: number; renewable: boolean },
  ) => {
    const time = simulateTime(0);
    const [at, told]: [number[], string[]] = [[], []];
    const stop = new AbortController();
    const ended = keepVaultToken(
      login,
      async () => {
        at.push(time.clock.nowMs() / 1000);
        return renew(at.length);
      },
      time.pace,
      {
        ended: () => void told.push(`ended at ${time.clock.nowMs() / 1000}`),
        failed: () => void told.push('failed'),
      },
      stop.signal,
    );
    return { time, at, told, stop, ended };
  };
  const lease = { lifetime: 1000, renewable: true };

  test('is given more time at 80 % of its life', async () => {
    const { time, at, told, stop } = keep(lease, () => lease);
    await time.runUntil(2_500_000);
    stop.abort();
    assert.deepEqual([at, told], [[800, 1600, 2400], []]);
  });

  test('that cannot be renewed, or no longer, is told of when it ends', async () => {
    for (const [login, renew, asked, end] of [
      [{ lifetime: 1000, renewable: false }, lease, [], 1000],
      [lease, { lifetime: 100, renewable: true }, [800], 1000],
      [lease, { lifetime: 500, renewable: false }, [800], 1300],
    ] as const) {
      const { time, at, told, ended } = keep(login, () => renew);
      await time.runUntil(5_000_000);
      await ended;
      assert.deepEqual([at, told], [asked, [`ended at ${end}`]]);
    }
  });

  test('is tried again while it lives', async () => {
    const { time, at, told, ended } = keep(lease, (count) => {
      if (count < 4) throw new Error('away');
      return { lifetime: 0, renewable: false };
    });
    await time.runUntil(5_000_000);
    await ended;
    assert.deepEqual(at, [800, 801, 803, 807]);
    assert.deepEqual(told.slice(0, 3), ['failed', 'failed', 'failed']);
  });

  test('without an end is left alone', async () => {
    const { at, told, ended } = keep({ lifetime: 0, renewable: true }, () => lease);
    await ended;
    assert.deepEqual([at, told], [[], []]);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RunProblem } from '../../src/runner/run-desk.ts';
import { takeWork } from '../../src/runner/take-work.ts';
import { type SimulatedTime, simulateTime } from './simulated-time.ts';

interface Options {
  readonly maxParallel?: number;
  /** How long each piece of work takes, in milliseconds. */
  readonly lasts?: (work: number) => number;
  /** What a question does besides. */
  readonly onPoll?: (count: number) => Promise<void> | undefined;
}

/** Agents that take numbers from one list, each of which is handed out once. */
const agents = (
  time: SimulatedTime,
  work: number[],
  count: number,
  { maxParallel = 1, lasts = () => 1000, onPoll }: Options = {},
) => {
  const drain = new AbortController();
  const [done, failures]: [number[], string[]] = [[], []];
  let [active, most, polls] = [0, 0, 0];
  const ended = Array.from({ length: count }, () =>
    takeWork<number>(
      {
        pace: time.pace,
        maxParallel,
        idleMs: 5000,
        async poll() {
          polls += 1;
          await onPoll?.(polls);
          return work.shift();
        },
        async run(one) {
          most = Math.max(most, ++active);
          await time.pace.pause(lasts(one));
          active -= 1;
          done.push(one);
        },
        failed: ({ message }) => void failures.push(message),
      },
      drain.signal,
    ),
  );
  return { done, failures, drain, ended: Promise.all(ended), most: () => most, polls: () => polls };
};

describe('taking work', () => {
  test('two hundred deployments and eight agents: all are done, none twice', async () => {
    const time = simulateTime(0);
    const all = Array.from({ length: 200 }, (_, index) => index);
    const { done, drain, ended } = agents(time, [...all], 8, { lasts: (work) => (work * 37) % 3000 });
    await time.runUntil(120_000);
    drain.abort();
    await ended;
    assert.deepEqual(
      done.sort((left, right) => left - right),
      all,
    );
  });

  test('an agent does so many at a time, and no more', async () => {
    const time = simulateTime(0);
    const { done, drain, ended, most } = agents(time, [1, 2, 3, 4, 5, 6, 7], 1, { maxParallel: 3 });
    await time.runUntil(2_999);
    assert.deepEqual([done.length, most()], [6, 3]);
    await time.runUntil(10_000);
    drain.abort();
    await ended;
    assert.deepEqual([done.length, most()], [7, 3]);
  });

  test('asks again at once after there was something, and after a while when there was nothing', async () => {
    const time = simulateTime(0);
    const { drain, ended, polls } = agents(time, [1], 1, { maxParallel: 2 });
    await time.runUntil(1);
    assert.equal(polls(), 2);
    await time.runUntil(13_000);
    assert.equal(polls(), 4);
    drain.abort();
    await ended;
  });

  test('what was handed out while the agent was told to stop is done', async () => {
    const time = simulateTime(0);
    const work = [1];
    const { done, drain, ended } = agents(time, work, 1, { onPoll: () => time.pace.pause(100) });
    await time.runUntil(50);
    drain.abort();
    await time.runUntil(5000);
    await ended;
    assert.deepEqual([done, work], [[1], []]);
  });

  test('a server that is away is asked again, ever later; one that refuses is the end, after what was taken', async () => {
    const time = simulateTime(0);
    const at: number[] = [];
    const { done, failures, ended } = agents(time, [1], 1, {
      maxParallel: 2,
      lasts: () => 60_000,
      onPoll: async (count) => {
        at.push(time.clock.nowMs());
        if (count > 1 && count < 5) throw new RunProblem('passing', 'away');
        if (count === 5) throw new RunProblem('refused', 'no');
      },
    });
    const end = assert.rejects(ended, /no/);
    await time.runUntil(120_000);
    await end;
    assert.deepEqual([done, failures], [[1], ['away', 'away', 'away']]);
    assert.deepEqual(at, [0, 0, 1250, 3750, 8750]);
  });

  test('whatever happens, everything that was handed out is done once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 20_000 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        async (amount, count, maxParallel, drainAt, troubles) => {
          const time = simulateTime(0);
          const work = Array.from({ length: amount }, (_, index) => index);
          const { done, drain, ended } = agents(time, work, count, {
            maxParallel,
            lasts: (one) => (one * 713) % 5000,
            onPoll: async (poll) => {
              if (troubles[poll]) throw new RunProblem('passing', 'away');
            },
          });
          await time.runUntil(drainAt);
          drain.abort();
          await time.runUntil(drainAt + 60_000);
          await ended;
          assert.equal(new Set(done).size, done.length);
          assert.equal(done.length + work.length, amount);
        },
      ),
      { numRuns: 40 },
    );
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreClock } from '../../src/store/clock.ts';
import { StoreError } from '../../src/store/store.ts';

/** A machine and a store whose clocks a test sets apart, and a network whose delays it knows. */
const openWorld = (kind: 'redis' | 'sqlite' = 'redis') => {
  const world = {
    wallMs: 1_800_000_000_000,
    monotonic: 0,
    storeMs: 1_800_000_002_000,
    delays: [] as number[],
    asked: 0,
    down: false,
    pass(ms: number) {
      world.wallMs += ms;
      world.monotonic += ms;
      world.storeMs += ms;
    },
  };
  const store = {
    kind,
    async time() {
      world.asked++;
      if (world.down) throw new StoreError('unavailable', 'gone');
      // The answer is on its way back for the whole delay: the worst case.
      const time = world.storeMs;
      world.pass(world.delays.shift() ?? 0);
      return time;
    },
  };
  const local = { nowMs: () => world.wallMs, monotonicMs: () => world.monotonic };
  return { world, clock: new StoreClock(store, local, 5) };
};

describe('store time', () => {
  test('before the first measurement, and for an embedded store, it is the local clock', async () => {
    const { world, clock } = openWorld();
    assert.equal(clock.nowMs(), world.wallMs);
    const embedded = openWorld('sqlite');
    await embedded.clock.step();
    assert.equal(embedded.world.asked, 0);
    assert.equal(embedded.clock.nowMs(), embedded.world.wallMs);
    assert.equal(embedded.clock.state(), 'ok');
  });

  test('the sample with the shortest round trip counts', async () => {
    const { world, clock } = openWorld();
    world.delays = [200, 80, 2, 150, 90];
    await clock.step();
    assert.ok(Math.abs(clock.nowMs() - world.storeMs) <= 1);
  });

  test('it does not follow a wall clock that somebody sets, and goes on without the store', async () => {
    const { world, clock } = openWorld();
    await clock.step();
    world.down = true;
    world.wallMs += 3_600_000;
    world.pass(600_000);
    await clock.step();
    assert.equal(clock.nowMs(), world.storeMs);
    assert.equal(clock.state(), 'wrong');
    world.wallMs -= 3_600_000;
    assert.equal(clock.state(), 'ok');
  });

  for (const [apart, state] of [
    [5000, 'ok'],
    [-5000, 'ok'],
    [5001, 'drifting'],
    [-10_000, 'drifting'],
    [10_001, 'wrong'],
    [-10_001, 'wrong'],
  ] as const) {
    test(`a wall clock ${apart} ms from store time is ${state} when σ is 5 s`, async () => {
      const { world, clock } = openWorld();
      world.storeMs = world.wallMs - apart;
      await clock.step();
      assert.equal(clock.offsetMs(), apart);
      assert.equal(clock.state(), state);
    });
  }

  test('it is measured every 30 s, and at every step while the clocks disagree', async () => {
    const { world, clock } = openWorld();
    await clock.step();
    const once = world.asked;
    world.pass(29_999);
    await clock.step();
    assert.equal(world.asked, once);
    world.pass(1);
    await clock.step();
    assert.equal(world.asked, 2 * once);
    world.storeMs += 60_000;
    world.wallMs += 60_000;
    await clock.step();
    assert.equal(world.asked, 3 * once, 'the machine slept: monotonic time stood still');
    assert.equal(clock.state(), 'ok');
  });
});

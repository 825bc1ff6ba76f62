import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { median } from '../bench/figures.ts';
import { type KillFigures, killAndLook } from '../bench/kills.ts';
import { startRedis, withoutRedis } from './redis.ts';

/** `npm run bench -- crash` does the same with 300. */
const POINTS = 25;
const READY_WITHIN_MS = 3_000;

const nothingMissing = (t: TestContext, { points, acknowledged, missing, restarts }: KillFigures): void => {
  const ready = `ready again after ${median(restarts).toFixed(0)} ms`;
  t.diagnostic(`${points} kills, ${acknowledged} acknowledged writes, ${missing.length} missing; ${ready}`);
  assert.deepEqual(missing, []);
  assert.ok(acknowledged > points);
  // The bench asks it of every restart; here, beside other tests, of the best one.
  assert.ok(Math.min(...restarts) < READY_WITHIN_MS);
};

describe('what a server or an operator acknowledged', { concurrency: true }, () => {
  it('is there after they were killed, with an embedded store', async (t) => {
    nothingMissing(t, await killAndLook({ points: POINTS, code: 'src' }));
  });

  it('is there after they were killed, with Redis', { skip: withoutRedis }, async (t) => {
    const redis = await startRedis();
    nothingMissing(t, await killAndLook({ points: POINTS, code: 'src', redis }));
    await redis.stop();
  });

  it('would be missed if it were not there: a run, an audit record', async () => {
    const { missing } = await killAndLook({
      points: 1,
      code: 'src',
      async lose(store, ledger) {
        const [run] = ledger.runs();
        assert.ok(run);
        await store.delete(`run/${run.id}`);
        const { members } = await store.page('audit-days/audit/acme', 0, 1);
        await store.delete(`audit-log/audit/acme/${members[0]}`);
      },
    });
    for (const lost of [/^run /, /^audit record run\.start /, /^audit record token\.issue /]) {
      assert.ok(
        missing.some((one) => lost.test(one)),
        `${lost}: ${missing.join('; ')}`,
      );
    }
  });
});

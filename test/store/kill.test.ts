import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openRedis } from '../../src/store/redis.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { silentLog, systemClock, systemRandom } from '../../src/system.ts';
import { startRedis, withoutRedis } from '../redis.ts';
import { type KillResult, killAndLook } from './kill.ts';

const times = process.env['NIGHTLY'] === '1' ? 6 : 1;

const nothingMissing = (t: TestContext, { points, acknowledged, missing }: KillResult): void => {
  t.diagnostic(`${points} kills, ${acknowledged} acknowledged writes, ${missing.length} missing`);
  assert.deepEqual(missing, []);
  assert.ok(acknowledged > points);
};

describe('what a store acknowledged', () => {
  it('is there after the process that wrote to an embedded store was killed', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'runpass-kill-'));
    const path = join(folder, 'runpass.db');
    const result = await killAndLook({
      points: 30 * times,
      backend: { kind: 'sqlite', path },
      open: () => openSqlite(path, systemClock, { server: true, timeoutMs: 1_000 }),
    });
    rmSync(folder, { recursive: true });
    nothingMissing(t, result);
  });

  it('would be missed if it were not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runpass-kill-'));
    const { missing } = await killAndLook({
      points: 1,
      backend: { kind: 'sqlite', path: join(folder, 'runpass.db') },
      open: () => openSqlite(join(folder, 'other.db'), systemClock, { server: true, timeoutMs: 1_000 }),
    });
    rmSync(folder, { recursive: true });
    assert.ok(missing.length > 0);
  });

  it('is there after a writer, or Redis itself, was killed', { skip: withoutRedis }, async (t) => {
    const redis = await startRedis();
    const result = await killAndLook({
      points: 20 * times,
      backend: redis.settings,
      redis,
      open: () =>
        openRedis(
          redis.settings,
          { timeoutMs: 1_000, acceptVolatile: false, replicas: 0 },
          { clock: systemClock, random: systemRandom, log: silentLog },
        ),
    });
    await redis.stop();
    nothingMissing(t, result);
  });
});

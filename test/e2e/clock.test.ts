import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../../src/assemble.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { silentLog, systemClock, systemRandom } from '../../src/system.ts';
import { startRedis, withoutRedis } from '../redis.ts';
import { ask, askForRun, askForToken, haveRings, install, SHORTEST, startRun, waitFor } from './replica.ts';

for (const [name, movedMs] of Object.entries({ ahead: 3_600_000, behind: -1_800_000 })) {
  test(`a server whose clock is ${name} of its store's issues nothing, and goes on when the clock is right`, {
    skip: withoutRedis,
  }, async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    const place = await install(t, { store: redis.url, settings: `${SHORTEST}store: {timeoutMs: 2000}\n` });
    await haveRings(place);
    const env = { ...place.env, RUNPASS_DATA: join(place.folder, 'data') };
    const loaded = await loadSettings({ env, cwd: place.folder });
    assert.ok('settings' in loaded);
    let moved = 0;
    const clock = { nowMs: () => systemClock.nowMs() + moved, monotonicMs: systemClock.monotonicMs };
    const server = await startServer(loaded.settings, { clock, random: systemRandom, log: silentLog });
    t.after(() => server.stop());
    const base = `http://127.0.0.1:${server.address.port}`;
    const run = await startRun(base, place.adminToken());
    assert.equal((await askForToken(base, run)).status, 200);

    moved = movedMs;
    const refused = await askForToken(base, run);
    assert.deepEqual([refused.status, refused.body.refusal], [503, 'issuing_paused']);
    const issue = await ask(base, '/readyz/issue');
    assert.equal(issue.status, 503);
    assert.match(issue.text, /clock disagrees with the store's; set it right/);
    assert.equal((await ask(base, '/oidc/.well-known/jwks')).status, 200);
    const metrics = (await ask(base, '/metrics')).text;
    assert.equal(Math.round(Number(/^runpass_clock_offset_seconds (\S+)/m.exec(metrics)?.[1])), movedMs / 1000);

    moved = 0;
    await waitFor('tokens again', async () => (await askForToken(base, run)).status === 200, 3);
    const { value } = (await askForToken(base, run)).body as { value: string };
    const { iat } = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString()) as { iat: number };
    assert.ok(Math.abs(iat - Date.now() / 1000) <= 2);
    assert.equal((await askForRun(base, place.adminToken())).status, 201);
  });
}

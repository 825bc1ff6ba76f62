import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { askForToken, install, SHORTEST, serve, startRun } from './replica.ts';

test('"audit verify" is content after a whole life, and names the record of which one byte was changed in the store', async (t) => {
  const place = await install(t, { settings: SHORTEST });
  const first = await serve(t, place);
  const admin = place.adminToken();
  for (let round = 0; round < 5; round++) {
    const run = await startRun(first.base, admin);
    assert.equal((await askForToken(first.base, run)).status, 200);
  }
  assert.equal((await place.command(['keys', 'rotate', '--issuer', 'v2', '--unsafe', '--reason', 'a test'])).status, 0);
  first.process.kill('SIGKILL');
  await first.ended;
  const second = await serve(t, place);
  await startRun(second.base, admin);
  const env = { RUNPASS_URL: second.base, RUNPASS_ACCESS_TOKEN: admin };
  const verify = () => place.command(['audit', 'verify', '--org', 'acme', '--json'], env);
  const sound = await verify();
  assert.equal(sound.status, 0, sound.stdout + sound.stderr);
  assert.deepEqual(JSON.parse(sound.stdout).broken, []);
  assert.ok(JSON.parse(sound.stdout).records >= 12, sound.stdout);
  assert.equal((await place.command(['audit', 'verify', '--installation'])).status, 0);

  const database = new DatabaseSync(join(place.folder, 'data/runpass.db'));
  const find =
    "SELECT key, position, value FROM record WHERE key LIKE 'audit-log/audit/acme/%' AND value LIKE '%token.issue%' LIMIT 1 OFFSET 2";
  const record = database.prepare(find).get() as { key: string; position: number; value: string };
  const damaged = record.value.replace('granted', 'grantee');
  assert.notEqual(damaged, record.value);
  database
    .prepare('UPDATE record SET value = ? WHERE key = ? AND position = ?')
    .run(damaged, record.key, record.position);
  database.close();
  const broken = await verify();
  assert.equal(broken.status, 1);
  const seq = Number(/"seq":(\d+)/.exec(record.value)?.[1]);
  const [fault, ...others] = JSON.parse(broken.stdout).broken as { seq: number; fault: string }[];
  assert.deepEqual([fault?.seq, fault?.fault, others], [seq, 'changed', []]);
});

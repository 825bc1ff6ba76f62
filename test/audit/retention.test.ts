import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listAudit } from '../../src/audit/list.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { DAY, ever, granted, house, NOON, refused } from './parts.ts';

test('days vanish whole, at the end of the day plus the retention, and the rest still verifies', async () => {
  const parts = house();
  const { audit, clock, store } = parts;
  for (let day = 0; day < 40; day++) {
    clock.to(NOON + day * DAY);
    await Promise.all([audit.record(granted('acme', day)), audit.record(refused('acme', day))]);
    await audit.signHeads();
  }
  const count = async (kind: string) => {
    const { members } = await store.page(`audit-days/${kind}/acme`, 0, 100);
    const found = await Promise.all(members.map((member) => store.read(`audit-log/${kind}/acme/${member}`, 1, 10)));
    const heads = await Promise.all(members.map((member) => store.get(`audit-head/${kind}/acme/${member}`)));
    const kept = found.flat().length;
    assert.equal(heads.filter(Boolean).length, kept, 'a head vanishes with its day');
    return { listed: members.length, kept };
  };
  // Noon of day 39: refused records are kept until the end of their day and 30 days more.
  assert.deepEqual(await count('decisions'), { listed: 40, kept: 31 });
  clock.to(NOON + 39 * DAY + DAY / 2 - 1);
  assert.equal((await count('decisions')).kept, 31);
  clock.to(NOON + 39 * DAY + DAY / 2);
  assert.equal((await count('decisions')).kept, 30);
  await audit.trim();
  assert.deepEqual(await count('decisions'), { listed: 30, kept: 30 });
  assert.deepEqual(await count('audit'), { listed: 40, kept: 40 });
  assert.deepEqual((await verifyAudit(store, ever('acme', parts), parts.heads)).broken, []);
  const page = await listAudit(store, { ...ever('acme', parts), page: 1, pageSize: 100 });
  assert.equal(page.total, 70);

  clock.to(NOON + 500 * DAY);
  await audit.trim();
  assert.equal((await store.page('audit-scopes/audit', 0, 10)).total, 0);
  assert.equal((await count('audit')).listed, 0);
  assert.deepEqual(parts.warnings, []);
});

test('a clock that goes back leaves a chain in order of time', async () => {
  const parts = house();
  await parts.audit.record(granted('acme', 1));
  parts.clock.pass(-DAY);
  await parts.audit.record(granted('acme', 2));
  parts.clock.to(NOON + 1);
  const { records } = await listAudit(parts.store, { ...ever('acme', parts), page: 1, pageSize: 10 });
  assert.deepEqual(
    records.map(({ time }) => time),
    [NOON, NOON],
  );
  assert.deepEqual((await verifyAudit(parts.store, ever('acme', parts))).broken, []);
});

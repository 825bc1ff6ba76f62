import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listAudit } from '../../src/audit/list.ts';
import { openAuditLog } from '../../src/audit/log.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { silentLog, systemRandom } from '../../src/system.ts';
import { ever, granted, openSealer, retention, standingClock } from './parts.ts';

test('each process goes on with a chain of its own, and what the one before it wrote still stands on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runpass-audit-'));
  const clock = standingClock();
  try {
    for (let start = 1; start <= 3; start++) {
      const store = await openSqlite(join(folder, 'store.db'), clock, { server: true, timeoutMs: 5000 });
      const parts = { store, clock, random: systemRandom, log: silentLog, sealer: openSealer, retention };
      const audit = openAuditLog({ ...parts, replica: 'r1' });
      await Promise.all(Array.from({ length: 100 }, (_, at) => audit.record(granted('acme', at))));
      // The second one dies before it has signed anything.
      if (start !== 2) await audit.close();
      const { chains, records, broken } = await verifyAudit(store, ever('acme', { clock }));
      assert.deepEqual([chains, records, broken], [start, 100 * start, []]);
      const page = await listAudit(store, { ...ever('acme', { clock }), page: 2, pageSize: 90 });
      assert.deepEqual([page.total, page.records.length], [100 * start, start === 1 ? 10 : 90]);
      await store.close();
      clock.pass(60);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

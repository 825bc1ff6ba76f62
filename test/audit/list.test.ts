import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENESIS, link } from '../../src/audit/chain.ts';
import { type AuditQuery, listAudit } from '../../src/audit/list.ts';
import { openAuditLog } from '../../src/audit/log.ts';
import type { Store } from '../../src/store/store.ts';
import { silentLog, systemRandom } from '../../src/system.ts';
import { DAY, ever, granted, type House, house, NOON, openSealer, refused, retention } from './parts.ts';

/** 300 records in three days, by two replicas; every third refused, every seventh of another kind. */
const filled = async (signed: boolean): Promise<House> => {
  const parts = house();
  const { store, clock, audit } = parts;
  const log = { store, clock, random: systemRandom, log: silentLog, sealer: openSealer, retention };
  const second = openAuditLog({ ...log, replica: 'r2' });
  for (let at = 0; at < 300; at++) {
    clock.to(NOON + Math.floor(at / 100) * DAY + at);
    const event = at % 3 ? granted('acme', at) : refused('acme', at);
    await (at % 2 ? audit : second).record(at % 7 ? event : { ...event, kind: 'run.start' });
    if (signed && at % 60 === 30) await Promise.all([audit.signHeads(), second.signHeads()]);
  }
  await audit.record(granted('globex'));
  return parts;
};

const actors = async ({ store }: House, query: AuditQuery): Promise<number[]> =>
  (await listAudit(store, query)).records.map(({ actor }) => Number(actor.slice('run:'.length)));

const from299 = Array.from({ length: 300 }, (_, at) => 299 - at);

test('records are listed newest first over days, writers and classes, in pages that fit together', async () => {
  for (const signed of [false, true]) {
    const parts = await filled(signed);
    for (const pageSize of [7, 100]) {
      const listed: number[] = [];
      for (let page = 1; page <= Math.ceil(300 / pageSize) + 1; page++) {
        listed.push(...(await actors(parts, { ...ever('acme', parts), page, pageSize })));
      }
      assert.deepEqual(listed, from299);
    }
    const { total, complete } = await listAudit(parts.store, { ...ever('acme', parts), page: 9, pageSize: 100 });
    assert.deepEqual([total, complete], [300, true]);
  }
});

test('a kind, a beginning and an end narrow the list, to the second', async () => {
  const parts = await filled(true);
  const starts = await listAudit(parts.store, { ...ever('acme', parts), kind: 'run.start', page: 2, pageSize: 10 });
  assert.equal(starts.total, 43);
  assert.deepEqual(
    starts.records.map(({ actor }) => actor),
    from299
      .filter((at) => at % 7 === 0)
      .slice(10, 20)
      .map((at) => `run:${at}`),
  );

  const timeOf = (at: number) => NOON + Math.floor(at / 100) * DAY + at;
  for (const [first, end] of [
    [0, 1],
    [17, 60],
    [50, 250],
    [99, 101],
    [299, 300],
  ] as const) {
    const range = { organization: 'acme', since: timeOf(first), until: timeOf(end - 1) + 1 };
    const expected = from299.filter((at) => at >= first && at < end);
    assert.deepEqual(await actors(parts, { ...range, page: 1, pageSize: 100 }), expected.slice(0, 100));
    assert.equal((await listAudit(parts.store, { ...range, page: 1, pageSize: 1 })).total, expected.length);
  }
});

test('a list stays within its bounds', async () => {
  const parts = house();
  const good = { ...ever('acme', parts), page: 1, pageSize: 100 };
  assert.deepEqual(await listAudit(parts.store, good), { records: [], total: 0, complete: true });
  const bad: Partial<AuditQuery>[] = [
    { page: 0 },
    { page: 1.5 },
    { pageSize: 0 },
    { pageSize: 101 },
    { until: good.since },
    { since: good.until - 400 * DAY - 1 },
    { since: Number.NaN },
  ];
  for (const change of bad) {
    await assert.rejects(listAudit(parts.store, { ...good, ...change }), { code: 'invalid_request' });
  }
});

test('a log that was cut shorter than its head says is listed as far as it goes', async () => {
  const parts = await filled(true);
  const store: Store = {
    ...parts.store,
    read: async (key, from, count) =>
      (await parts.store.read(key, from, count)).filter(({ position }) => position <= 10),
  };
  const { records, total } = await listAudit(store, { ...ever('acme', parts), page: 1, pageSize: 100 });
  // Three days of two writers and two classes.
  assert.deepEqual([records.length, total], [100, 120]);
});

test('a query reads at most 100,000 records, and says when there were more', async () => {
  const parts = house();
  await parts.audit.record(granted('acme'));
  const held = 100_100;
  const store: Store = {
    ...parts.store,
    read: async (_key, from, count) =>
      Array.from({ length: Math.max(0, Math.min(count, held + 1 - from)) }, (_, at) => {
        const last = { seq: from + at - 1, hash: GENESIS.hash };
        return { position: from + at, value: link(granted('acme'), last, { time: NOON, writer: 'w' }).stored };
      }),
  };
  const query = { ...ever('acme', parts), pageSize: 100 };
  const first = await listAudit(store, { ...query, page: 1 });
  assert.deepEqual([first.records[0]?.seq, first.total, first.complete], [held, held, false]);
  const found = await listAudit(store, { ...query, kind: 'token.issue', page: 1001 });
  assert.deepEqual([found.records, found.total, found.complete], [[], 100_000, false]);
});

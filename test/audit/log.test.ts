import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAuditKey, rewrapAuditKey } from '../../src/audit/key.ts';
import { listAudit } from '../../src/audit/list.ts';
import { openAuditLog } from '../../src/audit/log.ts';
import { parseChainName } from '../../src/audit/places.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { type Store, StoreError } from '../../src/store/store.ts';
import { silentLog, systemRandom } from '../../src/system.ts';
import { ever, granted, house, openSealer, refused, retention } from './parts.ts';

const logKeys = /^audit-log\//;

/** Counts the appends to audit logs. */
const counting = () => {
  const appends: { key: string; records: number }[] = [];
  const around = (store: Store): Store => ({
    ...store,
    append: (key, records, options) => {
      appends.push({ key, records: records.length });
      return store.append(key, records, options);
    },
  });
  return { appends, around };
};

type Failure = 'unavailable' | 'timeout' | 'timeout, but written';

/** Lets the next appends fail in the ways that stand in `failures`; an empty place lets one pass. */
const failing =
  (failures: (Failure | undefined)[]) =>
  (store: Store): Store => ({
    ...store,
    append: async (key, records, options) => {
      const failure = logKeys.test(key) ? failures.shift() : undefined;
      if (failure === undefined) return store.append(key, records, options);
      if (failure === 'timeout, but written') await store.append(key, records, options);
      throw new StoreError(failure === 'unavailable' ? 'unavailable' : 'timeout', 'The store did not answer');
    },
  });

const settled = async (promises: readonly Promise<void>[]): Promise<boolean[]> =>
  (await Promise.allSettled(promises)).map(({ status }) => status === 'fulfilled');

test('500 records at once for two organizations are one append each, and contiguous chains', async () => {
  const { appends, around } = counting();
  const parts = house({ store: around });
  await Promise.all(
    Array.from({ length: 500 }, (_, at) => parts.audit.record(granted(at % 2 ? 'acme' : 'globex', at))),
  );
  assert.deepEqual(
    appends.map(({ records }) => records),
    [250, 250],
  );

  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 25 }, (_, at) => parts.audit.record(granted('acme', at))));
  }
  for (const [organization, total] of [
    ['acme', 750],
    ['globex', 250],
  ] as const) {
    const { records } = await listAudit(parts.store, { ...ever(organization, parts), page: 1, pageSize: 100 });
    assert.deepEqual(
      records.map(({ seq }) => seq),
      Array.from({ length: 100 }, (_, at) => total - at),
    );
    assert.deepEqual((await verifyAudit(parts.store, ever(organization, parts))).broken, []);
  }
});

test('records that come while an append is on its way are stored together by the next one', async () => {
  const { appends, around } = counting();
  const parts = house({ store: around });
  const first = parts.audit.record(granted('acme', 0));
  await undefined;
  const others = Array.from({ length: 40 }, (_, at) => parts.audit.record(granted('acme', at)));
  await Promise.all([first, ...others]);
  assert.deepEqual(
    appends.map(({ records }) => records),
    [1, 40],
  );
});

test('a failed append fails everybody who waits, and whatever became of it, no chain is broken', async () => {
  for (const failure of ['unavailable', 'timeout', 'timeout, but written'] as const) {
    const parts = house({ store: failing([undefined, failure]) });
    await parts.audit.record(granted('acme', 1));
    const tried = parts.audit.record(granted('acme', 2));
    await undefined;
    const queued = parts.audit.record(granted('acme', 3));
    await assert.rejects(tried, StoreError);
    await assert.rejects(queued, StoreError);
    await parts.audit.record(granted('acme', 4));
    await parts.audit.signHeads();

    assert.deepEqual(parts.audit.figures(), { waiting: 0, unstored: 2, unrecordedRefusals: 0, headAge: 0 });
    const { broken, chains, records } = await verifyAudit(parts.store, ever('acme', parts), parts.heads);
    assert.deepEqual([broken, chains], [[], 2], failure);
    assert.equal(records, failure === 'timeout, but written' ? 3 : 2);
  }
});

test('what was acknowledged is there, and every chain verifies, however the store fails in between', async () => {
  const kinds: (Failure | undefined)[] = [
    'unavailable',
    undefined,
    'timeout',
    undefined,
    'timeout, but written',
    undefined,
  ];
  const failures = Array.from({ length: 60 }, (_, at) => kinds[(at * 7) % kinds.length]);
  const parts = house({ store: failing(failures) });
  const acknowledged: string[] = [];
  for (let round = 0; round < 60; round++) {
    const events = [0, 1, 2].map((at) => granted('acme', round * 3 + at));
    const stored = await settled(events.map((event) => parts.audit.record(event)));
    acknowledged.push(...events.filter((_, at) => stored[at]).map(({ actor }) => actor));
    if (round % 10 === 0) await parts.audit.signHeads();
    parts.clock.pass(3600);
  }
  await parts.audit.close();
  const listed: string[] = [];
  for (let page = 1; page <= 3; page++) {
    const { records } = await listAudit(parts.store, { ...ever('acme', parts), page, pageSize: 100 });
    listed.push(...records.map(({ actor }) => actor));
  }
  assert.ok(acknowledged.length > 50);
  assert.deepEqual(
    acknowledged.filter((actor) => !listed.includes(actor)),
    [],
  );
  assert.deepEqual((await verifyAudit(parts.store, ever('acme', parts), parts.heads)).broken, []);
});

test('a day is listed before its first record is stored: if that fails, nothing is', async () => {
  const around = (store: Store): Store => ({
    ...store,
    add: () => Promise.reject(new StoreError('timeout', 'No answer')),
  });
  const { appends, around: count } = counting();
  const parts = house({ store: (store) => around(count(store)) });
  await assert.rejects(parts.audit.record(granted('acme')), StoreError);
  assert.deepEqual(appends, []);
});

test('more than 10,000 waiting records are rejected at once, and the others are stored', async () => {
  const parts = house();
  const waiting = Array.from({ length: 10_000 }, (_, at) => parts.audit.record(granted('acme', at)));
  await assert.rejects(parts.audit.record(granted('acme', 1)), { kind: 'unavailable' });
  await Promise.all(waiting);
  assert.equal(parts.audit.figures().waiting, 0);
  await parts.audit.record(granted('acme', 2));
});

test('of the refusals of one organization 600 in a minute are recorded, the others counted', async () => {
  const parts = house();
  const refuse = (organization: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, at) => parts.audit.record(refused(organization, at))));
  const total = async (organization: string) =>
    (await listAudit(parts.store, { ...ever(organization, parts), page: 1, pageSize: 1 })).total;
  await refuse('acme', 700);
  await refuse('globex', 10);
  assert.equal(parts.audit.figures().unrecordedRefusals, 100);
  assert.deepEqual([await total('acme'), await total('globex')], [600, 10]);
  await parts.audit.record(granted('acme'));
  assert.equal(await total('acme'), 601, 'what is granted is always recorded');
  parts.clock.pass(60);
  await refuse('acme', 5);
  assert.equal(await total('acme'), 606);
});

test('heads are signed for the chains that moved, and their lines hold no token-like text', async () => {
  const parts = house();
  await parts.audit.record(granted('acme'));
  await parts.audit.record(granted(undefined));
  await parts.audit.record(refused('acme'));
  parts.clock.pass(59);
  assert.equal(parts.audit.figures().headAge, 59);
  await parts.audit.signHeads();
  assert.equal(parts.heads.length, 3);
  await parts.audit.signHeads();
  assert.equal(parts.heads.length, 3);
  assert.doesNotMatch(JSON.stringify(parts.heads), /eyJ/);
  await parts.audit.record(granted('acme'));
  await parts.audit.signHeads();
  assert.equal(parts.heads.length, 4);
});

test('a chain that moves while heads are being signed is signed again the next time, and only then', async () => {
  // Signing one chain's head moves the same chain, or the other one.
  for (const moves of [
    { acme: 'acme', globex: 'globex' },
    { acme: 'globex', globex: 'acme' },
  ]) {
    const around = (store: Store): Store => ({
      ...store,
      put: async (key, ...rest) => {
        if (parts.heads.length < 20)
          await parts.audit.record(granted(moves[key.includes('/acme/') ? 'acme' : 'globex']));
        return store.put(key, ...rest);
      },
    });
    const parts = house({ store: around });
    await Promise.all([parts.audit.record(granted('acme')), parts.audit.record(granted('globex'))]);
    for (const signed of [2, 4, 6]) {
      await parts.audit.signHeads();
      assert.equal(parts.heads.length, signed);
    }
  }
});

test('heads that cannot be signed are signed the next time', async () => {
  let gone = true;
  const around = (store: Store): Store => ({
    ...store,
    put: (...args) => (gone ? Promise.reject(new StoreError('unavailable', 'Gone')) : store.put(...args)),
  });
  const parts = house({ store: around });
  await parts.audit.record(granted('acme'));
  await parts.audit.signHeads();
  assert.deepEqual([parts.heads.length, parts.warnings.length], [0, 1]);
  gone = false;
  await parts.audit.signHeads();
  assert.equal(parts.heads.length, 1);
});

test('closing stores what waits, signs the last heads and takes nothing more', async () => {
  const parts = house();
  const last = parts.audit.record(granted('acme'));
  await parts.audit.close();
  await last;
  assert.equal(parts.heads.length, 1);
  await assert.rejects(parts.audit.record(granted('acme')), { kind: 'unavailable' });
});

test('two replicas share one audit key, which is stored sealed and can be sealed again', async () => {
  const { store, clock } = house();
  const keys = await Promise.all([openAuditKey(store, openSealer), openAuditKey(store, openSealer)]);
  assert.equal(keys[0].kid, keys[1].kid);

  const key = (text: string) => Buffer.from(text).toString('base64url');
  const hiding = (mark: string): typeof openSealer => ({
    seal: async (purpose, text) => mark + key(await openSealer.seal(purpose, text)),
    open: async (purpose, sealed) =>
      sealed.startsWith('{') || sealed.startsWith('[')
        ? openSealer.open(purpose, sealed)
        : openSealer.open(purpose, Buffer.from(sealed.slice(mark.length), 'base64url').toString()),
  });
  assert.equal(await rewrapAuditKey(store, hiding('2.')), true);
  const document = (await store.get('audit-key'))?.value ?? '';
  assert.doesNotMatch(document, /"d"/);
  assert.equal((await openAuditKey(store, hiding('2.'))).kid, keys[0].kid);
  assert.equal(await rewrapAuditKey(house().store, openSealer), false);

  await store.put('audit-key', document.replace(keys[0].kid, 'A'.repeat(43)));
  await assert.rejects(openAuditKey(store, hiding('2.')), { kind: 'corrupt' });
  await store.put('audit-key', 'x');
  await assert.rejects(openAuditKey(store, openSealer), { kind: 'corrupt' });
  clock.pass(1);
});

test('a replica may have any name', async () => {
  const { store, clock } = house();
  const log = { store, clock, random: systemRandom, log: silentLog, sealer: openSealer, retention };
  const audit = openAuditLog({ ...log, replica: 'Höst/one:2 '.repeat(20) });
  await audit.record(granted('acme'));
  await audit.signHeads();
  const { members } = await store.page('audit-days/audit/acme', 0, 1);
  const writer = members[0]!.split('/')[1]!;
  assert.deepEqual(parseChainName(`audit/acme/${writer}`), { class: 'audit', scope: 'acme', writer });
});

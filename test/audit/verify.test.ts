import assert from 'node:assert/strict';
import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { test } from 'node:test';
import { hashOf } from '../../src/audit/chain.ts';
import { exportAudit, verifyExport } from '../../src/audit/export.ts';
import { type Head, signHead } from '../../src/audit/head.ts';
import type { PublicAuditKey } from '../../src/audit/key.ts';
import { type BrokenChain, verifyAudit } from '../../src/audit/verify.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY, ever, granted, type House, house, NOON, refused } from './parts.ts';

const DAYS = 4;
const PER_DAY = 5;

/** One organization's chains over four days, heads signed daily; the installation's and another's beside it. */
const filled = async (): Promise<House> => {
  const parts = house();
  for (let day = 0; day < DAYS; day++) {
    parts.clock.to(NOON + day * DAY);
    for (let at = 0; at < PER_DAY; at++) {
      await parts.audit.record(granted('acme', day * PER_DAY + at));
      await parts.audit.record(refused('acme', at));
    }
    await parts.audit.record(granted('globex', day));
    await parts.audit.record(granted(undefined, day));
    await parts.audit.signHeads();
  }
  return parts;
};

const nameOf = async ({ store }: House): Promise<{ chain: string; writer: string; days: string[] }> => {
  const { members } = await store.page('audit-days/audit/acme', 0, 100, true);
  const writer = members[0]!.split('/')[1]!;
  return { chain: `audit/acme/${writer}`, writer, days: members.map((member) => member.split('/')[0]!) };
};

/** Writes a log anew, as somebody would who holds the store. Logs cannot be deleted, so it is read through. */
const tamper = (store: Store, key: string, change: (records: string[]) => string[]): Store => ({
  ...store,
  read: async (asked, from, count) => {
    if (asked !== key) return store.read(asked, from, count);
    const all = (await store.read(key, 1, 10_000)).map(({ value }) => value);
    return change(all)
      .map((value, at) => ({ position: at + 1, value }))
      .slice(from - 1, from - 1 + count);
  },
});

const collect = async (lines: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
};

/** What is wrong, by the store and by an exported file of it: both say the same. */
const faults = async (store: Store, parts: House, heads: readonly unknown[] = []): Promise<readonly BrokenChain[]> => {
  const range = ever('acme', parts);
  const { broken } = await verifyAudit(store, range, heads);
  const offline = await verifyExport(await collect(exportAudit(store, range)), heads);
  assert.deepEqual(offline.broken, broken);
  return broken;
};

test('what was written verifies, by organization and for the installation, and so does its export', async () => {
  const parts = await filled();
  const found = await verifyAudit(parts.store, ever('acme', parts), parts.heads);
  assert.deepEqual(
    { ...found, keys: found.keys.length },
    {
      since: '2025-10-20',
      until: '2026-11-24',
      asOf: NOON + 3 * DAY + 600,
      chains: 2,
      records: 2 * DAYS * PER_DAY,
      keys: 1,
      broken: [],
    },
  );
  assert.equal((await verifyAudit(parts.store, ever(undefined, parts))).records, DAYS);
  assert.deepEqual(await verifyExport(await collect(exportAudit(parts.store, ever('acme', parts)))), found);
  const none = await verifyAudit(parts.store, ever('nobody', parts));
  assert.deepEqual([none.chains, none.broken], [0, []]);
});

test('a range of some days verifies by itself', async () => {
  const parts = await filled();
  for (let since = 0; since < DAYS; since++) {
    for (let until = since + 1; until <= DAYS; until++) {
      const range = { organization: 'acme', since: NOON + since * DAY, until: NOON + (until - 1) * DAY + 1 };
      const { broken, records } = await verifyAudit(parts.store, range, parts.heads);
      assert.deepEqual([broken, records], [[], 2 * PER_DAY * (until - since)]);
      assert.deepEqual((await verifyExport(await collect(exportAudit(parts.store, range)))).broken, []);
    }
  }
});

test('a changed, removed, reordered or cut record of any day is found at its exact place (S10)', async () => {
  const parts = await filled();
  const { chain, writer, days } = await nameOf(parts);
  for (const [index, day] of days.entries()) {
    const key = `audit-log/audit/acme/${day}/${writer}`;
    for (let at = 0; at < PER_DAY; at++) {
      const seq = index * PER_DAY + at + 1;
      const lastOfAll = seq === DAYS * PER_DAY;
      const cases: [string, (records: string[]) => string[], BrokenChain][] = [
        ['flip', (all) => all.with(at, all[at]!.replace('run:', 'rum:')), { chain, seq, fault: 'changed' }],
        ['remove', (all) => all.toSpliced(at, 1), { chain, seq, fault: lastOfAll ? 'truncated' : 'missing' }],
        ['cut', (all) => all.slice(0, at), { chain, seq, fault: index === DAYS - 1 ? 'truncated' : 'missing' }],
      ];
      if (at > 0) {
        const swap = (all: string[]) => all.with(at, all[at - 1]!).with(at - 1, all[at]!);
        cases.push(['swap', swap, { chain, seq: seq - 1, fault: 'reordered' }]);
      }
      for (const [name, change, expected] of cases) {
        assert.deepEqual(await faults(tamper(parts.store, key, change), parts), [expected], `${name} ${seq}`);
      }
    }
  }
});

test('a day that was taken away with its head and its place in the index is missed by the day after it', async () => {
  for (const gone of [0, 1, 2]) {
    const parts = await filled();
    const { chain, writer, days } = await nameOf(parts);
    const day = days[gone]!;
    await parts.store.remove('audit-days/audit/acme', `${day}/${writer}`);
    assert.deepEqual(await faults(parts.store, parts), [], 'without the index the records are still found');
    await parts.store.delete(`audit-head/audit/acme/${day}/${writer}`);
    const without = tamper(parts.store, `audit-log/audit/acme/${day}/${writer}`, () => []);
    // At the very beginning only the end of the gap is known, unless a line of the log tells more.
    const seq = gone === 0 ? PER_DAY : gone * PER_DAY + 1;
    assert.deepEqual(await faults(without, parts), [{ chain, seq, fault: 'missing' }]);
    const { broken } = await verifyAudit(without, ever('acme', parts), parts.heads);
    assert.deepEqual(broken, [{ chain, seq: gone * PER_DAY + 1, fault: 'missing' }]);
  }
});

test('a whole chain, or its end with the head, that was taken away is missed by the lines of the log', async () => {
  const parts = await filled();
  const { chain, writer, days } = await nameOf(parts);
  const last = days[DAYS - 1]!;
  await parts.store.delete(`audit-head/audit/acme/${last}/${writer}`);
  const cut = tamper(parts.store, `audit-log/audit/acme/${last}/${writer}`, (all) => all.slice(0, 2));
  assert.deepEqual(await faults(cut, parts), []);
  const expected = { chain, seq: (DAYS - 1) * PER_DAY + 3, fault: 'truncated' };
  assert.deepEqual(await faults(cut, parts, parts.heads), [expected]);

  let all = parts.store;
  for (const day of days) {
    await parts.store.remove('audit-days/audit/acme', `${day}/${writer}`);
    await parts.store.delete(`audit-head/audit/acme/${day}/${writer}`);
    all = tamper(all, `audit-log/audit/acme/${day}/${writer}`, () => []);
  }
  assert.deepEqual((await verifyAudit(all, ever('acme', parts))).broken, []);
  const { broken } = await verifyAudit(all, ever('acme', parts), parts.heads);
  assert.deepEqual(broken, [{ chain, seq: 1, fault: 'truncated' }]);
});

test('a head that somebody else signed, or changed, is no head', async () => {
  const parts = await filled();
  const other = await filled();
  const { chain, writer, days } = await nameOf(parts);
  const key = `audit-head/audit/acme/${days[1]}/${writer}`;
  const genuine = (await parts.store.get(key))!.value;
  const seq = 2 * PER_DAY;
  const foreign = other.heads.find(
    (head) => 'chain' in head && head.chain === (other.heads[0] as { chain: string }).chain,
  );
  const changes = [
    genuine.replace(`"seq":${seq}`, `"seq":${seq - 1}`),
    genuine.replace('"kid":"', '"kid":"x'),
    genuine.replace(/"signature":"..../, '"signature":"AAAA'),
    JSON.stringify({ ...foreign, chain, day: days[1], seq }),
  ];
  for (const changed of changes) {
    await parts.store.put(key, changed);
    const found = await faults(parts.store, parts);
    assert.deepEqual(
      found.map(({ fault }) => fault),
      ['head'],
      changed,
    );
  }
  await parts.store.put(key, genuine);
  assert.deepEqual(await faults(parts.store, parts), []);
});

test('a key that does not bear its own name vouches for nothing', async () => {
  const parts = await filled();
  const other = await filled();
  const lines = await collect(exportAudit(parts.store, ever('acme', parts)));
  const { x } = JSON.parse((await other.store.get('audit-key'))!.value) as { x: string };
  const swapped = lines.map((line) => {
    const { key } = JSON.parse(line) as { key?: object };
    return key ? JSON.stringify({ key: { ...key, x } }) : line;
  });
  const { broken } = await verifyExport(swapped);
  assert.deepEqual(new Set(broken.map(({ fault }) => fault)), new Set(['head']));
});

test('somebody else’s key under the name of ours vouches for nothing either', async () => {
  const parts = await filled();
  const lines = await collect(exportAudit(parts.store, ever('acme', parts)));
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = privateKey.export({ format: 'jwk' });
  const forged = lines.map((line) => {
    const { key, head } = JSON.parse(line) as { key?: PublicAuditKey; head?: Head };
    if (key) return JSON.stringify({ key: { ...key, x } });
    if (!head) return line;
    const { kid, signature: _ours, ...claims } = head;
    const sign = (text: string) => signBytes(null, Buffer.from(text), privateKey).toString('base64url');
    return JSON.stringify({ head: signHead(claims, { kty: 'OKP', crv: 'Ed25519', x, kid, sign }) });
  });
  const { broken } = await verifyExport(forged);
  assert.deepEqual(new Set(broken.map(({ fault }) => fault)), new Set(['head']));
});

test('a forged record with an impossible time, and a line of the log that is no head, do no harm', async () => {
  const parts = await filled();
  const { chain, writer, days } = await nameOf(parts);
  const forge = (stored: string): string => {
    const text = stored.slice(44).replace(/"time":\d+/, '"time":9e300');
    return `${hashOf(text)} ${text}`;
  };
  const forged = tamper(parts.store, `audit-log/audit/acme/${days[1]}/${writer}`, (all) => all.with(2, forge(all[2]!)));
  assert.deepEqual(await faults(forged, parts), [{ chain, seq: PER_DAY + 3, fault: 'changed' }]);
  const lines = [null, 'x', {}, { ...parts.heads[0], day: '2026-11-20 x' }, { ...parts.heads[0], seq: 1.5 }];
  assert.deepEqual(await faults(parts.store, parts, lines), []);
});

test('records of another chain, organization or day are not taken for its own', async () => {
  const parts = await filled();
  const { chain, writer, days } = await nameOf(parts);
  const key = `audit-log/audit/acme/${days[0]}/${writer}`;
  const { members } = await parts.store.page('audit-days/audit/globex', 0, 1, true);
  const [foreign] = await parts.store.read(`audit-log/audit/globex/${members[0]}`, 1, 1);
  const broken = await faults(
    tamper(parts.store, key, (all) => all.with(0, foreign!.value)),
    parts,
  );
  assert.deepEqual(broken, [{ chain, seq: 1, fault: 'changed' }]);

  const lines = await collect(exportAudit(parts.store, ever('acme', parts)));
  const moved = lines.map((line) => line.replace(`"day":"${days[0]}","hash"`, `"day":"${days[1]}","hash"`));
  assert.deepEqual((await verifyExport(moved)).broken[0]?.fault, 'changed');
});

test('an export survives another formatting of its JSON, and is damaged by anything else', async () => {
  const parts = await filled();
  const lines = await collect(exportAudit(parts.store, ever('acme', parts)));
  const reverse = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, member]) => [key, reverse(member)]),
        )
      : value;
  assert.deepEqual((await verifyExport(lines.map((line) => JSON.stringify(reverse(JSON.parse(line)))))).broken, []);
  assert.deepEqual((await verifyExport(['', ...lines, ' '])).broken, []);

  const record = lines.findIndex((line) => line.includes('"record"'));
  for (let at = 0; at < lines.length; at++) {
    if (lines[at]!.includes('"head"')) continue;
    assert.notDeepEqual((await verifyExport(lines.toSpliced(at, 1))).broken, [], lines[at]);
  }
  for (const bad of [
    'x',
    '{}',
    '[]',
    'null',
    '"x"',
    '{"chain":1}',
    '['.repeat(100_000),
    '{"head":{}}',
    '{"export":{}}',
  ]) {
    const { broken } = await verifyExport(lines.toSpliced(record, 0, bad));
    assert.deepEqual(broken, [{ chain: '', seq: record + 1, fault: 'changed' }], bad);
  }
  const truncated = (await verifyExport(lines.slice(0, -1))).broken;
  assert.deepEqual(truncated, [{ chain: '', seq: lines.length, fault: 'truncated' }]);
  assert.equal((await verifyExport([])).broken.length, 1);
  const headless = lines.filter((line) => !line.includes('"head"') && !line.includes('"key"'));
  assert.deepEqual((await verifyExport(headless)).broken, []);
  assert.equal((await verifyExport(headless, parts.heads)).broken[0]?.fault, 'head', 'no key, no vouching');
  const late = lines.find((line) => line.includes('"head"'))!;
  assert.equal((await verifyExport(lines.toSpliced(-1, 0, late))).broken[0]?.fault, 'head');
});

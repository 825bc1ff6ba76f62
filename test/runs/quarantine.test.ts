import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDirectory } from '../../src/runs/directory.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import type { GeneratedTrust } from '../../src/trust/generate/generated.ts';
import type { TrustScope } from '../../src/trust/generate/scope.ts';
import { describeTrust, openRememberedTrusts } from '../../src/trust/remembered/remembered.ts';
import { StandingClock } from '../clock.ts';
import { STORES as PAIRS } from '../exchange/stores.ts';
import { refuses } from '../flows/world.ts';

const DAY = 86_400;
const ACME = { id: '11111111-1111-4111-8111-111111111111', name: 'acme' };
const OTHER = { id: '22222222-2222-4222-8222-222222222222', name: 'other' };

const sqlite = async (t: TestContext): Promise<readonly [Store, Store]> => {
  const folder = await mkdtemp(join(tmpdir(), 'runpass-held-'));
  const store = await openSqlite(join(folder, 'runpass.db'), systemClock, { timeoutMs: 2000, server: true });
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  return [store, store];
};
const STORES = [...PAIRS, { name: 'sqlite', skip: false as const, open: sqlite }];

for (const { name, skip, open } of STORES) {
  test(`${name}: a held name is given to nobody, in no replica, until it is released`, { skip }, async (t) => {
    const [here, there] = (await open(t)).map((store) => openDirectory(store, systemRandom, 30 * DAY));
    assert.ok(here && there);
    const old = await here.stack(ACME, 'core', 'prod');
    const environment = await here.environment(ACME, 'core', 'aws');
    await here.held.hold(ACME, { kind: 'stack', project: 'core', name: 'prod' }, ['aws: stack core/prod (1f0c2d3e)']);
    await here.held.hold(ACME, { kind: 'environment', project: 'core', name: 'aws' }, []);
    // What exists is found as ever: only what would come into being is refused.
    assert.deepEqual(await there.stack(ACME, 'core', 'prod'), old);
    await here.deleteStack(ACME, 'core', 'prod');
    await here.deleteEnvironment(ACME, 'core', 'aws', environment.id);

    await assert.rejects(there.stack(ACME, 'core', 'prod'), refuses('name_quarantined'));
    await assert.rejects(there.stack(ACME, 'core', 'prod'), /held until 20.*aws: stack core\/prod \(1f0c2d3e\)/);
    await assert.rejects(there.environment(ACME, 'core', 'aws'), refuses('name_quarantined'));
    // The operator's own file needs nobody's leave; other names and organizations are free.
    await there.environment(ACME, 'core', 'aws', { declared: true });
    await there.stack(ACME, 'core', 'prod-2');
    await there.stack(OTHER, 'core', 'prod');
    await there.environment(ACME, 'core', 'prod');

    const held = async () => (await there.held.list(ACME)).map((one) => `${one.kind} ${one.project}/${one.name}`);
    assert.deepEqual(await held(), ['environment core/aws', 'stack core/prod']);
    assert.deepEqual(await there.held.list(OTHER), []);
    assert.equal(await here.held.release(ACME, { kind: 'stack', project: 'core', name: 'prod' }), true);
    assert.deepEqual(await held(), ['environment core/aws']);
    assert.notEqual((await there.stack(ACME, 'core', 'prod')).id, old.id);
  });

  test(`${name}: stacks are listed from their first sight until they are deleted, page by page`, {
    skip,
  }, async (t) => {
    const [here, there] = (await open(t)).map((store) => openDirectory(store, systemRandom));
    assert.ok(here && there);
    for (const stack of ['b', 'a', 'c']) await here.stack(ACME, 'core', stack);
    await there.stack(ACME, 'core', 'a');
    await here.stack(OTHER, 'core', 'x');
    assert.deepEqual(await there.listStacks(ACME, 1, 1), { stacks: [{ project: 'core', stack: 'b' }], total: 3 });
    await there.deleteStack(ACME, 'core', 'a');
    assert.equal((await here.listStacks(ACME, 0, 10)).total, 2);
    await here.stack(ACME, 'core', 'a');
    assert.equal((await here.listStacks(ACME, 0, 10)).total, 3);
  });

  test(`${name}: documents are remembered once each, newest first, and found by what they admit`, {
    skip,
  }, async (t) => {
    const [here, there] = (await open(t)).map(openRememberedTrusts);
    assert.ok(here && there);
    const all: TrustScope = { kind: 'runs', project: '*', stack: '*', operations: [] };
    const core: TrustScope = { kind: 'runs', project: 'core', stack: 'prod-*', operations: ['update'] };
    const aws: TrustScope = { kind: 'environment', project: 'core', environment: 'aws', attributes: [] };
    await Promise.all([
      here.remember(ACME.id, document('1'), all, 'personal:alice'),
      there.remember(ACME.id, document('2'), core, 'personal:alice'),
    ]);
    await here.remember(ACME.id, document('3'), aws, 'personal:alice');
    const again = await there.remember(ACME.id, document('1'), all, 'personal:bob');
    const listed = await here.list(ACME.id);
    assert.deepEqual([listed.length, listed[0]], [3, again]);
    assert.match(describeTrust(again), /^aws: all stacks \([0-9a-f]{8}\)$/);

    const naming = async (kind: 'stack' | 'environment', project: string, text: string) =>
      (await here.naming(ACME.id, { kind, project, name: text })).length;
    assert.deepEqual(
      await Promise.all([
        naming('stack', 'core', 'prod-eu'),
        naming('stack', 'core', 'prod'),
        naming('stack', 'web', 'prod-eu'),
        naming('environment', 'core', 'aws'),
        naming('environment', 'web', 'aws'),
        naming('stack', 'core', 'aws'),
      ]),
      [2, 1, 1, 1, 0, 1],
    );
    assert.deepEqual(await here.list(OTHER.id), []);
    assert.equal(await here.forget(ACME.id, again.id), true);
    assert.equal(await there.forget(ACME.id, again.id), false);
  });
}

const document = (text: string): GeneratedTrust => ({
  target: 'aws',
  checkedBy: 'aws',
  scope: '',
  issuer: 'https://id.example.com/oidc',
  audience: 'acme',
  files: [],
  install: [],
  test: '',
  document: text,
  admits: [],
  refuses: 0,
  warnings: [],
});

test('a name is free again on the day when its quarantine is over, and at once where there is none', async () => {
  const clock = new StandingClock();
  const store = memoryStore(clock);
  const name = { kind: 'stack', project: 'core', name: 'prod' } as const;
  const directory = openDirectory(store, systemRandom, 30 * DAY);
  const held = await directory.held.hold(ACME, name, []);
  assert.equal(held?.until, clock.seconds + 30 * DAY);
  clock.advance(30 * DAY - 1);
  await assert.rejects(directory.stack(ACME, 'core', 'prod'), refuses('name_quarantined'));
  clock.advance(1);
  await directory.stack(ACME, 'core', 'prod');
  assert.equal(await openDirectory(store, systemRandom, 0).held.hold(ACME, name, []), undefined);
});

test('no more than a thousand documents of an organization are remembered', async () => {
  const trusts = openRememberedTrusts(memoryStore(systemClock));
  const scope: TrustScope = { kind: 'runs', project: '*', stack: '*', operations: [] };
  for (let at = 0; at < 1002; at++) await trusts.remember(ACME.id, document(String(at)), scope, 'personal:alice');
  const listed = await trusts.list(ACME.id);
  assert.equal(listed.length, 1000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../src/exchange/decision.ts';
import { readDecisionId } from '../../src/exchange/decision-id.ts';
import { openDecisions } from '../../src/exchange/decisions.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { systemRandom } from '../../src/system.ts';
import { StandingClock } from '../clock.ts';
import { countingStore, STORES } from './stores.ts';

const DAY = 86_400;
const FORM = /^\d{14}-[0-9a-f]{16}$/;

const opened = (change: { store?: Store; clock?: StandingClock; recordedRefusalsPerMinute?: number } = {}) => {
  const { clock = new StandingClock(Date.UTC(2026, 10, 21, 9, 30, 45)), recordedRefusalsPerMinute = 60 } = change;
  const store = change.store ?? memoryStore(clock);
  const parts = { store, clock, random: systemRandom, retention: 30 * DAY, recordedRefusalsPerMinute };
  const decisions = openDecisions(parts);
  const made = (more: Partial<Decision> = {}): Omit<Decision, 'id'> => ({
    time: clock.seconds,
    organization: 'acme',
    issuer: { id: 'i1', name: 'github', url: 'https://a.example' },
    question: { tokenType: 'organization', admin: false },
    subjectTokenHash: 'h',
    outcome: 'refused',
    code: 'policy_unmatched',
    ...more,
  });
  const record = async (more?: Partial<Decision>): Promise<string> => {
    const id = decisions.newId();
    await decisions.record({ ...made(more), id });
    return id;
  };
  return { clock, store, decisions, made, record };
};

test('a decision is found under the id that its recording gave, by its own organization only', async () => {
  const { decisions, made, record } = opened();
  const claims = { sub: 'repo:acme/shop', nested: { a: [1, 'x', null] } };
  const id = await record({ claims, omitted: ['email'] });
  assert.match(id, FORM);
  assert.equal(id.slice(0, 14), '20261121093045');
  assert.deepEqual(await decisions.get('acme', id), { id, ...made({ claims, omitted: ['email'] }) });
  assert.equal(await decisions.get('umbrella', id), undefined);
});

test('an id with another time, another random part or another form leads nowhere', async () => {
  const { decisions, record } = opened();
  const id = await record();
  const last = id.endsWith('0') ? '1' : '0';
  const others = [
    id.slice(0, -1) + last,
    id.replace('093045', '093046'),
    id.replace('20261121', '20261122'),
    id.replace('20261121', '20261131'),
    `${id}0`,
    id.toUpperCase().replace('-', '_'),
    id.replace('-', ''),
    '../x',
    '',
  ];
  for (const other of others) assert.equal(await decisions.get('acme', other), undefined, other);
});

test('the id of nothing looks like any other, and ids say nothing of how many there are', async () => {
  const { decisions, record } = opened();
  const ids = [await record(), decisions.newId(), await record({ organization: 'umbrella' })];
  assert.equal(new Set(ids.map((id) => id.slice(0, 15))).size, 1, 'alike but for the random part');
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) assert.match(id, FORM);
  assert.equal(await decisions.get('acme', ids[1]!), undefined);
});

test('a decision is found among many, also where the clocks of replicas differ', async () => {
  const clock = new StandingClock(Date.UTC(2026, 10, 21, 9, 30, 45));
  const behind = new StandingClock(clock.nowMs() - 8_000);
  const store = memoryStore(clock);
  const [one, other] = [opened({ store, clock }), opened({ store, clock: behind })];
  const ids: string[] = [];
  for (let round = 0; round < 400; round++) {
    ids.push(await (round % 3 ? one : other).record({ detail: String(round), outcome: 'granted' }));
    if (round % 5 === 0) for (const each of [clock, behind]) each.advance(2);
  }
  for (const [round, id] of ids.entries()) {
    assert.equal((await one.decisions.get('acme', id))?.detail, String(round));
  }
});

test('finding one decision among a thousand, or that there is none, takes few reads', async () => {
  const clock = new StandingClock();
  const { store, calls } = countingStore(clock);
  const { decisions, record } = opened({ store, clock });
  const ids: string[] = [];
  for (let round = 0; round < 1000; round++) {
    ids.push(await record({ outcome: 'granted' }));
    clock.advance(1);
  }
  const none = `${ids[17]!.slice(0, 15)}0123456789abcdef`;
  for (const [id, found] of [
    [ids[617]!, true],
    [none, false],
  ] as const) {
    calls.length = 0;
    assert.equal((await decisions.get('acme', id)) !== undefined, found);
    assert.ok(calls.length <= 13, `${calls.length} calls`);
  }
});

test('a decision costs one append, but for the first of a day', async () => {
  const clock = new StandingClock();
  const { store, calls } = countingStore(clock);
  const { record } = opened({ store, clock });
  await record();
  calls.length = 0;
  await record();
  assert.deepEqual(calls, ['append']);
});

test('of the refusals of one trusted issuer so many are stored in a minute; the others are counted and lead nowhere', async () => {
  const { clock, decisions, record } = opened({ recordedRefusalsPerMinute: 2 });
  await record();
  await record();
  const third = await record();
  assert.match(third, FORM);
  assert.equal(await decisions.get('acme', third), undefined);
  assert.equal(decisions.unrecorded(), 1);

  const granted = await record({ outcome: 'granted' });
  assert.ok(await decisions.get('acme', granted), 'what was granted is always stored');
  const another = await record({ issuer: { id: 'i2', name: 'gitlab', url: 'https://b.example' } });
  assert.ok(await decisions.get('acme', another), 'another trusted issuer');

  clock.advance(60);
  assert.ok(await decisions.get('acme', await record()), 'the next minute');
  assert.equal(decisions.unrecorded(), 1);
});

test('what is too large is cut before it is stored', async () => {
  const { decisions, record } = opened();
  const id = await record({ claims: { sub: 'a', groups: 'g'.repeat(40_000) } });
  const found = await decisions.get('acme', id);
  assert.deepEqual([found?.claims, found?.omitted], [{ sub: 'a' }, ['groups']]);
});

test('a day of decisions vanishes whole, its retention after the day', async () => {
  const { clock, store, decisions, record } = opened();
  const id = await record();
  const endOfDay = Date.UTC(2026, 10, 22) / 1000;
  clock.advance(endOfDay + 30 * DAY - 1 - clock.seconds);
  assert.ok(await decisions.get('acme', id));
  clock.advance(1);
  assert.equal(await decisions.get('acme', id), undefined);
  await record();
  assert.equal((await store.page('decision-days/acme', 0, 10)).total, 1, 'the index forgets the day with the next one');
});

test('without the store nothing is recorded, and nobody is told otherwise', async () => {
  const clock = new StandingClock();
  const store = new Proxy(memoryStore(clock), {
    get: (target, name) => (name === 'create' ? async () => false : Reflect.get(target, name)),
  });
  await assert.rejects(opened({ store, clock }).record(), { name: 'StoreError', kind: 'unavailable' });
});

test('an id is read as the time and the random part that it was made of', () => {
  assert.deepEqual(readDecisionId('20261121093045-0123456789abcdef'), {
    at: Date.UTC(2026, 10, 21, 9, 30, 45) / 1000,
    bits: '0123456789abcdef',
  });
  assert.equal(readDecisionId('20261321093045-0123456789abcdef'), undefined);
});

for (const { name, skip, open } of STORES) {
  test(`what two replicas record at once is found and listed by both (${name})`, { skip }, async (t) => {
    const clock = new StandingClock(Date.now());
    const [one, other] = (await open(t)).map((store) => opened({ store, clock }));
    const ids = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? one! : other!).record({ detail: String(index) })),
    );
    for (const [index, id] of ids.entries()) {
      assert.equal((await one!.decisions.get('acme', id))?.detail, String(index));
    }
    const { decisions: listed } = await other!.decisions.list('acme', {}, { count: 100 });
    assert.deepEqual(listed.map(({ id }) => id).toSorted(), ids.toSorted());
  });
}

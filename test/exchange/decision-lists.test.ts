import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, DecisionFilter } from '../../src/exchange/decision.ts';
import { openDecisions } from '../../src/exchange/decisions.ts';
import { systemRandom } from '../../src/system.ts';
import { StandingClock } from '../clock.ts';
import { countingStore } from './stores.ts';

const DAY = 86_400;

const opened = () => {
  const clock = new StandingClock(Date.UTC(2026, 10, 1, 12));
  const { store, calls } = countingStore(clock);
  const parts = { store, clock, random: systemRandom, retention: 30 * DAY, recordedRefusalsPerMinute: 100_000 };
  const decisions = openDecisions(parts);
  const record = (detail: string, outcome: Decision['outcome'] = 'refused', issuer = 'i1') =>
    decisions.record({
      id: decisions.newId(),
      time: clock.seconds,
      organization: 'acme',
      issuer: { id: issuer, name: issuer, url: 'https://a.example' },
      question: { tokenType: 'organization', admin: false },
      subjectTokenHash: 'h',
      outcome,
      detail,
    });
  /** All pages, and how many there were. */
  const pages = async (filter: DecisionFilter, count: number) => {
    const found: (string | undefined)[][] = [];
    for (let after: string | undefined; ; ) {
      const page = await decisions.list('acme', filter, { count, ...(after !== undefined && { after }) });
      found.push(page.decisions.map(({ detail }) => detail));
      after = page.next;
      if (after === undefined) return found;
    }
  };
  return { clock, decisions, record, pages, calls };
};

test('decisions are listed newest first, page by page through the days, each once', async () => {
  const { clock, record, pages, decisions } = opened();
  const all: string[] = [];
  for (const day of [0, 1, 4]) {
    for (let index = 0; index < 7; index++) {
      await record(`${day}.${index}`);
      all.unshift(`${day}.${index}`);
      clock.advance(1);
    }
    clock.advance(DAY);
  }
  for (const count of [1, 3, 7, 20, 21, 22]) {
    const found = await pages({}, count);
    assert.deepEqual(found.flat(), all, `pages of ${count}`);
    assert.equal(found.length, Math.ceil(21 / count), 'no page is empty');
  }
  const [first] = (await decisions.list('acme', {}, { count: 1 })).decisions;
  assert.deepEqual(await decisions.get('acme', first!.id), first, 'each under its id');
  assert.deepEqual(await decisions.list('umbrella', {}, { count: 10 }), { decisions: [] });
});

test('a list shows one issuer, one outcome, or nothing older than a time', async () => {
  const { clock, record, pages, calls } = opened();
  await record('old', 'granted');
  clock.advance(DAY);
  await record('a', 'granted');
  await record('b', 'refused');
  await record('c', 'granted', 'i2');
  clock.advance(10);
  await record('d', 'granted');
  assert.deepEqual(await pages({ outcome: 'granted' }, 10), [['d', 'c', 'a', 'old']]);
  assert.deepEqual(await pages({ issuer: 'i2' }, 10), [['c']]);
  assert.deepEqual(await pages({ since: clock.seconds - 10, issuer: 'i1' }, 10), [['d', 'b', 'a']]);
  assert.deepEqual(await pages({ since: clock.seconds - 9 }, 10), [['d']]);
  assert.deepEqual(await pages({ since: clock.seconds + 1 }, 10), [[]]);
  calls.length = 0;
  await pages({ since: clock.seconds - 10 }, 10);
  assert.equal(calls.filter((call) => call === 'read').length, 1, 'the days before are not read');
});

test('what is recorded while somebody reads on neither shifts nor repeats a page', async () => {
  const { decisions, record } = opened();
  for (const detail of ['a', 'b', 'c']) await record(detail);
  const first = await decisions.list('acme', {}, { count: 2 });
  await record('d');
  const second = await decisions.list('acme', {}, { count: 2, after: first.next! });
  assert.deepEqual(
    [...first.decisions, ...second.decisions].map(({ detail }) => detail),
    ['c', 'b', 'a'],
  );
  assert.equal(second.next, undefined);
});

test('one list looks at two thousand records at most, and leads on from there', async () => {
  const { decisions, record, pages, calls } = opened();
  await record('needle', 'granted');
  for (let index = 0; index < 4100; index++) await record('hay');
  calls.length = 0;
  const page = await decisions.list('acme', { outcome: 'granted' }, { count: 10 });
  assert.deepEqual(page.decisions, []);
  assert.equal(typeof page.next, 'string');
  assert.ok(calls.length <= 23, `${calls.length} calls`);
  assert.deepEqual((await pages({ outcome: 'granted' }, 10)).flat(), ['needle']);
});

test('a place that no list gave is refused; one beyond the end of a day starts at its end', async () => {
  const { decisions, record } = opened();
  await record('a');
  for (const after of ['x', '2026-11-01', '2026-11-01.', '2026-11-01.-1', '20261101.1', '2026-11-01.1 ']) {
    await assert.rejects(decisions.list('acme', {}, { count: 1, after }), /after: must be what "next" of a list said/);
  }
  const { decisions: found } = await decisions.list('acme', {}, { count: 1, after: '2026-11-01.999999999999' });
  assert.deepEqual(
    found.map(({ detail }) => detail),
    ['a'],
  );
  assert.deepEqual((await decisions.list('acme', {}, { count: 1, after: '2026-10-31.5' })).decisions, []);
});

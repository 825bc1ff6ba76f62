import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Break,
  canonical,
  GENESIS,
  hashOf,
  type Link,
  link,
  readStored,
  verifyChain,
} from '../../src/audit/chain.ts';
import { granted, NOON } from './parts.ts';

const chainOf = (length: number): { records: string[]; links: Link[] } => {
  const records: string[] = [];
  const links: Link[] = [];
  let last = GENESIS;
  for (let number = 1; number <= length; number++) {
    const next = link(granted('acme', number), last, { time: NOON + number, writer: 'w.1' });
    records.push(next.stored);
    links.push({ seq: next.seq, hash: next.hash });
    last = next;
  }
  return { records, links };
};

/** Another record in the same place, made by somebody who knows how a record is made. */
const forge = (stored: string): string => {
  const text = stored.slice(44).replace('"actor":"run:', '"actor":"nur:');
  return `${hashOf(text)} ${text}`;
};

const flip = (text: string, at: number): string => {
  const code = text.charCodeAt(at) ^ 1;
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
};

test('canonical JSON sorts its keys, has no white space and reads back to itself', () => {
  assert.equal(
    canonical({ b: 1, a: { d: 'x y', c: [1, null] }, z: undefined }),
    '{"a":{"c":[1,null],"d":"x y"},"b":1}',
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(canonical(JSON.parse(canonical(value))), canonical(value));
    }),
  );
});

test('an untouched chain of any length verifies, also from the middle on', () => {
  const { records, links } = chainOf(20);
  assert.equal(verifyChain(records, GENESIS, [links[19]!]), undefined);
  assert.equal(verifyChain([], GENESIS), undefined);
  assert.equal(verifyChain(records.slice(7), links[6]!, [links[19]!]), undefined);
});

test('a record keeps unicode, lone surrogates, odd keys and long texts within bounds, and still verifies', () => {
  const detail = JSON.parse('{"__proto__":"x","10":"a","9":"b","é":"\\ud83d\\ude00\\u2028","half":"\\ud83d"}');
  detail.long = '😀'.repeat(1000);
  detail.none = Number.NaN;
  const { stored } = link({ ...granted('acme'), detail }, GENESIS, { time: NOON, writer: 'w.1' });
  assert.equal(stored, stored.toWellFormed());
  const found = readStored(stored)?.record.detail;
  assert.equal(found?.['é'], '😀\u2028');
  assert.equal(found?.['none'], 'NaN');
  assert.equal(String(found?.['long']).length, 1025);
  assert.ok(Object.hasOwn(found!, '__proto__'));
  assert.equal(canonical(JSON.parse(stored.slice(44))), stored.slice(44));
  assert.equal(verifyChain([stored]), undefined);
});

const RUNS = process.env['NIGHTLY'] ? 100_000 : 1000;

test('one flipped bit, removed, swapped or cut record is found at its exact place (S10)', () => {
  const length = 12;
  const { records, links } = chainOf(length);
  const head = [links[length - 1]!];
  const place = fc.integer({ min: 0, max: length - 1 });
  const repeated = (at: number): Break => ({ seq: at + 2, fault: 'reordered' });
  const damage = fc.oneof(
    fc
      .tuple(place, fc.nat())
      .map(([at, where]): [string[], Break] => [
        records.with(at, flip(records[at]!, where % records[at]!.length)),
        { seq: at + 1, fault: 'changed' },
      ]),
    place.map((at): [string[], Break] => [
      records.with(at, forge(records[at]!)),
      // With its own hash made anew, the newest record is told by the head alone.
      { seq: at + 1, fault: at === length - 1 ? 'head' : 'changed' },
    ]),
    place.map((at): [string[], Break] => [
      records.toSpliced(at, 1),
      { seq: at + 1, fault: at === length - 1 ? 'truncated' : 'missing' },
    ]),
    fc
      .tuple(place, place)
      .filter(([one, other]) => one !== other)
      .map(([one, other]): [string[], Break] => [
        records.with(one, records[other]!).with(other, records[one]!),
        { seq: Math.min(one, other) + 1, fault: 'reordered' },
      ]),
    place.map((at): [string[], Break] => [records.slice(0, at), { seq: at + 1, fault: 'truncated' }]),
    place.map((at): [string[], Break] => [records.toSpliced(at + 1, 0, records[at]!), repeated(at)]),
  );
  fc.assert(
    fc.property(damage, ([damaged, expected]) => assert.deepEqual(verifyChain(damaged, GENESIS, head), expected)),
    { numRuns: RUNS },
  );
});

test('a rewritten end is found by the head, and a rewritten record next to an anchor or a head is told from its neighbour', () => {
  const { records, links } = chainOf(6);
  const rewritten = records.slice(0, 3);
  let last: Link = links[2]!;
  for (let number = 4; number <= 6; number++) {
    const next = link(granted('acme', number + 100), last, { time: NOON + number, writer: 'w.1' });
    rewritten.push(next.stored);
    last = next;
  }
  assert.equal(verifyChain(rewritten), undefined, 'without a head nobody can tell');
  assert.deepEqual(verifyChain(rewritten, GENESIS, [links[5]!]), { seq: 6, fault: 'head' });
  assert.deepEqual(verifyChain(rewritten, GENESIS, [links[3]!, links[5]!]), { seq: 4, fault: 'head' });

  const other = link(granted('acme', 4), { seq: 3, hash: GENESIS.hash }, { time: NOON + 4, writer: 'w.1' }).stored;
  const changed = { seq: 4, fault: 'changed' };
  assert.deepEqual(verifyChain(records.with(3, other), GENESIS, [links[5]!]), changed);
  assert.deepEqual(verifyChain(records.with(3, other).slice(0, 4), GENESIS, [links[2]!]), changed);
  assert.deepEqual(verifyChain(records.with(3, other).slice(0, 4), GENESIS, [links[3]!]), changed);
  assert.deepEqual(verifyChain([other], links[2]!), changed);
  assert.deepEqual(verifyChain(records.slice(0, 4).with(2, forge(records[2]!)), GENESIS, [links[3]!]), {
    seq: 3,
    fault: 'changed',
  });
});

test('what is no record at all counts as changed', () => {
  const { records } = chainOf(3);
  const withText = (text: string): string => `${hashOf(text)} ${text}`;
  for (const bad of [
    '',
    'x',
    'null',
    '{}',
    '{"seq":2,"time":-1}',
    '{"seq":2,"time":1e300}',
    '[]',
    '{"seq":"2","time":1}',
  ]) {
    for (const stored of [bad, withText(bad)]) {
      assert.deepEqual(verifyChain(records.with(1, stored)), { seq: 2, fault: 'changed' }, stored);
    }
  }
});

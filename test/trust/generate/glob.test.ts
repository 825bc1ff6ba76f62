import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesName } from '../../../src/access/names.ts';
import { overlap, witnessesOf } from '../../../src/trust/generate/glob.ts';

const TEXTS = ['', 'a', 'b', 'aa', 'ab', 'ba', 'bb', 'aab', 'abb', 'bab', 'aaa', 'abab', 'bbbb'];
const PATTERNS = ['*', 'a', '?', 'a*', '*b', 'a?', '?b', 'a*b', '*a*', '??', 'b*a', ''];

test('two patterns overlap where some text matches both', () => {
  for (const left of PATTERNS) {
    for (const right of PATTERNS) {
      const common = TEXTS.some((text) => matchesName(left, text) && matchesName(right, text));
      if (common) assert.ok(overlap(left, right), `${left} ${right}`);
      assert.equal(overlap(left, right), overlap(right, left));
    }
  }
  for (const [left, right] of [
    ['a*', 'b*'],
    ['a', '??'],
    ['prod-*', 'dev'],
    ['*-eu', '*-us'],
    ['', '?'],
  ] as const) {
    assert.equal(overlap(left, right), false, `${left} ${right}`);
  }
});

test('a witness of a pattern matches it, and a name has none', () => {
  for (const pattern of ['*', 'a*', 'prod-?', '*-eu-*']) {
    for (const name of witnessesOf(pattern)) assert.ok(matchesName(pattern, name));
    assert.ok(witnessesOf(pattern).length > 0);
  }
  assert.deepEqual(witnessesOf('prod'), []);
});

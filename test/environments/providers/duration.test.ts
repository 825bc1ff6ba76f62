import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDuration } from '../../../src/environments/providers/duration.ts';

test('a duration is hours, minutes and seconds in that order, each at most once', () => {
  for (const [text, seconds] of [
    ['1h', 3600],
    ['2h0m0s', 7200],
    ['1h30m', 5400],
    ['90m', 5400],
    ['45s', 45],
    ['1h1s', 3601],
    ['0s', 0],
    ['007m', 420],
  ] as const) {
    assert.equal(readDuration(text), seconds, text);
  }
  for (const text of [
    '',
    ' ',
    'h',
    '1',
    '1d',
    '1.5h',
    '-1h',
    '+1h',
    '1m1h',
    '1h1h',
    '1H',
    '1h ',
    '1h\n',
    '1e3s',
    '9'.repeat(20),
  ]) {
    assert.equal(readDuration(text), undefined, text);
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { goDuration, secondsOrSpan, timeSpan } from '../src/cli/duration.ts';
import { readGoDuration, readHoursMinutesSeconds, readTimeSpan, writeGoDuration } from '../src/duration.ts';

describe('a duration', () => {
  for (const [text, seconds] of [
    ['2h', 7200],
    ['90m', 5400],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['.5h', 1800],
    ['1.h', 3600],
    ['2.3h', 8280],
    ['+1m', 60],
    ['1s999ms', 1],
    ['1000ms', 1],
    ['1000000\u00b5s', 1],
    ['1000000\u03bcs', 1],
    ['1000000us', 1],
    ['1000000000ns', 1],
    ['30m30m', 3600],
    ['87600h', 315_360_000],
  ] as const) {
    test(`${text} is ${seconds} s, as Go reads it`, () => assert.equal(readGoDuration(text), seconds));
  }

  for (const text of [
    '',
    '0',
    '0s',
    '2',
    '2 h',
    ' 2h',
    'h',
    '.h',
    '-2h',
    '+-2h',
    '2H',
    '1d',
    '999ms',
    '1..5h',
    '1h-30m',
    '1e3s',
    '87601h',
    `${'1s'.repeat(33)}`,
    '1constructor',
  ]) {
    test(`${JSON.stringify(text)} is none`, () => {
      assert.equal(readGoDuration(text), undefined);
      assert.throws(() => goDuration(text), /It must be a duration such as 2h/);
    });
  }

  test('of whole hours, minutes and seconds is their sum', () => {
    const part = fc.integer({ min: 0, max: 999 });
    fc.assert(
      fc.property(part, part, fc.integer({ min: 1, max: 999 }), (hours, minutes, seconds) => {
        const sum = hours * 3600 + minutes * 60 + seconds;
        assert.equal(readGoDuration(`${hours}h${minutes}m${seconds}s`), sum);
      }),
    );
  });

  test('with tenths of an hour loses no second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (tenths) => {
        assert.equal(readGoDuration(`${Math.floor(tenths / 10)}.${tenths % 10}h`), tenths * 360);
      }),
    );
  });
});

describe('a duration of the published schemas', () => {
  test('of hours, minutes and seconds has them in that order, each at most once', () => {
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
      assert.equal(readHoursMinutesSeconds(text), seconds, text);
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
      assert.equal(readHoursMinutesSeconds(text), undefined, text);
    }
  });
});

test('a duration is written as Go writes it, and reads back', () => {
  const written = [1, 59, 60, 900, 3600, 5400, 43_200].map(writeGoDuration);
  assert.deepEqual(written, ['1s', '59s', '1m0s', '15m0s', '1h0m0s', '1h30m0s', '12h0m0s']);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seconds) => {
      assert.equal(readGoDuration(writeGoDuration(seconds)), seconds);
    }),
  );
});

describe('a time span', () => {
  test('knows days, too', () => {
    const spans = ['7d', '24h', '90m', '30s', '1d12h'].map(readTimeSpan);
    assert.deepEqual(spans, [604_800, 86_400, 5400, 30, 129_600]);
  });

  test('without a unit says nothing', () => assert.throws(() => timeSpan('7'), /such as 7d/));

  test('of a registration may be whole seconds', () => {
    assert.deepEqual(['90000', '25h', '1d'].map(secondsOrSpan), [90_000, 90_000, 86_400]);
    for (const text of ['0', '-1', '1.5', '1e3', '9999999999', 'x']) {
      assert.throws(() => secondsOrSpan(text), /whole seconds/, text);
    }
  });
});

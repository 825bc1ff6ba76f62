import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nameOf, readOverrides, showOverrides } from '../../src/environments/overrides.ts';

const read = (...pairs: readonly (readonly [string, unknown])[]) => {
  const overrides = readOverrides(pairs);
  return 'problem' in overrides ? overrides.problem : [...overrides].map(([from, to]) => `${from}=${nameOf(to)}`);
};

describe('overrides', () => {
  for (const [from, to, meant] of [
    ['p/dev', 'p/prod', 'p/dev=p/prod'],
    ['dev', 'default/prod', 'default/dev=default/prod'],
    ['p/dev@latest', 'p/prod@latest', 'p/dev=p/prod'],
    ['p/dev@3', 'p/dev:stable', 'p/dev@3=p/dev@stable'],
    ['__proto__', 'constructor', 'default/__proto__=default/constructor'],
  ] as const) {
    test(`${from}=${to} is ${meant}`, () => assert.deepEqual(read([from, to]), [meant]));
  }

  for (const [pairs, problem] of [
    [[['p/dev', 7]], /^What overrides "p\/dev" must be the name of an environment\.$/],
    [[['p/dev', null]], /^What overrides/],
    [[['', 'p/x']], /^"" is not the name of an environment/],
    [[['p/x', '']], /^"" is not the name of an environment/],
    [[['p/x', 'acme/p/y']], /names an organization/],
    [[['p/x@0', 'p/y']], /^The version in "p\/x@0"/],
    [[['p x', 'p/y']], /is not the name/],
    [[['yaml/x', 'p/y']], /^The project in "yaml\/x" must not be "yaml"/],
    [
      [
        ['dev', 'p/a'],
        ['default/dev@latest', 'p/b'],
      ],
      /^default\/dev is overridden twice\.$/,
    ],
    [Array.from({ length: 65 }, (_, at) => [`p/${at}`, 'p/x']), /^There are more than 64 overrides\.$/],
  ] as const) {
    test(`${JSON.stringify(pairs).slice(0, 60)} is a problem`, () => {
      assert.match(String(read(...(pairs as readonly (readonly [string, unknown])[]))), problem);
    });
  }

  test('are shown as people write them, and not at any length', () => {
    const overrides = readOverrides([
      ['dev', 'p/prod'],
      ['p/a', 'p/a@3'],
    ]);
    assert.ok(!('problem' in overrides));
    assert.equal(showOverrides(overrides), 'default/dev=p/prod p/a=p/a@3');
    const many = readOverrides(
      Array.from({ length: 64 }, (_, at) => [`p/${'x'.repeat(90)}${at}`, `p/${'y'.repeat(90)}`]),
    );
    assert.ok(!('problem' in many));
    assert.equal(showOverrides(many).length, 2000);
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables of AWS
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hasWildcard, matches, readPattern, type Variable } from '../../../src/trust/aws/wildcard.ts';

const isLike = (value: string, text: string, variables?: (key: string) => Variable): boolean | string => {
  const pattern = readPattern(value, { wildcards: true, variables });
  return typeof pattern === 'string' ? pattern : matches(pattern, text);
};

/** The same by a table: which beginnings of the text can be what each beginning of the pattern says. */
const byTable = (pattern: string, text: string): boolean => {
  const table = Array.from({ length: pattern.length + 1 }, () => new Array<boolean>(text.length + 1).fill(false));
  table[0]![0] = true;
  for (let row = 1; row <= pattern.length; row++) {
    for (let column = 0; column <= text.length; column++) {
      const unit = pattern[row - 1];
      const takesNone = unit === '*' && table[row - 1]![column]!;
      const takesMore = unit === '*' && column > 0 && table[row]![column - 1]!;
      const isSame = column > 0 && (unit === '?' || unit === text[column - 1]) && table[row - 1]![column - 1]!;
      table[row]![column] = takesNone || takesMore || isSame;
    }
  }
  return table[pattern.length]![text.length]!;
};

describe('wildcards of IAM', () => {
  test('agree with a table of all ways to read the pattern', () => {
    const few = (...characters: string[]) => fc.array(fc.constantFrom(...characters), { maxLength: 12 });
    fc.assert(
      fc.property(few('a', 'b', ':', '*', '?'), few('a', 'b', ':', '*', '?'), (pattern, text) => {
        assert.equal(isLike(pattern.join(''), text.join('')), byTable(pattern.join(''), text.join('')));
      }),
      { numRuns: 5000 },
    );
  });

  test('a pattern that is slow on purpose takes pattern × text steps', () => {
    assert.equal(isLike(`${'*a'.repeat(200)}b`, 'a'.repeat(2000)), false);
  });

  test('* crosses colons, ? is exactly one character, and case counts', () => {
    assert.equal(isLike('pulumi:*:write', 'pulumi:deploy:org:contoso:write'), true);
    assert.equal(isLike('dev?', 'dev'), false);
    assert.equal(isLike('dev?', 'dev1'), true);
    assert.equal(isLike('Dev*', 'dev1'), false);
  });

  test('without wildcards they stand for themselves', () => {
    const pattern = readPattern('a*', { wildcards: false, variables: undefined });
    assert.ok(typeof pattern !== 'string');
    assert.deepEqual([matches(pattern, 'a*'), matches(pattern, 'ab')], [true, false]);
  });

  test('what a variable stands for is never a wildcard', () => {
    const variables = (key: string): Variable => (key === 'aws:RequestTag/project' ? { text: '*' } : 'absent');
    assert.equal(isLike('p:${aws:RequestTag/project}', 'p:*', variables), true);
    assert.equal(isLike('p:${aws:RequestTag/project}', 'p:core', variables), false);
    assert.equal(isLike('p:${*}', 'p:core', variables), false);
    assert.equal(isLike('p:${*}', 'p:*', variables), true);
  });

  test('a variable without a value makes the whole value match nothing, unless it has a default', () => {
    assert.equal(
      isLike('p:${aws:username}*', 'p:', () => 'absent'),
      'absent',
    );
    assert.equal(
      isLike("p:${aws:username, 'core'}", 'p:core', () => 'absent'),
      true,
    );
    assert.equal(
      isLike('p:${aws:SourceIp}', 'p:', () => 'unknown'),
      'unknown',
    );
  });

  test('an escaped star is no wildcard', () => {
    assert.deepEqual(
      [hasWildcard('a${*}'), hasWildcard('a*'), hasWildcard('a?'), hasWildcard('a')],
      [false, true, true, false],
    );
  });
});

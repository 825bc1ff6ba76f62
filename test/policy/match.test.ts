import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { matchesName } from '../../src/access/names.ts';
import { isLiteral, MATCH_LIMITS, match } from '../../src/policy/match.ts';
import { DIALECTS, type Dialect } from '../../src/policy/policy.ts';

const numRuns = process.env['NIGHTLY'] ? 1_000_000 : 100_000;

/** The definition, cell by cell: can the pattern's first `i` characters be the text's first `j`? */
const reference = (pattern: string, text: string, dialect: Dialect): boolean => {
  const characters = [...text];
  let row = [true, ...characters.map(() => false)];
  for (const wanted of pattern) {
    const run = wanted === '*';
    const one = wanted === (dialect === 'strict' ? '?' : '.');
    const maybe = dialect === 'pulumi' && wanted === '?';
    const next = [(run || maybe) && row[0]!];
    for (let j = 1; j <= characters.length; j++) {
      const consumed = row[j - 1]! && (one || maybe || (!run && wanted === characters[j - 1]));
      next.push(consumed || ((run || maybe) && row[j]!) || (run && next[j - 1]!));
    }
    row = next;
  }
  return row[characters.length]!;
};

const unit = (letters: string) => fc.constantFrom(...letters);
const patterns = fc.string({ unit: unit('aab.*??é😀'), maxLength: 12 });
const texts = fc.string({ unit: unit('aab.*?é😀'), maxLength: 14 });

for (const dialect of DIALECTS) {
  test(`a ${dialect} pattern matches exactly what its definition says`, () => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        assert.equal(match(pattern, text, dialect), reference(pattern, text, dialect), `${pattern} on ${text}`);
      }),
      { numRuns },
    );
  });

  test(`a ${dialect} pattern that is a text with some of it replaced by wildcards matches that text`, () => {
    const wildcards = dialect === 'strict' ? ['*', '?'] : ['*', '?', '.'];
    const replaced = fc.array(fc.tuple(unit('ab/:é'), fc.constantFrom('', ...wildcards)), { maxLength: 20 });
    fc.assert(
      fc.property(replaced, (parts) => {
        const pattern = parts.map(([letter, wildcard]) => wildcard || letter).join('');
        assert.equal(match(pattern, parts.map(([letter]) => letter).join(''), dialect), true, pattern);
      }),
      { numRuns: 5000 },
    );
  });
}

const SAID: readonly (readonly [pattern: string, text: string, strict: boolean, pulumi: boolean])[] = [
  ['acme', 'acme', true, true],
  ['acme', 'acme2', false, false],
  ['acme', 'xacme', false, false],
  ['acme', 'ACME', false, false],
  ['', '', true, true],
  ['', 'a', false, false],
  ['*', '', true, true],
  ['*', 'a:b/c', true, true],
  ['repo:acme/app:*', 'repo:acme/app:ref:refs/heads/main', true, true],
  ['repo:acme/app:*', 'repo:acme/application:x', false, false],
  ['a?c', 'abc', true, true],
  ['a?c', 'ac', false, true],
  ['a??c', 'abc', false, true],
  ['a.c', 'a.c', true, true],
  ['a.c', 'abc', false, true],
  ['a.c', 'ac', false, false],
  ['a?', 'a😀', true, true],
  ['.', '😀', false, true],
  ['*?', '', false, true],
  ['*.', '', false, false],
  ['a*b', 'a\nb', true, true],
  ['[a-z]+', 'b', false, false],
  ['^a$', 'a', false, false],
  ['a\\*', 'a*', false, false],
];
for (const [pattern, text, strict, pulumi] of SAID) {
  test(`"${pattern}" on ${JSON.stringify(text)}: strict ${strict}, pulumi ${pulumi}`, () => {
    assert.equal(match(pattern, text, 'strict'), strict);
    assert.equal(match(pattern, text, 'pulumi'), pulumi);
  });
}

describe('limits', () => {
  const { pattern, text } = MATCH_LIMITS;
  for (const dialect of DIALECTS) {
    test(`a ${dialect} pattern of ${pattern} characters is read, one more is not`, () => {
      assert.equal(match('a'.repeat(pattern), 'a'.repeat(pattern), dialect), true);
      assert.equal(match('a'.repeat(pattern + 1), 'a'.repeat(pattern + 1), dialect), 'beyond');
      assert.equal(match('*'.repeat(pattern + 1), 'a', dialect), 'beyond');
    });

    test(`a text of ${text} characters is read by ${dialect} patterns, one more is not`, () => {
      assert.equal(match('*', 'a'.repeat(text), dialect), true);
      assert.equal(match('*', 'a'.repeat(text + 1), dialect), 'beyond');
      assert.equal(match('b', 'a'.repeat(text + 1), dialect), 'beyond');
    });

    test(`a character of ${dialect} patterns and texts is a code point`, () => {
      assert.equal(match('*', '😀'.repeat(text), dialect), true);
      assert.equal(match('*', '😀'.repeat(text + 1), dialect), 'beyond');
      assert.equal(match('😀'.repeat(pattern), '😀'.repeat(pattern), dialect), true);
      assert.equal(match('😀'.repeat(pattern + 1), '😀'.repeat(pattern + 1), dialect), 'beyond');
    });
  }
});

/** The fastest of some tries in milliseconds: what the machine does besides does not count. */
const fastest = (work: () => void): number =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );

describe('patterns made to be slow are not', () => {
  const HOSTILE: readonly (readonly [string, string])[] = [
    [`${'*a'.repeat(127)}*b`, 'a'.repeat(1024)],
    [`${'*?'.repeat(127)}b`, 'a'.repeat(1024)],
    [`${'?'.repeat(255)}b`, 'a'.repeat(1024)],
    [`*${'?'.repeat(254)}b`, 'a'.repeat(1024)],
    [`*${'a?'.repeat(127)}b`, 'a'.repeat(1024)],
    [`*${'a'.repeat(254)}b`, 'a'.repeat(1024)],
    [`*${'.'.repeat(254)}b`, 'a'.repeat(1024)],
    [`${'*'.repeat(255)}b`, 'a'.repeat(1024)],
    ['a*'.repeat(128), 'a'.repeat(1024)],
    [`${'*aab'.repeat(63)}*c`, 'aab'.repeat(341)],
  ];
  for (const [pattern, text] of HOSTILE) {
    for (const dialect of DIALECTS) {
      test(`${pattern.slice(0, 12)}… (${dialect})`, () => {
        const ms = fastest(() => match(pattern, text, dialect));
        assert.ok(ms < 5, `${ms} ms`);
      });
    }
  }
});

test('what is literal in the pulumi dialect is literal in both', () => {
  assert.equal(isLiteral('acme', 'strict'), true);
  assert.equal(isLiteral('a.b', 'strict'), true);
  assert.equal(isLiteral('a.b', 'pulumi'), false);
  for (const dialect of DIALECTS) for (const pattern of ['*', 'a?']) assert.equal(isLiteral(pattern, dialect), false);
});

test('names of roles and strict patterns of policies mean the same', () => {
  const ascii = fc.string({ unit: unit('ab.*?-'), maxLength: 12 });
  fc.assert(
    fc.property(ascii, ascii, (pattern, name) => {
      assert.equal(match(pattern, name, 'strict'), matchesName(pattern, name));
    }),
    { numRuns: 10_000 },
  );
});

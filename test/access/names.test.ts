import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesName, type NameKind, problemWithName } from '../../src/access/names.ts';

const numRuns = process.env['NIGHTLY'] ? 1_000_000 : 10_000;

/** The definition, cell by cell: does the pattern's first `i` characters match the text's first `j`? */
const reference = (pattern: string, text: string): boolean => {
  let row = [true, ...Array<boolean>(text.length).fill(false)];
  for (const wanted of pattern) {
    const next = [wanted === '*' && row[0]!];
    for (let j = 1; j <= text.length; j++) {
      next.push(wanted === '*' ? next[j - 1]! || row[j]! : row[j - 1]! && (wanted === '?' || wanted === text[j - 1]));
    }
    row = next;
  }
  return row[text.length]!;
};

test('a pattern matches exactly what its definition says', () => {
  const unit = (letters: string) => fc.constantFrom(...letters);
  const patterns = fc.string({ unit: unit('ab.*?'), maxLength: 12 });
  const names = fc.string({ unit: unit('ab.'), maxLength: 14 });
  fc.assert(
    fc.property(patterns, names, (pattern, name) => {
      assert.equal(matchesName(pattern, name), reference(pattern, name), `${pattern} on ${name}`);
    }),
    { numRuns },
  );
});

test('a name without wildcards matches only itself', () => {
  for (const other of ['dev', 'dev-1x', 'xdev-1', 'DEV-1', 'dev.1', ''])
    assert.equal(matchesName('dev-1', other), false, other);
  assert.equal(matchesName('dev-1', 'dev-1'), true);
});

test('many stars cost no more than pattern times text', () => {
  const pattern = `${'*a'.repeat(49)}*b`;
  let steps = 0;
  const text = new Proxy(new String('a'.repeat(100)), {
    get: (target, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) steps++;
      return Reflect.get(target, key) as unknown;
    },
  });
  assert.equal(matchesName(pattern, text as string), false);
  assert.ok(steps <= pattern.length * 100, `${steps} steps`);
});

const ACCEPTED: Readonly<Record<NameKind, readonly string[]>> = {
  organization: ['acme', 'a1b', 'a_b-c', 'a'.repeat(40)],
  project: ['a', 'A.b_c-d', '...', 'x'.repeat(100), 'yaml2'],
  stack: ['dev', 'yaml'],
  environment: ['prod'],
  team: ['platform'],
  user: ['Alice.B'],
};
const REFUSED: Readonly<Record<NameKind, readonly string[]>> = {
  organization: ['', 'ab', 'a'.repeat(41), 'Acme', 'a.me', '-acme', 'acme-', '_ab', 'ac:me', 'acme\n'],
  project: ['', '.', '..', 'yaml', 'a:b', 'a*b', 'a/b', 'a b', 'ä', 'x'.repeat(101), 'a\n'],
  stack: ['', '.', '..', 'a:b'],
  environment: ['', '.', '..', 'a:b'],
  team: ['', '.', '..', 'a:b'],
  user: ['', '.', '..', 'a@b'],
};

for (const kind of Object.keys(ACCEPTED) as NameKind[]) {
  test(`names that may and may not name a ${kind}`, () => {
    for (const name of ACCEPTED[kind]) assert.equal(problemWithName(kind, name), undefined, JSON.stringify(name));
    for (const name of REFUSED[kind]) assert.notEqual(problemWithName(kind, name), undefined, JSON.stringify(name));
  });
}

test('no name that is accepted can hold a separator of a subject or a wildcard', () => {
  const kinds = fc.constantFrom(...(Object.keys(ACCEPTED) as NameKind[]));
  fc.assert(
    fc.property(kinds, fc.string({ unit: fc.constantFrom(...'aZ0._-:*?/ \n%'), maxLength: 6 }), (kind, name) => {
      if (problemWithName(kind, name) === undefined) assert.match(name, /^[A-Za-z0-9._-]+$(?!\n)/);
    }),
  );
});

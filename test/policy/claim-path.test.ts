import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalPath, claimAt, readClaimPath, writeClaimPath } from '../../src/policy/claim-path.ts';

const numRuns = process.env['NIGHTLY'] ? 100_000 : 5000;

const READ: readonly (readonly [string, readonly string[]])[] = [
  ['sub', ['sub']],
  ['a.b.c', ['a', 'b', 'c']],
  ['"kubernetes.io".pod.name', ['kubernetes.io', 'pod', 'name']],
  ['a."b.c"', ['a', 'b.c']],
  ['"sub"', ['sub']],
  ['""', ['']],
  ['"a\\"b"', ['a"b']],
  ['"a\\\\b"', ['a\\b']],
  ['"oidc.circleci.com/project-id"', ['oidc.circleci.com/project-id']],
  ['"https://pulumi.com/org_id"', ['https://pulumi.com/org_id']],
  ['acme/tenant', ['acme/tenant']],
  ['cognito:groups', ['cognito:groups']],
  ['__proto__.constructor', ['__proto__', 'constructor']],
  ['"with space".ä', ['with space', 'ä']],
];
for (const [path, keys] of READ) {
  test(`the path ${path} has the keys ${JSON.stringify(keys)}`, () => assert.deepEqual(readClaimPath(path), keys));
}

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /at character 1, a key must stand here/],
  ['.a', /at character 1, a key must stand here/],
  ['a.', /at character 3, a key must stand here/],
  ['a..b', /at character 3, a key must stand here/],
  ['"a', /at character 1, the quote that opens here is never closed/],
  ['a."b', /at character 3, the quote that opens here is never closed/],
  ['"a\\n"', /at character 1, the quote that opens here/],
  ['"a"b', /at character 4, a dot must stand here/],
  ['a"b"', /at character 2, a dot must stand here/],
  ['a b', /at character 2, a dot must stand here/],
  [' a', /at character 1, a key without quotes holds no backslash and no white space/],
  ['a.\\b', /at character 3, a key without quotes/],
  ['😀😀."', /at character 4/],
  ['https://pulumi.com/org', /holds "\/" or ":" without quotes; write "https:\/\/pulumi\.com\/org" if/],
  ['oidc.circleci.com/project-id', /write "oidc\.circleci\.com\/project-id" if that is one claim's name/],
  ['a'.repeat(257), /longer than 256 characters/],
  [Array(17).fill('a').join('.'), /more than 16 keys/],
];
describe('what is no path says where and what to write', () => {
  for (const [path, expected] of REFUSED) {
    test(path.slice(0, 40), () => {
      const found = readClaimPath(path);
      assert.ok('problem' in found);
      assert.match(`${found.problem}; ${found.suggestion}`, expected);
    });
  }

  test('the longest and the deepest path are read', () => {
    assert.deepEqual(readClaimPath('a'.repeat(256)), ['a'.repeat(256)]);
    assert.equal((readClaimPath(Array(16).fill('a').join('.')) as readonly string[]).length, 16);
  });
});

const key = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab."\\/: é😀\n'), maxLength: 6 }),
  fc.constantFrom('__proto__', 'constructor', 'kubernetes.io', 'https://a.b/c'),
);

test('keys that are written as a path are read back', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), (keys) => {
      assert.deepEqual(readClaimPath(writeClaimPath(keys)), keys);
    }),
    { numRuns },
  );
});

test('a path has one canonical form, which keeps its keys', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab."\\/:'), maxLength: 10 });
  fc.assert(
    fc.property(text, (path) => {
      const keys = readClaimPath(path);
      if ('problem' in keys) return assert.equal(canonicalPath(path), path);
      assert.equal(canonicalPath(canonicalPath(path)), canonicalPath(path));
      assert.deepEqual(readClaimPath(canonicalPath(path)), keys);
    }),
    { numRuns },
  );
  assert.equal(canonicalPath('"kubernetes.io"."pod".name'), canonicalPath('"kubernetes.io".pod."name"'));
});

describe('what stands at a path', () => {
  const claims = JSON.parse(
    '{"sub": "s", "n": null, "list": ["a", {"x": "y"}], "text": "t", "deep": {"er": {"a.b": 1}}, "__proto__": {"own": "yes"}}',
  ) as Record<string, unknown>;
  const at = (path: string): unknown => claimAt(claims, readClaimPath(path) as readonly string[]);

  test('is found in members of members', () => {
    assert.equal(at('sub'), 's');
    assert.equal(at('deep.er."a.b"'), 1);
    assert.equal(at('n'), null);
  });

  test('is nothing where a member is missing', () => {
    for (const path of ['x', 'deep.x', 'deep.er.a.b', 'n.x', 'sub.x']) assert.equal(at(path), undefined, path);
  });

  test('is an own member: nothing comes from a prototype, a string or an array', () => {
    for (const path of ['constructor', 'toString', 'hasOwnProperty', 'deep.constructor', 'deep.__proto__']) {
      assert.equal(at(path), undefined, path);
    }
    for (const path of ['text.length', 'list.length', 'list.0', 'list.x']) assert.equal(at(path), undefined, path);
    assert.equal(at('__proto__.own'), 'yes');
  });

  test('is found in objects without a prototype', () => {
    const bare = Object.assign(Object.create(null) as object, {
      a: Object.assign(Object.create(null) as object, { b: 1 }),
    });
    assert.equal(claimAt(bare as Record<string, unknown>, ['a', 'b']), 1);
  });
});

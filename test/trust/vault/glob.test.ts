import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { claimAt } from '../../../src/trust/vault/claims.ts';
import { matchesGlob } from '../../../src/trust/vault/glob.ts';

/** Every way to read the pattern, tried one after another. */
const naive = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  if (pattern[0] !== '*') return pattern[0] === text[0] && naive(pattern.slice(1), text.slice(1));
  return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)));
};

describe('a glob of Vault', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });

  test('matches as a matcher that tries everything', () => {
    fc.assert(fc.property(text, text, (pattern, value) => matchesGlob(pattern, value) === naive(pattern, value)));
  });

  test('knows no wildcard but the star', () => {
    assert.equal(matchesGlob('a?c', 'abc'), false);
    assert.equal(matchesGlob('^a.*$', 'abc'), false);
  });

  test('is not slow, whatever its stars', () => {
    assert.equal(matchesGlob(`${'a*'.repeat(20_000)}b`, 'a'.repeat(100_000)), false);
  });
});

describe('the name of a claim in a role', () => {
  const claims = { 'a.b': 1, a: { b: ['x', { 'c/d': 'y' }] }, 'https://pulumi.com/org': 'contoso', none: null };

  test('is the name itself, dots and all, unless it begins with a slash', () => {
    assert.equal(claimAt(claims, 'a.b'), 1);
    assert.equal(claimAt(claims, 'https://pulumi.com/org'), 'contoso');
    assert.equal(claimAt(claims, 'constructor'), undefined);
    assert.equal(claimAt(claims, 'none'), undefined);
  });

  test('is a JSON pointer when it does', () => {
    assert.equal(claimAt(claims, '/a/b/0'), 'x');
    assert.equal(claimAt(claims, '/a/b/1/c~1d'), 'y');
    assert.equal(claimAt(claims, '/https:~1~1pulumi.com~1org'), 'contoso');
    assert.equal(claimAt(claims, '/a/b/7'), undefined);
    assert.equal(claimAt(claims, '/a/b/x'), undefined);
    assert.equal(claimAt(claims, '/a/toString'), undefined);
  });
});

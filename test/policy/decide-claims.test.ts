import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../src/policy/decide.ts';
import type { Definition, PolicyQuestion } from '../../src/policy/policy.ts';
import { allow, deny, policy } from './corpus.ts';

const ORGANIZATION: PolicyQuestion = { tokenType: 'organization', admin: false };

/** Does a rule keep an allow from matching, and a deny? */
const matched = (claims: Record<string, unknown>, path: string, pattern: string) => ({
  allow: decide(policy([allow({ [path]: pattern })]), ORGANIZATION, claims).outcome === 'allowed',
  deny: decide(policy([deny({ [path]: pattern })]), ORGANIZATION, claims).outcome === 'denied',
});
const YES = { allow: true, deny: true };
const NO = { allow: false, deny: false };
/** Cannot be compared: an allow never matches, a deny always does. */
const CLOSED = { allow: false, deny: true };

const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const K8S = parse(
  '{"aud": ["https://kubernetes.default.svc", "acme"], "kubernetes.io": {"namespace": "ci", "pod": {"name": "p-1"}}}',
);

type Case = readonly [name: string, claims: Record<string, unknown>, path: string, pattern: string, expected: object];

const CASES: readonly Case[] = [
  ['a nested claim', K8S, '"kubernetes.io".pod.name', 'p-*', YES],
  ['a nested claim without the quotes', K8S, 'kubernetes.io.pod.name', 'p-*', NO],
  ['a missing claim', K8S, 'sub', '*', NO],
  ['a missing claim below a string', { sub: 'x' }, 'sub.length', '*', NO],
  ['a claim of the prototype', {}, 'constructor.name', '*', NO],
  ['an own claim called __proto__', parse('{"__proto__": "x"}'), '__proto__', 'x', YES],
  ['the last element of an array', K8S, 'aud', 'acme', YES],
  ['no element of an array', K8S, 'aud', 'acm', NO],
  ['all of an array together', { a: ['x', 'y'] }, 'a', 'x,y', NO],
  ['the JSON text of an array', { a: ['x'] }, 'a', '["x"]', NO],
  ['an empty array', { a: [] }, 'a', '*', NO],
  ['numbers and truth values in an array', { a: [1, true] }, 'a', 'true', YES],
  ['objects and null in an array', { a: [null, { b: 1 }, ['x']] }, 'a', '*', NO],
  ['an object', { a: { b: 1 } }, 'a', '*', NO],
  ['null', { a: null }, 'a', '*', NO],
  ['the text null for null', { a: null }, 'a', 'null', NO],
  ['a number', { a: 12 }, 'a', '12', YES],
  ['a part of a number', { a: 123 }, 'a', '12', NO],
  ['a number with a fraction', { a: 1.5 }, 'a', '1?5', YES],
  ['a negative number', { a: -3 }, 'a', '-3', YES],
  ['true', { a: true }, 'a', 'true', YES],
  ['false', { a: false }, 'a', 'true', NO],
  ['an empty string', { a: '' }, 'a', '*', YES],
  ['another case', { a: 'Acme' }, 'a', 'acme', NO],
  ['a text of 1024 characters', { a: 'a'.repeat(1024) }, 'a', 'a*', YES],
  ['a text of 1025 characters', { a: 'a'.repeat(1025) }, 'a', 'a*', CLOSED],
  ['a long element of an array', { a: ['x', 'a'.repeat(1025)] }, 'a', 'b', CLOSED],
  ['a long element beside one that matches', { a: ['a'.repeat(1025), 'b'] }, 'a', 'b', YES],
  ['a pattern of 257 characters', { a: 'a'.repeat(257) }, 'a', 'a'.repeat(257), CLOSED],
  ['1024 characters outside the first plane', { a: '😀'.repeat(1024) }, 'a', `${'😀'.repeat(254)}*b`, NO],
  ['an array of 100 elements', { a: Array(100).fill('x') }, 'a', 'x', YES],
  ['an array of 101 elements', { a: Array(101).fill('x') }, 'a', 'x', CLOSED],
  ['a text that is not composed', { a: 'e\u0301' }, 'a', '*', CLOSED],
  ['the same text composed', { a: '\u00e9' }, 'a', '\u00e9', YES],
  ['a whole number that JSON readers round', { a: 2 ** 53 }, 'a', '9007199254740992', CLOSED],
  ['the greatest that they do not', { a: 2 ** 53 - 1 }, 'a', '9007199254740991', YES],
  ['a path that is none', { a: 'x' }, 'a..b', '*', CLOSED],
];

describe('a rule on', () => {
  for (const [name, claims, path, pattern, expected] of CASES) {
    test(name, () => assert.deepEqual(matched(claims, path, pattern), expected));
  }
});

describe('what is slow on purpose', () => {
  // The longest pattern against the longest text: a deny takes twice as much, for the other dialect.
  const slow = `*${'a'.repeat(254)}b`;
  const text = 'a'.repeat(1024);

  test('ends after as much as the longest pattern takes on the longest text in both dialects', () => {
    assert.deepEqual(matched({ g: [text] }, 'g', slow), NO);
    assert.deepEqual(matched({ g: [text, text] }, 'g', slow), CLOSED);
    assert.deepEqual(matched({ g: [text, text, `${'a'.repeat(254)}b`] }, 'g', slow), CLOSED);
    assert.deepEqual(matched({ g: Array(100).fill('a'.repeat(1000)) }, 'g', 'b'.repeat(256)), NO);
  });

  test('does not take from other definitions', () => {
    const claims = { g: [text, text, text], sub: 'x' };
    const patient = allow({ sub: 'x*' });
    for (const policies of [
      [allow({ g: slow }), patient],
      [patient, allow({ g: slow })],
    ]) {
      assert.equal(decide(policy(policies), ORGANIZATION, claims).outcome, 'allowed');
    }
  });

  test('a hundred such definitions take no second', () => {
    const claims = { g: Array(12).fill('a'.repeat(1000)) };
    for (const make of [allow, deny]) {
      const document = policy(Array<Definition>(100).fill(make({ g: slow })));
      const ms = Math.min(
        ...[1, 2, 3].map(() => {
          const start = performance.now();
          decide(document, ORGANIZATION, claims);
          return performance.now() - start;
        }),
      );
      assert.ok(ms < 1000, `${ms} ms`);
    }
  });
});

describe('definitions of another shape', () => {
  const outcome = (definitions: readonly unknown[], question = ORGANIZATION) =>
    decide(policy(definitions as readonly Definition[]), question, { sub: 'x' }).outcome;
  const base = { tokenType: 'organization', authorizedPermissions: [], rules: {} };

  test('never throw', () => {
    const odd = [null, undefined, 1, 'x', [], {}, { decision: 'allow' }, { tokenType: 'organization' }];
    for (const value of odd) assert.doesNotThrow(() => outcome([value]), String(value));
    for (const member of [
      'rules',
      'teamName',
      'userLogin',
      'runnerID',
      'roleID',
      'authorizedPermissions',
      'tokenType',
    ]) {
      for (const value of [null, 1, 'x', [], {}, [null], { sub: null }, { sub: {} }]) {
        for (const tokenType of ['organization', 'team', 'personal', 'runner'] as const) {
          const question = { tokenType, name: 'n', admin: tokenType === 'organization' };
          for (const decision of ['allow', 'deny']) {
            const definition = { ...base, tokenType, decision, [member]: value };
            assert.doesNotThrow(() => outcome([definition], question), `${member} ${JSON.stringify(value)}`);
          }
        }
      }
    }
  });

  test('what is not an allow in so many words denies', () => {
    const grant = { ...base, decision: 'allow' };
    assert.equal(outcome([grant]), 'allowed');
    for (const decision of ['Allow', 'ALLOW', undefined, null, true, ['allow']]) {
      assert.equal(outcome([grant, { ...base, decision }]), 'denied', String(decision));
    }
  });

  test('an allow with rules that cannot be read matches nothing, a deny everything', () => {
    for (const rules of [null, undefined, [], 'sub', { sub: 5 }, { sub: null }, { sub: ['x'] }]) {
      assert.equal(outcome([{ ...base, decision: 'allow', rules }]), 'unmatched', JSON.stringify(rules));
      assert.equal(outcome([{ ...base, decision: 'deny', rules }]), 'denied', JSON.stringify(rules));
    }
  });

  test('an allow without the name that it is for is for nobody, a deny for all', () => {
    for (const tokenType of ['team', 'personal', 'runner'] as const) {
      const question = { tokenType, name: 'n', admin: false } as const;
      assert.equal(outcome([{ ...base, tokenType, decision: 'allow' }], question), 'unmatched');
      assert.equal(outcome([{ ...base, tokenType, decision: 'deny' }], question), 'denied');
    }
  });

  test('permissions and roles that are no texts give nothing', () => {
    const odd = { ...base, decision: 'allow', authorizedPermissions: 'admin', roleID: 5 };
    const verdict = decide(policy([odd as unknown as Definition]), ORGANIZATION, {});
    assert.deepEqual([verdict.outcome, verdict.administrator, verdict.roles], ['allowed', false, []]);
  });
});

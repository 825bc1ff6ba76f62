import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../src/exchange/decision.ts';
import { writeDecision } from '../../src/exchange/decision-size.ts';
import type { DefinitionTrace } from '../../src/policy/policy.ts';

/** What would be read back of a decision. */
const fit = (made: Omit<Decision, 'id'>): Omit<Decision, 'id'> => JSON.parse(writeDecision(made));

const LIMIT = 32 * 1024;

const decision = (more: Partial<Decision>): Omit<Decision, 'id'> => ({
  time: 1_780_000_000,
  organization: 'acme',
  issuer: { id: 'i1', name: 'github', url: 'https://a.example' },
  question: { tokenType: 'organization', admin: false },
  subjectTokenHash: 'h',
  outcome: 'refused',
  code: 'policy_unmatched',
  ...more,
});

const size = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

test('a decision of an ordinary size is stored as it is', () => {
  const ordinary = decision({ claims: { sub: 'a', groups: ['x', 'y'] }, omitted: ['email'] });
  assert.deepEqual(fit(ordinary), ordinary);
});

test('of too many claims the largest are left out, and named like the personal ones', () => {
  const claims = { sub: 'a', groups: 'g'.repeat(30_000), repository: 'b', more: 'm'.repeat(10_000) };
  const fitted = fit(decision({ claims, omitted: ['email'] }));
  assert.deepEqual(fitted.claims, { sub: 'a', repository: 'b', more: claims.more });
  assert.deepEqual(fitted.omitted, ['email', 'groups']);
});

test('of a long policy the definitions that say least are left out, and the claims stay', () => {
  const trace = (index: number, result: DefinitionTrace['result']): DefinitionTrace => ({
    index,
    decision: 'allow',
    result,
    ...(result === 'unmatched' && { failure: { claim: 'sub', expected: 'e'.repeat(200), presented: 'p'.repeat(200) } }),
  });
  const definitions = [
    ...Array.from({ length: 50 }, (_, index) => trace(index, 'unselected')),
    ...Array.from({ length: 100 }, (_, index) => trace(50 + index, 'unmatched')),
    trace(150, 'matched'),
  ];
  const policy = { id: 'p', version: 1, mode: 'enforce' as const, definitions };
  const fitted = fit(decision({ claims: { sub: 'a' }, policy }));
  const kept = fitted.policy?.definitions ?? [];
  assert.ok(kept.some(({ result }) => result === 'matched'));
  assert.ok(kept.filter(({ result }) => result === 'unmatched').length >= 20);
  assert.deepEqual(
    kept.map(({ index }) => index),
    kept.map(({ index }) => index).toSorted((one, other) => one - other),
  );
  assert.deepEqual(fitted.claims, { sub: 'a' });
  assert.equal(fitted.omitted, undefined);
  assert.ok(size(fitted) <= LIMIT);
});

test('whatever claims a token has, the decision is small enough, and each claim is kept or named', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer({ min: 0, max: 9000 }).map((length) => '\u0001'.repeat(length)),
    fc.array(fc.constant(1e15), { maxLength: 900 }),
  );
  const claims = fc.dictionary(fc.string({ maxLength: 60 }), value, { maxKeys: 60 });
  fc.assert(
    fc.property(claims, (held) => {
      const fitted = fit(decision({ claims: held }));
      assert.ok(size(fitted) <= LIMIT, `${size(fitted)} bytes`);
      const names = [...Object.keys(fitted.claims ?? {}), ...(fitted.omitted ?? [])];
      assert.deepEqual(names.toSorted(), Object.keys(held).toSorted());
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../src/policy/decide.ts';
import { type Definition, DIALECTS, type PolicyQuestion, TOKEN_TYPES } from '../../src/policy/policy.ts';
import { policy } from './corpus.ts';

const numRuns = process.env['NIGHTLY'] ? 100_000 : 5000;

const pattern = fc.string({ unit: fc.constantFrom(...'ab.*?'), maxLength: 4 });
const text = fc.string({ unit: fc.constantFrom(...'ab.-'), maxLength: 4 });
const name = fc.constantFrom('a', 'b', 'a.b');
const definition: fc.Arbitrary<Definition> = fc.record({
  decision: fc.constantFrom('allow', 'allow', 'deny'),
  tokenType: fc.constantFrom(...TOKEN_TYPES),
  teamName: pattern,
  userLogin: name,
  runnerID: name,
  roleID: name,
  authorizedPermissions: fc.constantFrom([], ['admin'], ['standard']),
  rules: fc.dictionary(fc.constantFrom('sub', 'aud', 'x.y'), pattern, { maxKeys: 2 }),
});
const question: fc.Arbitrary<PolicyQuestion> = fc.record({
  tokenType: fc.constantFrom(...TOKEN_TYPES),
  name,
  admin: fc.boolean(),
});
const claims = fc.record(
  { sub: text, aud: fc.oneof(text, fc.array(text, { maxLength: 3 })), x: fc.record({ y: text }) },
  { requiredKeys: [] },
);
const definitions = fc.array(definition, { maxLength: 6 });
const dialects = fc.constantFrom(...DIALECTS);

/** What a verdict gives, whatever the order. */
const gives = ({ outcome, administrator, roles }: ReturnType<typeof decide>) => ({
  outcome,
  administrator,
  roles: roles.toSorted(),
});

test('the order of the definitions changes nothing', () => {
  const orders = definitions.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(
    fc.property(orders, dialects, question, claims, ([list, other], dialect, asked, token) => {
      assert.deepEqual(
        gives(decide(policy(other, dialect), asked, token)),
        gives(decide(policy(list, dialect), asked, token)),
      );
    }),
    { numRuns },
  );
});

test('one more deny never gives anything', () => {
  fc.assert(
    fc.property(definitions, definition, dialects, question, claims, (list, more, dialect, asked, token) => {
      const before = decide(policy(list, dialect), asked, token);
      const after = decide(policy([...list, { ...more, decision: 'deny' }], dialect), asked, token);
      if (after.outcome === 'allowed') assert.deepEqual(gives(after), gives(before));
      if (before.outcome === 'denied') assert.equal(after.outcome, 'denied');
    }),
    { numRuns },
  );
});

test('one more allow never takes anything', () => {
  fc.assert(
    fc.property(definitions, definition, dialects, question, claims, (list, more, dialect, asked, token) => {
      const before = decide(policy(list, dialect), asked, token);
      const after = decide(policy([...list, { ...more, decision: 'allow' }], dialect), asked, token);
      if (before.outcome !== 'unmatched') assert.equal(after.outcome, before.outcome);
      for (const role of before.roles) assert.ok(after.roles.includes(role));
    }),
    { numRuns },
  );
});

test('what is denied in one dialect is denied in the other', () => {
  fc.assert(
    fc.property(definitions, question, claims, (list, asked, token) => {
      const [strict, pulumi] = DIALECTS.map((dialect) => decide(policy(list, dialect), asked, token));
      assert.equal(strict?.outcome === 'denied', pulumi?.outcome === 'denied');
    }),
    { numRuns },
  );
});

test('the trace has one entry for each definition, and says why exactly where a rule failed', () => {
  fc.assert(
    fc.property(definitions, dialects, question, claims, (list, dialect, asked, token) => {
      const { trace, decidedBy, outcome } = decide(policy(list, dialect), asked, token);
      assert.deepEqual(
        trace.map(({ index }) => index),
        list.map((_, index) => index),
      );
      for (const entry of trace) assert.equal(entry.failure !== undefined, entry.result === 'unmatched');
      const wanted = outcome === 'denied' ? 'deny' : 'allow';
      for (const index of decidedBy) assert.deepEqual(trace[index], { index, decision: wanted, result: 'matched' });
      assert.equal(decidedBy.length > 0, outcome !== 'unmatched');
    }),
    { numRuns },
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ShownDecision } from '../../src/cli/commands/trust/print-decision.ts';
import { replayDecision } from '../../src/cli/commands/trust/replay-decision.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Definition, PolicyDocument, PolicyQuestion } from '../../src/policy/policy.ts';

const ORGANIZATION: PolicyQuestion = { tokenType: 'organization', admin: false };
const allow = (rules: Definition['rules'], more: Partial<Definition> = {}): Definition => ({
  decision: 'allow',
  tokenType: 'organization',
  authorizedPermissions: [],
  rules,
  ...more,
});
const deny = (rules: Definition['rules']): Definition => ({ ...allow(rules), decision: 'deny' });
const documentOf = (...policies: readonly Definition[]): PolicyDocument => ({
  dialect: 'strict',
  mode: 'enforce',
  policies,
});

type Claims = Readonly<Record<string, unknown>>;

/** What the server records of an exchange under a document: `later` is why it was refused although the policies allowed it. */
const record = (
  document: PolicyDocument,
  claims: Claims,
  { question = ORGANIZATION, omit = [], later }: Recording = {},
): ShownDecision => {
  const verdict = decide(document, question, claims);
  const refusedBy = { denied: 'policy_denied', unmatched: 'policy_unmatched', allowed: later } as const;
  const code = refusedBy[verdict.outcome];
  return {
    id: 'one',
    time: '2026-01-01T00:00:00Z',
    organization: 'acme',
    issuer: { id: 'i', name: 'ci', url: 'https://ci.example' },
    question,
    subjectTokenHash: 'h',
    outcome: code === undefined ? 'granted' : 'refused',
    ...(code !== undefined && { code }),
    claims: Object.fromEntries(Object.entries(claims).filter(([name]) => !omit.includes(name))),
    ...(omit.length > 0 && { omitted: omit.filter((name) => Object.hasOwn(claims, name)) }),
    policy: { id: 'p', version: 1, mode: 'enforce', definitions: verdict.trace },
    ...(code === undefined && {
      grant: { administrator: verdict.administrator, roles: verdict.roles, expires: '2026-01-01T02:00:00Z' },
    }),
  };
};

interface Recording {
  readonly question?: PolicyQuestion;
  readonly omit?: readonly string[];
  readonly later?: NonNullable<ShownDecision['code']>;
}

const MAIN = { sub: 'repo:acme/core', ref: 'main', actor: 'alice' };
const OLD = documentOf(allow({ sub: 'repo:acme/*' }, { roleID: 'deployer' }));

describe('a candidate policy over a recorded decision', () => {
  test('that allows what was allowed changes nothing', () => {
    const candidate = documentOf(allow({ ref: 'main' }, { roleID: 'deployer' }));
    assert.deepEqual(replayDecision(candidate, record(OLD, MAIN)), { kind: 'unchanged' });
  });

  test('flips it when it allows no longer, and names who decided before', () => {
    const found = replayDecision(documentOf(allow({ sub: 'repo:other/*' })), record(OLD, MAIN));
    assert.ok(found.kind === 'flip');
    assert.deepEqual([found.before, found.after], ['allowed', 'unmatched']);
    assert.deepEqual([found.decidedBefore, found.decidedAfter], [[0], []]);
  });

  test('flips it when a deny is added, and names the deny', () => {
    const found = replayDecision(documentOf(...OLD.policies, deny({ ref: 'main' })), record(OLD, MAIN));
    assert.ok(found.kind === 'flip');
    assert.deepEqual([found.after, found.decidedAfter], ['denied', [1]]);
  });

  test('flips what was refused when it allows it', () => {
    const found = replayDecision(OLD, record(documentOf(), MAIN));
    assert.ok(found.kind === 'flip');
    assert.deepEqual([found.before, found.after, found.decidedAfter], ['unmatched', 'allowed', [0]]);
  });

  test('is no flip where it refuses for another reason', () => {
    assert.deepEqual(replayDecision(documentOf(deny({ ref: 'main' })), record(documentOf(), MAIN)), { kind: 'reason' });
  });

  for (const later of ['replayed', 'identity_changed', 'unknown_user', 'policy_audit', 'unknown_team'] as const) {
    test(`takes an exchange that was refused later (${later}) for allowed`, () => {
      assert.deepEqual(replayDecision(OLD, record(OLD, MAIN, { later })), { kind: 'unchanged' });
      assert.equal(replayDecision(documentOf(), record(OLD, MAIN, { later })).kind, 'flip');
    });
  }

  for (const [what, more] of [
    ['another role', { roleID: 'reader' }],
    ['no role', {}],
    ['an administrator', { roleID: 'deployer', authorizedPermissions: ['admin'] }],
  ] as const) {
    test(`tells that the token would have other rights: ${what}`, () => {
      const candidate = documentOf(allow({ sub: 'repo:acme/*' }, more));
      assert.equal(replayDecision(candidate, record(OLD, MAIN)).kind, 'rights');
    });
  }

  test('cannot be told of a token that was not believed', () => {
    const { claims: _claims, policy: _policy, ...unbelieved } = record(OLD, MAIN);
    const told = replayDecision(OLD, { ...unbelieved, outcome: 'refused', code: 'bad_signature' });
    assert.deepEqual(told, { kind: 'untold', why: 'not_weighed' });
  });

  test('cannot be told of a believed token of which no policy was asked', () => {
    const { policy: _policy, ...late } = record(OLD, MAIN);
    assert.deepEqual(replayDecision(OLD, { ...late, outcome: 'refused', code: 'expired' }), {
      kind: 'untold',
      why: 'not_weighed',
    });
  });

  test('cannot be told where it hangs on a claim that was not kept', () => {
    const kept = record(OLD, MAIN, { omit: ['actor'] });
    for (const candidate of [
      documentOf(allow({ sub: 'repo:acme/*', actor: 'alice' })),
      documentOf(allow({ sub: 'repo:acme/*', '"actor"': 'alice' })),
      documentOf(allow({ sub: 'repo:acme/*', 'actor.name': 'alice' })),
      documentOf(...OLD.policies, deny({ actor: 'alice' })),
    ]) {
      assert.deepEqual(replayDecision(candidate, kept), { kind: 'untold', why: 'claim_omitted' });
    }
  });

  test('can be told where that claim makes no difference', () => {
    const kept = record(OLD, MAIN, { omit: ['actor'] });
    const twoWays = documentOf(...OLD.policies, allow({ actor: 'alice' }, { roleID: 'deployer' }));
    assert.equal(replayDecision(twoWays, kept).kind, 'unchanged');
    const failsAnyway = documentOf(allow({ sub: 'repo:other/*', actor: 'alice' }));
    assert.equal(replayDecision(failsAnyway, kept).kind, 'flip');
    const deniedAnyway = documentOf(allow({ actor: 'alice' }), deny({ ref: 'main' }));
    assert.equal(replayDecision(deniedAnyway, kept).kind, 'flip');
  });

  test('cannot be told which rights it gives where those hang on such a claim', () => {
    const kept = record(OLD, MAIN, { omit: ['actor'] });
    const more = documentOf(...OLD.policies, allow({ actor: 'alice' }, { roleID: 'reader' }));
    assert.deepEqual(replayDecision(more, kept), { kind: 'untold', why: 'claim_omitted' });
  });

  test('names only what is certain: no deny that may not match, and no other reason', () => {
    const unsure = documentOf(deny({ actor: 'alice' }));
    const flip = replayDecision(unsure, record(OLD, MAIN, { omit: ['actor'] }));
    assert.ok(flip.kind === 'flip');
    assert.deepEqual([flip.after, flip.decidedAfter], ['unmatched', []]);
    const denied = record(documentOf(deny({ ref: 'main' })), MAIN, { omit: ['actor'] });
    assert.deepEqual(replayDecision(unsure, denied), { kind: 'unchanged' });
  });

  test('finds no claim in what every object has', () => {
    const candidate = documentOf(allow({ 'constructor.name': 'Object' }));
    assert.equal(replayDecision(candidate, record(documentOf(), MAIN)).kind, 'unchanged');
  });
});

describe('whatever is recorded and whatever the candidate says', () => {
  const value = fc.constantFrom('a', 'b', 'ab');
  const claims = fc.dictionary(fc.constantFrom('sub', 'ref', 'actor'), value, { noNullPrototype: true });
  const rules = fc.dictionary(fc.constantFrom('sub', 'ref', 'actor', 'gone'), fc.constantFrom('a', 'b', '*', 'a*'), {
    noNullPrototype: true,
    maxKeys: 2,
  });
  const definition = fc.record({
    decision: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
    tokenType: fc.constantFrom('organization' as const, 'organization' as const, 'team' as const),
    teamName: fc.constantFrom('ops', '*'),
    roleID: fc.constantFrom('one', 'two'),
    authorizedPermissions: fc.constantFrom<readonly string[]>([], [], ['admin']),
    rules,
  });
  const documents = fc.array(definition, { maxLength: 4 }).map((policies) => documentOf(...policies));
  const questions = fc.constantFrom<PolicyQuestion>(
    ORGANIZATION,
    { tokenType: 'organization', admin: true },
    { tokenType: 'team', name: 'ops', admin: false },
  );
  const omits = fc.subarray(['sub', 'ref', 'actor']);

  test('what is told is what would be seen when the candidate is applied', () => {
    const seen = { flip: 0, rights: 0, unchanged: 0, reason: 0, untold: 0 };
    fc.assert(
      fc.property(documents, documents, claims, questions, omits, (old, candidate, all, question, omit) => {
        const told = replayDecision(candidate, record(old, all, { question, omit }));
        seen[told.kind]++;
        if (told.kind === 'untold') return;
        const [before, after] = [decide(old, question, all), decide(candidate, question, all)];
        const flipped = (before.outcome === 'allowed') !== (after.outcome === 'allowed');
        assert.equal(told.kind === 'flip', flipped);
        if (flipped || after.outcome !== 'allowed') return;
        const rights = ({ administrator, roles }: typeof after) => [administrator, ...new Set(roles)].sort().join();
        assert.equal(told.kind === 'rights', rights(before) !== rights(after));
      }),
      { numRuns: 5000 },
    );
    for (const [kind, count] of Object.entries(seen)) assert.ok(count > 20, `${kind} was hardly tried`);
  });

  test('nothing is told that another value of what was not kept would make untrue', () => {
    const worlds = ['a', 'b', 'ab', undefined].flatMap((sub) =>
      ['a', 'b', 'ab', undefined].map((actor) => ({ ...(sub && { sub }), ...(actor && { actor }) })),
    );
    fc.assert(
      fc.property(documents, documents, claims, (old, candidate, all) => {
        const kept = record(old, all, { omit: ['sub', 'actor'] });
        const told = replayDecision(candidate, { ...kept, omitted: ['sub', 'actor'] });
        if (told.kind === 'untold' || told.kind === 'rights') return;
        const outcomes = worlds.map((world) => decide(candidate, ORGANIZATION, { ...kept.claims, ...world }).outcome);
        assert.equal(new Set(outcomes.map((outcome) => outcome === 'allowed')).size, 1);
      }),
      { numRuns: 2000 },
    );
  });
});

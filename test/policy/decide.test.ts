import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../src/policy/decide.ts';
import type { Definition, Dialect, PolicyDocument, PolicyQuestion } from '../../src/policy/policy.ts';
import { allow, deny, policy } from './corpus.ts';

const ORGANIZATION: PolicyQuestion = { tokenType: 'organization', admin: false };
const CLAIMS = { sub: 'repo:acme/app:ref:refs/heads/main', aud: 'urn:pulumi:org:acme', repository: 'acme/app' };

const outcome = (
  policies: readonly Definition[],
  { question = ORGANIZATION, claims = CLAIMS as Record<string, unknown>, dialect = 'strict' as Dialect } = {},
) => decide(policy(policies, dialect), question, claims).outcome;

describe('what a document says', () => {
  test('nothing that is not allowed is granted', () => {
    const verdict = decide(policy([]), ORGANIZATION, CLAIMS);
    assert.deepEqual(verdict, { outcome: 'unmatched', decidedBy: [], administrator: false, roles: [], trace: [] });
  });

  test('an allow whose rules all match grants', () => {
    assert.equal(outcome([allow({ sub: 'repo:acme/*', repository: 'acme/app' })]), 'allowed');
    assert.equal(outcome([allow({ sub: 'repo:acme/*', repository: 'acme/other' })]), 'unmatched');
    assert.equal(outcome([allow({ sub: 'repo:other/*', repository: 'acme/app' })]), 'unmatched');
  });

  test('a deny that matches wins over any number of allows, wherever it stands', () => {
    const allows = [allow({ sub: '*' }), allow({ aud: '*' })];
    const verdict = decide(policy([...allows, deny({ repository: 'acme/*' })]), ORGANIZATION, CLAIMS);
    assert.equal(verdict.outcome, 'denied');
    assert.deepEqual(verdict.decidedBy, [2]);
    assert.equal(outcome([deny({ repository: 'acme/*' }), ...allows]), 'denied');
    assert.equal(outcome([deny({ repository: 'other/*' }), ...allows]), 'allowed');
  });

  test('a deny alone grants nothing to those that it does not match', () => {
    assert.equal(outcome([deny({ repository: 'other/*' })]), 'unmatched');
  });

  test('no rules match everything, in an allow and in a deny', () => {
    assert.equal(outcome([allow({})]), 'allowed');
    assert.equal(outcome([allow({}), deny({})]), 'denied');
  });

  test('the allows that matched are named', () => {
    const verdict = decide(policy([allow({ sub: 'x' }), allow({}), allow({ aud: '*' })]), ORGANIZATION, CLAIMS);
    assert.deepEqual(verdict.decidedBy, [1, 2]);
  });
});

describe('what an organization token gets', () => {
  const admin = { authorizedPermissions: ['admin'], roleID: 'boss' };

  test('all roles of the allows that matched, each once', () => {
    const allows = [allow({}), allow({}, { roleID: 'reader' }), allow({}), allow({ sub: 'x' }, { roleID: 'other' })];
    const { roles, administrator } = decide(policy(allows), ORGANIZATION, CLAIMS);
    assert.deepEqual(roles, ['deployer', 'reader']);
    assert.equal(administrator, false);
  });

  test('administrator, when any allow that matched says so', () => {
    assert.equal(decide(policy([allow({}), allow({}, admin)]), ORGANIZATION, CLAIMS).administrator, true);
    const other = allow({ sub: 'x' }, admin);
    assert.equal(decide(policy([allow({}), other]), ORGANIZATION, CLAIMS).administrator, false);
    const standard = allow({}, { authorizedPermissions: ['standard'] });
    assert.equal(decide(policy([standard]), ORGANIZATION, CLAIMS).administrator, false);
  });

  test('nothing when denied', () => {
    const verdict = decide(policy([allow({}, admin), deny({})]), ORGANIZATION, CLAIMS);
    assert.equal(verdict.administrator, false);
    assert.deepEqual(verdict.roles, []);
  });

  test('nothing of the kind for tokens of other types', () => {
    const question = { tokenType: 'personal', name: 'alice', admin: false } as const;
    const personal = allow({}, { ...admin, tokenType: 'personal', userLogin: 'alice' });
    const verdict = decide(policy([personal]), question, CLAIMS);
    assert.equal(verdict.outcome, 'allowed');
    assert.equal(verdict.administrator, false);
    assert.deepEqual(verdict.roles, []);
  });
});

describe('which definitions are weighed', () => {
  const result = (definition: Definition, question: PolicyQuestion, dialect: Dialect = 'strict') =>
    decide(policy([definition], dialect), question, CLAIMS).trace[0]?.result;
  const team = (name: string): PolicyQuestion => ({ tokenType: 'team', name, admin: false });
  const of = { allow, deny };

  for (const decision of ['allow', 'deny'] as const) {
    const make = of[decision];
    test(`${decision}: those for the asked token type`, () => {
      assert.equal(result(make({}), ORGANIZATION), 'matched');
      assert.equal(result(make({}, { tokenType: 'team', teamName: '*' }), ORGANIZATION), 'unselected');
      assert.equal(result(make({}), team('platform')), 'unselected');
    });

    test(`${decision}: of teams those whose pattern matches the team`, () => {
      const platform = make({}, { tokenType: 'team', teamName: 'plat*' });
      assert.equal(result(platform, team('platform')), 'matched');
      assert.equal(result(platform, team('other')), 'unselected');
      assert.equal(result(platform, { tokenType: 'team', admin: false }), 'unselected');
    });

    test(`${decision}: of users and agent pools those for exactly this one`, () => {
      const alice = make({}, { tokenType: 'personal', userLogin: 'a.ice' });
      assert.equal(result(alice, { tokenType: 'personal', name: 'a.ice', admin: false }, 'pulumi'), 'matched');
      assert.equal(result(alice, { tokenType: 'personal', name: 'alice', admin: false }, 'pulumi'), 'unselected');
      const star = make({}, { tokenType: 'personal', userLogin: '*' });
      assert.equal(result(star, { tokenType: 'personal', name: 'alice', admin: false }), 'unselected');
      const pool = make({}, { tokenType: 'runner', runnerID: 'pool' });
      assert.equal(result(pool, { tokenType: 'runner', name: 'pool', admin: false }), 'matched');
      assert.equal(result(pool, { tokenType: 'runner', name: 'pool2', admin: false }), 'unselected');
    });
  }

  test('with scope admin only allows that make an administrator, and every deny', () => {
    const question = { tokenType: 'organization', admin: true } as const;
    assert.equal(result(allow({}), question), 'unselected');
    assert.equal(result(allow({}, { authorizedPermissions: ['standard'] }), question), 'unselected');
    assert.equal(result(allow({}, { authorizedPermissions: ['admin'] }), question), 'matched');
    assert.equal(result(deny({}), question), 'matched');
  });
});

describe('dialects', () => {
  test('an allow is read in the dialect of its document', () => {
    const claims = { sub: 'my-repo' };
    assert.equal(outcome([allow({ sub: 'my.repo' })], { claims }), 'unmatched');
    assert.equal(outcome([allow({ sub: 'my.repo' })], { claims, dialect: 'pulumi' }), 'allowed');
    assert.equal(outcome([allow({ sub: 'my-rep?o' })], { claims }), 'unmatched');
    assert.equal(outcome([allow({ sub: 'my-rep?o' })], { claims, dialect: 'pulumi' }), 'allowed');
  });

  test('a deny matches in either dialect, its rules and its team alike', () => {
    for (const dialect of ['strict', 'pulumi'] as const) {
      const claims = { sub: 'my-repo' };
      assert.equal(outcome([allow({}), deny({ sub: 'my.repo' })], { claims, dialect }), 'denied');
      const question = { tokenType: 'team', name: 'plat-form', admin: false } as const;
      const everyTeam = allow({}, { tokenType: 'team', teamName: '*' });
      const one = deny({}, { tokenType: 'team', teamName: 'plat.form' });
      assert.equal(outcome([everyTeam, one], { question, dialect }), 'denied');
    }
  });

  test('a document without a dialect is strict, one with an unknown dialect allows nothing', () => {
    const { dialect: _, ...bare } = policy([allow({ sub: 'a.b' })]);
    assert.equal(decide(bare as PolicyDocument, ORGANIZATION, { sub: 'a.b' }).outcome, 'allowed');
    assert.equal(decide(bare as PolicyDocument, ORGANIZATION, { sub: 'a-b' }).outcome, 'unmatched');
    const foreign = policy([allow({ sub: 'a' })], 'regex' as Dialect);
    assert.equal(decide(foreign, ORGANIZATION, { sub: 'a' }).outcome, 'unmatched');
  });
});

describe('the trace', () => {
  test('names the first rule that failed, in the order written, with what was presented', () => {
    const document = policy([
      allow({ sub: 'repo:acme/*', aud: 'x', repository: 'y' }),
      allow({ environment: 'production' }),
      allow({ aud: '*' }, { tokenType: 'team', teamName: '*' }),
      deny({ repository: 'acme/app' }),
    ]);
    assert.deepEqual(decide(document, ORGANIZATION, CLAIMS).trace, [
      {
        index: 0,
        decision: 'allow',
        result: 'unmatched',
        failure: { claim: 'aud', expected: 'x', presented: '"urn:pulumi:org:acme"' },
      },
      { index: 1, decision: 'allow', result: 'unmatched', failure: { claim: 'environment', expected: 'production' } },
      { index: 2, decision: 'allow', result: 'unselected' },
      { index: 3, decision: 'deny', result: 'matched' },
    ]);
  });

  test('shows arrays, objects and null as JSON text', () => {
    const presented = (value: unknown) => {
      const [entry] = decide(policy([allow({ '"a.b".c': 'x' })]), ORGANIZATION, { 'a.b': { c: value } }).trace;
      assert.equal(entry?.failure?.claim, '"a.b".c');
      return entry.failure.presented;
    };
    assert.equal(presented(['a', 1]), '["a",1]');
    assert.equal(presented({ d: true }), '{"d":true}');
    assert.equal(presented(null), 'null');
  });

  test('cuts what was presented to 256 characters', () => {
    const [entry] = decide(policy([allow({ sub: 'x' })]), ORGANIZATION, { sub: '😀'.repeat(300) }).trace;
    assert.equal(entry?.failure?.presented, `"${'😀'.repeat(255)}`);
  });
});

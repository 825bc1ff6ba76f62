import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable, type Verdict } from '../../../src/trust/verdict.ts';
import { OURS, presentedBy } from '../presented.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const rules = { aud: 'contoso', sub: 'repo:contoso/core:ref:refs/heads/main' };
const presented = presentedBy({ issuer: GITHUB, subject: rules.sub });

const explain = (document: unknown): Verdict => {
  const recognised = recognise(JSON.stringify(document));
  assert.ok(!isUnusable(recognised), JSON.stringify(recognised));
  assert.equal(recognised.party, 'runpass');
  return recognised.document.evaluate(presented, OURS);
};

const allow = (more: object = {}) => ({
  decision: 'allow',
  tokenType: 'organization',
  roleID: 'deployer',
  rules,
  ...more,
});

describe('a policy of ours', () => {
  test('alone is taken for that of the issuer that is presented', () => {
    const { allowed, assumptions } = explain({ policies: [allow()] });
    assert.deepEqual([allowed, assumptions], [true, [`The policy is that of the trusted issuer ${GITHUB}.`]]);
  });

  test('is asked for every kind of token and name that it allows something for', () => {
    const of = (more: object) => explain({ policies: [allow({ roleID: undefined, ...more })] }).allowed;
    assert.equal(of({ tokenType: 'team', teamName: 'plat*' }), true);
    assert.equal(of({ tokenType: 'personal', userLogin: 'ann' }), true);
    assert.equal(of({ tokenType: 'runner', runnerID: 'pool-1' }), true);
  });

  test('names the rule of the allow that comes nearest', () => {
    const far = allow({ rules: { aud: 'fabrikam', sub: 'x' } });
    const near = allow({ rules: { aud: 'contoso', sub: 'repo:contoso/web:*' } });
    const [reason] = explain({ policies: [far, near] }).reasons;
    assert.deepEqual([reason?.condition, reason?.safe], ['policies[1].rules.sub', true]);
  });

  test('does not repeat what its author gave a reason for', () => {
    const open = { rules: { aud: 'contoso', sub: 'repo:contoso/core*' } };
    assert.deepEqual(
      explain({ policies: [allow(open)] }).warnings.map(({ code }) => code),
      ['runpass_open_prefix', 'runpass_replay_allowed'],
    );
    assert.deepEqual(
      explain({ policies: [allow({ ...open, reason: 'all of core' })] }).warnings.map(({ code }) => code),
      ['runpass_replay_allowed'],
    );
  });

  test('is read only where it has the form of one, and the place of what has not is said', () => {
    const problem = (document: unknown): string => {
      const read = recognise(JSON.stringify(document));
      return isUnusable(read) ? read.problem : '';
    };
    assert.equal(problem({ trustedIssuers: [] }), 'trusts no issuer');
    assert.equal(problem({ trustedIssuers: [{ url: GITHUB, policy: 'x' }] }), 'trustedIssuers[0].policy is no policy');
    assert.match(problem({ dialect: 'x', policies: [allow()] }), /^dialect must be one of /);
    assert.match(problem({ policy: { mode: 'x', policies: [allow()] } }), /^policy\.mode must be one of /);
    assert.match(problem({ policies: [{ ...allow(), decision: 'x' }] }), /^policies\[0\]/);
    assert.match(problem({ policy: { policies: 'x' } }), /^is a mapping of policy, not /);
  });
});

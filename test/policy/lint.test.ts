import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lint } from '../../src/policy/lint.ts';
import { BAD_POLICIES } from './bad-policies.ts';
import {
  AUD,
  allow,
  BUILDKITE,
  CIRCLECI,
  deny,
  GITHUB,
  GITLAB,
  GOOGLE,
  lintSample,
  OWN,
  policy,
  TERRAFORM,
} from './corpus.ts';
import { GOOD_POLICIES } from './good-policies.ts';

const ONCE = { issuer: GITHUB, replay: 'once' } as const;
const WORKLOAD = { ...AUD, sub: 'repo:acme/app:*' };

test('at least 80 dangerous and 80 careful policies are tried', () => {
  assert.ok(BAD_POLICIES.length >= 80, `${BAD_POLICIES.length}`);
  assert.ok(GOOD_POLICIES.length >= 80, `${GOOD_POLICIES.length}`);
});

describe('dangerous policies are found', () => {
  for (const [issuer, rules, expected, options] of BAD_POLICIES) {
    test(`${issuer} ${JSON.stringify(rules)} ${options?.dialect ?? ''}: ${expected}`, () => {
      const found = lintSample({ issuer, rules, ...options });
      const codes = found.map(({ code }) => code);
      for (const code of expected.split(' '))
        assert.ok(codes.includes(code), `${code} is not among ${codes.join(' ')}`);
      const refused = found.some(({ severity }) => severity === 'refused');
      assert.equal(refused, expected === 'matches_everything', 'only what matches everything is refused');
      for (const finding of found) {
        assert.equal(finding.index, 0);
        assert.match(finding.message, /\.$/);
        assert.ok(finding.suggestion);
      }
    });
  }
});

describe('careful policies are left alone', () => {
  for (const [issuer, rules, options] of GOOD_POLICIES) {
    test(`${issuer} ${JSON.stringify(rules)} ${options?.dialect ?? ''}`, () => {
      assert.deepEqual(lintSample({ issuer, rules, ...options }), []);
    });
  }
});

const PREFIXES = BAD_POLICIES.filter(([, , codes]) => codes.includes('open_prefix'));

test('the rule that is proposed for an open prefix has none', () => {
  for (const [issuer, rules, , options] of PREFIXES) {
    let written = { ...rules };
    const open = () =>
      lintSample({ issuer, rules: written, ...options }).find(({ code, claim }) => code === 'open_prefix' && claim);
    const first = open();
    assert.ok(first?.claim && first.suggestion);
    assert.equal(first.claim in rules, true);
    const proposed = first.suggestion.slice(first.suggestion.indexOf(': "') + 2);
    written = { ...written, [first.claim]: JSON.parse(proposed) as string };
    assert.equal(open(), undefined, `${first.suggestion} for ${JSON.stringify(rules)}`);
  }
});

const SUGGESTED: readonly (readonly [string, string, string])[] = [
  ['sub', 'repo:acme*', 'repo:acme/*'],
  ['sub', 'repo:acme-*', 'repo:acme/*'],
  ['sub', 'repo:acme/app*', 'repo:acme/app:*'],
  ['sub', 'repo:acme*/app:*', 'repo:acme/app:*'],
  ['sub', 'repo:acme/app:environment:prod*', 'repo:acme/app:environment:prod'],
  ['repository', 'acme*', 'acme/*'],
  ['repository', 'acme/app*', 'acme/app'],
  ['repository_owner', 'acme*', 'acme'],
  ['aud', 'https://github.com/acme*', 'https://github.com/acme'],
];
for (const [claim, written, proposed] of SUGGESTED) {
  test(`for ${claim} ${written} the proposal is ${proposed}`, () => {
    const found = lintSample({ issuer: GITHUB, rules: { [claim]: written } });
    const open = found.find(({ code }) => code === 'open_prefix');
    assert.equal(open?.suggestion, `${claim}: ${JSON.stringify(proposed)}`);
  });
}

test('the first policy that was ever asked for saves with nothing but remarks', () => {
  const asked = policy([allow({ aud: 'https://github.com/acme', sub: 'repo:acme/app:*' }, {})]);
  const { roleID: _, ...withoutRole } = asked.policies[0]!;
  const found = lint({ ...asked, policies: [withoutRole] }, { issuer: GITHUB, replay: 'allow' });
  assert.deepEqual(
    found.map(({ code, severity, index }) => [code, severity, index]),
    [
      ['grants_nothing', 'warning', 0],
      ['replay_allowed', 'warning', undefined],
    ],
  );
});

test("this installation's own issuers are everybody's here: a policy must name the organization", () => {
  const codes = (ours: 'v1' | 'v2' | undefined, rules: Record<string, string>) =>
    lint(policy([allow({ aud: 'acme', ...rules })]), { issuer: OWN, replay: 'allow', ...(ours && { ours }) }).map(
      ({ code }) => code,
    );
  assert.deepEqual(codes('v1', { project: 'core' }), []);
  assert.deepEqual(codes('v2', { '"https://pulumi.com/project"': 'core' }), ['shared_issuer']);
  assert.deepEqual(codes('v2', { '"https://pulumi.com/org_id"': '0198' }), []);
  assert.deepEqual(codes('v1', { aud: '*', sub: 'pulumi:*' }), ['shared_issuer', 'no_audience_rule']);
  assert.deepEqual(codes(undefined, { sub: 'pulumi:*' }), []);
});

test('a deny is never asked for more rules', () => {
  const denies = [deny({}), deny({ sub: 'repo:acme*' }), deny({ sub: '*' }, { tokenType: 'team', teamName: '*' })];
  assert.deepEqual(lint(policy(denies), { issuer: GITHUB, replay: 'allow' }), []);
});

test('a finding says which definition it is about', () => {
  const found = lint(policy([deny({}), allow(WORKLOAD), allow({ sub: 'repo:acme/app:*' })]), ONCE);
  assert.deepEqual(
    found.map(({ code, index }) => [code, index]),
    [['no_audience_rule', 2]],
  );
});

test('a reason beside a definition stands beside its findings', () => {
  const [found] = lint(policy([allow({ sub: 'repo:acme/app:*' }, { reason: 'their tokens have no audience' })]), ONCE);
  assert.equal(found?.reason, 'their tokens have no audience');
  const [without] = lint(policy([allow({ sub: 'repo:acme/app:*' })]), ONCE);
  assert.equal(Object.hasOwn(without ?? {}, 'reason'), false);
});

test('a role is looked for where the roles are known', () => {
  const asked = policy([allow(WORKLOAD, { roleID: 'deploier' })]);
  assert.deepEqual(lint(asked, ONCE), []);
  const [found] = lint(asked, ONCE, new Set(['deployer']));
  assert.equal(found?.code, 'unknown_role');
  assert.equal(found?.suggestion, 'roleID: "deployer"');
  assert.deepEqual(lint(policy([allow(WORKLOAD, { roleID: 'deployer' })]), ONCE, new Set(['deployer'])), []);
});

test('an organization token without role and permission is worth nothing; other types need neither', () => {
  const { roleID: _, ...bare } = allow(WORKLOAD);
  const codes = (definition: typeof bare) => lint(policy([definition]), ONCE).map(({ code }) => code);
  assert.deepEqual(codes(bare), ['grants_nothing']);
  assert.deepEqual(codes({ ...bare, authorizedPermissions: ['standard'] }), ['grants_nothing']);
  assert.deepEqual(codes({ ...bare, authorizedPermissions: ['admin'] }), []);
  assert.deepEqual(codes({ ...bare, tokenType: 'personal', userLogin: 'alice' }), []);
});

test('a second use of a token is remarked on where the issuer makes one for each request', () => {
  const codes = (issuer: string, replay: 'allow' | 'retry-window' | 'once') =>
    lint(policy([allow({ ...AUD, sub: 'x' })]), { issuer, replay })
      .filter(({ code }) => code === 'replay_allowed')
      .map(({ suggestion }) => suggestion);
  const perRequest = [GITHUB, `${GITHUB}/acme-inc`, BUILDKITE, CIRCLECI, `${CIRCLECI}/org/2b6e`];
  for (const issuer of perRequest) {
    assert.deepEqual(codes(issuer, 'allow'), ['replay: retry-window'], issuer);
    assert.deepEqual(codes(issuer, 'retry-window'), [], issuer);
    assert.deepEqual(codes(issuer, 'once'), [], issuer);
  }
  for (const issuer of [GITLAB, TERRAFORM, GOOGLE, OWN]) assert.deepEqual(codes(issuer, 'allow'), [], issuer);
  assert.deepEqual(lint(policy([]), { issuer: GITHUB, replay: 'allow' }), []);
});

test('only known issuers are taken for shared ones', () => {
  for (const issuer of ['https://gitlab.com.evil.example', 'https://oidc.circleci.com.evil/org/x', 'constructor']) {
    assert.deepEqual(lintSample({ issuer, rules: { ...AUD, sub: 'repo:*' } }), [], issuer);
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable, type Verdict } from '../../../src/trust/verdict.ts';
import { type Case, OURS, presentedBy } from '../presented.ts';

const P = 'id.example.com/oidc';
const FEDERATED = `arn:aws:iam::123456789012:oidc-provider/${P}`;
const SUBJECT = 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write';
const EXACT = { StringEquals: { [`${P}:aud`]: 'contoso', [`${P}:sub`]: SUBJECT } };

const statement = (Condition: unknown, given: object = {}): object => ({
  Effect: 'Allow',
  Principal: { Federated: FEDERATED },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition,
  ...given,
});

const policy = (...Statement: readonly object[]): object => ({ Version: '2012-10-17', Statement });

const verdict = (document: object, given: Case = {}): Verdict => {
  const found = recognise(JSON.stringify(document));
  assert.ok(!isUnusable(found), 'problem' in found ? found.problem : '');
  return found.document.evaluate(presentedBy(given), OURS);
};

describe('a trust policy of AWS', () => {
  test('is taken to admit what only AWS knows, and says so', () => {
    const allow = policy(statement({ ...EXACT, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }));
    const found = verdict(allow);
    assert.equal(found.allowed, true);
    assert.match(found.assumptions.at(-1) ?? '', /^What AWS finds under aws:SourceIp meets Statement\[0\]/);
  });

  test('is not taken to deny what only AWS knows', () => {
    const deny = statement({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { Effect: 'Deny' });
    const found = verdict(policy(statement(EXACT), deny));
    assert.equal(found.allowed, true);
    assert.match(found.assumptions.at(-1) ?? '', /under aws:SourceIp does not meet Statement\[1\]/);
  });

  test('assumes a provider, its client ids and the longest session only where they were not handed over', () => {
    const request = { durationSeconds: 3600 };
    assert.deepEqual(verdict(policy(statement(EXACT)), { request }).assumptions, [
      'An identity provider for https://id.example.com/oidc exists in the role’s account.',
      'Its client ID list holds "contoso".',
      'The role’s longest session is at least 3600 seconds.',
    ]);
    const provider = { Url: P, ClientIDList: ['contoso'] };
    const role = { Role: { AssumeRolePolicyDocument: policy(statement(EXACT)), MaxSessionDuration: 3600 } };
    assert.deepEqual(verdict({ provider, role }, { request }).assumptions, []);
  });

  test('that no account can store is unusable', () => {
    const subjects = Array.from({ length: 120 }, () => SUBJECT);
    const found = recognise(JSON.stringify(policy(statement({ StringEquals: { [`${P}:sub`]: subjects } }))));
    assert.ok(isUnusable(found));
    assert.match(found.problem, /longer than the 8192 characters/);
  });

  test('names the condition literally, also where a statement is no list', () => {
    const one = { Version: '2012-10-17', Statement: statement({ StringEquals: { [`${P}:aud`]: 'Contoso' } }) };
    assert.equal(verdict(one).reasons[0]?.condition, 'Statement.Condition.StringEquals["id.example.com/oidc:aud"]');
  });

  test('with one subject of several keeps them where one is added', () => {
    const found = verdict(policy(statement(EXACT)), { operation: 'preview' });
    assert.match(
      found.reasons[0]?.edit ?? '',
      /The subject differs in its operation\. Write .*:operation:update:.*:operation:preview:/,
    );
    assert.equal(found.reasons[0]?.safe, true);
  });

  test('does not say twice what is wrong', () => {
    const found = verdict(policy(statement({ StringEquals: { [`https://${P}:sub`]: SUBJECT } })));
    const said = [...found.reasons, ...found.warnings].map(({ code, condition }) => `${code} ${condition}`);
    assert.deepEqual(said, [...new Set(said)]);
  });

  test('names what one mistake hides behind another', () => {
    const found = verdict(
      policy(statement({ StringEquals: { [`https://${P}:aud`]: 'Contoso', [`${P}:sub`]: SUBJECT } })),
    );
    assert.deepEqual(
      found.reasons.map(({ code, safe }) => [code, safe]),
      [
        ['aws_key_scheme', true],
        ['aws_aud_case', true],
      ],
    );
  });

  test('is explained by the statement that lacks least', () => {
    const other = statement({ StringEquals: { [`${P}:aud`]: 'other', [`${P}:sub`]: 'other' } });
    const near = statement({ StringEquals: { [`${P}:aud`]: 'contoso', [`${P}:sub`]: SUBJECT.replace('dev', 'prod') } });
    const found = verdict(policy(other, near));
    assert.deepEqual(
      found.reasons.map(({ condition }) => condition),
      ['Statement[1].Condition.StringEquals["id.example.com/oidc:sub"]'],
    );
  });

  test('is told of a deny before all else', () => {
    const deny = statement({ StringEquals: { [`${P}:sub`]: SUBJECT } }, { Effect: 'Deny' });
    const codes = verdict(policy(statement({ StringEquals: { [`${P}:aud`]: 'Contoso' } }), deny)).reasons.map(
      ({ code }) => code,
    );
    assert.deepEqual(codes, ['aws_explicit_deny', 'aws_aud_case']);
  });

  test('is never safe where a deny is taken out that kept others out', () => {
    const wide = statement({ StringLike: { [`${P}:sub`]: 'pulumi:deploy:org:contoso:*' } });
    const deny = statement({ StringLike: { [`${P}:sub`]: '*:project:core:*' } }, { Effect: 'Deny' });
    assert.equal(verdict(policy(wide, deny)).reasons[0]?.safe, false);
  });

  test('takes the standard port for none', () => {
    const found = verdict(policy(statement(EXACT)), { issuer: 'https://id.example.com:443/oidc' });
    assert.equal(found.allowed, true);
  });

  test('may have keys of a provider that the same statement names', () => {
    const github = 'token.actions.githubusercontent.com';
    const condition = { ...EXACT, StringEqualsIfExists: { [`${github}:sub`]: 'repo:contoso/core:pull_request' } };
    const Principal = { Federated: [FEDERATED, `arn:aws:iam::123456789012:oidc-provider/${github}`] };
    const codes = verdict(policy(statement(condition, { Principal }))).warnings.map(({ code }) => code);
    assert.deepEqual(codes, ['aws_condition_always_true']);
  });

  test('that ignores case is not asked whose names it means', () => {
    const condition = { StringEqualsIgnoreCase: { [`${P}:aud`]: 'contoso', [`${P}:sub`]: SUBJECT.toUpperCase() } };
    assert.deepEqual(verdict(policy(statement(condition))).warnings, []);
  });

  test('wants the provider in the role’s account, and any where that is not known', () => {
    const there = policy(
      statement(EXACT, { Principal: { Federated: FEDERATED.replace('123456789012', '210987654321') } }),
    );
    assert.equal(verdict(there).allowed, true);
    assert.equal(verdict(there, { request: { roleArn: 'arn:aws:iam::123456789012:role/deploy' } }).allowed, false);
  });
});

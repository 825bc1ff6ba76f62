import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesOf } from '../../src/trust/generate/cases.ts';
import type { RunScope } from '../../src/trust/generate/scope.ts';
import { proveDocument } from '../../src/trust/prove.ts';
import { recognise } from '../../src/trust/recognise.ts';
import { isUnusable } from '../../src/trust/verdict.ts';
import { FACTS } from './generate/facts.ts';

const SCOPE: RunScope = { kind: 'runs', project: 'core', stack: 'prod', operations: ['update'] };
const SUBJECT = 'pulumi:deploy:org:contoso:project:core:stack:prod:operation:update:scope:write';

/** A trust policy of AWS with these conditions on `sub`, and on `aud` unless that is another one. */
const proved = (sub: object, audience: object = { StringEquals: { 'id.example.com/oidc:aud': 'contoso' } }) => {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/id.example.com/oidc' },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { ...audience, ...sub },
      },
    ],
  };
  const read = recognise(JSON.stringify(policy));
  assert.ok(!isUnusable(read));
  const cases = casesOf(SCOPE, FACTS, { issuer: 'v1', audience: 'contoso' }, false);
  return proveDocument(read.document, cases, FACTS, 'subject');
};

const like = (pattern: string) => ({ StringLike: { 'id.example.com/oidc:sub': pattern } });
const errors = (proof: ReturnType<typeof proved>): readonly string[] => [
  ...new Set(proof.findings.filter(({ level }) => level === 'error').map(({ rule }) => rule)),
];

test('an exact subject is proved: it admits the scope, and refuses everybody else', () => {
  const proof = proved(like(SUBJECT));
  assert.deepEqual([proof.proved, proof.admitted, errors(proof)], [true, ['contoso/core/prod update'], []]);
  assert.ok(proof.refused > 15);
});

const WIDER: readonly (readonly [pattern: string, rules: readonly string[]])[] = [
  [SUBJECT.replace('contoso', '*'), ['admits_other_organization']],
  [SUBJECT.replace('core', 'core*'), ['admits_other_project']],
  [SUBJECT.replace('prod', 'prod*'), ['admits_other_stack']],
  [SUBJECT.replace('update', '*'), ['admits_other_operation']],
  ['pulumi:deploy:org:contoso:*', ['admits_other_operation', 'admits_other_project', 'admits_other_stack']],
];

for (const [pattern, rules] of WIDER) {
  test(`${pattern} is not proved, and every field that it leaves open is named`, () => {
    const proof = proved(like(pattern));
    assert.equal(proof.proved, false);
    assert.deepEqual(errors(proof).toSorted(), rules);
  });
}

test('another audience that gets in is an error', () => {
  const open = proved(
    { StringLike: { 'id.example.com/oidc:sub': SUBJECT, 'id.example.com/oidc:aud': 'contoso*' } },
    {},
  );
  assert.deepEqual(errors(open), ['admits_other_audience']);
});

test('somebody in scope who is refused is an error that says what to edit', () => {
  const proof = proved(like(SUBJECT.replace('prod', 'dev')));
  assert.equal(proof.proved, false);
  assert.deepEqual(proof.admitted, []);
  const finding = proof.findings.find(({ rule }) => rule === 'not_admitted');
  assert.match(finding?.text ?? '', /It refuses contoso\/core\/prod update: aws_sub_mismatch/);
  assert.match(finding?.condition ?? '', /Statement\[0\]/);
});

test('what leaks or will fail one day is a finding, with its condition, and breaks no proof', () => {
  const wildcard = { StringEquals: { 'id.example.com/oidc:sub': [SUBJECT, 'pulumi:deploy:org:contoso:*'] } };
  const proof = proved({ ...wildcard, StringLike: { 'id.example.com/oidc:aud': 'contoso' } }, {});
  assert.equal(proof.proved, true);
  const [warning] = proof.findings;
  assert.equal(warning?.level, 'warning');
  assert.match(warning?.condition ?? '', /^Statement\[0\]\.Condition\./);
});

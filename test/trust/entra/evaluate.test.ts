import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstUnmet, readExpression } from '../../../src/trust/entra/expression.ts';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable, type Verdict } from '../../../src/trust/verdict.ts';
import { type Case, OURS, presentedBy } from '../presented.ts';

const credential = (subject: string, given: object = {}): object => ({
  name: 'core-dev',
  issuer: 'https://id.example.com/oidc',
  subject,
  audiences: ['contoso'],
  ...given,
});

const subjectOf = (stack: string, operation = 'update'): string =>
  `pulumi:deploy:org:contoso:project:core:stack:${stack}:operation:${operation}:scope:write`;

const verdict = (document: unknown, given: Case = {}): Verdict => {
  const found = recognise(JSON.stringify(document));
  assert.ok(!isUnusable(found), 'problem' in found ? found.problem : '');
  return found.document.evaluate(presentedBy(given), OURS);
};

describe('federated credentials', () => {
  test('get one more where the nearest is right for somebody else', () => {
    const [reason] = verdict([credential(subjectOf('dev'))], { operation: 'preview' }).reasons;
    assert.match(
      reason?.edit ?? '',
      /The subject differs in its operation\. Add a credential: \{.*preview.*AADSTS700213\.$/,
    );
    assert.equal(reason?.safe, true);
  });

  test('get none more where an application has no room for it', () => {
    const full = Array.from({ length: 20 }, (_, index) =>
      credential(subjectOf(`s${index}`), { name: `core-${index}` }),
    );
    const [reason] = verdict(full, { stack: 's99' }).reasons;
    assert.match(reason?.edit ?? '', /The 20 credentials of an application are used up/);
  });

  test('are put right, not added to, where more than the subject is wrong', () => {
    const found = verdict(credential(subjectOf('prod'), { audiences: ['Contoso'] }));
    assert.ok(found.reasons.every(({ edit }) => !edit.includes('Add a credential')));
    assert.deepEqual(
      found.reasons.map(({ code, safe }) => [code, safe]),
      [
        ['azure_subject_mismatch', true],
        ['azure_audience_case', true],
      ],
    );
  });

  test('of one operation are few, and v2 cannot have shorter subjects', () => {
    const warning = (issuer: string, subject: string): string =>
      verdict(credential(subject, { issuer }), { issuer, subject })
        .warnings.map(({ text }) => text)
        .join();
    const ids = 'pulumi:org:0b5e1e0a-5f0e-4d0c-8a52-5b7d3f1c9a10:stack:5d9f7c52-9a3e-4a43-8c55-0d2ad5d0c111';
    assert.match(
      warning('https://id.example.com/oidc', subjectOf('dev')),
      /so preview, refresh, destroy of .* Shorten/,
    );
    assert.match(warning('https://id.example.com/oidc/v2', `${ids}:operation:update`), /use v1 for Azure/);
  });

  test('are named by their place in the list', () => {
    const found = verdict([credential(subjectOf('prod')), credential(subjectOf('Dev'), { name: 'other' })]);
    assert.equal(found.reasons[0]?.condition, '[1].subject');
    const inProperties = verdict({ value: [{ name: 'core-dev', properties: credential(subjectOf('Dev')) }] });
    assert.equal(inProperties.reasons[0]?.condition, 'value[0].properties.subject');
  });

  test('tell with which error Microsoft Entra answers', () => {
    const { reasons } = verdict(credential(subjectOf('Dev'), { issuer: 'https://id.example.com/oidc/' }));
    assert.deepEqual(
      reasons.map(({ edit }) => /AADSTS\d+/.exec(edit)?.[0]),
      ['AADSTS700211', 'AADSTS7002138'],
    );
  });

  test('may be the only ones, or there may be others', () => {
    assert.equal(verdict([credential(subjectOf('dev'))]).assumptions.length, 1);
    assert.equal(verdict(credential(subjectOf('dev'))).assumptions.length, 2);
  });

  test('are unusable where there are more than anybody has', () => {
    const found = recognise(JSON.stringify(Array.from({ length: 101 }, () => credential('x'))));
    assert.ok(isUnusable(found));
  });
});

describe('a claims-matching expression', () => {
  const claims = { sub: 'repo:acme/app:ref:refs/heads/main', job_workflow_ref: 'acme/flows/x.yml@main' };
  const unmet = (text: string): string | undefined => {
    const read = readExpression(text);
    return read ? firstUnmet(read, claims)?.claim : 'not read';
  };

  test('compares to the letter or by a pattern, and wants all of it', () => {
    assert.equal(unmet("claims['sub'] eq 'repo:acme/app:ref:refs/heads/main'"), undefined);
    assert.equal(unmet("claims['sub'] eq 'repo:acme/*'"), 'sub');
    assert.equal(unmet("claims['sub'] matches 'repo:acme/*:ref:refs/heads/mai?'"), undefined);
    assert.equal(unmet("claims['sub'] matches 'repo:Acme/*'"), 'sub');
    assert.equal(unmet("claims['sub'] matches '*' and claims['job_workflow_ref'] eq 'x'"), 'job_workflow_ref');
    assert.equal(unmet("claims['sub'] matches '*' and claims['actor'] matches '*'"), 'actor');
  });

  test('is nothing else', () => {
    for (const text of [
      '',
      "claims['sub']",
      "claims['sub'] eq x",
      "claims['sub'] contains 'x'",
      "claims['sub'] eq 'x' or claims['sub'] eq 'y'",
      "claims['sub'] eq 'x' and",
      "claims['sub'] eq 'x' claims['sub'] eq 'y'",
    ]) {
      assert.equal(readExpression(text), undefined, text);
    }
  });
});

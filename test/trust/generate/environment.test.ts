import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateTrust } from '../../../src/trust/generate/generate.ts';
import { isNotGenerated, type TrustRequest } from '../../../src/trust/generate/generated.ts';
import type { TrustScope } from '../../../src/trust/generate/scope.ts';
import { FACTS, INPUTS } from './facts.ts';

const ask = (change: Pick<TrustRequest, 'scope'> & Partial<TrustRequest>) =>
  generateTrust({ target: 'aws', issuer: 'v1', inputs: INPUTS, ...change }, FACTS);

const generated = (change: Parameters<typeof ask>[0]) => {
  const answer = ask(change);
  if (isNotGenerated(answer)) assert.fail(answer.problem);
  return answer;
};

const problem = (change: Parameters<typeof ask>[0]): string => {
  const answer = ask(change);
  assert.ok(isNotGenerated(answer), 'something was generated');
  return answer.problem;
};

test('on v2 an environment has an id that must be known, and no attributes to ask for', () => {
  const scope = { kind: 'environment', project: 'core', environment: 'aws', attributes: [] } as const;
  assert.match(generated({ scope, issuer: 'v2' }).document, /env:11111111-1111-4111-8111-000000000500/);
  assert.match(problem({ scope: { ...scope, environment: 'of-tomorrow' }, issuer: 'v2' }), /^Nothing in contoso is/);
  const attributes = [{ attribute: 'pulumi.user.login', value: 'carol' }] as const;
  assert.match(problem({ scope: { ...scope, attributes }, issuer: 'v2' }), /leave out --attribute/);
});

test('the test command of an environment says what its logins put into the subject', () => {
  const scope: TrustScope = {
    kind: 'environment',
    project: 'core',
    environment: 'aws',
    attributes: [{ attribute: 'rootEnvironment.name' }, { attribute: 'pulumi.user.login', value: 'carol' }],
  };
  assert.equal(
    generated({ scope }).test,
    'runpass trust verify trust.json --org contoso --environment core/aws --attribute rootEnvironment.name --attribute pulumi.user.login=carol --issuer v1 --audience aws:contoso',
  );
  assert.match(generated({ scope: { ...scope, attributes: [] } }).test, /^runpass trust explain trust\.json /);
});

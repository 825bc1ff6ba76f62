import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKED_BY } from '../../../src/trust/generate/generated.ts';
import type { TrustScope } from '../../../src/trust/generate/scope.ts';
import { generated, problem } from './asked.ts';

test('an environment is admitted by its subject, or by the attributes that its login lists', () => {
  const plain: TrustScope = { kind: 'environment', project: 'core', environment: 'aws', attributes: [] };
  const named: TrustScope = {
    ...plain,
    attributes: [{ attribute: 'rootEnvironment.name' }, { attribute: 'pulumi.user.login', value: 'alice' }],
  };
  for (const target of CHECKED_BY) {
    for (const scope of [plain, named]) {
      const { refuses } = generated({ target, scope });
      assert.ok(refuses > 5);
    }
    generated({ target, scope: plain, issuer: 'v2' });
  }
  assert.equal(generated({ scope: plain }).audience, 'aws:contoso');
  const unborn: TrustScope = { ...plain, environment: 'unborn' };
  for (const target of CHECKED_BY) generated({ target, scope: unborn });
});

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

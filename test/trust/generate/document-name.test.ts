import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATIONS } from '../../../src/access/organization.ts';
import { documentName } from '../../../src/trust/generate/document-name.ts';
import type { TrustRequest } from '../../../src/trust/generate/generated.ts';
import type { EnvironmentScope, RunScope, TrustScope } from '../../../src/trust/generate/scope.ts';

const runs = (project: string, stack: string): RunScope => ({ kind: 'runs', project, stack, operations: [] });
const environment = (project: string, name: string): EnvironmentScope => ({
  kind: 'environment',
  project,
  environment: name,
  attributes: [],
});
const ONE = runs('core', 'prod');
const nameOf = (scope: TrustScope, organization = 'contoso', more: Partial<TrustRequest> = {}): string =>
  documentName({ organization }, { scope, issuer: 'v1', ...more });

test('a name is what it is about, where that is plain', () => {
  assert.equal(nameOf(runs('core', 'prod')), 'runpass-contoso-core-prod');
  assert.equal(nameOf(environment('core', 'aws')), 'runpass-contoso-env-core-aws');
  const operations = ['update', 'preview'] as const;
  assert.equal(nameOf({ ...ONE, operations: ['update'] }), 'runpass-contoso-core-prod-update');
  assert.equal(nameOf({ ...ONE, operations }), nameOf({ ...ONE, operations: operations.toReversed() }));
  assert.equal(nameOf({ ...ONE, operations: OPERATIONS }), nameOf(ONE));
});

test('another operation, issuer, audience or attribute is another name', () => {
  const opened = environment('core', 'aws');
  const attributes = [{ attribute: 'pulumi.user.login', value: 'carol' }] as const;
  const names = [
    ...[[], ['update'], ['preview'], ['update', 'preview']].map((operations) =>
      nameOf({ ...ONE, operations: operations as RunScope['operations'] }),
    ),
    nameOf(ONE, 'contoso', { issuer: 'v2' }),
    nameOf(ONE, 'contoso', { audience: 'a' }),
    nameOf(ONE, 'contoso', { audience: 'b' }),
    nameOf(opened),
    nameOf({ ...opened, attributes }),
    nameOf({ ...opened, attributes: [{ ...attributes[0], value: 'dave' }] }),
    nameOf({ ...runs('env', 'core'), operations: ['update'] }),
    nameOf(environment('core', 'update')),
  ];
  assert.equal(new Set(names).size, names.length, names.join(' '));
});

test('no two scopes share a name, and every cloud takes it', () => {
  const long = 'data-platform-of-the-whole-house';
  const scopes = [
    ...[runs('core', 'prod-eu'), runs('core-prod', 'eu'), runs('core', 'prod.eu'), runs('core', 'Prod-eu')],
    ...[runs('core', '*'), runs('core', 'all'), runs('core', '?'), runs('core', '-'), runs('env', 'core-aws')],
    ...[runs(long, 'production'), runs(long, 'preproduction'), environment('core', 'aws'), environment('co', 're-aws')],
  ];
  const names = [...scopes.map((scope) => nameOf(scope)), nameOf(runs('prod', 'eu'), 'contoso-core')];
  assert.equal(new Set(names).size, names.length, names.join(' '));
  for (const name of names) assert.match(name, /^runpass-[a-z0-9-]{1,23}[a-z0-9]$/);
});

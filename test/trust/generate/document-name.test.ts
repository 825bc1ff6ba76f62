import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentName } from '../../../src/trust/generate/document-name.ts';
import type { TrustScope } from '../../../src/trust/generate/scope.ts';

const runs = (project: string, stack: string): TrustScope => ({ kind: 'runs', project, stack, operations: [] });
const environment = (project: string, name: string): TrustScope => ({
  kind: 'environment',
  project,
  environment: name,
  attributes: [],
});
const nameOf = (scope: TrustScope, organization = 'contoso'): string => documentName({ organization }, scope);

test('a name is what it is about, where that is plain', () => {
  assert.equal(nameOf(runs('core', 'prod')), 'runpass-contoso-core-prod');
  assert.equal(nameOf(environment('core', 'aws')), 'runpass-contoso-env-core-aws');
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

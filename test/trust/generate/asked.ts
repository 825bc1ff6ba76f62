import assert from 'node:assert/strict';
import { generateTrust } from '../../../src/trust/generate/generate.ts';
import { isNotGenerated, type TrustRequest } from '../../../src/trust/generate/generated.ts';
import type { OrganizationFacts, RunScope } from '../../../src/trust/generate/scope.ts';
import { FACTS, INPUTS } from './facts.ts';

const ONE: RunScope = { kind: 'runs', project: 'core', stack: 'prod', operations: ['update', 'preview'] };

export const request = (change: Partial<TrustRequest>): TrustRequest => ({
  target: 'aws',
  scope: ONE,
  issuer: 'v1',
  inputs: INPUTS,
  ...change,
});

export const generated = (change: Partial<TrustRequest>, facts: OrganizationFacts = FACTS) => {
  const answer = generateTrust(request(change), facts);
  if (isNotGenerated(answer)) assert.fail(`${answer.problem} (${JSON.stringify(change)})`);
  return answer;
};

export const problem = (change: Partial<TrustRequest>, facts: OrganizationFacts = FACTS): string => {
  const answer = generateTrust(request(change), facts);
  assert.ok(isNotGenerated(answer), 'something was generated');
  return answer.problem;
};

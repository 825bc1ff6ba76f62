import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateTrust } from '../../../src/trust/generate/generate.ts';
import { isNotGenerated } from '../../../src/trust/generate/generated.ts';
import { FACTS, INPUTS } from './facts.ts';
import { SCOPES } from './hostile.ts';

test('a role of Vault says all that it asks, so that nothing stays of what was written before', () => {
  const members = ['bound_subject', 'bound_claims_type', 'bound_claims'];
  for (const scope of SCOPES) {
    for (const issuer of ['v1', 'v2'] as const) {
      const generated = generateTrust({ target: 'vault', scope, issuer, inputs: INPUTS }, FACTS);
      if (isNotGenerated(generated)) assert.fail(generated.problem);
      const { role } = JSON.parse(generated.document);
      assert.deepEqual(
        Object.keys(role).filter((member) => members.includes(member)),
        members,
      );
    }
  }
});

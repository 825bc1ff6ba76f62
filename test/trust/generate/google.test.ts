import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateTrust } from '../../../src/trust/generate/generate.ts';
import { isNotGenerated, type TrustRequest } from '../../../src/trust/generate/generated.ts';
import type { Inputs } from '../../../src/trust/generate/inputs.ts';
import { FACTS, INPUTS } from './facts.ts';

const REQUEST: TrustRequest = {
  target: 'google',
  scope: { kind: 'runs', project: 'core', stack: 'prod', operations: [] },
  issuer: 'v1',
  inputs: INPUTS,
};

const generated = (change: Partial<TrustRequest>) => {
  const answer = generateTrust({ ...REQUEST, ...change }, FACTS);
  if (isNotGenerated(answer)) assert.fail(answer.problem);
  return answer;
};

/** What gcloud makes of a flag that is a list (`gcloud topic escaping`). */
const asGcloudReads = (flag: string): readonly string[] => {
  const [, delimiter = ',', rest = flag] = /^\^([^^]+)\^([\s\S]*)$/.exec(flag) ?? [];
  return rest.split(delimiter);
};

for (const audience of ['acme', 'a,b', '^:^a', '^', '^a,b']) {
  test(`gcloud reads the audience ${audience} as that one`, () => {
    const [, provider = ''] = generated({ audience }).install;
    const [, flag = ''] = /'?--allowed-audiences=([^ ']+)'? /.exec(provider) ?? [];
    assert.deepEqual(asGcloudReads(flag), [audience]);
  });
}

test('a binding is added without a condition, in so many words: a policy may have conditional ones', () => {
  assert.match(
    generated({}).install.at(-1) ?? '',
    /^gcloud iam service-accounts add-iam-policy-binding .* --condition=None$/,
  );
});

test('the attribute that is bound is of one provider alone', () => {
  for (const [inputs, scope] of [
    [INPUTS, 'runpass-contoso-core-prod'],
    [{ ...INPUTS, googleProvider: 'another' }, 'another'],
  ] as const) {
    const { provider, policy } = JSON.parse(generated({ inputs }).document);
    assert.equal(provider.attributeMapping['attribute.scope'], `"${scope}"`);
    assert.match(policy.bindings[0].members[0], new RegExp(`/attribute\\.scope/${scope}$`));
  }
});

test('an id that Google keeps for itself, or that gcloud takes for a flag, is none', () => {
  const wrong: readonly Inputs[] = [
    { googlePool: 'gcp-pool' },
    { googlePool: '-pool' },
    { googleProvider: 'gcp-provider' },
    { googleServiceAccount: '-a@contoso-infra.iam.gserviceaccount.com' },
  ];
  for (const inputs of wrong) {
    const answer = generateTrust({ ...REQUEST, inputs: { ...INPUTS, ...inputs } }, FACTS);
    assert.ok(isNotGenerated(answer), JSON.stringify(inputs));
  }
});

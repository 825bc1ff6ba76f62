import fc from 'fast-check';
import { edited, type Members } from './edited.ts';
import { celExpression, userExpression } from './expressions.ts';
import { AUTHENTICATOR, CHOICES, configurationOf } from './kubernetes-choices.ts';
import { CLAIM_CHOICES, KUBERNETES_CLAIMS } from './kubernetes-claims.ts';
import type { Question } from './questions.ts';

const ALGORITHMS = ['RS256', 'RS256', 'RS256', 'RS256', 'RS256', 'ES256', 'PS512', 'EdDSA', 'HS256', 'none'];

const asRule = (expression: string): Members => ({ ...AUTHENTICATOR, claimValidationRules: [{ expression }] });
const asUsername = (expression: string): Members => ({ ...AUTHENTICATOR, claimMappings: { username: { expression } } });
const asGroups = (expression: string): Members => ({
  ...AUTHENTICATOR,
  claimMappings: { username: { claim: 'sub', prefix: '' }, groups: { expression } },
});
const asExtra = (valueExpression: string): Members => ({
  ...AUTHENTICATOR,
  claimMappings: { username: { claim: 'sub', prefix: '' }, extra: [{ key: 'example.com/x', valueExpression }] },
});

/** Configurations of which the form is asked: about what may be written where. */
const formed = fc
  .constantFrom(
    configurationOf(AUTHENTICATOR),
    configurationOf(asRule('claims.org == "contoso"')),
    configurationOf(asUsername('claims.sub')),
  )
  .chain((base) => edited(base, CHOICES, 2));

/** Configurations of which an expression is asked. */
const expressed = fc.oneof(
  { weight: 4, arbitrary: celExpression.map((expression) => configurationOf(asRule(expression))) },
  { weight: 1, arbitrary: celExpression.map((expression) => configurationOf(asUsername(expression))) },
  { weight: 1, arbitrary: celExpression.map((expression) => configurationOf(asGroups(expression))) },
  { weight: 1, arbitrary: celExpression.map((expression) => configurationOf(asExtra(expression))) },
  {
    weight: 2,
    arbitrary: userExpression.map((expression) =>
      configurationOf({
        ...AUTHENTICATOR,
        claimMappings: {
          username: { claim: 'sub', prefix: 'runpass:' },
          groups: { claim: 'groups', prefix: 'g:' },
          extra: [{ key: 'example.com/org', valueExpression: 'claims.org' }],
        },
        userValidationRules: [{ expression }],
      }),
    ),
  },
);

/** A configuration and a token that many of them take. */
export const kubernetesQuestion: fc.Arbitrary<Question> = fc
  .tuple(fc.oneof(formed, expressed), edited(KUBERNETES_CLAIMS, CLAIM_CHOICES, 1), fc.constantFrom(...ALGORITHMS))
  .map(([document, claims, alg]) => ({ document: JSON.stringify(document), claims, alg }));

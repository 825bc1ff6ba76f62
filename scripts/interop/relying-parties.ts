import assert from 'node:assert/strict';
import type { Members } from '../../test/trust/recorded/edited.ts';
import type { KubernetesAnswer } from '../../test/trust/recorded/kubernetes-answers.ts';
import { ISSUER, type Question } from '../../test/trust/recorded/questions.ts';
import { OUR_KEYS, partsOf, type VaultAnswer } from '../../test/trust/recorded/vault-answers.ts';
import { askProgram } from './ask-program.ts';
import { PEMS, tokenOf, WORLD } from './signing.ts';

/** What Vault says to each question. */
export const askVault = (binary: string, questions: readonly Question[]): readonly VaultAnswer[] =>
  ask(
    binary,
    questions.map((question) => {
      const { role, config } = partsOf(question);
      const { iss } = question.claims;
      const discovered = config['oidc_discovery_url'] || undefined;
      // Where nothing is discovered, the keys are taken for those of the token's issuer.
      const isOurs = discovered === undefined || iss === ISSUER;
      const token = tokenOf(question, isOurs ? 'ours' : discovered === iss ? 'others' : 'nobody');
      return { role, config: withKeys(config), token };
    }),
  );

/** Nobody knows our keys before they are made. */
const withKeys = (config: Members): Members => {
  const { jwt_validation_pubkeys: keys, ...others } = config;
  if (keys === OUR_KEYS) return { ...others, jwt_validation_pubkeys: PEMS };
  if (!Array.isArray(keys)) return config;
  return { ...others, jwt_validation_pubkeys: keys.flatMap((key) => (key === OUR_KEYS ? PEMS : [key])) };
};

/** What the API server of Kubernetes says to each question. */
export const askApiServer = (binary: string, questions: readonly Question[]): readonly KubernetesAnswer[] =>
  ask(
    binary,
    questions.map((question) => ({ document: question.document, token: tokenOf(question) })),
  );

const ask = <Answer>(binary: string, questions: readonly object[]): readonly Answer[] => {
  const answers = askProgram<Answer>(binary, [WORLD, ...questions]);
  assert.equal(answers.length, questions.length);
  return answers;
};

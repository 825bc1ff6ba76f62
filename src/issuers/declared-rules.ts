import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { Finding } from '../documents.ts';
import { findPolicyProblems } from '../policy/check.ts';
import { lint } from '../policy/lint.ts';
import type { LintFinding } from '../policy/policy.ts';
import { completeDeclaredIssuer } from './complete.ts';
import type { TrustedIssuerInFile } from './file.ts';
import { IssuerProblem } from './issuer-keys.ts';
import { type ReadKey, readPublicKey } from './public-key.ts';
import { findRegistrationProblems, type Registration } from './registration.ts';

/**
 * Everything that is wrong among the trusted issuers of a file although their shape is right.
 *
 * What the linter points at is an error here: a file is read by people, and says with a `reason` what is meant so.
 * Nothing is fetched; what only the issuer can tell is found at first use.
 */
export const findDeclaredProblems = (
  issuers: readonly TrustedIssuerInFile[],
  roles: ReadonlySet<string>,
): readonly Finding[] => [
  ...repeated(issuers, 'name'),
  ...repeated(issuers, 'issuer'),
  ...issuers.flatMap((issuer, index) =>
    [...findRegistrationProblems(issuer), ...keySetProblems(issuer.jwks), ...policyProblems(issuer, roles)].map(
      (found) => ({ ...found, at: [index, ...found.at] }),
    ),
  ),
];

const repeated = (issuers: readonly TrustedIssuerInFile[], field: 'name' | 'issuer'): readonly Finding[] => {
  const seen = new Set<string>();
  return issuers.flatMap(({ name, issuer, url }, index) => {
    const value = field === 'name' ? name : (issuer ?? url);
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    const place = field === 'issuer' && issuer === undefined ? 'url' : field;
    return [
      { at: [index, place], problem: `declares the ${field} "${value}" again`, suggestion: 'leave one of them out' },
    ];
  });
};

const keySetProblems = (jwks: Registration['jwks']): readonly Finding[] => {
  const kids = new Set<string>();
  const read = (jwks?.keys ?? []).map((jwk, index) => keyOf(jwk, index, kids));
  const problems = read.flatMap((key) => ('problem' in key ? [key] : []));
  const usable = read.some((key) => 'usable' in key && key.usable);
  if (!jwks || usable || problems.length > 0) return problems;
  const problem = 'has no key that can verify a signature';
  return [{ at: ['jwks'], problem, suggestion: 'write the key set as its issuer publishes it' }];
};

const keyOf = (jwk: unknown, index: number, kids: Set<string>): ReadKey | Finding => {
  const wrong = (problem: string): Finding => ({
    at: ['jwks', 'keys', index],
    problem,
    suggestion: 'write the key as its issuer publishes it',
  });
  try {
    const key = readPublicKey(jwk, index);
    if (key.kid !== undefined && kids.has(key.kid)) return wrong('has the kid of another key');
    if (key.kid !== undefined) kids.add(key.kid);
    // Says whether the point lies on its curve.
    if (key.usable) createPublicKey({ key: key.usable.jwk as JsonWebKey, format: 'jwk' });
    return key;
  } catch (reason) {
    const problem = reason instanceof IssuerProblem ? reason.message : 'is no point of its curve';
    return wrong(problem.replace(/^keys\[\d+\]\.? ?/, '').replace(/\.$/, ''));
  }
};

const policyProblems = (issuer: TrustedIssuerInFile, roles: ReadonlySet<string>): readonly Finding[] => {
  const { policy } = issuer;
  if (!policy) return [];
  if (policy.policies.length === 0) {
    return [
      { at: ['policy', 'policies'], problem: 'is empty', suggestion: 'write definitions, or leave "policy" out' },
    ];
  }
  const complete = completeDeclaredIssuer(issuer);
  const wrong = findPolicyProblems(policy.policies, complete.policy.dialect);
  if (wrong.length > 0) return wrong.map((found) => ({ ...found, at: ['policy', 'policies', ...found.at] }));
  return lint(complete.policy, complete, roles)
    .filter((finding) => !isMeant(finding, issuer))
    .map(asProblem);
};

/** Said on purpose: with a reason beside the definition, or, of the whole document, by writing the rule out. */
const isMeant = ({ code, severity, reason }: LintFinding, { replay }: TrustedIssuerInFile): boolean =>
  severity !== 'refused' && (reason !== undefined || (code === 'replay_allowed' && replay !== undefined));

const asProblem = ({ code, severity, index, claim, message, suggestion }: LintFinding): Finding => {
  const otherwise = index === undefined ? '"replay: allow" if that is meant' : 'a "reason" beside the definition';
  const advice = [...(suggestion === undefined ? [] : [suggestion]), ...(severity === 'refused' ? [] : [otherwise])];
  return {
    at:
      index === undefined
        ? ['replay']
        : ['policy', 'policies', index, ...(claim === undefined ? [] : ['rules', claim])],
    problem: `${code}: ${message.replace(/\.$/, '')}`,
    suggestion: `write ${advice.join(', or ')}`,
  };
};

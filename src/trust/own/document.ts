import { findPolicyProblems } from '../../policy/check.ts';
import { type DefinitionInFile, POLICY_DEFINITIONS_SCHEMA } from '../../policy/file.ts';
import { type Definition, DIALECTS, POLICY_MODES, type PolicyDocument } from '../../policy/policy.ts';
import { findShapeProblems } from '../../shape-problems.ts';
import { isJsonObject } from '../../strict-json.ts';
import type { Unusable } from '../verdict.ts';
import type { Path, Written } from '../written.ts';

/** The policy of a trusted issuer of ours, and the issuer where it stands with it. */
export interface OwnTrust {
  /** Where the policy stands: nothing, `policy`, or in one of the `trustedIssuers`. */
  readonly at: Path;
  /** What `iss` must be; absent: the document is a policy alone. */
  readonly issuer?: string;
  readonly replay: (typeof REPLAY)[number];
  readonly policy: PolicyDocument;
}

const REPLAY = ['allow', 'retry-window', 'once'] as const;

/** A policy, a trusted issuer with its policy, or an organization's file with its `trustedIssuers`. */
export const looksLikeOwn = (value: unknown): boolean =>
  isJsonObject(value) &&
  (Array.isArray(value['trustedIssuers']) ||
    Array.isArray(value['policies']) ||
    (isJsonObject(value['policy']) && Array.isArray(value['policy']['policies'])));

interface Found {
  readonly at: Path;
  readonly issuer?: Readonly<Record<string, unknown>>;
  readonly policy: unknown;
}

const policiesIn = (value: unknown): readonly Found[] => {
  if (!isJsonObject(value)) return [];
  const { trustedIssuers, policy } = value;
  if (Array.isArray(trustedIssuers)) {
    return trustedIssuers.flatMap((issuer, index) =>
      isJsonObject(issuer) ? [{ at: ['trustedIssuers', index, 'policy'], issuer, policy: issuer['policy'] ?? {} }] : [],
    );
  }
  return [policy === undefined ? { at: [], policy: value } : { at: ['policy'], issuer: value, policy }];
};

/** What keeps a document from being read; one without such a fault has the shape that `ownTrust` expects. */
export const faultOf = ({ value, unusable }: Written): Unusable | undefined => {
  const all = policiesIn(value);
  if (all.length === 0) return unusable([], 'trusts no issuer');
  for (const { at, policy } of all) {
    if (!isJsonObject(policy)) return unusable(at, 'is no policy');
    const { policies = [], dialect = 'strict', mode = 'enforce' } = policy;
    if (!isOneOf(DIALECTS, dialect)) return unusable([...at, 'dialect'], `must be one of ${DIALECTS.join(', ')}`);
    if (!isOneOf(POLICY_MODES, mode)) return unusable([...at, 'mode'], `must be one of ${POLICY_MODES.join(', ')}`);
    const [problem] =
      findShapeProblems(policies, POLICY_DEFINITIONS_SCHEMA).length > 0
        ? findShapeProblems(policies, POLICY_DEFINITIONS_SCHEMA)
        : findPolicyProblems(policies as readonly DefinitionInFile[], dialect);
    if (problem) {
      const { suggestion } = problem;
      const text = suggestion === undefined ? problem.problem : `${problem.problem}; ${suggestion}`;
      const where = problem.at.map((part) => (/^\d+$/.test(String(part)) ? Number(part) : part));
      return unusable([...at, 'policies', ...where], text);
    }
  }
  return undefined;
};

const isOneOf = <T extends string>(known: readonly T[], value: unknown): value is T =>
  known.some((one) => one === value);

/** Reads a document of which `faultOf` found nothing to say; the policy for that issuer, or the first. */
export const ownTrust = (value: unknown, iss: string): OwnTrust => {
  const all = policiesIn(value);
  const { at, issuer, policy } = all.find((one) => issuerOf(one) === iss) ?? all[0] ?? { at: [], policy: {} };
  const { policies = [], dialect = 'strict', mode = 'enforce' } = isJsonObject(policy) ? policy : {};
  const replay = issuer?.['replay'];
  const url = issuer && issuerOf({ at, issuer, policy });
  return {
    at,
    ...(url !== undefined && { issuer: url }),
    replay: isOneOf(REPLAY, replay) ? replay : 'allow',
    policy: {
      dialect: isOneOf(DIALECTS, dialect) ? dialect : 'strict',
      mode: isOneOf(POLICY_MODES, mode) ? mode : 'enforce',
      policies: (policies as readonly DefinitionInFile[]).map(definitionOf),
    },
  };
};

const issuerOf = ({ issuer }: Found): string | undefined => {
  const written = issuer?.['issuer'] ?? issuer?.['url'];
  return typeof written === 'string' ? written : undefined;
};

const definitionOf = ({ rules = {}, authorizedPermissions = [], ...rest }: DefinitionInFile): Definition => ({
  ...rest,
  rules,
  authorizedPermissions,
});

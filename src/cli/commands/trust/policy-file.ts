import { type Finding, formatProblems, type Place, type Problem, readDocument } from '../../../documents.ts';
import { findPolicyProblems } from '../../../policy/check.ts';
import { completeDefinitions, type DefinitionInFile, POLICY_DEFINITIONS_SCHEMA } from '../../../policy/file.ts';
import {
  DIALECTS,
  type Dialect,
  type LintFinding,
  POLICY_MODES,
  type PolicyDocument,
  type PolicyMode,
} from '../../../policy/policy.ts';
import { unusable } from '../../failure.ts';

/** A candidate policy document as somebody wrote it: YAML or JSON, in the form of the API's body. */
interface PolicyFile {
  /** What `iss` of the tokens is, which it is about. */
  readonly issuer?: string;
  readonly dialect?: Dialect;
  readonly mode?: PolicyMode;
  readonly policies: readonly DefinitionInFile[];
}

/** A candidate that was found right. */
export interface Candidate {
  readonly written: PolicyFile;
  /** Complete: what the file leaves out is what would stay as it is. */
  readonly document: PolicyDocument;
  readonly place: Place;
}

const POLICY_FILE_SCHEMA = {
  type: 'object',
  title: 'a mapping with "policies"',
  additionalProperties: false,
  required: ['policies'],
  properties: {
    issuer: { type: 'string', minLength: 1, maxLength: 2048, title: 'what iss must be, such as https://gitlab.com' },
    dialect: { enum: DIALECTS },
    mode: { enum: POLICY_MODES },
    policies: POLICY_DEFINITIONS_SCHEMA,
  },
} as const;

type Kept = Pick<PolicyDocument, 'dialect' | 'mode'>;

/** What holds for a document that was never stored. */
export const FRESH: Kept = { dialect: 'strict', mode: 'enforce' };

/** Reads a candidate; `kept` is what holds where it does not say. */
export const readCandidate = (
  text: string,
  file: string,
  kept: Kept,
): Candidate | { readonly problems: readonly Problem[] } => {
  const reading = readDocument<PolicyFile>(text, file, POLICY_FILE_SCHEMA);
  if ('problems' in reading) return { problems: reading.problems };
  const { value: written, place } = reading;
  const { dialect = kept.dialect, mode = kept.mode, policies } = written;
  const findings = findPolicyProblems(policies, dialect);
  if (findings.length > 0) {
    return { problems: findings.map((finding) => place({ ...finding, at: ['policies', ...finding.at] })) };
  }
  return { written, document: { dialect, mode, policies: completeDefinitions(policies) }, place };
};

/** The same for a command that can do nothing without it: throws everything that is wrong, at its place. */
export const mustReadCandidate = (text: string, file: string, kept: Kept): Candidate => {
  const candidate = readCandidate(text, file, kept);
  if ('problems' in candidate) throw problemsIn([file], candidate.problems);
  return candidate;
};

/** A file that names an issuer is for no other: the wrong policy at the wrong issuer would open it to strangers. */
export const mustBeFor = (
  { issuer: meant }: Pick<PolicyFile, 'issuer'>,
  { name, issuer }: { readonly name: string; readonly issuer: string },
  file: string,
): void => {
  if (meant === undefined || meant === issuer) return;
  throw unusable(
    `${file} is for the issuer ${meant}, and "${name}" is ${issuer}.`,
    'name the trusted issuer that the file is for, or correct "issuer" in it',
  );
};

export const problemsIn = (files: readonly string[], problems: readonly Problem[]) => {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const what = files.length === 1 ? files[0] : 'the files';
  return unusable(`${what} cannot be used: ${count}.\n${formatProblems(problems)}`);
};

/** Where a finding of the linter belongs: `above` is the document's own place in the file, `whole` that of what is not about a definition. */
export const placeOf = (
  { index, claim, message }: LintFinding,
  { policies }: Pick<PolicyDocument, 'policies'>,
  above: Finding['at'] = [],
  whole: Finding['at'] = above,
): Finding => {
  if (index === undefined) return { at: whole, problem: message };
  const rules = policies[index]?.rules ?? {};
  const rule = claim !== undefined && Object.hasOwn(rules, claim) ? ['rules', claim] : [];
  return { at: [...above, 'policies', index, ...rule], problem: message };
};

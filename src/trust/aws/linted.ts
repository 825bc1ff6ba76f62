import type { OurSide, Presented, Warning } from '../verdict.ts';
import { type Context, claimOfKey } from './context.ts';
import type { AwsTrust } from './document.ts';
import type { AwsReasonCode } from './finding.ts';
import { principalFinding, principalFor, type RolePlace } from './principals.ts';
import type { Condition, Statement } from './statements.ts';

/** Codes of warnings that are no reasons, too; what is wrong with keys and principals has the reasons' codes. */
export const AWS_WARNINGS = [
  'aws_issuer_unreachable',
  'aws_version',
  'aws_policy_length',
  'aws_thumbprint',
  'aws_principal_any',
  'aws_not_action',
  'aws_no_subject',
  'aws_no_audience',
  'aws_audience_pattern',
  'aws_subject_crosses_organizations',
  'aws_subject_open_prefix',
  'aws_subject_other_organization',
  'aws_subject_unknown_name',
  'aws_subject_not_ours',
  'aws_condition_always_true',
  'aws_for_all_values',
  'aws_variables_off',
  'aws_deny_never_matches',
] as const;

export type AwsWarningCode = (typeof AWS_WARNINGS)[number] | AwsReasonCode;

/** A statement that speaks of the issuer, with everything that a lint may look at. */
export interface Linted {
  readonly statement: Statement;
  readonly trust: AwsTrust;
  readonly presented: Presented;
  readonly ours: OurSide;
  readonly context: Context;
}

export const warning = (code: AwsWarningCode, condition: string, text: string): Warning => ({ code, condition, text });

/** Does a statement speak of the issuer, rightly or nearly so? One for our other issuer does not. */
export const isForIssuer = (
  statement: Statement,
  presented: Presented,
  place: RolePlace | undefined,
  { issuers }: OurSide,
): boolean => {
  if (principalFor(statement, presented.issuer, place) !== undefined) return true;
  const isForOther = Object.values(issuers).some((issuer) => principalFor(statement, issuer, place) !== undefined);
  return !isForOther && principalFinding(statement, presented, place) !== undefined;
};

/** Does a condition say who, or at least which group? A session tag does: only the issuer can set it. */
export const isPin = ({ key, operator, values }: Condition, { prefix }: Context): boolean => {
  if (operator.negated || !['equals', 'like', 'arn'].includes(operator.comparison)) return false;
  if (values.some((value) => /^\*+$/.test(value))) return false;
  return claimOfKey(key, prefix)?.toLowerCase() === 'sub' || /^aws:requesttag\//i.test(key);
};

import type { Change } from '../edits.ts';
import { type Path, pathText } from '../written.ts';

/** Something for which AWS refuses, before anybody knows whether undoing it is safe. */
export interface Finding {
  readonly code: AwsReasonCode;
  readonly condition: string;
  readonly wanted: string;
  readonly presented: string;
  readonly edit: string;
  /** The edit, as changes to an `AwsSource`; none where no document can say it. */
  readonly changes: readonly Change[];
}

/** Every code of a reason, with what AWS answers. */
export const AWS_REASONS = {
  // What is refused before the policy is looked at.
  aws_session_name: 'ValidationError',
  aws_duration: 'ValidationError',
  aws_algorithm: 'InvalidIdentityToken',
  aws_claim_missing: 'InvalidIdentityToken',
  aws_times_not_whole: 'InvalidIdentityToken',
  aws_audience_list: 'InvalidIdentityToken',
  aws_provider_mismatch: 'InvalidIdentityToken: No OpenIDConnect provider found in your account',
  aws_audience_not_registered: 'InvalidIdentityToken: Incorrect token audience',
  aws_role_not_listed: 'InvalidIdentityToken',
  // The policy: all of these are "Not authorized to perform sts:AssumeRoleWithWebIdentity".
  aws_explicit_deny: 'AccessDenied',
  aws_principal_mismatch: 'AccessDenied',
  aws_principal_scheme: 'AccessDenied',
  aws_principal_slash: 'AccessDenied',
  aws_principal_case: 'AccessDenied',
  aws_principal_path: 'AccessDenied',
  aws_principal_form: 'AccessDenied',
  aws_principal_account: 'AccessDenied',
  aws_action_missing: 'AccessDenied',
  aws_tag_session_missing: 'AccessDenied',
  aws_source_identity_missing: 'AccessDenied',
  aws_key_scheme: 'AccessDenied',
  aws_key_slash: 'AccessDenied',
  aws_key_path: 'AccessDenied',
  aws_key_prefix_missing: 'AccessDenied',
  aws_key_other_issuer: 'AccessDenied',
  aws_claim_is_no_key: 'AccessDenied',
  aws_key_never_there: 'AccessDenied',
  aws_wildcard_in_equals: 'AccessDenied',
  aws_sub_case: 'AccessDenied',
  aws_sub_mismatch: 'AccessDenied',
  aws_aud_case: 'AccessDenied',
  aws_aud_mismatch: 'AccessDenied',
  aws_value_space: 'AccessDenied',
  aws_variable_absent: 'AccessDenied',
  aws_tag_mismatch: 'AccessDenied',
  aws_session_name_mismatch: 'AccessDenied',
  aws_source_identity_mismatch: 'AccessDenied',
  aws_role_not_authorized: 'AccessDenied',
  aws_value_excluded: 'AccessDenied',
  aws_null_mismatch: 'AccessDenied',
  aws_condition_mismatch: 'AccessDenied',
} as const;

export type AwsReasonCode = keyof typeof AWS_REASONS;

/** A value as one writes it in the policy. */
export const json = (value: unknown): string => JSON.stringify(value);

/** The edit that writes one value: its sentence and its change. */
export const write = (at: Path, value: unknown): Pick<Finding, 'edit' | 'changes'> => ({
  edit: `Write ${pathText(at.slice(0, -1))}: ${json({ [String(at.at(-1))]: value })}.`,
  changes: [{ at: ['policy', ...at], value }],
});

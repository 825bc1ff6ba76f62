import type { Denial } from '../denials.ts';

const START = 'the API server does not start, or keeps its former configuration';
const MAPPING = 'Unauthorized; in the log of the API server: oidc: error evaluating …, or parse … claims';
const RULE = 'Unauthorized; in the log of the API server: oidc: error evaluating claim validation expression';

/** Every code of a reason, with where one sees it. */
export const KUBERNETES_REASONS = {
  kubernetes_version: START,
  kubernetes_field_unknown: START,
  kubernetes_issuer_form: START,
  kubernetes_issuer_duplicate: START,
  kubernetes_discovery_form: START,
  kubernetes_audiences_missing: START,
  kubernetes_audiences_duplicate: START,
  kubernetes_match_policy: START,
  kubernetes_rule_form: START,
  kubernetes_username_unmapped: START,
  kubernetes_prefix_missing: START,
  kubernetes_mapping_form: START,
  kubernetes_extra_key: START,
  kubernetes_expression_invalid: START,
  kubernetes_email_unverified: START,
  kubernetes_issuer_slash: 'Unauthorized; nothing in the log: no authenticator is for this issuer',
  kubernetes_issuer_mismatch: 'Unauthorized; nothing in the log: no authenticator is for this issuer',
  kubernetes_algorithm: 'Unauthorized; in the log: oidc: verify token: unexpected signature algorithm',
  kubernetes_audience_mismatch: 'Unauthorized; in the log: oidc: verify token: oidc: expected audience in … got …',
  kubernetes_username_missing: 'Unauthorized; in the log: oidc: parse username claims …: claim not present',
  kubernetes_username_type: MAPPING,
  kubernetes_username_empty: MAPPING,
  kubernetes_mapping_failed: MAPPING,
  kubernetes_mapped_type: MAPPING,
  kubernetes_claim_missing: 'Unauthorized; in the log: oidc: required claim … not present in ID token',
  kubernetes_claim_type: 'Unauthorized; in the log: oidc: parse claim …',
  kubernetes_claim_mismatch: 'Unauthorized; in the log: oidc: required claim … value does not match',
  kubernetes_rule_failed: RULE,
  kubernetes_rule_false: RULE,
  kubernetes_user_rule_failed: 'Unauthorized; in the log: oidc: error evaluating user info validation rule',
  kubernetes_user_rule_false: 'Unauthorized; in the log: oidc: error evaluating user info validation rule',
} as const;

export type KubernetesDenial = Denial & { readonly code: keyof typeof KUBERNETES_REASONS };

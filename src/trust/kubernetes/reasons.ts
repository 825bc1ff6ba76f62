import type { Denial } from '../denials.ts';

const MAPPING = [
  'denied oidc: error evaluating …',
  'denied oidc: parse … claim…',
  "denied expression '…' resulted in error: …",
];
const RULE = ['denied oidc: error evaluating claim validation expression: …'];
const USER_RULE = ['denied oidc: error evaluating user info validation rule: …'];
const NOBODY = ['denied '];
const EXPRESSION = [
  'jwt[…]….expression: Invalid value: …',
  'jwt[…].claimMappings.extra[…].valueExpression: Invalid value: …',
];

/**
 * Every code of a reason, with what one sees of it: one of these, in which `…` is any text. What begins with `denied`
 * is `Unauthorized` to the bearer, with the rest in the API server's log; of all else, it does not start, or keeps its
 * former configuration. As version 1.37.
 */
export const KUBERNETES_REASONS = {
  kubernetes_version: [
    'no kind … is registered …',
    "Object 'Kind' is missing in …",
    "Object 'apiVersion' is missing in …",
    'strict decoding error: …',
  ],
  kubernetes_field_unknown: ['strict decoding error: …'],
  kubernetes_authenticators: ['jwt: Too many: …'],
  kubernetes_anonymous_form: ['anonymous.conditions: …'],
  kubernetes_issuer_form: ['jwt[…].issuer.url: …'],
  kubernetes_issuer_duplicate: ['jwt[…].issuer.url: Duplicate value: …'],
  kubernetes_discovery_form: ['jwt[…].issuer.discoveryURL: …'],
  kubernetes_connection_form: ['jwt[…].issuer.certificateAuthority: …', 'jwt[…].issuer.egressSelectorType: …'],
  kubernetes_audiences_missing: ['jwt[…].issuer.audiences: Required value: …'],
  kubernetes_audiences_duplicate: ['jwt[…].issuer.audiences[…]: …'],
  kubernetes_match_policy: ['jwt[…].issuer.audienceMatchPolicy: …'],
  kubernetes_rule_form: ['jwt[…].claimValidationRules[…', 'jwt[…].userValidationRules[…'],
  kubernetes_username_unmapped: ['jwt[…].claimMappings.username: Required value: …'],
  kubernetes_prefix_missing: ['jwt[…].claimMappings.….prefix: Required value: …'],
  kubernetes_mapping_form: ['jwt[…].claimMappings.…: Invalid value: …'],
  kubernetes_extra_key: [
    'jwt[…].claimMappings.extra[…].key: …',
    'jwt[…].claimMappings.extra[…].valueExpression: Required value…',
  ],
  kubernetes_expression_invalid: EXPRESSION,
  kubernetes_email_unverified: ['jwt[…].claimMappings.username.expression: Invalid value: …'],
  kubernetes_issuer_slash: NOBODY,
  kubernetes_issuer_mismatch: NOBODY,
  kubernetes_registered_form: [
    'denied oidc: verify token: oidc: failed to …',
    'denied oidc: verify token: oidc: source does not exist',
    'denied oidc: verify token: oidc: token is expired …',
    'denied oidc: could not expand distributed claims: …',
    ...NOBODY,
  ],
  kubernetes_algorithm: [
    'denied oidc: verify token: oidc: id token signed with unsupported algorithm, …',
    'denied oidc: verify token: oidc: malformed jwt: …',
  ],
  kubernetes_audience_mismatch: ['denied oidc: verify token: oidc: expected audience …'],
  kubernetes_username_missing: ['denied oidc: parse username claims …: claim not present'],
  kubernetes_username_type: MAPPING,
  kubernetes_username_empty: ['denied oidc: empty username via CEL expression is not allowed'],
  kubernetes_email_refused: ['denied oidc: email not verified', "denied oidc: parse 'email_verified' claim: …"],
  kubernetes_mapping_failed: MAPPING,
  kubernetes_mapped_type: MAPPING,
  kubernetes_claim_missing: ['denied oidc: required claim … not present in ID token'],
  kubernetes_claim_type: ['denied oidc: parse claim …'],
  kubernetes_claim_mismatch: ['denied oidc: required claim … value does not match. …'],
  kubernetes_rule_failed: RULE,
  kubernetes_rule_false: RULE,
  kubernetes_user_rule_failed: USER_RULE,
  kubernetes_user_rule_false: USER_RULE,
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type KubernetesDenial = Denial & { readonly code: keyof typeof KUBERNETES_REASONS };

import type { Denial } from '../denials.ts';

const SIGNATURE = 'error validating token: error verifying token signature: …';
const REGISTERED = [
  'error validating token: json: cannot unmarshal …',
  'error validating token: go-jose/go-jose/jwt: expected …',
];
const CONFIG = [
  "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC",
  "'oidc_discovery_url' must be set for OIDC",
  'error configuring token validator: unsupported config type',
  'error checking …',
  "CA PEMs must be provided as part of the 'jwks_pairs' when using multiple JWKS URLs",
  "Bound issuer is not supported for use with 'jwks_pairs'",
  'invalid jwks_pairs: …',
  'error parsing public key: …',
  'invalid jwt_supported_algs: …',
  'invalid response_types …',
  'invalid response_mode: …',
  'query response_mode may not be used with an id_token response_type',
  'invalid provider_config: …',
];
const ROLE_TYPE = [
  'role with oidc role_type is not allowed',
  "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.",
  "invalid 'role_type': …",
];
const TOKEN = [
  "invalid 'token_type' value …",
  "'token_type' cannot be 'batch' …",
  "'token_num_uses' cannot be negative",
  "'token_ttl' cannot be greater than 'token_max_ttl'",
  'ttl should not be greater than max ttl',
];
const MAPPING = ['metadata key … is reserved …', 'multiple keys are mapped to metadata key …'];
const ISSUER = ['error validating token: invalid issuer (iss) claim', 'error checking oidc discovery URL', SIGNATURE];
const SUBJECT = ['error validating token: invalid subject (sub) claim'];
const AUDIENCE = ['error validating token: invalid audience (aud) claim: …'];
const MISMATCH = ['error validating claims: claim … does not match any associated bound claim values'];
const MISSING = ['error validating claims: claim … is missing'];
const CLAIM_FORM = [
  'error validating claims: received claim is not a string, bool, int or list: …',
  'error validating claims: bound claim is not a string, bool, int or list: …',
];

/** Every code of a reason, with what Vault answers: one of these, in which `…` is any text. As version 0.26.1 of the method. */
export const VAULT_REASONS = {
  vault_config_keys: [
    "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs' or 'oidc_discovery_url' must be set",
  ],
  vault_config_form: CONFIG,
  vault_role_type: ROLE_TYPE,
  vault_token_form: TOKEN,
  vault_network_form: ['error parsing address …'],
  vault_claims_type: ["invalid 'bound_claims_type': …"],
  vault_glob_form: ['claim is not a string: …', 'claim is not a string or list: …'],
  vault_mapping_form: MAPPING,
  vault_user_claim_unset: ['a user claim must be defined on the role'],
  vault_role_unbound: ['must have at least one bound constraint when creating/updating a role'],
  vault_algorithm: ['error validating token: invalid algorithm (alg) header parameter: …', SIGNATURE],
  vault_registered_form: REGISTERED,
  vault_issuer_slash: ISSUER,
  vault_issuer_mismatch: ISSUER,
  vault_subject_wildcard: SUBJECT,
  vault_subject_mismatch: SUBJECT,
  vault_audience_unbound: ['audience claim found in JWT but no audiences bound to the role'],
  vault_audience_wildcard: AUDIENCE,
  vault_audience_mismatch: AUDIENCE,
  vault_times_missing: [
    'error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token',
  ],
  vault_user_claim_missing: ['claim … not found in token'],
  vault_user_claim_form: ['claim … could not be converted to string'],
  vault_mapped_claim_form: ['error converting claim … to string'],
  vault_groups_missing: ['failed to fetch groups: … claim not found in token'],
  vault_groups_form: [
    '… claim could not be converted to string list',
    'value … in groups claim could not be parsed as string',
  ],
  vault_claim_missing: MISSING,
  vault_claim_path: MISSING,
  vault_claim_form: CLAIM_FORM,
  vault_glob_as_text: MISMATCH,
  vault_claim_mismatch: MISMATCH,
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type VaultDenial = Denial & { readonly code: keyof typeof VAULT_REASONS };

import type { Denial } from '../denials.ts';

/** Every code of a reason, with what Vault answers. Where two versions differ: the newer. */
export const VAULT_REASONS = {
  vault_role_type: 'role with oidc role_type is not allowed',
  vault_claims_type: "invalid 'bound_claims_type'",
  vault_user_claim_unset: 'a user claim must be defined on the role',
  vault_role_unbound: 'must have at least one bound constraint when creating/updating a role',
  vault_mapping_form: 'metadata key … is reserved, or multiple keys are mapped to it',
  vault_config_keys:
    "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs' or 'oidc_discovery_url' must be set",
  vault_claim_name_folds: 'error validating token: a claim repeats a registered name in another case',
  vault_algorithm: 'error validating token: unsupported signing algorithm',
  vault_issuer_slash: 'error validating token: invalid issuer (iss) claim',
  vault_issuer_mismatch: 'error validating token: invalid issuer (iss) claim',
  vault_subject_wildcard: 'error validating token: invalid subject (sub) claim',
  vault_subject_mismatch: 'error validating token: invalid subject (sub) claim',
  vault_audience_unbound: 'audience claim found in JWT but no audiences bound to the role',
  vault_audience_wildcard: 'error validating token: invalid audience (aud) claim',
  vault_audience_mismatch: 'error validating token: invalid audience (aud) claim',
  vault_claim_missing: 'error validating claims: claim … is missing',
  vault_claim_path: 'error validating claims: claim … is missing',
  vault_claim_form: 'error validating claims: received claim is not a string, bool, int or list',
  vault_glob_form: 'claim is not a string',
  vault_glob_as_text: 'error validating claims: claim … does not match any associated bound claim values',
  vault_claim_mismatch: 'error validating claims: claim … does not match any associated bound claim values',
  vault_user_claim_missing: 'claim … not found in token',
  vault_user_claim_form: 'claim … could not be converted to string',
  vault_mapped_claim_form: 'error converting claim … to string',
  vault_groups_missing: 'failed to fetch groups: … claim not found in token',
  vault_groups_form: '… claim could not be converted to string list',
} as const;

export type VaultDenial = Denial & { readonly code: keyof typeof VAULT_REASONS };

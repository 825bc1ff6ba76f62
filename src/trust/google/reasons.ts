import type { Denial } from '../denials.ts';

const SAVING = 'INVALID_ARGUMENT, when the provider is saved';
const MAPPING = 'invalid_grant: the attribute mapping fails';
const NOBODY = "403: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";

/** Every code of a reason, with what Google answers. */
export const GOOGLE_REASONS = {
  google_provider_unavailable:
    'invalid_target: The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
  google_audiences_form: SAVING,
  google_mapping_form: SAVING,
  google_mapping_invalid: SAVING,
  google_subject_unmapped: SAVING,
  google_condition_invalid: SAVING,
  google_keys_form: SAVING,
  google_issuer_mismatch: 'invalid_grant: The issuer in ID Token … does not match the expected ones.',
  google_algorithm: 'invalid_grant: unsupported algorithm',
  google_key_unknown: 'invalid_grant: no key of the uploaded set has signed the token',
  google_claim_missing: 'invalid_grant: a required claim is missing',
  google_lifetime: 'invalid_grant: exp is too far after iat',
  google_audience_mismatch: 'invalid_grant: The audience in ID Token […] does not match the expected audience.',
  google_mapping_failed: MAPPING,
  google_mapped_type: MAPPING,
  google_subject_empty: MAPPING,
  google_subject_too_long: 'invalid_grant: The size of mapped attribute google.subject exceeds the 127 bytes limit.',
  google_mapped_too_large: MAPPING,
  google_condition_failed: 'unauthorized_client: The given credential is rejected by the attribute condition.',
  google_condition_unmapped: 'unauthorized_client: The given credential is rejected by the attribute condition.',
  google_condition_false: 'unauthorized_client: The given credential is rejected by the attribute condition.',
  google_binding_missing: NOBODY,
  google_binding_role: NOBODY,
  google_binding_form: NOBODY,
  google_binding_project_id: NOBODY,
  google_binding_pool: NOBODY,
  google_binding_wildcard: NOBODY,
  google_binding_subject: NOBODY,
  google_binding_attribute_unmapped: NOBODY,
  google_binding_attribute: NOBODY,
} as const;

export type GoogleDenial = Denial & { readonly code: keyof typeof GOOGLE_REASONS };

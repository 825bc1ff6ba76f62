import type { Denial } from '../denials.ts';

/** Every code of a reason, with the refusal that the caller of an exchange gets. docs/errors.md. */
export const OWN_REASONS = {
  runpass_issuer_mismatch: 'invalid_grant',
  runpass_audit_only: 'invalid_grant',
  runpass_nothing_allowed: 'invalid_grant',
  runpass_denied: 'invalid_grant',
  runpass_claim_missing: 'invalid_grant',
  runpass_rule_mismatch: 'invalid_grant',
} as const;

export type OwnDenial = Denial & { readonly code: keyof typeof OWN_REASONS };

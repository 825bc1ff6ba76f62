/**
 * Why a subject token is not believed, by stable code: what the administrator reads. The caller never does.
 */
export const TOKEN_PROBLEMS = {
  malformed_token: 'The subject token is not a signed JWT in its compact, canonical form.',
  unsupported_header: 'The header of the subject token has members or values that are not accepted.',
  unsupported_algorithm: 'The subject token is signed with an algorithm that is not accepted.',
  unknown_key: 'No key of the issuer has the kid that the subject token names.',
  keys_unavailable: 'The keys of the issuer could not be fetched, and none are held.',
  bad_signature: 'The signature of the subject token is not valid.',
  wrong_issuer: 'The subject token names another issuer than the one whose key signed it.',
  missing_claim: 'The subject token lacks a claim that it must have.',
  malformed_claim: 'A registered claim of the subject token has the wrong type or an impossible value.',
  expired: 'The subject token has expired.',
  not_yet_valid: 'The subject token is not valid yet: its clock, or ours, is wrong.',
  too_old: 'The subject token was issued longer ago than this trusted issuer allows.',
} as const;

export type TokenProblemCode = keyof typeof TOKEN_PROBLEMS;

/** A subject token that is not believed. `detail`: short, for the administrator; never any part of a signature. */
export interface TokenProblem {
  readonly problem: TokenProblemCode;
  readonly detail: string;
}

import type { Organization } from '../access/organization.ts';
import { Refusal } from '../errors.ts';
import type { RunSubject } from '../runs/run.ts';
import { type Draft, problemWithAudience } from '../tokens/draft.ts';
import { draftRunToken, draftRunTokenWithIds } from '../tokens/run.ts';

/** What the stories about runs need to know of one of our issuers. */
export interface RunIssuer {
  readonly name: 'v1' | 'v2';
  /** Its `iss`. */
  readonly url: string;
  readonly defaultLifetime: number;
  /** Longest token that its ring may sign. */
  readonly maxLifetime: number;
  readonly subjectPrefix: string;
  readonly claimNamespace: string;
  /** v1: audiences that the operator allows an organization beside its own name. */
  audiences(organization: string): readonly string[];
}

/** What a token of this run would say on this issuer: the same for the token itself and for a preview of it. */
export const draftForRun = (
  issuer: RunIssuer,
  organization: Organization,
  run: RunSubject,
  audience: string | undefined,
): Draft => {
  const aud = audienceFor(issuer, organization.name, audience);
  return issuer.name === 'v1'
    ? draftRunToken(issuer.subjectPrefix, organization.subjects, run, aud)
    : draftRunTokenWithIds(issuer.subjectPrefix, issuer.claimNamespace, run, aud);
};

/**
 * The audience of a run's token.
 *
 * v1's trust policies tell organizations apart by `aud`, so there a caller may only choose from what the
 * operator listed for the organization. v2 takes any audience, and therefore has no default.
 */
export const audienceFor = (issuer: RunIssuer, organization: string, asked: string | undefined): string => {
  if (asked !== undefined) {
    const problem = problemWithAudience(asked);
    if (problem) throw new Refusal('invalid_audience', { problem });
  }
  if (issuer.name === 'v2') {
    if (asked === undefined) throw new Refusal('audience_required');
    return asked;
  }
  if (asked === undefined || asked === organization) return organization;
  if (!issuer.audiences(organization).includes(asked)) {
    throw new Refusal('audience_not_allowed', { organization, audience: asked });
  }
  return asked;
};

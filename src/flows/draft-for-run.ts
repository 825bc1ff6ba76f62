import type { Operation, Organization } from '../access/organization.ts';
import { awsSessionOf } from '../deployments/settings/aws-session.ts';
import type { CloudSettings, Target } from '../deployments/settings/cloud-settings.ts';
import type { SessionNames } from '../deployments/settings/session-name.ts';
import { audienceAt } from '../deployments/settings/target-audience.ts';
import { problemsAtTarget, type TargetProblem } from '../deployments/settings/target-limits.ts';
import { Refusal } from '../errors.ts';
import type { KnownStack } from '../runs/directory.ts';
import type { Identified, Run } from '../runs/run.ts';
import { NO_ID } from '../runs/stand-ins.ts';
import { type AwsClaims, awsClaims } from '../tokens/aws-claims.ts';
import { type Draft, problemWithAudience } from '../tokens/draft.ts';
import { longestLength } from '../tokens/mint.ts';
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

/** What a run asks of a token, beside how long it lasts. */
export interface TokenWish {
  /** Absent: the target's on v2; else the issuer's default. */
  readonly audience?: string;
  /** Where the token will be used; absent: anywhere. */
  readonly target?: Target;
}

/** What is looked at of a run, or of one that is only thought of. */
export type DraftedRun = Pick<Run, 'id' | 'subject' | 'clouds'>;

/** The next run of a stack, that nobody has started. */
export const nextRunOf = (
  organization: Identified,
  stack: KnownStack,
  operation: Operation,
  actor: string,
  clouds: CloudSettings | undefined,
): DraftedRun => ({
  id: NO_ID,
  subject: {
    organization,
    project: stack.project,
    stack: { id: stack.id, name: stack.name },
    operation,
    version: stack.runs + 1,
    actor,
  },
  ...(clouds && { clouds }),
});

/** What a token of this run would say on this issuer: the same for the token itself and for a preview of it. */
export const draftForRun = (
  issuer: RunIssuer,
  organization: Organization,
  run: DraftedRun,
  { audience, target }: TokenWish,
): Draft => {
  const asked =
    audience ?? (issuer.name === 'v2' && target ? audienceAt(target, run.clouds ?? {}, organization.name) : undefined);
  const aud = audienceFor(issuer, organization.name, asked);
  const aws = claimsForAws(run, target);
  return issuer.name === 'v1'
    ? draftRunToken(issuer.subjectPrefix, organization.subjects, run.subject, aud, aws)
    : draftRunTokenWithIds(issuer.subjectPrefix, issuer.claimNamespace, run.subject, aud, aws);
};

/** Refuses a token that its target can only refuse: the reason told here is better than any that is told there. */
export const refuseImpossible = (target: Target, run: DraftedRun, draft: Draft, alg: string | undefined): void => {
  const [first] = impossibleAt(target, run, draft, alg);
  if (first) throw new Refusal('target_impossible', { target, ...first, subject: draft.sub });
};

/** Every limit of the target that a token of this draft does not keep. */
export const impossibleAt = (
  target: Target,
  run: DraftedRun,
  draft: Draft,
  alg: string | undefined,
): readonly TargetProblem[] => {
  const token = { sub: draft.sub, aud: draft.aud, length: longestLength(draft), ...(alg !== undefined && { alg }) };
  return problemsAtTarget(target, token, run.clouds ?? {}, sessionNamesOf(run));
};

/** What session names and tags are made of. */
export const sessionNamesOf = ({ id, subject }: DraftedRun): SessionNames => ({
  organization: subject.organization.name,
  project: subject.project.name,
  stack: subject.stack.name,
  operation: subject.operation,
  version: subject.version,
  id,
});

/** Nothing of AWS stands in a token unless the stack asks for it, nor in one that is for another target. */
const claimsForAws = (run: DraftedRun, target: Target | undefined): AwsClaims | undefined => {
  const settings = run.clouds?.aws;
  if (!settings || (target !== undefined && target !== 'aws')) return undefined;
  return awsClaims(awsSessionOf(settings, sessionNamesOf(run)));
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

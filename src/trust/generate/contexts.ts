import type { Operation } from '../../access/organization.ts';
import type { Draft } from '../../tokens/draft.ts';
import { draftEnvironmentToken, draftEnvironmentTokenWithIds } from '../../tokens/environment.ts';
import { draftRunToken, draftRunTokenWithIds } from '../../tokens/run.ts';
import type { SubjectAttribute } from '../../tokens/subject.ts';
import type { Presented } from '../verdict.ts';
import type { OrganizationFacts } from './scope.ts';

/** A run or an opened environment by what its tokens are made of, and what they would say. */
export interface Context {
  /** For people: `contoso/core/dev update`. */
  readonly name: string;
  readonly presented: Presented;
}

/** Which of our issuers signs, and for whom. */
export interface Audience {
  readonly issuer: 'v1' | 'v2';
  readonly audience: string;
}

export interface RunFacts {
  readonly organization: { readonly id: string; readonly name: string };
  readonly project: { readonly id: string; readonly name: string };
  readonly stack: { readonly id: string; readonly name: string };
  readonly operation: Operation;
}

export interface OpeningFacts {
  readonly organization: { readonly id: string; readonly name: string };
  readonly environment: { readonly id: string; readonly project: string; readonly name: string };
  readonly attributes: readonly SubjectAttribute[];
  readonly user: string;
  readonly token: { readonly type: 'personal' | 'team' | 'organization'; readonly team: string };
}

/** What a run's token would say: drafted as the token itself is. */
export const runContext = (facts: OrganizationFacts, { issuer, audience }: Audience, run: RunFacts): Context => {
  const subject = { ...run, version: 1, actor: 'somebody' };
  const draft =
    issuer === 'v1'
      ? draftRunToken(facts.subjectPrefix, facts.subjects, subject, audience)
      : draftRunTokenWithIds(facts.subjectPrefix, facts.claimNamespace, subject, audience);
  const { organization, project, stack, operation } = run;
  return {
    name: `${organization.name}/${project.name}/${stack.name} ${operation}`,
    presented: presented(facts, issuer, draft),
  };
};

/** What the token of an opened environment would say. */
export const openingContext = (
  facts: OrganizationFacts,
  { issuer, audience }: Audience,
  given: OpeningFacts,
): Context => {
  const { environment, attributes, ...rest } = given;
  const opening = { ...rest, root: environment, current: environment };
  const draft =
    issuer === 'v1'
      ? draftEnvironmentToken(facts.subjectPrefix, opening, attributes, audience)
      : draftEnvironmentTokenWithIds(facts.subjectPrefix, facts.claimNamespace, opening, audience);
  const name = `${given.organization.name}/${environment.project}/${environment.name} opened by ${given.user}`;
  return { name, presented: presented(facts, issuer, draft) };
};

/** No evaluator has a clock: any hour is as good as another. */
const THEN = 1_800_000_000;

const presented = (facts: OrganizationFacts, issuer: 'v1' | 'v2', { sub, aud, claims }: Draft): Presented => {
  const iss = facts.issuers[issuer];
  return {
    issuer: iss,
    header: { alg: facts.algorithms[issuer], kid: 'any' },
    claims: { iss, sub, aud, iat: THEN, nbf: THEN - 30, exp: THEN + 3600, jti: 'any', ...claims },
  };
};

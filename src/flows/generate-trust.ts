import { type NameKind, problemWithName } from '../access/names.ts';
import type { Organization } from '../access/organization.ts';
import { mayRun, type Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { SubjectAttribute } from '../tokens/subject.ts';
import { defaultAudience } from '../trust/generate/audience.ts';
import { casesOf } from '../trust/generate/cases.ts';
import { generateTrust, seenBy } from '../trust/generate/generate.ts';
import {
  CHECKED_BY,
  type CheckedBy,
  type GeneratedTrust,
  isNotGenerated,
  type TrustRequest,
} from '../trust/generate/generated.ts';
import { type EnvironmentScope, isPattern, operationsOf, scopeText, type TrustScope } from '../trust/generate/scope.ts';
import { type Proof, proveDocument } from '../trust/prove.ts';
import type { Recognised } from '../trust/recognise.ts';
import type { RememberedTrusts } from '../trust/remembered/remembered.ts';
import { administratorsOnly } from './administrators-only.ts';
import { audienceFor } from './draft-for-run.ts';
import { readTrustDocument } from './explain-trust.ts';
import { type FactParts, factsOf } from './organization-facts.ts';
import { environmentAudience, readEnvironmentName } from './preview-claims.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface GenerateTrustParts extends FactParts {
  readonly audit: AuditLog;
  readonly trustDocuments: Pick<RememberedTrusts, 'remember'>;
}

/** Characters of a scope in an audit record; what is refused may be longer than any scope is. */
const MOST_SHOWN = 300;

/**
 * Writes a trust document for a scope; nothing that was not proved is given out.
 *
 * It is recorded and remembered, so that whoever deletes what it names is told of it.
 */
export const generateForScope = async (
  parts: GenerateTrustParts,
  principal: Principal,
  organization: Organization,
  request: TrustRequest,
): Promise<GeneratedTrust> => {
  const { scope, target } = request;
  const actor = actorOf(principal);
  const trace = {
    kind: 'trust-document.generate' as const,
    organization: organization.name,
    actor,
    detail: { target, scope: scopeText(scope).slice(0, MOST_SHOWN) },
  };
  await recordRefusals(parts.audit, trace, () => permitted(principal, scope));
  checkAudience(parts, organization, request);
  const facts = await factsOf(parts, principal, organization, scope);
  const generated = generateTrust(request, facts);
  if (isNotGenerated(generated)) throw new Refusal('trust_not_generated', { problem: generated.problem });
  const { issuer, audience } = generated;
  await parts.audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, issuer, audience } });
  await parts.trustDocuments.remember(facts.organizationId, generated, scope, actor);
  return generated;
};

export interface VerifyRequest {
  readonly document: string;
  readonly scope: TrustScope;
  readonly issuer: 'v1' | 'v2';
  /** Absent: the one that the relying party gets without being asked. */
  readonly audience?: string;
}

export interface VerifiedTrust extends Proof {
  readonly party: Recognised['party'];
}

/**
 * Is a document that somebody wrote right for a scope: does it admit everybody in it, and nobody beyond?
 *
 * Where the scope is a pattern, the document may hold it as a pattern, or name the stacks that exist.
 */
export const verifyForScope = async (
  parts: FactParts,
  principal: Principal,
  organization: Organization,
  request: VerifyRequest,
): Promise<VerifiedTrust> => {
  const { document: text, scope, issuer, audience: asked } = request;
  permitted(principal, scope);
  checkAudience(parts, organization, request);
  if (issuer === 'v2' && scope.kind === 'environment' && scope.attributes.length > 0) {
    throw new Refusal('invalid_request', { problem: 'scope.attributes: subjects of v2 have none; leave them out' });
  }
  const { party, document } = readTrustDocument(text);
  const facts = await factsOf(parts, principal, organization, scope);
  const checkedBy = CHECKED_BY.find((known) => known === party);
  const audience = asked ?? audienceOf(checkedBy, { issuer, scope }, facts);
  const sees = checkedBy ? seenBy(checkedBy) : 'claims';
  const prove = (open: boolean): Proof | undefined => {
    const cases = casesOf(scope, facts, { issuer, audience }, open);
    return cases.within.length === 0 ? undefined : proveDocument(document, cases, facts, sees);
  };
  const closed = prove(false);
  const proof = closed?.proved ? closed : (prove(isOpen(scope)) ?? closed);
  if (!proof) throw new Refusal('trust_not_generated', { problem: 'Nothing that is known is in this scope.' });
  return { party, ...proof };
};

const isOpen = (scope: TrustScope): boolean =>
  scope.kind === 'runs' && (isPattern(scope.project) || isPattern(scope.stack));

const audienceOf = (
  checkedBy: CheckedBy | undefined,
  request: Pick<TrustRequest, 'issuer' | 'scope'>,
  facts: Parameters<typeof defaultAudience>[2],
): string => {
  if (request.issuer === 'v2' && (!checkedBy || checkedBy === 'google')) throw new Refusal('audience_required');
  return defaultAudience(checkedBy ?? 'kubernetes', request, facts, () => '');
};

/** Who may start every run in scope; patterns and environments are for administrators, as they name what others have. */
const permitted = (principal: Principal, scope: TrustScope): void => {
  if (scope.kind === 'environment') {
    administratorsOnly(principal, 'write trust documents for environments');
    checkName('project', scope.project);
    checkName('environment', scope.environment);
    scope.attributes.forEach(checkValue);
    return;
  }
  for (const field of ['project', 'stack'] as const) checkName(field, scope[field].replace(/[*?]/g, 'x'));
  if (isOpen(scope)) administratorsOnly(principal, 'write trust documents for patterns of stacks');
  const { project, stack } = scope;
  for (const operation of operationsOf(scope)) {
    const run = { project, stack, operation };
    if (!principal.administrator && !mayRun(principal, run)) throw new Refusal('run_not_permitted', run);
  }
};

/** An audience that no token of ours can have proves nothing. */
const checkAudience = (
  { runIssuers }: Pick<FactParts, 'runIssuers'>,
  { name }: Organization,
  { scope, issuer, audience }: Pick<VerifyRequest, 'scope' | 'issuer' | 'audience'>,
): void => {
  if (audience === undefined) return;
  if (scope.kind === 'environment') environmentAudience(runIssuers[issuer], name, audience);
  else audienceFor(runIssuers[issuer], name, audience);
};

/** A value that no token can have would be trusted for nobody, or, with a wildcard in it, for many. */
const checkValue = ({ attribute, value }: EnvironmentScope['attributes'][number]): void => {
  if (value === undefined) return;
  const kind = NAMED[attribute];
  if (kind) checkName(kind, value, attribute);
  else if (attribute !== 'pulumi.token.type') readEnvironmentName(attribute, value);
  else if (!TOKEN_TYPES.includes(value)) {
    throw new Refusal('invalid_name', { field: attribute, problem: `must be one of ${TOKEN_TYPES.join(', ')}` });
  }
};

const TOKEN_TYPES = ['personal', 'team', 'organization'];

const NAMED: Partial<Record<SubjectAttribute, NameKind>> = {
  'pulumi.user.login': 'user',
  'pulumi.organization.login': 'organization',
  'pulumi.token.team': 'team',
};

const checkName = (kind: NameKind, name: string, field: string = kind): void => {
  const problem = problemWithName(kind, name);
  if (problem) throw new Refusal('invalid_name', { field, problem });
};

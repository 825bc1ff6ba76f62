import { problemWithName } from '../access/names.ts';
import type { Organization } from '../access/organization.ts';
import { mayRun, type Principal } from '../access/principal.ts';
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
import { isPattern, operationsOf, type TrustScope } from '../trust/generate/scope.ts';
import { type Proof, proveDocument } from '../trust/prove.ts';
import type { Recognised } from '../trust/recognise.ts';
import type { RememberedTrusts } from '../trust/remembered/remembered.ts';
import { administratorsOnly } from './administrators-only.ts';
import { readTrustDocument } from './explain-trust.ts';
import { type FactParts, factsOf } from './organization-facts.ts';
import { actorOf } from './trace.ts';

export interface GenerateTrustParts extends FactParts {
  readonly trustDocuments: Pick<RememberedTrusts, 'remember'>;
}

/**
 * Writes a trust document for a scope; nothing that was not proved is given out.
 *
 * It is remembered, so that whoever deletes what it names is told of it.
 */
export const generateForScope = async (
  parts: GenerateTrustParts,
  principal: Principal,
  organization: Organization,
  request: TrustRequest,
): Promise<GeneratedTrust> => {
  permitted(principal, request.scope);
  const facts = await factsOf(parts, principal, organization, request.scope);
  const generated = generateTrust(request, facts);
  if (isNotGenerated(generated)) throw new Refusal('trust_not_generated', { problem: generated.problem });
  await parts.trustDocuments.remember(facts.organizationId, generated, request.scope, actorOf(principal));
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
  { document: text, scope, issuer, audience: asked }: VerifyRequest,
): Promise<VerifiedTrust> => {
  permitted(principal, scope);
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
    for (const { attribute, value } of scope.attributes) if (value !== undefined) checkValue(attribute, value);
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

const checkName = (field: 'project' | 'stack' | 'environment', name: string): void => {
  const problem = problemWithName(field, name);
  if (problem) throw new Refusal('invalid_name', { field, problem });
};

/** What no token can say is told by its name; that the rest is nobody's is found by the proof. */
const checkValue = (attribute: SubjectAttribute, value: string): void => {
  if (attribute === 'pulumi.token.type') {
    if (TOKEN_TYPES.includes(value)) return;
    throw new Refusal('invalid_name', { field: attribute, problem: `must be one of ${TOKEN_TYPES.join(', ')}` });
  }
  const kind = attribute === 'pulumi.token.team' ? 'team' : 'user';
  const problem = value.split('/').flatMap((part) => problemWithName(kind, part) ?? [])[0];
  if (problem) throw new Refusal('invalid_name', { field: attribute, problem });
};

const TOKEN_TYPES: readonly string[] = ['personal', 'team', 'organization'];

import { matchesName } from '../../access/names.ts';
import { buildSubject, environmentPath, FULL_COMPONENTS, runSubject } from '../../tokens/subject.ts';
import type { Cases } from './cases.ts';
import type { Audience } from './contexts.ts';
import { overlap } from './glob.ts';
import {
  type EnvironmentScope,
  everyOperation,
  isPattern,
  type OrganizationFacts,
  operationsOf,
  type RunScope,
  type TrustScope,
} from './scope.ts';

/** What a document has to ask of a token: the same for every relying party, which then asks in its own way. */
export interface Admission {
  /** For those who see the subject alone. Each a whole subject, or one with `*` and `?`. */
  readonly subjects: readonly string[];
  /** For those who see all claims: each claim is one of these, or looks like one of these. */
  readonly claims: readonly ClaimTest[];
}

export interface ClaimTest {
  readonly claim: string;
  readonly values: readonly string[];
}

/** Subjects and claims of everybody in scope, those that do not exist yet with `open`. */
export const admissionOf = (
  scope: TrustScope,
  facts: OrganizationFacts,
  signed: Audience,
  cases: Cases,
  open: boolean,
): Admission => {
  const known = [...new Set(cases.within.map(({ presented }) => String(presented.claims['sub'])))];
  if (scope.kind === 'environment') return openings(scope, facts, signed, known);
  return {
    subjects: open ? openSubjects(scope, facts, signed) : known,
    claims: signed.issuer === 'v1' ? namedClaims(scope, facts, cases, open) : idClaims(scope, facts, cases, open),
  };
};

/** May a document of these subjects be open at all? On v2 only the whole organization has a subject of its own. */
export const canBeOpen = (scope: TrustScope, { issuer }: Audience, by: 'subject' | 'claims'): boolean => {
  if (scope.kind === 'environment' || !(isPattern(scope.project) || isPattern(scope.stack))) return false;
  if (issuer === 'v1') return true;
  const isWhole = scope.project === '*' && scope.stack === '*';
  return by === 'subject' ? isWhole : scope.stack === '*' && (isWhole || !isPattern(scope.project));
};

/**
 * Patterns of subjects: one for each of the organization's rules that some stack in scope may fall under, in the form
 * that the rule gives subjects, and with the narrower of both names.
 */
const openSubjects = (scope: RunScope, facts: OrganizationFacts, { issuer }: Audience): readonly string[] => {
  const { subjectPrefix: prefix, organization: org, organizationId } = facts;
  if (issuer === 'v2') {
    return wildly(scope).map((operation) => `${prefix}:org:${organizationId}:stack:*:operation:${operation}`);
  }
  const built = (components: Parameters<typeof runSubject>[0], project: string, stack: string) =>
    wildly(scope).map((operation) =>
      buildSubject(prefix, runSubject(components, { org, project, stack, operation: operation as 'update' })),
    );
  const found: string[] = [];
  for (const { project, stack, components } of facts.subjects) {
    if (!overlap(project, scope.project) || !overlap(stack, scope.stack)) continue;
    found.push(...built(components, narrower(project, scope.project), narrower(stack, scope.stack)));
    if (covers(project, scope.project) && covers(stack, scope.stack)) return [...new Set(found)];
  }
  return [...new Set([...found, ...built(FULL_COMPONENTS, scope.project, scope.stack)])];
};

const wildly = (scope: RunScope): readonly string[] => (everyOperation(scope) ? ['*'] : operationsOf(scope));

/** Does one pattern match whatever the other matches? Only where that is plain. */
const covers = (wide: string, narrow: string): boolean =>
  wide === narrow || /^\*+$/.test(wide) || (!narrow.includes('?') && matchesName(wide, narrow));

const narrower = (one: string, other: string): string =>
  covers(one, other) ? other : covers(other, one) ? one : other;

const operationTest = (scope: RunScope, claim: string): readonly ClaimTest[] =>
  everyOperation(scope) ? [] : [{ claim, values: operationsOf(scope) }];

const namedClaims = (
  scope: RunScope,
  { organization }: OrganizationFacts,
  { within }: Cases,
  open: boolean,
): readonly ClaimTest[] => {
  const known = [...new Set(within.map(({ presented }) => String(presented.claims['stackId'])))];
  const stacks = open ? [`${organization}/${scope.project}/${scope.stack}`.replace(/\/\*\/\*$/, '/*')] : known;
  return [{ claim: 'stackId', values: stacks }, ...operationTest(scope, 'operation')];
};

const idClaims = (
  scope: RunScope,
  { claimNamespace, organizationId }: OrganizationFacts,
  { within }: Cases,
  open: boolean,
): readonly ClaimTest[] => {
  const valuesOf = (name: string) => [
    ...new Set(within.map(({ presented }) => String(presented.claims[claimNamespace + name]))),
  ];
  const operation = `${claimNamespace}operation`;
  const organization = { claim: `${claimNamespace}org_id`, values: [organizationId] };
  if (!open)
    return [
      organization,
      { claim: `${claimNamespace}stack_id`, values: valuesOf('stack_id') },
      ...operationTest(scope, operation),
    ];
  if (scope.project === '*') return [organization, { claim: operation, values: operationsOf(scope) }];
  return [
    organization,
    { claim: `${claimNamespace}project_id`, values: valuesOf('project_id') },
    ...operationTest(scope, operation),
  ];
};

const openings = (
  { project, environment, attributes }: EnvironmentScope,
  { subjectPrefix, organization }: OrganizationFacts,
  { issuer }: Audience,
  known: readonly string[],
): Admission => {
  if (issuer === 'v2') return { subjects: known, claims: [{ claim: 'sub', values: known }] };
  const root = environmentPath({ project, name: environment });
  const given: Readonly<Record<string, string>> = {
    'pulumi.organization.login': organization,
    'currentEnvironment.name': root,
    'rootEnvironment.name': root,
  };
  const values = attributes.map(({ attribute, value }) => ({ attribute, value: value ?? given[attribute] ?? '*' }));
  const subject =
    values.length === 0
      ? known
      : [buildSubject(subjectPrefix, { form: 'environment-attributes', org: organization, attributes: values })];
  return {
    subjects: subject,
    claims: [
      { claim: 'sub', values: subject },
      { claim: 'root_env', values: [root] },
    ],
  };
};

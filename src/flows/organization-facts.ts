import { hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { Identified } from '../runs/run.ts';
import { isPattern, type OrganizationFacts, type StackFact, type TrustScope } from '../trust/generate/scope.ts';
import type { OurSideParts } from './our-side.ts';
import type { PresentTokenParts } from './present-token.ts';
import { maySee } from './read-runs.ts';

export type FactParts = OurSideParts & Pick<PresentTokenParts, 'runs' | 'signer'>;

const PAGE = 100;
/** So many of the newest runs tell which stacks there are. */
const MOST_RUNS = 2000;
const MOST_ENVIRONMENTS = 1000;

/**
 * What is known of an organization, as far as the caller may see it: what trust documents for it are made of.
 *
 * A stack is known by its runs, and the stacks and environments that the scope spells out are always looked up.
 */
export const factsOf = async (
  parts: FactParts,
  principal: Principal,
  organization: Organization,
  scope: TrustScope,
): Promise<OrganizationFacts> => {
  const { v1, v2 } = parts.runIssuers;
  const owner = await parts.directory.organization(organization.name, organization.id);
  const [stacks, { environments }] = await Promise.all([
    stacksOf(parts, principal, owner, scope),
    parts.environments.list(owner, {
      count: MOST_ENVIRONMENTS,
      shows: (environment) => hasAccess(principal, environment, 'read'),
    }),
  ]);
  return {
    issuers: { v1: v1.url, v2: v2.url },
    subjectPrefix: v1.subjectPrefix,
    claimNamespace: v2.claimNamespace,
    organization: organization.name,
    organizationId: owner.id,
    subjects: organization.subjects,
    algorithms: { v1: parts.signer('v1')?.alg ?? 'RS256', v2: parts.signer('v2')?.alg ?? 'RS256' },
    stacks,
    environments: environments.map(({ id, project, name }) => ({ id, project, name })),
    // Documents may well be written before what they name: nothing is said to be gone.
    known: {},
  };
};

const stacksOf = async (
  { runs, directory }: FactParts,
  principal: Principal,
  owner: Identified,
  scope: TrustScope,
): Promise<readonly StackFact[]> => {
  const names = new Map<string, { readonly project: string; readonly stack: string }>();
  if (scope.kind === 'runs' && !isPattern(scope.project + scope.stack)) {
    names.set(`${scope.project}/${scope.stack}`, scope);
  }
  for (let offset = 0; offset < MOST_RUNS; offset += PAGE) {
    const page = await runs.list({ id: owner.id }, offset, PAGE);
    for (const { subject } of page.runs) {
      const named = { project: subject.project.name, stack: subject.stack.name };
      if (maySee(principal, named)) names.set(`${named.project}/${named.stack}`, named);
    }
    if (offset + PAGE >= page.total) break;
  }
  const found = await Promise.all(
    [...names.values()].map(({ project, stack }) => directory.findStack(owner, project, stack)),
  );
  return found.flatMap((stack) => (stack ? [{ project: stack.project, id: stack.id, name: stack.name }] : []));
};

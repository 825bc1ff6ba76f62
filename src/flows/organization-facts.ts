import { hasAccess } from '../access/environments.ts';
import { matchesName } from '../access/names.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { EnvironmentRecords } from '../environments/records.ts';
import { Refusal } from '../errors.ts';
import type { Directory, StackNames } from '../runs/directory.ts';
import type { Identified } from '../runs/run.ts';
import {
  type EnvironmentFact,
  isPattern,
  type OrganizationFacts,
  type StackFact,
  type TrustScope,
} from '../trust/generate/scope.ts';
import type { OurSideParts } from './our-side.ts';
import type { PresentTokenParts } from './present-token.ts';
import { maySee } from './read-runs.ts';

export type FactParts = OurSideParts & Pick<PresentTokenParts, 'signer'>;

const PAGE = 1000;
/** A document for more is none that anybody reads, and each of them is proved. */
const MOST_STACKS = 2000;
const TOO_MANY = `More than ${MOST_STACKS} stacks are in this scope: make its pattern narrower.`;

/**
 * What is known of an organization, as far as the caller may see it: what trust documents for a scope are made of.
 *
 * Throws a `Refusal` where more stacks are in scope than a document can be for.
 */
export const factsOf = async (
  parts: FactParts,
  principal: Principal,
  organization: Organization,
  scope: TrustScope,
): Promise<OrganizationFacts> => {
  const { v1, v2 } = parts.runIssuers;
  const owner = await parts.directory.organization(organization.name, organization.id);
  const [stacks, environment] = await Promise.all([
    stacksOf(parts.directory, principal, owner, scope),
    environmentOf(parts.environments, principal, owner, scope),
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
    environments: environment ? [environment] : [],
    // Documents may well be written before what they name: nothing is said to be gone.
    known: {},
  };
};

const environmentOf = async (
  environments: EnvironmentRecords,
  principal: Principal,
  organization: Identified,
  scope: TrustScope,
): Promise<EnvironmentFact | undefined> => {
  if (scope.kind !== 'environment') return undefined;
  const { project, environment: name } = scope;
  const found = await environments.get({ organization, project, name });
  return found && hasAccess(principal, found, 'read') ? { id: found.id, project, name } : undefined;
};

const stacksOf = async (
  directory: Directory,
  principal: Principal,
  owner: Identified,
  scope: TrustScope,
): Promise<readonly StackFact[]> => {
  const names = (await namesInScope(directory, owner, scope)).filter((name) => maySee(principal, name));
  const found = await Promise.all(names.map(({ project, stack }) => directory.findStack(owner, project, stack)));
  return found.flatMap((stack) => (stack ? [{ project: stack.project, id: stack.id, name: stack.name }] : []));
};

const namesInScope = async (
  directory: Directory,
  owner: Identified,
  scope: TrustScope,
): Promise<readonly StackNames['stacks'][number][]> => {
  if (scope.kind !== 'runs') return [];
  if (!isPattern(scope.project + scope.stack)) return [scope];
  const found = [];
  for (let offset = 0; ; offset += PAGE) {
    const { stacks, total } = await directory.listStacks(owner, offset, PAGE);
    for (const each of stacks) {
      if (matchesName(scope.project, each.project) && matchesName(scope.stack, each.stack)) found.push(each);
    }
    if (found.length > MOST_STACKS) throw new Refusal('trust_not_generated', { problem: TOO_MANY });
    if (offset + PAGE >= total) return found;
  }
};

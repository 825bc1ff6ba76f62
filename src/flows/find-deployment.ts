import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { Deployment } from '../deployments/deployment.ts';
import { Refusal } from '../errors.ts';
import type { KnownStack } from '../runs/directory.ts';
import type { LoadedRun } from '../runs/records.ts';
import type { Run } from '../runs/run.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import { maySee } from './read-runs.ts';
import type { StackTarget } from './stack-settings.ts';
import { checkNames } from './start-run.ts';
import { actorOf } from './trace.ts';

/** A deployment with its run: the one says what was asked for, the other what became of it. */
export interface FoundDeployment {
  readonly deployment: Deployment;
  readonly loaded: LoadedRun;
}

/** The stack that a caller asks about; one that it may not see is answered as if it did not exist. */
export const findVisibleStack = async (
  { directory }: Pick<DeploymentParts, 'directory'>,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
): Promise<KnownStack> => {
  checkNames(target);
  const owner = await directory.organization(organization.name, organization.id);
  const found = maySee(principal, target) && (await directory.findStack(owner, target.project, target.stack));
  if (!found) throw new Refusal('stack_not_found', { stack: `${organization.name}/${target.project}/${target.stack}` });
  return found;
};

/** What a path calls a deployment: its id, or its version in the stack. */
export type DeploymentName = { readonly id: string } | { readonly version: number };

/** The deployment that a caller asks for; one of another stack, or that it may not see, is answered as if it did not exist. */
export const findDeployment = async (
  parts: Pick<DeploymentParts, 'directory' | 'deployments' | 'runs'>,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
  name: DeploymentName,
): Promise<FoundDeployment> => {
  checkNames(target);
  const id = 'id' in name ? name.id : await idAt(parts, organization, target, name.version);
  const [deployment, loaded] = await Promise.all([parts.deployments.get(id), parts.runs.load(id)]);
  if (deployment && loaded && isOf(loaded.run, organization, target)) {
    if (maySee(principal, target) || loaded.run.startedBy === actorOf(principal)) return { deployment, loaded };
  }
  throw deploymentNotFound('id' in name ? name.id : `version ${name.version}`);
};

export const deploymentNotFound = (shown: string): Refusal =>
  new Refusal('deployment_not_found', { deployment: shown.replace(/[^\w -]/g, '?').slice(0, 40) });

const idAt = async (
  { directory, runs }: Pick<DeploymentParts, 'directory' | 'runs'>,
  { name, id }: Organization,
  target: StackTarget,
  version: number,
): Promise<string> => {
  const owner = await directory.organization(name, id);
  return (await runs.idAt({ organizationId: owner.id, ...target, version })) ?? '';
};

/** Is this run one of that stack's, and past its start? */
const isOf = ({ subject }: Run, organization: Organization, { project, stack }: StackTarget): boolean =>
  subject.version > 0 &&
  subject.organization.name === organization.name &&
  subject.project.name === project &&
  subject.stack.name === stack;

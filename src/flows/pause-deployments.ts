import { OPERATIONS, type Organization } from '../access/organization.ts';
import { operationsOf, type Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import { findVisibleStack } from './find-deployment.ts';
import type { StackTarget } from './stack-settings.ts';
import { actorOf, recordRefusals } from './trace.ts';

/**
 * Whoever may run everything on a stack holds its deployments back, or lets them go on.
 *
 * What is paused can be asked for and waits; what was taken goes on. Doing it twice is no mistake.
 */
export const pauseDeployments = async (
  parts: Pick<DeploymentParts, 'audit' | 'directory' | 'deploymentQueue'>,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
  what: 'pause' | 'resume',
): Promise<void> => {
  const { project, stack } = target;
  const known = await findVisibleStack(parts, principal, organization, target);
  const trace = {
    kind: `deployment.${what}` as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { project, stack },
  };
  await recordRefusals(parts.audit, trace, () => {
    const permitted = operationsOf(principal, target);
    const lacking = OPERATIONS.find((operation) => !permitted.includes(operation));
    if (lacking) throw new Refusal('run_not_permitted', { project, stack, operation: lacking });
  });
  await parts.audit.record({ ...trace, outcome: 'granted', detail: trace.detail });
  await parts.deploymentQueue[what](known.id);
};

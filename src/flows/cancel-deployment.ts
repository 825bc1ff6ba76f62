import type { Organization } from '../access/organization.ts';
import { mayRun, type Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import { findDeployment } from './find-deployment.ts';
import type { StackTarget } from './stack-settings.ts';
import { actorOf, recordRefusals } from './trace.ts';

/**
 * Somebody who may run the same on this stack, or who asked for it, cancels a deployment.
 *
 * One that still waits is never taken; one at work gets no more tokens from here on, and its agent hears of it when it
 * next asks for the status. Both are decided on the record of the run: whether an agent or this was first is never in doubt.
 */
export const cancelDeployment = async (
  parts: DeploymentParts,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
  id: string,
): Promise<void> => {
  // 1. The deployment, and may this caller end it?
  const { deployment, loaded } = await findDeployment(parts, principal, organization, target, { id });
  const { run } = loaded;
  const { operation } = run.subject;
  const trace = {
    kind: 'deployment.cancel' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { run: id, project: target.project, stack: target.stack },
  };
  await recordRefusals(parts.audit, trace, () => {
    if (run.startedBy === actorOf(principal) || mayRun(principal, { ...target, operation })) return;
    throw new Refusal('run_not_permitted', { ...target, operation });
  });

  // 2. Cancelled already: the same again is no mistake. Over in any other way: nothing is left to cancel.
  if (run.status !== 'cancelled') {
    if (run.status !== 'running') throw new Refusal('run_finished', { status: run.status });
    // 3. The record; whoever lost a race against an agent, or another end, looks again.
    if ((await parts.runs.finish(loaded, 'cancelled')) === 'conflict') {
      return cancelDeployment(parts, principal, organization, target, id);
    }
    await parts.audit.record({ ...trace, outcome: 'granted', detail: trace.detail });
    parts.deployed('cancelled');
  }

  // 4. The queue, last: what stands there and is over is taken out by whoever meets it.
  await parts.deploymentQueue.leave(run.queued?.pool ?? '', { id, stackId: deployment.stackId });
};

import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import type { Deployments } from '../deployments/deployment.ts';
import type { DeploymentQueue } from '../deployments/deployment-queue.ts';
import type { SettingsRecords } from '../deployments/settings/settings-records.ts';
import { Refusal } from '../errors.ts';
import type { Directory } from '../runs/directory.ts';
import type { RunRecords } from '../runs/records.ts';
import { administratorsOnly } from './administrators-only.ts';
import { documentsDetail, documentsNaming, type HoldNameParts, holdName, type LeftBehind } from './hold-name.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface DeleteStackParts extends HoldNameParts {
  readonly audit: AuditLog;
  readonly directory: Directory;
  readonly runs: RunRecords;
  readonly stackSettings: Pick<SettingsRecords, 'forget'>;
  readonly deployments: Pick<Deployments, 'forgetStack'>;
  readonly deploymentQueue: Pick<DeploymentQueue, 'resume'>;
}

/**
 * A stack is forgotten: its id is never given again, so a stack of the same name that comes later is another one.
 *
 * Its name is held for a while, and the trust documents that still admit it are told.
 *
 * Refused while a run of it is running: that run's tokens would outlive what they speak for.
 */
export const deleteStack = async (
  parts: DeleteStackParts,
  principal: Principal,
  organization: Organization,
  target: { readonly project: string; readonly stack: string },
): Promise<LeftBehind> => {
  const { project, stack } = target;
  const trace = {
    kind: 'stack.delete' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { project, stack },
  };
  await recordRefusals(parts.audit, trace, () => administratorsOnly(principal, 'delete a stack'));
  const name = `${organization.name}/${project}/${stack}`;
  const owner = await parts.directory.organization(organization.name, organization.id);
  const known = await parts.directory.findStack(owner, project, stack);
  if (!known) throw new Refusal('stack_not_found', { stack: name });
  const running = await parts.runs.list({ id: known.id, status: 'running' }, 0, 1);
  if (running.total > 0) throw new Refusal('stack_busy', { run: running.runs[0]?.id ?? 'starting' });
  const held = { kind: 'stack', project, name: stack } as const;
  const documents = await documentsNaming(parts, owner, held);
  const detail = { ...trace.detail, id: known.id, ...documentsDetail(documents) };
  await parts.audit.record({ ...trace, outcome: 'granted', detail });
  const left = await holdName(parts, owner, held, documents);
  await parts.directory.deleteStack(owner, project, stack);
  await Promise.all([
    parts.stackSettings.forget(known.id),
    parts.deployments.forgetStack(known.id),
    parts.deploymentQueue.resume(known.id),
  ]);
  return left;
};

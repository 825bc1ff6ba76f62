import { problemWithName } from '../access/names.ts';
import type { Operation, Organization } from '../access/organization.ts';
import { mayRun, type Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import type { CloudSettings } from '../deployments/settings/cloud-settings.ts';
import type { SettingsRecords } from '../deployments/settings/settings-records.ts';
import { Refusal } from '../errors.ts';
import type { Directory } from '../runs/directory.ts';
import { newRequestToken, newRunId } from '../runs/identifier.ts';
import type { RunRecords } from '../runs/records.ts';
import type { Run } from '../runs/run.ts';
import { fingerprint, Secret } from '../secret.ts';
import { type Clock, type EpochSeconds, epochSeconds, type Random } from '../system.ts';
import { actorOf, refuseAndRecord } from './trace.ts';

export interface StartRunParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly directory: Directory;
  readonly runs: RunRecords;
  readonly stackSettings: Pick<SettingsRecords, 'load'>;
  readonly limits: { readonly defaultDeadline: number; readonly maxDuration: number };
}

export interface StartRunRequest {
  readonly project: string;
  readonly stack: string;
  readonly operation: Operation;
  /** When the run is over at the latest; absent: the installation's default from now. */
  readonly deadline?: EpochSeconds;
  readonly lease?: number;
  /** Only renewing keeps the lease. */
  readonly renewedOnly?: boolean;
  readonly requestedBy?: string;
  /** How the run gets credentials of clouds; absent: as its stack's settings have it. */
  readonly clouds?: CloudSettings;
  /** For a deployment: the id that it has already, and the pool whose agents may take it. */
  readonly deployment?: { readonly id: string; readonly pool: string };
}

/** Seconds in which a deployment must have come into its queue, or its run fails. */
const QUEUE_GRACE = 60;

export interface StartedRun {
  readonly run: Run;
  /** Shown once, to the starter. */
  readonly requestToken: Secret;
}

/**
 * A permitted caller starts a run.
 *
 * A `sub` is worth no more than the check made here: whoever may start a run of a stack may speak as that stack.
 * When this answers, the run is stored, has its ordinal, and stands in the audit log.
 */
export const startRun = async (
  parts: StartRunParts,
  principal: Principal,
  organization: Organization,
  request: StartRunRequest,
): Promise<StartedRun> => {
  const { project, stack, deployment } = request;

  // 1. Names that may stand in a subject; and may this caller run this operation on this stack?
  const trace = await permitRun(parts, principal, organization, request);

  // 2. Until when?
  const now = epochSeconds(parts.clock);
  const deadline = deadlineOf(parts, request.deadline);

  // 3. The ids behind the names: a project or stack comes into being here, when it is first named.
  const owner = await parts.directory.organization(organization.name, organization.id);
  const known = await parts.directory.stack(owner, project, stack);

  // 4. How it gets credentials of clouds, from now on: changing the settings changes no run that has started.
  const clouds = request.clouds ?? (await parts.stackSettings.load(known.id)).settings?.clouds ?? {};

  // 5. The record, with its ordinal. Only the hash of the request token is kept.
  const requestToken = newRequestToken(parts.random);
  const run = await parts.runs.start({
    id: deployment?.id ?? newRunId(parts.clock, parts.random),
    subject: {
      organization: owner,
      project: known.project,
      stack: { id: known.id, name: known.name },
      operation: request.operation,
      actor: principal.name,
    },
    startedBy: actorOf(principal),
    created: now,
    deadline,
    requestTokenHash: fingerprint(requestToken),
    ...(request.lease !== undefined && { lease: request.lease }),
    ...(request.renewedOnly && { renewedOnly: true }),
    ...(request.requestedBy !== undefined && { requestedBy: request.requestedBy }),
    ...(Object.keys(clouds).length > 0 && { clouds }),
    ...(deployment && { queued: { pool: deployment.pool }, lease: QUEUE_GRACE }),
  });

  // 6. The audit record, before the request token leaves.
  await parts.audit.record({
    ...trace,
    outcome: 'granted',
    detail: {
      ...trace.detail,
      run: run.id,
      version: run.subject.version,
      deadline,
      ...(deployment && { pool: deployment.pool }),
    },
  });
  return { run, requestToken: new Secret(requestToken) };
};

/** Refuses whoever may not start such a run, and names that could not stand in a subject; gives the start of the trace. */
export const permitRun = async (
  { audit }: Pick<StartRunParts, 'audit'>,
  principal: Principal,
  organization: Organization,
  request: Pick<StartRunRequest, 'project' | 'stack' | 'operation'>,
) => {
  const { project, stack, operation } = request;
  const trace = {
    kind: 'run.start' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { project, stack, operation },
  };
  checkNames(request);
  if (!mayRun(principal, request)) {
    throw await refuseAndRecord(audit, trace, new Refusal('run_not_permitted', { project, stack, operation }));
  }
  return trace;
};

/** Refuses names that could not stand in a subject. */
export const checkNames = (target: { readonly project: string; readonly stack: string }): void => {
  for (const field of ['project', 'stack'] as const) {
    const problem = problemWithName(field, target[field]);
    if (problem) throw new Refusal('invalid_name', { field, problem });
  }
};

/** When a run is over at the latest: when its starter says, or the installation's default from now. */
export const deadlineOf = (
  { clock, limits }: Pick<StartRunParts, 'clock' | 'limits'>,
  asked: EpochSeconds | undefined,
): EpochSeconds => {
  const now = epochSeconds(clock);
  const deadline = asked ?? now + limits.defaultDeadline;
  if (deadline <= now) throw new Refusal('invalid_request', { problem: 'deadline: must lie in the future' });
  if (deadline > now + limits.maxDuration) {
    throw new Refusal('invalid_request', {
      problem: `deadline: must be at most ${limits.maxDuration} seconds from now`,
    });
  }
  return deadline;
};

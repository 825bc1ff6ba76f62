import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { LoadedRun, RunRecords } from '../runs/records.ts';
import type { FinalStatus, Run } from '../runs/run.ts';
import { equalInConstantTime, fingerprint } from '../secret.ts';
import { actorOf, refuseAndRecord } from './trace.ts';

export interface RunLifeParts {
  readonly audit: AuditLog;
  readonly runs: RunRecords;
}

/** Who speaks for a run: the run itself by its request token, or somebody by an access token. */
export type RunCaller =
  | { readonly kind: 'run'; readonly requestToken: string }
  | { readonly kind: 'principal'; readonly principal: Principal };

/**
 * A run is finished, for good: from here on no replica gives it a token.
 *
 * Saying the same twice is answered alike; saying something else is refused.
 */
export const finishRun = async (
  parts: RunLifeParts,
  caller: RunCaller,
  organization: string,
  runId: string,
  status: FinalStatus,
): Promise<Run> => {
  // 1. The run, and may this caller end it?
  const loaded = await loadOwnRun(parts, caller, organization, runId, 'run.finish');

  // 2. Over already: the same again is no mistake, anything else is.
  if (loaded.run.status === status) return loaded.run;
  if (loaded.run.status !== 'running') throw new Refusal('run_finished', { status: loaded.run.status });

  // 3. The record; whoever lost a race against another change looks again.
  const finished = await parts.runs.finish(loaded, status);
  if (finished === 'conflict') return finishRun(parts, caller, organization, runId, status);

  // 4. The audit record.
  const detail = { run: runId, status };
  await parts.audit.record({
    kind: 'run.finish',
    organization,
    actor: nameOf(caller, runId),
    outcome: 'granted',
    detail,
  });
  return finished;
};

/** A run with a lease says that it is alive. */
export const renewRun = async (
  parts: RunLifeParts,
  caller: RunCaller,
  organization: string,
  runId: string,
): Promise<Run> => {
  const { run } = await loadOwnRun(parts, caller, organization, runId, 'run.renew');
  if (run.status !== 'running') throw new Refusal('run_finished', { status: run.status });
  if ((await parts.runs.renew(run)) === 'recorded') return run;
  const after = await parts.runs.load(runId);
  throw new Refusal('run_finished', { status: after?.run.status ?? 'deleted' });
};

/** Only the run itself, its starter and an organization administrator may say what becomes of it. */
const loadOwnRun = async (
  parts: RunLifeParts,
  caller: RunCaller,
  organization: string,
  runId: string,
  kind: 'run.finish' | 'run.renew',
): Promise<LoadedRun> => {
  const loaded = await parts.runs.load(runId);
  const mine = loaded?.run.subject.organization.name === organization ? loaded : undefined;
  if (caller.kind === 'run') {
    const own = mine && equalInConstantTime(mine.run.requestTokenHash, fingerprint(caller.requestToken));
    if (!own) throw new Refusal('invalid_request_token');
    return mine;
  }
  if (!mine) throw new Refusal('run_not_found', { run: runId });
  const { principal } = caller;
  if (principal.administrator || mine.run.startedBy === actorOf(principal)) return mine;
  const problem = 'only the run itself, its starter and an organization administrator may finish or renew it';
  const trace = { kind, organization, actor: actorOf(principal), detail: { run: runId } };
  throw await refuseAndRecord(parts.audit, trace, new Refusal('not_permitted', { problem }));
};

const nameOf = (caller: RunCaller, runId: string): string =>
  caller.kind === 'run' ? `run:${runId}` : actorOf(caller.principal);

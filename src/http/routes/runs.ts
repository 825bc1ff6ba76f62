import type { Context } from 'koa';
import { OPERATIONS, type Operation } from '../../access/organization.ts';
import { writeCloudsOfRun } from '../../deployments/settings/aws-session.ts';
import type { CloudSettingsOnWire } from '../../deployments/settings/cloud-settings.ts';
import { Refusal } from '../../errors.ts';
import { sessionNamesOf } from '../../flows/draft-for-run.ts';
import { finishRun, type RunCaller, type RunLifeParts, renewRun } from '../../flows/end-run.ts';
import { listRuns, type ReadRunsParts, readRun } from '../../flows/read-runs.ts';
import { type StartRunParts, startRun } from '../../flows/start-run.ts';
import { looksLikeRequestToken } from '../../runs/identifier.ts';
import { FINAL_STATUSES, type FinalStatus, RUN_STATUSES, type Run, type RunStatus } from '../../runs/run.ts';
import { writeTime } from '../../system.ts';
import { credentialOf } from '../authenticate.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, nameParameter, pageOf, parameterOf, timeIn } from './api.ts';
import { overrideQuarantine } from './quarantine.ts';

export interface RunRouteParts extends StartRunParts, ReadRunsParts, RunLifeParts {
  /** Where the runs of each issuer ask for tokens: URL of a run's token door. */
  tokenUrls(runId: string): { readonly v1: string; readonly v2: string };
}

interface StartBody {
  readonly project: string;
  readonly stack: string;
  readonly operation: Operation;
  readonly deadline?: string;
  readonly lease?: number;
  readonly requestedBy?: string;
}

const TEXT = { type: 'string' } as const;

const readStart = bodyReader<StartBody>({
  type: 'object',
  required: ['project', 'stack', 'operation'],
  additionalProperties: false,
  properties: {
    project: TEXT,
    stack: TEXT,
    operation: { type: 'string', enum: OPERATIONS },
    deadline: TEXT,
    lease: { type: 'integer', minimum: 10, maximum: 600 },
    requestedBy: { type: 'string', maxLength: 200 },
  },
});

const readFinish = bodyReader<{ status: FinalStatus }>({
  type: 'object',
  required: ['status'],
  additionalProperties: false,
  properties: { status: { type: 'string', enum: FINAL_STATUSES } },
});

/** `/api/orgs/{org}/runs`: start, look at, renew and finish runs. */
export const addRunRoutes = (door: ApiDoor, parts: RunRouteParts): void => {
  door.post('/api/orgs/:org/runs', async (ctx) => {
    const caller = await door.caller(ctx);
    const { principal, organization } = caller;
    const { deadline, ...body } = await readStart(ctx);
    const until = deadline === undefined ? {} : { deadline: timeIn('deadline', deadline) };
    await overrideQuarantine(ctx, parts, caller, { kind: 'stack', project: body.project, name: body.stack });
    const { run, requestToken } = await startRun(parts, principal, organization, { ...body, ...until });
    const urls = parts.tokenUrls(run.id);
    ctx.status = 201;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      id: run.id,
      version: run.subject.version,
      status: run.status,
      deadline: writeTime(run.deadline),
      tokenRequest: { url: urls.v1, token: requestToken.reveal(), urls },
      ...showClouds(run),
    };
  });

  door.get('/api/orgs/:org/runs', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { page, pageSize } = pageOf(ctx);
    const filter = { page, pageSize, ...optionalName(ctx, 'project'), ...optionalName(ctx, 'stack'), ...statusOf(ctx) };
    const { runs, total } = await listRuns(parts, principal, organization, filter);
    ctx.body = { runs: runs.map(showRun), total, itemsPerPage: pageSize };
  });

  door.get('/api/orgs/:org/runs/:run', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { run, tokens } = await readRun(parts, principal, organization.name, parameterOf(ctx, 'run'));
    ctx.body = {
      ...showRun(run),
      startedBy: run.startedBy,
      ...(run.requestedBy !== undefined && { requestedBy: run.requestedBy }),
      ...(run.lease !== undefined && { lease: run.lease }),
      ...showClouds(run),
      tokens: tokens.map(({ jti, kid, aud, iat, exp }) => ({
        jti,
        kid,
        aud,
        iat: writeTime(iat),
        exp: writeTime(exp),
      })),
    };
  });

  door.post('/api/orgs/:org/runs/:run/finish', async (ctx) => {
    const [caller, org] = await callerOf(ctx, door);
    const { status } = await readFinish(ctx);
    ctx.body = showRun(await finishRun(parts, caller, org, parameterOf(ctx, 'run'), status));
  });

  door.post('/api/orgs/:org/runs/:run/renew', async (ctx) => {
    const [caller, org] = await callerOf(ctx, door);
    ctx.body = showRun(await renewRun(parts, caller, org, parameterOf(ctx, 'run')));
  });
};

/** A run speaks for itself by its request token; everybody else by an access token. */
const callerOf = async (ctx: Context, door: ApiDoor): Promise<readonly [RunCaller, string]> => {
  const credential = credentialOf(ctx);
  if (looksLikeRequestToken(credential)) return [{ kind: 'run', requestToken: credential }, parameterOf(ctx, 'org')];
  const { principal, organization } = await door.caller(ctx);
  return [{ kind: 'principal', principal }, organization.name];
};

const showRun = ({ id, subject, status, created, deadline, finished }: Run) => ({
  id,
  version: subject.version,
  project: subject.project.name,
  stack: subject.stack.name,
  operation: subject.operation,
  status,
  created: writeTime(created),
  deadline: writeTime(deadline),
  ...(finished !== undefined && { finished: writeTime(finished) }),
});

/** How the run gets credentials of clouds, for the program that fetches them. Contract section 1.7. */
const showClouds = (run: Run): { readonly operationContext?: { readonly oidc: CloudSettingsOnWire } } =>
  run.clouds ? { operationContext: { oidc: writeCloudsOfRun(run.clouds, sessionNamesOf(run)) } } : {};

const optionalName = (ctx: Context, field: 'project' | 'stack'): Partial<Record<'project' | 'stack', string>> => {
  const value = nameParameter(ctx, field);
  return value === undefined ? {} : { [field]: value };
};

const statusOf = (ctx: Context): { status?: RunStatus } => {
  const { status } = ctx.query;
  if (status === undefined || status === '') return {};
  const known = RUN_STATUSES.find((candidate) => candidate === status);
  if (!known) throw new Refusal('invalid_request', { problem: `status: must be one of ${RUN_STATUSES.join(', ')}` });
  return { status: known };
};

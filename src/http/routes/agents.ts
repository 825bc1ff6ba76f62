import type { Context } from 'koa';
import { STEP_STATUSES, type StepStatus } from '../../deployments/deployment-status.ts';
import { LOG_LIMITS } from '../../deployments/progress.ts';
import { writeCloudsOfRun } from '../../deployments/settings/aws-session.ts';
import { Refusal } from '../../errors.ts';
import { sessionNamesOf } from '../../flows/draft-for-run.ts';
import { readDeploymentStatus, reportLines, reportStep } from '../../flows/report-deployment.ts';
import { type TakeDeploymentParts, type TakenDeployment, takeDeployment } from '../../flows/take-deployment.ts';
import { looksLikeRequestToken } from '../../runs/identifier.ts';
import { epochSeconds, writeTime } from '../../system.ts';
import { credentialOf } from '../authenticate.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, parameterOf, timeIn } from './api.ts';

export interface AgentRouteParts extends TakeDeploymentParts {
  /** Where the runs of each issuer ask for tokens: URL of a run's token door. */
  tokenUrls(runId: string): { readonly v1: string; readonly v2: string };
}

const TEXT = { type: 'string' } as const;

const readLines = bodyReader<{
  step: string;
  lines: readonly { readonly timestamp?: string; readonly line: string }[];
}>({
  type: 'object',
  required: ['step', 'lines'],
  additionalProperties: false,
  properties: {
    step: TEXT,
    lines: {
      type: 'array',
      maxItems: LOG_LIMITS.linesInRequest,
      items: {
        type: 'object',
        required: ['line'],
        additionalProperties: false,
        properties: { timestamp: { type: 'string', maxLength: 40 }, line: TEXT },
      },
    },
  },
});

const readStep = bodyReader<{ name: string; status: StepStatus }>({
  type: 'object',
  required: ['name', 'status'],
  additionalProperties: false,
  properties: { name: TEXT, status: { type: 'string', enum: STEP_STATUSES } },
});

/** `/api/deployments`: where agents find work, and tell how it goes. Contract section 1.6. */
export const addAgentRoutes = (door: ApiDoor, parts: AgentRouteParts): void => {
  door.get('/api/deployments/poll', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const taken = await takeDeployment(parts, principal, organization);
    ctx.set('Cache-Control', 'no-store');
    if (taken) ctx.body = showTaken(parts, taken);
    else ctx.status = 204;
  });

  door.get('/api/deployments/:deployment/status', async (ctx) => {
    const id = parameterOf(ctx, 'deployment');
    const credential = credentialOf(ctx);
    const caller = looksLikeRequestToken(credential)
      ? ({ kind: 'run', requestToken: credential } as const)
      : ({ kind: 'principal', ...(await door.caller(ctx)) } as const);
    const status = await readDeploymentStatus(parts, caller, id);
    // The contract has a bare text here, which is JSON all the same.
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'application/json';
    ctx.body = JSON.stringify(status);
  });

  door.post('/api/deployments/:deployment/logs', async (ctx) => {
    const jobToken = await jobTokenOf(ctx, door);
    const { step, lines } = await readLines(ctx);
    checkStepName('step', step);
    const now = writeTime(epochSeconds(parts.clock));
    const timed = lines.map(({ timestamp = now, line }, at) => {
      timeIn(`lines.${at}.timestamp`, timestamp);
      return { timestamp, line };
    });
    await reportLines(parts, jobToken, parameterOf(ctx, 'deployment'), { step, lines: timed });
    ctx.status = 204;
  });

  door.post('/api/deployments/:deployment/steps', async (ctx) => {
    const jobToken = await jobTokenOf(ctx, door);
    const step = await readStep(ctx);
    checkStepName('name', step.name);
    await reportStep(parts, jobToken, parameterOf(ctx, 'deployment'), step);
    ctx.status = 204;
  });
};

/** A name that people read: nothing in it moves a cursor. */
const checkStepName = (field: string, name: string): void => {
  const { stepNameCharacters: most } = LOG_LIMITS;
  if (name !== '' && name.length <= most && !/\p{Cc}/u.test(name)) return;
  throw new Refusal('invalid_request', { problem: `${field}: must be 1 to ${most} printable characters` });
};

/** The request token of the deployment's run; whoever else is known is told that this is not for them. */
const jobTokenOf = async (ctx: Context, door: ApiDoor): Promise<string> => {
  const credential = credentialOf(ctx);
  if (looksLikeRequestToken(credential)) return credential;
  await door.caller(ctx);
  throw new Refusal('not_permitted', { problem: 'only the agent that does the deployment may, with its job token' });
};

/** What an agent needs, in the contract's members, and what ours need beside them. */
const showTaken = (parts: AgentRouteParts, { run, assignment, requestToken, idToken }: TakenDeployment) => {
  const { id, subject, deadline } = run;
  const urls = parts.tokenUrls(id);
  const { operationContext, ...contexts } = assignment;
  const oidc = writeCloudsOfRun(run.clouds ?? {}, sessionNamesOf(run));
  return {
    jobToken: requestToken.reveal(),
    oidcToken: idToken.reveal(),
    typeSpecificID: id,
    deploymentID: id,
    jobID: id,
    runID: id,
    deployment: {
      organization: subject.organization.name,
      project: subject.project.name,
      stack: subject.stack.name,
      operation: subject.operation,
      version: subject.version,
      deadline: writeTime(deadline),
      lease: run.lease,
      operationContext: { oidc, ...operationContext },
      ...contexts,
      tokenRequest: { url: urls.v1, token: requestToken.reveal(), urls },
    },
  };
};

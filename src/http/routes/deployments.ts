import type { Context } from 'koa';
import { OPERATIONS, type Operation } from '../../access/organization.ts';
import { Refusal } from '../../errors.ts';
import { cancelDeployment } from '../../flows/cancel-deployment.ts';
import { type CreateDeploymentParts, createDeployment } from '../../flows/create-deployment.ts';
import { type DeploymentName, findDeployment } from '../../flows/find-deployment.ts';
import { pauseDeployments } from '../../flows/pause-deployments.ts';
import { readLog, readStepLog } from '../../flows/read-deployment-log.ts';
import { listDeployments, readDeployment } from '../../flows/read-deployments.ts';
import type { StackTarget } from '../../flows/stack-settings.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, flagOf, pageOf, parameterOf, timeIn, wholeNumber } from './api.ts';
import { showConfiguration, showDeployment, showJobs } from './deployment-answers.ts';
import { answerFieldProblems } from './field-problems.ts';
import { overrideQuarantine } from './quarantine.ts';

export interface DeploymentRouteParts extends CreateDeploymentParts {
  /** Public base URL. */
  readonly url: string;
}

interface CreateBody {
  readonly operation: Operation;
  readonly inheritSettings?: boolean;
  readonly deadline?: string;
  readonly requestedBy?: string;
}

/** What is no member here is one of the settings, and read with them. */
const readCreate = bodyReader<CreateBody>({
  type: 'object',
  required: ['operation'],
  properties: {
    operation: { type: 'string', enum: OPERATIONS },
    inheritSettings: { type: 'boolean' },
    deadline: { type: 'string' },
    requestedBy: { type: 'string', maxLength: 200 },
  },
});

const BASE = '/api/stacks/:org/:project/:stack/deployments';

/** `/api/stacks/{org}/{project}/{stack}/deployments`: runs that agents take. Contract section 1.8. */
export const addDeploymentRoutes = (door: ApiDoor, parts: DeploymentRouteParts): void => {
  door.post(BASE, async (ctx) => {
    const caller = await door.caller(ctx);
    const { principal, organization } = caller;
    const { operation, inheritSettings = true, deadline, requestedBy, ...settings } = await readCreate(ctx);
    const initiator = initiatorOf(ctx);
    const { project, stack } = targetOf(ctx);
    await overrideQuarantine(ctx, parts, caller, { kind: 'stack', project, name: stack });
    const answer = await createDeployment(parts, principal, organization, {
      ...targetOf(ctx),
      operation,
      inheritSettings,
      settings,
      ...(deadline !== undefined && { deadline: timeIn('deadline', deadline) }),
      ...(requestedBy !== undefined && { requestedBy }),
      ...(initiator !== undefined && { initiator }),
    });
    if ('problems' in answer) return answerFieldProblems(ctx, 'deployment', answer.problems);
    const { run } = answer;
    ctx.status = 202;
    ctx.body = { id: run.id, version: run.subject.version, consoleUrl: `${parts.url}${ctx.path}/${run.id}` };
  });

  door.get(BASE, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { page, pageSize } = pageOf(ctx);
    const filter = { page, pageSize, ascending: isAscending(ctx) };
    const listed = await listDeployments(parts, principal, organization, targetOf(ctx), filter);
    ctx.body = {
      deployments: listed.deployments.map((seen) => ({
        ...showDeployment(seen, organization, listed.pools.get(seen.run.queued?.pool ?? '')),
        paused: listed.paused,
        jobs: showJobs(seen),
        updates: [],
      })),
      itemsPerPage: pageSize,
      total: listed.total,
    };
  });

  for (const what of ['pause', 'resume'] as const) {
    door.post(`${BASE}/${what}`, async (ctx) => {
      const { principal, organization } = await door.caller(ctx);
      await pauseDeployments(parts, principal, organization, targetOf(ctx), what);
      ctx.status = 200;
      ctx.body = {};
    });
  }

  const show = async (ctx: Context, name: DeploymentName): Promise<void> => {
    const { principal, organization } = await door.caller(ctx);
    const seen = await readDeployment(parts, principal, organization, targetOf(ctx), name);
    const jobs = showJobs(seen);
    ctx.body = {
      ...showDeployment(seen, organization, seen.poolName),
      latestVersion: seen.latestVersion,
      configuration: showConfiguration(seen),
      ...(jobs.length > 0 && { jobs }),
    };
  };
  door.get(`${BASE}/version/:version`, (ctx) => show(ctx, { version: versionOf(ctx) }));
  door.get(`${BASE}/:deployment`, (ctx) => show(ctx, { id: parameterOf(ctx, 'deployment') }));

  door.get(`${BASE}/:deployment/logs`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const id = parameterOf(ctx, 'deployment');
    const found = await findDeployment(parts, principal, organization, targetOf(ctx), { id });
    if (ctx.query['job'] === undefined && ctx.query['step'] === undefined) {
      const token = ctx.query['continuationToken'] ?? '';
      const { entries, nextToken } = await readLog(parts, found, String(token));
      ctx.body = { __type: 'DeploymentLogs', lines: entries, ...(nextToken !== undefined && { nextToken }) };
      return;
    }
    const job = wholeNumber(ctx, 'job', 0, 1000) ?? 0;
    const step = wholeNumber(ctx, 'step', 0, 1000) ?? 0;
    const offset = wholeNumber(ctx, 'offset', 0, 9_999_999) ?? 0;
    const count = wholeNumber(ctx, 'count', 1, 499) ?? 100;
    const read = job === 0 ? await readStepLog(parts, found, step, offset, count) : { lines: [] };
    ctx.body = { __type: 'DeploymentLogsStep', ...read };
  });

  door.post(`${BASE}/:deployment/cancel`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    await cancelDeployment(parts, principal, organization, targetOf(ctx), parameterOf(ctx, 'deployment'));
    ctx.status = 200;
    ctx.body = {};
  });
};

const targetOf = (ctx: Context): StackTarget => ({
  project: parameterOf(ctx, 'project'),
  stack: parameterOf(ctx, 'stack'),
});

/** Whoever asks may say what kind of program it is; anything but a short word is as good as nothing. */
const initiatorOf = (ctx: Context): string | undefined =>
  /^[\w .:/-]{1,60}$/.exec(ctx.get('x-pulumi-deployment-initiator'))?.[0];

/** The order of versions is the order of times: whichever of them a list is asked for, it is the same. */
const SORTS = ['version', 'created'];

const isAscending = (ctx: Context): boolean => {
  const sort = ctx.query['sort'];
  if (sort !== undefined && sort !== '' && !SORTS.includes(String(sort))) {
    throw new Refusal('invalid_request', { problem: `sort: must be one of ${SORTS.join(', ')}` });
  }
  return flagOf(ctx, 'asc');
};

const versionOf = (ctx: Context): number => {
  const text = parameterOf(ctx, 'version');
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
};

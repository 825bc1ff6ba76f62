import { matchesName } from '../access/names.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import type { Directory } from '../runs/directory.ts';
import type { RunPage, RunRecords } from '../runs/records.ts';
import type { IssuedToken, Run, RunStatus } from '../runs/run.ts';
import { actorOf } from './trace.ts';

export interface ReadRunsParts {
  readonly directory: Directory;
  readonly runs: RunRecords;
}

export interface RunFilter {
  readonly project?: string;
  readonly stack?: string;
  readonly status?: RunStatus;
  readonly page: number;
  readonly pageSize: number;
}

/** The runs of an organization, a project or a stack, newest first. */
export const listRuns = async (
  parts: ReadRunsParts,
  principal: Principal,
  organization: Organization,
  filter: RunFilter,
): Promise<RunPage> => {
  if (filter.stack !== undefined && filter.project === undefined) {
    throw new Refusal('invalid_request', { problem: 'stack: send "project" too' });
  }
  if (!maySee(principal, filter)) {
    throw new Refusal('not_permitted', {
      problem: 'no role of yours covers all of these runs; name the "project" and "stack" that yours covers',
    });
  }
  const scope = await scopeOf(parts, organization, filter);
  if (!scope) return { runs: [], total: 0 };
  const asked = { id: scope, ...(filter.status && { status: filter.status }) };
  return parts.runs.list(asked, (filter.page - 1) * filter.pageSize, filter.pageSize);
};

/** One run, with every token that it was given: what is needed to recognise them, never the tokens. */
export const readRun = async (
  parts: ReadRunsParts,
  principal: Principal,
  organization: string,
  runId: string,
): Promise<{ readonly run: Run; readonly tokens: readonly IssuedToken[] }> => {
  const loaded = await parts.runs.load(runId);
  const run = loaded?.run;
  const target = run && { project: run.subject.project.name, stack: run.subject.stack.name };
  const visible =
    run?.subject.organization.name === organization &&
    target &&
    (run.startedBy === actorOf(principal) || maySee(principal, target));
  if (!visible) throw new Refusal('run_not_found', { run: runId });
  return { run, tokens: await parts.runs.tokens(runId) };
};

/** A role that lets a caller run anything on a stack lets it see the stack's runs. What is not named must be covered by `*`. */
export const maySee = (principal: Principal, target: { readonly project?: string; readonly stack?: string }): boolean =>
  principal.administrator ||
  principal.permissions.some(({ project, stack }) => covers(project, target.project) && covers(stack, target.stack));

const covers = (pattern: string, name: string | undefined): boolean =>
  name === undefined ? /^\*+$/.test(pattern) : matchesName(pattern, name);

const scopeOf = async (
  { directory }: ReadRunsParts,
  organization: Organization,
  { project, stack }: RunFilter,
): Promise<string | undefined> => {
  const owner = await directory.organization(organization.name, organization.id);
  if (project === undefined) return owner.id;
  if (stack === undefined) return (await directory.findProject(owner, project))?.id;
  return (await directory.findStack(owner, project, stack))?.id;
};

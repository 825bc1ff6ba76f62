import { matchesName } from '../access/names.ts';
import type { SubjectRule } from '../access/organization.ts';
import type { RunSubject } from '../runs/run.ts';
import type { AwsClaims } from './aws-claims.ts';
import type { NAMESPACED_CLAIMS, RUN_CLAIMS } from './claims.ts';
import { type Draft, makeDraft } from './draft.ts';
import { buildSubject, FULL_COMPONENTS, runSubject } from './subject.ts';

/**
 * What a v1 token says of a run: the claims of Pulumi Deployments, to the letter. Contract section 1.2.
 *
 * `rules` are the organization's own: the first that matches the stack shortens the subject, and nothing else.
 * `aws` is there only where the stack asks for it.
 */
export const draftRunToken = (
  prefix: string,
  rules: readonly SubjectRule[],
  run: RunSubject,
  audience: string,
  aws?: AwsClaims,
): Draft => {
  const [org, project, stack] = [run.organization.name, run.project.name, run.stack.name];
  const rule = rules.find(
    (candidate) => matchesName(candidate.project, project) && matchesName(candidate.stack, stack),
  );
  const subject = runSubject(rule?.components ?? FULL_COMPONENTS, { org, project, stack, operation: run.operation });
  const claims: Record<(typeof RUN_CLAIMS)[number], string> = {
    stackId: `${org}/${project}/${stack}`,
    operation: run.operation,
    org,
    project,
    stack,
    deployment: String(run.version),
    scope: 'write',
  };
  return makeDraft(buildSubject(prefix, subject), audience, claims, aws);
};

/** What a v2 token says of a run: immutable ids in the subject, names only in claims under our namespace. */
export const draftRunTokenWithIds = (
  prefix: string,
  namespace: string,
  run: RunSubject,
  audience: string,
  aws?: AwsClaims,
): Draft => {
  const { organization, project, stack, operation } = run;
  const claims: Partial<Record<(typeof NAMESPACED_CLAIMS)[number], string>> = {
    org: organization.name,
    org_id: organization.id,
    project: project.name,
    project_id: project.id,
    stack: stack.name,
    stack_id: stack.id,
    operation,
    deployment: String(run.version),
    actor: run.actor,
  };
  const subject = buildSubject(prefix, { form: 'run-ids', orgId: organization.id, stackId: stack.id, operation });
  return makeDraft(subject, audience, inNamespace(namespace, claims), aws);
};

export const inNamespace = (namespace: string, claims: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(claims).map(([name, value]) => [namespace + name, value]));

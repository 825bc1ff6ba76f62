import { problemWithName } from '../access/names.ts';
import { OPERATIONS, type Operation, type SubjectComponents } from '../access/organization.ts';

/**
 * Subjects: the one text by which clouds tell one workload from another.
 *
 * Every form here is injective: two contexts that differ in a component of the subject never share it, and
 * `readSubject` gives back exactly what was built. That rests on names never holding `:` or `/`.
 */
export type Subject =
  | {
      readonly form: 'run';
      readonly org: string;
      readonly project?: string;
      readonly stack?: string;
      readonly operation?: Operation;
      /** The full form ends in `:scope:write`; shortened forms never do. */
      readonly scope?: 'write';
    }
  | { readonly form: 'environment'; readonly org: string; readonly environment: EnvironmentName }
  | { readonly form: 'environment-attributes'; readonly org: string; readonly attributes: readonly SubjectValue[] }
  | { readonly form: 'run-ids'; readonly orgId: string; readonly stackId: string; readonly operation: Operation }
  | { readonly form: 'environment-ids'; readonly orgId: string; readonly environmentId: string };

export interface EnvironmentName {
  readonly project: string;
  readonly name: string;
}

/** Platform-attested values that an environment's author may put into its subject, and no others. Contract 2.4. */
export const SUBJECT_ATTRIBUTES = [
  'pulumi.user.login',
  'pulumi.organization.login',
  'pulumi.token.type',
  'pulumi.token.team',
  'currentEnvironment.name',
  'rootEnvironment.name',
] as const;
export type SubjectAttribute = (typeof SUBJECT_ATTRIBUTES)[number];

export interface SubjectValue {
  readonly attribute: SubjectAttribute;
  readonly value: string;
}

/** The full form's components: the default where no rule of the organization says otherwise. */
export const FULL_COMPONENTS = 'full';

/** Project of environments from before projects existed; its name is left out of subjects. Contract 2.3. */
const LEGACY_PROJECT = 'default';

/** `project/name`, or the bare name in the legacy project. Contract 2.4. */
export const environmentPath = ({ project, name }: EnvironmentName): string =>
  project === LEGACY_PROJECT ? name : `${project}/${name}`;

/** Undoes `environmentPath`; `undefined` for more than two parts. The names in it are not checked. */
export const splitEnvironmentPath = (path: string): EnvironmentName | undefined => {
  const [first = '', second, ...more] = path.split('/');
  if (more.length > 0) return undefined;
  return second === undefined ? { project: LEGACY_PROJECT, name: first } : { project: first, name: second };
};

export const buildSubject = (prefix: string, subject: Subject): string => {
  switch (subject.form) {
    case 'run':
      return [
        `${prefix}:deploy:org:${subject.org}`,
        subject.project && `project:${subject.project}`,
        subject.stack && `stack:${subject.stack}`,
        subject.operation && `operation:${subject.operation}`,
        subject.scope && `scope:${subject.scope}`,
      ]
        .filter(Boolean)
        .join(':');
    case 'environment':
      return `${prefix}:environments:org:${subject.org}:env:${environmentPath(subject.environment)}`;
    case 'environment-attributes':
      return [
        `${prefix}:environments:pulumi.organization.login:${subject.org}`,
        ...subject.attributes.map(({ attribute, value }) => `${attribute}:${value}`),
      ].join(':');
    case 'run-ids':
      return `${prefix}:org:${subject.orgId}:stack:${subject.stackId}:operation:${subject.operation}`;
    case 'environment-ids':
      return `${prefix}:org:${subject.orgId}:env:${subject.environmentId}`;
  }
};

/** The subject of a run on v1, shortened to the components that the organization's rules name. DESIGN: docs/claims.md. */
export const runSubject = (
  components: SubjectComponents | typeof FULL_COMPONENTS,
  run: { readonly org: string; readonly project: string; readonly stack: string; readonly operation: Operation },
): Subject => {
  if (components === FULL_COMPONENTS) return { form: 'run', ...run, scope: 'write' };
  const has = (component: string): boolean => (components as readonly string[]).includes(component);
  return {
    form: 'run',
    org: run.org,
    ...(has('project') && { project: run.project }),
    ...(has('stack') && { stack: run.stack }),
    ...(has('operation') && { operation: run.operation }),
  };
};

/** Reads a subject back into what it was built from; `undefined` for any text that `buildSubject` cannot have made. */
export const readSubject = (prefix: string, text: string): Subject | undefined => {
  if (!text.startsWith(`${prefix}:`)) return undefined;
  const subject = readParts(text.slice(prefix.length + 1).split(':'));
  return subject && buildSubject(prefix, subject) === text ? subject : undefined;
};

const readParts = (parts: readonly string[]): Subject | undefined => {
  const [kind, label, org = ''] = parts;
  if (kind === 'org') return readIds(parts);
  if (problemWithName('organization', org)) return undefined;
  const rest = pairs(parts.slice(3));
  if (!rest) return undefined;
  if (kind === 'deploy' && label === 'org') return readRun(org, rest);
  if (kind === 'environments' && label === 'org') return readEnvironment(org, rest);
  if (kind === 'environments' && label === 'pulumi.organization.login') return readAttributes(org, rest);
  return undefined;
};

type Pairs = readonly (readonly [label: string, value: string])[];

const pairs = (parts: readonly string[]): Pairs | undefined => {
  if (parts.length % 2) return undefined;
  return Array.from({ length: parts.length / 2 }, (_, at) => [parts[2 * at] ?? '', parts[2 * at + 1] ?? ''] as const);
};

const isOperation = (text: string | undefined): text is Operation =>
  (OPERATIONS as readonly (string | undefined)[]).includes(text);

const readRun = (org: string, rest: Pairs): Subject | undefined => {
  const found = new Map(rest);
  if (found.size !== rest.length) return undefined;
  const { project, stack, operation, scope, ...others } = Object.fromEntries(found);
  if (Object.keys(others).length > 0) return undefined;
  if (project !== undefined && problemWithName('project', project)) return undefined;
  if (stack !== undefined && (project === undefined || problemWithName('stack', stack))) return undefined;
  if (operation !== undefined && (project === undefined || !isOperation(operation))) return undefined;
  if (scope !== undefined && (scope !== 'write' || stack === undefined || operation === undefined)) return undefined;
  return {
    form: 'run',
    org,
    ...(project !== undefined && { project }),
    ...(stack !== undefined && { stack }),
    ...(isOperation(operation) && { operation }),
    ...(scope === 'write' && { scope }),
  };
};

const readEnvironment = (org: string, rest: Pairs): Subject | undefined => {
  const [only, ...more] = rest;
  if (only?.[0] !== 'env' || more.length > 0) return undefined;
  const environment = readEnvironmentPath(only[1]);
  return environment && { form: 'environment', org, environment };
};

const readEnvironmentPath = (path: string): EnvironmentName | undefined => {
  const environment = splitEnvironmentPath(path);
  const isNamed =
    environment &&
    !problemWithName('project', environment.project) &&
    !problemWithName('environment', environment.name);
  return isNamed ? environment : undefined;
};

const readAttributes = (org: string, rest: Pairs): Subject | undefined => {
  const attributes = rest.map(([attribute, value]) => ({ attribute: attribute as SubjectAttribute, value }));
  const known = attributes.every(({ attribute, value }) => SUBJECT_ATTRIBUTES.includes(attribute) && value !== '');
  return known && attributes.length > 0 ? { form: 'environment-attributes', org, attributes } : undefined;
};

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const readIds = (parts: readonly string[]): Subject | undefined => {
  const [, orgId = '', kind, id = '', label, operation] = parts;
  if (!ID.test(orgId) || !ID.test(id)) return undefined;
  if (kind === 'env' && parts.length === 4) return { form: 'environment-ids', orgId, environmentId: id };
  if (kind === 'stack' && parts.length === 6 && label === 'operation' && isOperation(operation)) {
    return { form: 'run-ids', orgId, stackId: id, operation };
  }
  return undefined;
};

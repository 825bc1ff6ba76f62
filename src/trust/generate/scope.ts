import { matchesName } from '../../access/names.ts';
import { OPERATIONS, type Operation, type SubjectRule } from '../../access/organization.ts';
import type { SubjectAttribute } from '../../tokens/subject.ts';
import type { OurSide } from '../verdict.ts';

/** Whom a document shall admit: runs, or whoever opens an environment. Names may hold `*` and `?` where they say so. */
export type TrustScope = RunScope | EnvironmentScope;

export interface RunScope {
  readonly kind: 'runs';
  /** Pattern; `*`: every project of the organization. */
  readonly project: string;
  /** Pattern; `*`: every stack. */
  readonly stack: string;
  /** Empty: every operation. */
  readonly operations: readonly Operation[];
}

export interface EnvironmentScope {
  readonly kind: 'environment';
  readonly project: string;
  readonly environment: string;
  /** What the login puts into its subject, in its order; none: the plain subject. */
  readonly attributes: readonly AttributeInScope[];
}

export interface AttributeInScope {
  readonly attribute: SubjectAttribute;
  /** The only value that is admitted; absent: any. Of environments' names and the organization's: they are known. */
  readonly value?: string;
}

/** What is known of an organization: whose subjects these are, and which of its names have which ids. */
export interface OrganizationFacts extends OurSide {
  readonly organizationId: string;
  readonly claimNamespace: string;
  readonly subjects: readonly SubjectRule[];
  readonly algorithms: { readonly v1: string; readonly v2: string };
  readonly stacks: readonly StackFact[];
  readonly environments: readonly EnvironmentFact[];
}

export interface StackFact {
  readonly project: { readonly id: string; readonly name: string };
  readonly id: string;
  readonly name: string;
}

export interface EnvironmentFact {
  readonly id: string;
  readonly project: string;
  readonly name: string;
}

export const operationsOf = ({ operations }: RunScope): readonly Operation[] =>
  operations.length === 0 ? OPERATIONS : OPERATIONS.filter((operation) => operations.includes(operation));

export const everyOperation = ({ operations }: RunScope): boolean =>
  operations.length === 0 || operations.length === OPERATIONS.length;

export const isPattern = (name: string): boolean => /[*?]/.test(name);

/** The stacks that exist and are meant. */
export const stacksIn = ({ project, stack }: RunScope, stacks: readonly StackFact[]): readonly StackFact[] =>
  stacks.filter((known) => matchesName(project, known.project.name) && matchesName(stack, known.name));

/** The scope as a sentence has it: `stacks core/prod-* (update, preview)`. */
export const scopeText = (scope: TrustScope): string => {
  if (scope.kind === 'environment') return `environment ${scope.project}/${scope.environment}`;
  const operations = scope.operations.length === 0 ? '' : ` (${operationsOf(scope).join(', ')})`;
  if (scope.project === '*' && scope.stack === '*') return `all stacks${operations}`;
  const what = isPattern(scope.project) || isPattern(scope.stack) ? 'stacks' : 'stack';
  return `${what} ${scope.project}/${scope.stack}${operations}`;
};

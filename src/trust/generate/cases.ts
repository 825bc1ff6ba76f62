import { matchesName } from '../../access/names.ts';
import { OPERATIONS } from '../../access/organization.ts';
import type { SubjectAttribute } from '../../tokens/subject.ts';
import { OTHER_ID } from '../mutations.ts';
import {
  type Audience,
  type Context,
  type OpeningFacts,
  openingContext,
  type RunFacts,
  runContext,
} from './contexts.ts';
import { witnessesOf } from './glob.ts';
import {
  type EnvironmentScope,
  isPattern,
  type OrganizationFacts,
  operationsOf,
  type RunScope,
  stacksIn,
  type TrustScope,
} from './scope.ts';

/** Whom a document must admit, and whom it must refuse. */
export interface Cases {
  readonly within: readonly Context[];
  readonly beyond: readonly Beyond[];
}

/** A context that differs from one in scope by one field, and is not in scope itself. */
export interface Beyond extends Context {
  /** `organization`, `project`, `stack`, `operation`, `environment`, `user` …, or `recreated name`. */
  readonly field: string;
}

/** Stands for what was made anew under a name that is known. */
const NEW_ID = '00000000-0000-4000-8000-0000000000a1';

/** From so many contexts of the scope others are made: of a thousand stacks, the first are as good as all. */
const MOST_CHANGED = 24;

/** Of names that nobody has yet. */
const MOST_NAMES = 8;

/**
 * `open`: the document shall admit stacks that nobody has named yet, so some of those stand among the cases, too.
 *
 * Everything is drafted as tokens are, with the organization's own rules: a context out of scope may well have the
 * subject of one within, where those rules leave out what tells the two apart.
 */
export const casesOf = (scope: TrustScope, facts: OrganizationFacts, signed: Audience, open: boolean): Cases =>
  scope.kind === 'runs' ? runCases(scope, facts, signed, open) : openingCases(scope, facts, signed);

const runCases = (scope: RunScope, facts: OrganizationFacts, signed: Audience, open: boolean): Cases => {
  const runs = stacksOf(scope, facts, signed, open).flatMap((stack) =>
    operationsOf(scope).map(
      (operation): RunFacts => ({
        organization: { id: facts.organizationId, name: facts.organization },
        project: stack.project,
        stack: { id: stack.id, name: stack.name },
        operation,
      }),
    ),
  );
  const known = new Set(facts.stacks.map(({ id }) => id));
  const isMeant = ({ organization, project, stack, operation }: RunFacts): boolean =>
    organization.id === facts.organizationId &&
    matchesName(scope.project, project.name) &&
    matchesName(scope.stack, stack.name) &&
    operationsOf(scope).includes(operation) &&
    (open ||
      (signed.issuer === 'v1'
        ? stacksIn(scope, facts.stacks).some((each) => isSame(each, project, stack))
        : known.has(stack.id)) ||
      isNamed(scope, project, stack, signed, stack.id));
  const changed = spread(runs, MOST_CHANGED).flatMap((run) =>
    changesOf(run, signed.issuer).filter((change) => !isMeant(change.run)),
  );
  return {
    within: runs.map((run) => runContext(facts, signed, run)),
    beyond: changed.map(({ field, run }) => ({ field, ...runContext(facts, signed, run) })),
  };
};

type Named = { readonly name: string };

const isSame = (known: { readonly project: Named; readonly name: string }, project: Named, stack: Named): boolean =>
  known.project.name === project.name && known.name === stack.name;

/** The one stack that the scope spells out; on v2 that is whoever has its id. */
const isNamed = (scope: RunScope, project: Named, stack: Named, { issuer }: Audience, id: string): boolean =>
  scope.project === project.name && scope.stack === stack.name && (issuer === 'v1' || id !== OTHER_ID);

const stacksOf = (scope: RunScope, facts: OrganizationFacts, { issuer }: Audience, open: boolean) => {
  const known = stacksIn(scope, facts.stacks);
  const isOne = !isPattern(scope.project) && !isPattern(scope.stack);
  const projectId = (name: string): string =>
    facts.stacks.find(({ project }) => project.name === name)?.project.id ?? NEW_ID;
  const thought = (project: string, name: string) => ({
    project: { id: projectId(project), name: project },
    id: NEW_ID,
    name,
  });
  if (isOne) return known.length > 0 || issuer === 'v2' ? known : [thought(scope.project, scope.stack)];
  if (!open) return known;
  const projects = namesOf(
    scope.project,
    facts.subjects.map((rule) => rule.project),
  );
  const stacks = namesOf(
    scope.stack,
    facts.subjects.map((rule) => rule.stack),
  );
  return [...known, ...projects.flatMap((project) => stacks.map((stack) => thought(project, stack)))];
};

/** Names that a pattern admits, so that each of the organization's rules for subjects meets one. */
const namesOf = (pattern: string, rules: readonly string[]): readonly string[] => {
  const names = [pattern, ...rules].flatMap((each) => (isPattern(each) ? witnessesOf(each) : [each]));
  return [...new Set(names)].filter((name) => matchesName(pattern, name)).slice(0, MOST_NAMES);
};

/** At most so many, from everywhere in the list. */
const spread = <T>(list: readonly T[], most: number): readonly T[] => {
  const step = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, at) => at % step === 0);
};

const siblings = (name: string): readonly string[] => [`${name}-evil`, `evil-${name}`, 'evil'];

const changesOf = (run: RunFacts, issuer: 'v1' | 'v2') => [
  ...organizations(run.organization.name).map((name) => ({
    field: 'organization',
    run: { ...run, organization: { id: OTHER_ID, name } },
  })),
  ...siblings(run.project.name).map((name) => ({
    field: 'project',
    run: { ...run, project: { id: OTHER_ID, name }, stack: { id: OTHER_ID, name: run.stack.name } },
  })),
  ...siblings(run.stack.name).map((name) => ({ field: 'stack', run: { ...run, stack: { id: OTHER_ID, name } } })),
  ...OPERATIONS.filter((operation) => operation !== run.operation).map((operation) => ({
    field: 'operation',
    run: { ...run, operation },
  })),
  ...(issuer === 'v2' ? [{ field: 'recreated name', run: { ...run, stack: { ...run.stack, id: OTHER_ID } } }] : []),
];

/** Names of organizations are short and end in a letter or digit. */
const organizations = (name: string): readonly string[] => [
  `${name.slice(0, 35)}-evil`,
  `evil-${name.slice(0, 35)}`.replace(/[_-]$/, '0'),
];

const openingCases = (scope: EnvironmentScope, facts: OrganizationFacts, signed: Audience): Cases => {
  const { project, environment: name, attributes } = scope;
  const known = facts.environments.find((each) => each.project === project && each.name === name);
  // Its tokens will have an id that nobody knows yet.
  if (!known && signed.issuer === 'v2') return { within: [], beyond: [] };
  const valueFor = (attribute: SubjectAttribute, otherwise: string): string =>
    attributes.find((each) => each.attribute === attribute)?.value ?? otherwise;
  const opening: OpeningFacts = {
    organization: { id: facts.organizationId, name: facts.organization },
    environment: { id: known?.id ?? NEW_ID, project, name },
    attributes: attributes.map(({ attribute }) => attribute),
    user: valueFor('pulumi.user.login', 'somebody'),
    token: {
      type: valueFor('pulumi.token.type', 'team') as OpeningFacts['token']['type'],
      team: valueFor('pulumi.token.team', 'some-team'),
    },
  };
  const isFixed = (attribute: SubjectAttribute): boolean =>
    attributes.some((each) => each.attribute === attribute && each.value !== undefined);
  const others: readonly { readonly field: string; readonly opening: OpeningFacts }[] = [
    ...organizations(facts.organization).map((other) => ({
      field: 'organization',
      opening: { ...opening, organization: { id: OTHER_ID, name: other } },
    })),
    ...siblings(name).map((other) => ({
      field: 'environment',
      opening: { ...opening, environment: { id: OTHER_ID, project, name: other } },
    })),
    ...siblings(project).map((other) => ({
      field: 'project',
      opening: { ...opening, environment: { id: OTHER_ID, project: other, name } },
    })),
    ...(signed.issuer === 'v2'
      ? [{ field: 'recreated name', opening: { ...opening, environment: { id: OTHER_ID, project, name } } }]
      : []),
    ...(signed.issuer === 'v1' && isFixed('pulumi.user.login')
      ? siblings(opening.user).map((user) => ({ field: 'user', opening: { ...opening, user } }))
      : []),
    ...(signed.issuer === 'v1' && isFixed('pulumi.token.team')
      ? siblings(opening.token.team).map((team) => ({
          field: 'team',
          opening: { ...opening, token: { ...opening.token, team } },
        }))
      : []),
  ];
  return {
    within: [openingContext(facts, signed, opening)],
    beyond: others.map(({ field, opening: other }) => ({ field, ...openingContext(facts, signed, other) })),
  };
};

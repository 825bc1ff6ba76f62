import { hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { EnvironmentRecords } from '../environments/records.ts';
import type { Directory } from '../runs/directory.ts';
import type { Identified } from '../runs/run.ts';
import { splitEnvironmentPath } from '../tokens/subject.ts';
import type { OurSide } from '../trust/verdict.ts';
import type { RunIssuer } from './draft-for-run.ts';
import { maySee } from './read-runs.ts';

export interface OurSideParts {
  readonly directory: Directory;
  readonly environments: EnvironmentRecords;
  readonly runIssuers: Readonly<Record<'v1' | 'v2', RunIssuer>>;
}

/** So many names of a document are looked up; one that names more is not told of any that is gone. */
const MOST_NAMES = 100;

/**
 * What a trust document is held against on our side.
 *
 * Only names that the document itself writes are looked up, so nobody learns of others. What the caller may not see
 * counts as existing: nothing is said about it.
 */
export const ourSideOf = async (
  { directory, environments, runIssuers: { v1, v2 } }: OurSideParts,
  principal: Principal,
  organization: Organization,
  text: string,
): Promise<OurSide> => {
  const known = {
    issuers: { v1: v1.url, v2: v2.url },
    subjectPrefix: v1.subjectPrefix,
    organization: organization.name,
  };
  const named = namesIn(text);
  if (named.projects.length + named.stacks.length + named.environments.length > MOST_NAMES) {
    return { ...known, known: {} };
  }
  const owner = await directory.organization(organization.name, organization.id);
  const [projects, stacks, found] = await Promise.all([
    which(named.projects, (project) => isThere(!maySee(principal, { project }), directory.findProject(owner, project))),
    which(named.stacks, (path) => {
      const [project = '', stack = ''] = path.split('/');
      return isThere(!maySee(principal, { project, stack }), directory.findStack(owner, project, stack));
    }),
    which(named.environments, (path) => environmentIsThere({ environments }, principal, owner, path)),
  ]);
  return { ...known, known: { projects, stacks, environments: found } };
};

const environmentIsThere = async (
  { environments }: Pick<OurSideParts, 'environments'>,
  principal: Principal,
  organization: Identified,
  path: string,
): Promise<boolean> => {
  const target = splitEnvironmentPath(path);
  if (!target) return false;
  return isThere(!hasAccess(principal, target, 'read'), environments.get({ organization, ...target }));
};

const isThere = async (hidden: boolean, found: Promise<object | undefined>): Promise<boolean> =>
  (await found) !== undefined || hidden;

const which = async (
  names: readonly string[],
  exists: (name: string) => Promise<boolean>,
): Promise<readonly string[]> => {
  const there = await Promise.all(names.map(exists));
  return names.filter((_name, index) => there[index]);
};

const NAME = '[A-Za-z0-9._-]{1,100}';

/** The names that stand in subjects anywhere in a text, whatever its form. */
const namesIn = (text: string): Readonly<Record<'projects' | 'stacks' | 'environments', readonly string[]>> => {
  const all = (pattern: string): readonly RegExpExecArray[] => [...text.matchAll(new RegExp(pattern, 'g'))];
  const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
  const found = all(`:project:(${NAME})(?::stack:(${NAME}))?`);
  const environments = all(`:(?:env|(?:current|root)Environment\\.name):(${NAME}(?:/${NAME})?)`);
  return {
    projects: unique(found.map(([, project = '']) => project)),
    stacks: unique(found.flatMap(([, project, stack]) => (stack === undefined ? [] : [`${project}/${stack}`]))),
    environments: unique(environments.map(([, path = '']) => (path.includes('/') ? path : `default/${path}`))),
  };
};

import { ANONYMOUS_ENVIRONMENT } from '../values.ts';

/** What an import names: `[project/]environment[@version]`, without a project the legacy project `default`. */
export interface EnvironmentReference {
  /** As written. */
  readonly text: string;
  readonly project: string;
  readonly name: string;
  /** A revision number or a tag, as written; absent: the latest revision, whichever that is. */
  readonly version?: string;
}

const DEFAULT_PROJECT = 'default';
/** Built in: whatever is newest, as without a version. */
const LATEST = 'latest';
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/** Reads the name of an environment; the problem is a sentence for its author. */
export const readReference = (text: string): EnvironmentReference | { readonly problem: string } => {
  const shown = JSON.stringify(text.slice(0, 300));
  const [path = '', version, ...more] = text.split('@');
  const parts = path.split('/');
  if (parts.length > 2) {
    return {
      problem: `${shown} names an organization; environments are imported from their own organization only, as [project/]environment[@version]`,
    };
  }
  const [project, name] = parts.length === 2 ? parts : [DEFAULT_PROJECT, parts[0]];
  const wrong = [project, name, ...(version === undefined ? [] : [version])].some((part) => !NAME.test(part ?? ''));
  if (wrong || more.length > 0 || project === undefined || name === undefined) {
    return { problem: `${shown} is not the name of an environment; write [project/]environment[@version]` };
  }
  return { text, project, name, ...(version !== undefined && version !== LATEST && { version }) };
};

/** The one way to write a name: `project/environment`, and the bare name in the legacy project `default`. */
export const displayName = ({ project, name }: { readonly project: string; readonly name: string }): string =>
  project === DEFAULT_PROJECT ? name : `${project}/${name}`;

export const isAnonymous = (name: string): boolean => name === '' || name === ANONYMOUS_ENVIRONMENT;

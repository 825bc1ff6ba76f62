import { readEnvironmentReference } from '../../../environments/reference.ts';
import { displayName } from '../../../environments/syntax/names.ts';
import { unusable } from '../../failure.ts';

/** An environment as a command line names it: `[org/][project/]environment[@version]`. */
export interface NamedEnvironment {
  /** Absent: that of the access token. */
  readonly org?: string;
  readonly project: string;
  readonly name: string;
  /** A revision number or a tag; absent: the newest revision. */
  readonly version?: string;
  /** As people write it, without organization and version. */
  readonly shown: string;
}

/** Reads a name; of two parts the first is the project, of three the organization comes before it. */
export const readNamed = (given: string): NamedEnvironment => {
  const parts = given.split('/');
  if (parts.length > 3) throw unusable(`${JSON.stringify(given)} is not the name of an environment.`, HOW);
  const org = parts.length === 3 ? parts[0] : undefined;
  if (org !== undefined && !/^[a-z0-9][a-z0-9_-]{1,38}[a-z0-9]$/.test(org)) {
    throw unusable(`${JSON.stringify(org)} is no name of an organization.`, HOW);
  }
  const reference = readEnvironmentReference(org === undefined ? given : parts.slice(1).join('/'));
  if ('problem' in reference) throw unusable(sentence(reference.problem), HOW);
  const { project, name, version } = reference;
  return {
    ...(org !== undefined && { org }),
    project,
    name,
    ...(version !== undefined && { version }),
    shown: displayName({ project, name }),
  };
};

/** The same for a command that changes what is newest. */
export const readUnversioned = (given: string): NamedEnvironment => {
  const named = readNamed(given);
  if (named.version === undefined) return named;
  throw unusable('A revision never changes: only the newest one can be built upon.', `leave out "@${named.version}"`);
};

const HOW = 'write [org/][project/]environment, and @VERSION where one is meant';

const sentence = (problem: string): string => (problem.endsWith('.') ? problem : `${problem}.`);

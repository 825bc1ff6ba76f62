import type { Identified } from '../runs/run.ts';
import type { EpochSeconds } from '../system.ts';

/** Where an environment is, or could be. */
export interface EnvironmentPlace {
  readonly organization: Identified;
  readonly project: string;
  readonly name: string;
}

/** Who made or changed something, as lists show it. */
export interface Author {
  readonly login: string;
  readonly name: string;
}

/** An environment that exists. */
export interface EnvironmentRecord extends EnvironmentPlace {
  /** Immutable; an environment that gets the name later has another one. */
  readonly id: string;
  readonly created: EpochSeconds;
  /** Time of the newest revision. */
  readonly modified: EpochSeconds;
  /** Number of the newest revision; a declared environment has one. */
  readonly latest: number;
  /** Absent: a file declares it. */
  readonly creator?: Author;
  /** A file declares it: it is read-only here. */
  readonly declared: boolean;
}

/** One revision of a definition. It never changes; numbers are 1, 2, 3, … without a gap. */
export interface Revision {
  readonly number: number;
  /** The definition; its secrets are ciphertexts. */
  readonly yaml: string;
  /** Absent: a file declares it. */
  readonly creator?: Author;
  readonly created: EpochSeconds;
}

/** A revision in a list: without its text, with the tags that point to it. */
export interface ListedRevision extends Omit<Revision, 'yaml'> {
  readonly tags: readonly string[];
}

/** What every tag says of itself. */
interface Tag {
  readonly name: string;
  readonly created: EpochSeconds;
  readonly modified: EpochSeconds;
  /** Absent: a file declares the environment. */
  readonly editor?: Author;
}

/** A name for a revision; it may be pointed to another one. */
export interface RevisionTag extends Tag {
  readonly revision: number;
}

/** A label of an environment: a name and a value, for people and lists. */
export interface EnvironmentTag extends Tag {
  readonly value: string;
}

/** An environment that a file declares. */
export interface DeclaredEnvironment {
  readonly text: string;
  /** When its file was last written. */
  readonly modified: EpochSeconds;
}

/** Names of an organization's declared environments, as `project/name`, and what their files say. */
export type DeclaredEnvironments = ReadonlyMap<string, DeclaredEnvironment>;

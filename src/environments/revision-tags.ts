import { Refusal } from '../errors.ts';
import { type Clock, epochSeconds } from '../system.ts';
import type { Author, EnvironmentRecord, RevisionTag } from './record.ts';
import { openTagList, type TagListParts } from './tag-list.ts';
import { LATEST, problemWithRevisionTag } from './version.ts';

/** What somebody asks of a revision tag; without a revision it points to the newest. */
export interface RevisionTagChange {
  readonly revision?: number;
  readonly editor: Author;
}

/**
 * The revision tags of environments. `latest` is built in: it is shown with the others, and nobody can change it.
 *
 * `absent`: there is no such tag, or the environment is gone. A name that no tag may have, and a change to a
 * declared environment, throw a `Refusal`.
 */
export interface RevisionTags {
  /** In the order of their names. */
  list(environment: EnvironmentRecord): Promise<readonly RevisionTag[]>;
  get(environment: EnvironmentRecord, name: string): Promise<RevisionTag | undefined>;
  create(
    environment: EnvironmentRecord,
    name: string,
    change: RevisionTagChange,
  ): Promise<RevisionTag | 'exists' | 'no_revision' | 'too_many' | 'absent'>;
  update(
    environment: EnvironmentRecord,
    name: string,
    change: RevisionTagChange,
  ): Promise<RevisionTag | 'no_revision' | 'absent'>;
  delete(environment: EnvironmentRecord, name: string): Promise<boolean>;
}

export interface RevisionTagParts extends TagListParts {
  readonly clock: Clock;
  /** Number of the newest revision by now. */
  newest(environment: EnvironmentRecord): Promise<number>;
}

const MOST = 500;

/** Where the revision tags of an environment are kept. */
export const revisionTagsKey = (environmentId: string): string => `environment-revision-tags/${environmentId}`;

export const openRevisionTags = ({ clock, newest, ...parts }: RevisionTagParts): RevisionTags => {
  const tags = openTagList<RevisionTag>(parts, revisionTagsKey);

  const list = async (environment: EnvironmentRecord): Promise<readonly RevisionTag[]> => {
    const { created, modified, creator, latest } = environment;
    const builtIn = { name: LATEST, revision: latest, created, modified, ...(creator && { editor: creator }) };
    return [...(await tags.read(environment)), builtIn].sort((left, right) => (left.name < right.name ? -1 : 1));
  };

  /** The revision that is meant, if there is one of that number. */
  const revisionOf = async (environment: EnvironmentRecord, asked: number | undefined): Promise<number | undefined> => {
    const latest = await newest(environment);
    const revision = asked ?? latest;
    return Number.isSafeInteger(revision) && revision >= 1 && revision <= latest ? revision : undefined;
  };

  return {
    list,

    async get(environment, name) {
      return (await list(environment)).find((tag) => tag.name === name);
    },

    async create(environment, name, { revision: asked, editor }) {
      checkName(name);
      const revision = await revisionOf(environment, asked);
      if (revision === undefined) return 'no_revision';
      const now = epochSeconds(clock);
      const tag: RevisionTag = { name, revision, created: now, modified: now, editor };
      return tags.change<'exists' | 'too_many'>(environment, (all) => {
        if (all.some((other) => other.name === name)) return 'exists';
        return all.length >= MOST ? 'too_many' : { tags: [...all, tag], tag };
      });
    },

    async update(environment, name, { revision: asked, editor }) {
      checkName(name);
      const revision = await revisionOf(environment, asked);
      if (revision === undefined) return 'no_revision';
      const modified = epochSeconds(clock);
      return tags.change<'absent'>(environment, (all) => {
        const before = all.find((other) => other.name === name);
        if (!before) return 'absent';
        const tag = { ...before, revision, modified, editor };
        return { tags: [...all.filter((other) => other.name !== name), tag], tag };
      });
    },

    async delete(environment, name) {
      checkName(name);
      const deleted = await tags.change(environment, (all) => {
        const tag = all.find((other) => other.name === name);
        return tag ? { tags: all.filter((other) => other.name !== name), tag } : 'absent';
      });
      return deleted !== 'absent';
    },
  };
};

const checkName = (name: string): void => {
  const problem = problemWithRevisionTag(name);
  if (problem !== undefined) throw new Refusal('invalid_name', { field: 'name', problem });
};

import { Refusal } from '../errors.ts';
import { type Clock, epochSeconds } from '../system.ts';
import type { Author, EnvironmentRecord, EnvironmentTag } from './record.ts';
import { openTagList, type TagListParts } from './tag-list.ts';

/**
 * The tags of environments: a name and a value each.
 *
 * `absent`: there is no such tag, or the environment is gone. A name or value that no tag may have, and a change to
 * a declared environment, throw a `Refusal`.
 */
export interface EnvironmentTags {
  /** In the order of their names. */
  list(environment: EnvironmentRecord): Promise<readonly EnvironmentTag[]>;
  get(environment: EnvironmentRecord, name: string): Promise<EnvironmentTag | undefined>;
  create(
    environment: EnvironmentRecord,
    tag: { readonly name: string; readonly value: string; readonly editor: Author },
  ): Promise<EnvironmentTag | 'exists' | 'too_many' | 'absent'>;
  /** `conflict`: the tag has another value than `expected`; `exists`: another tag has the new name. */
  update(
    environment: EnvironmentRecord,
    name: string,
    change: {
      readonly expected: string;
      /** Absent: as it is. */
      readonly name?: string;
      readonly value?: string;
      readonly editor: Author;
    },
  ): Promise<EnvironmentTag | 'conflict' | 'exists' | 'absent'>;
  delete(environment: EnvironmentRecord, name: string): Promise<boolean>;
}

const MOST = 100;
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,100}$/;
const VALUE = /^[^\p{Cc}]{0,256}$/u;

/** Where the tags of an environment are kept. */
export const environmentTagsKey = (environmentId: string): string => `environment-tags/${environmentId}`;

export const openEnvironmentTags = ({ clock, ...parts }: TagListParts & { readonly clock: Clock }): EnvironmentTags => {
  const tags = openTagList<EnvironmentTag>(parts, environmentTagsKey);
  return {
    list: tags.read,

    async get(environment, name) {
      return (await tags.read(environment)).find((tag) => tag.name === name);
    },

    async create(environment, { name, value, editor }) {
      check(name, value);
      const now = epochSeconds(clock);
      const tag: EnvironmentTag = { name, value, created: now, modified: now, editor };
      return tags.change<'exists' | 'too_many'>(environment, (all) => {
        if (all.some((other) => other.name === name)) return 'exists';
        return all.length >= MOST ? 'too_many' : { tags: [...all, tag], tag };
      });
    },

    async update(environment, name, { expected, editor, ...change }) {
      check(change.name ?? 'unchanged', change.value ?? '');
      const modified = epochSeconds(clock);
      return tags.change<'absent' | 'conflict' | 'exists'>(environment, (all) => {
        const before = all.find((other) => other.name === name);
        if (!before) return 'absent';
        if (before.value !== expected) return 'conflict';
        const others = all.filter((other) => other !== before);
        if (others.some((other) => other.name === change.name)) return 'exists';
        const tag = { ...before, ...change, modified, editor };
        return { tags: [...others, tag], tag };
      });
    },

    async delete(environment, name) {
      const deleted = await tags.change(environment, (all) => {
        const tag = all.find((other) => other.name === name);
        return tag ? { tags: all.filter((other) => other !== tag), tag } : 'absent';
      });
      return deleted !== 'absent';
    },
  };
};

const check = (name: string, value: string): void => {
  if (!NAME.test(name)) {
    const problem = 'must be 1 to 100 characters of A-Z, a-z, 0-9, ".", "_", ":" and "-"';
    throw new Refusal('invalid_name', { field: 'name', problem });
  }
  if (!VALUE.test(value)) {
    throw new Refusal('invalid_request', {
      problem: 'value: must be at most 256 characters, without control characters.',
    });
  }
};

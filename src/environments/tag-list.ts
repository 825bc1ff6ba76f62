import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { EnvironmentRecord } from './record.ts';

/** Attempts of a change against others at the same moment. */
const ATTEMPTS = 30;

/** Tags of an environment in one document, in the order of their names. */
export interface TagList<T> {
  read(environment: EnvironmentRecord): Promise<readonly T[]>;
  /**
   * Changes the tags in one step, against others who do at the same moment; gives the tag that `change` is about.
   *
   * `change` gives all tags as they shall be, or a word for why they stay as they are; it may be called again.
   */
  change<Why extends string>(
    environment: EnvironmentRecord,
    change: (tags: readonly T[]) => { readonly tags: readonly T[]; readonly tag: T } | Why,
  ): Promise<T | Why | 'absent'>;
}

export interface TagListParts {
  readonly store: Store;
  /** Does this very environment still exist? */
  exists(environment: EnvironmentRecord): Promise<boolean>;
}

export const openTagList = <T extends { readonly name: string }>(
  { store, exists }: TagListParts,
  keyOf: (environmentId: string) => string,
): TagList<T> => ({
  async read({ id, declared }) {
    const stored = declared ? undefined : await store.get(keyOf(id));
    return stored ? (JSON.parse(stored.value) as readonly T[]) : [];
  },

  async change(environment, change) {
    const { name, organization, project, declared } = environment;
    if (declared) {
      throw new Refusal('declared_in_file', { name: `${project}/${name}`, organization: organization.name });
    }
    const key = keyOf(environment.id);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = await store.get(key);
      const changed = change(stored ? (JSON.parse(stored.value) as readonly T[]) : []);
      if (typeof changed === 'string') return changed;
      const sorted = changed.tags.toSorted((left, right) => (left.name < right.name ? -1 : 1));
      if ((await store.replace(key, stored?.version ?? 0, JSON.stringify(sorted))) === 'conflict') continue;
      if (await exists(environment)) return changed.tag;
      // It was deleted meanwhile, perhaps with its tags already: nothing may stay behind under an id that is gone.
      await store.delete(key);
      return 'absent';
    }
    throw new Refusal('conflict');
  },
});

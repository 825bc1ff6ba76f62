import type { Store } from '../store/store.ts';
import { environmentTagsKey } from './environment-tags.ts';
import { revisionTagsKey } from './revision-tags.ts';
import { revisionKey } from './stored-environment.ts';

/** Keys that are looked at, or deleted, at once. */
const AT_ONCE = 10;

/**
 * Removes what is stored under the id of an environment that is gone for good; what is gone already is no matter.
 *
 * From the newest revision down: whoever dies half-way leaves revisions from 2 on behind, without a gap of `AT_ONCE`,
 * so that the next one finds their end without knowing it. `newest` is where to look from; there may be later ones.
 */
export const forgetEnvironment = async (store: Store, id: string, newest = 1): Promise<void> => {
  for (let last = await lastRevision(store, id, newest); last > 1; last -= AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, last - 1) }, (_, at) => last - at);
    await Promise.all(numbers.map((number) => store.delete(revisionKey(id, number))));
  }
  await Promise.all([store.delete(revisionTagsKey(id)), store.delete(environmentTagsKey(id))]);
};

/** The last revision that is stored, `newest` or later. */
const lastRevision = async (store: Store, id: string, newest: number): Promise<number> => {
  for (let last = newest; ; ) {
    const numbers = Array.from({ length: AT_ONCE }, (_, at) => last + 1 + at);
    const found = await Promise.all(
      numbers.map(async (number) => (await store.get(revisionKey(id, number))) !== undefined),
    );
    if (!found.includes(true)) return last;
    last = numbers[found.lastIndexOf(true)] as number;
  }
};

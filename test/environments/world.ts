import type { Author, DeclaredEnvironment, EnvironmentRecord } from '../../src/environments/record.ts';
import { openEnvironmentRecords } from '../../src/environments/records.ts';
import { openDirectory } from '../../src/runs/directory.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { realRandom, StandingClock } from '../clock.ts';

export const ACME = { id: 'org-1', name: 'acme' };
export const ALICE: Author = { login: 'alice', name: 'Alice' };
export const BOB: Author = { login: 'bob', name: 'Bob' };
export const PLACE = { organization: ACME, project: 'core', name: 'dev' };

export type Declared = Readonly<Record<string, DeclaredEnvironment>>;

/** The records over a store, as one replica has them. */
export const openRecords = (store: Store, clock = new StandingClock(), files: () => Declared = () => ({})) => {
  const directory = openDirectory(store, realRandom);
  const declared = (organization: string) => new Map(organization === 'acme' ? Object.entries(files()) : []);
  return { directory, records: openEnvironmentRecords({ store, clock, directory, declared }) };
};

/** A store in memory with its records; `wrap` gives them another store to see, `whole` sees all of it. */
export const world = (wrap: (store: Store) => Store = (store) => store) => {
  const clock = new StandingClock();
  const whole = memoryStore(clock);
  const state: { files: Declared } = { files: {} };
  const opened = openRecords(wrap(whole), clock, () => state.files);
  const untouched = openRecords(whole, clock, () => state.files);
  const { records } = opened;
  const create = async (place = PLACE): Promise<EnvironmentRecord> => {
    const created = await records.create(place, ALICE);
    if (typeof created === 'string') throw new Error(created);
    return created;
  };
  const text = async (version?: string, place = PLACE) => (await records.read(place, version))?.revision.yaml;
  return { ...opened, untouched, clock, whole, state, create, text };
};

/** A store that fails at the `at`-th call of a method, before or after it was done. */
export const failing = (store: Store, method: keyof Store, at: number, done: 'before' | 'after' = 'before'): Store => {
  let calls = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const found = Reflect.get(target, name) as unknown;
      if (typeof found !== 'function') return found;
      return async (...args: unknown[]) => {
        const fails = name === method && ++calls === at;
        if (fails && done === 'before') throw new Error('the store is gone');
        const answer: unknown = await (found as (...all: unknown[]) => unknown).apply(target, args);
        if (fails) throw new Error('the store is gone');
        return answer;
      };
    },
  });
};

import { Refusal } from '../errors.ts';
import type { Directory } from '../runs/directory.ts';
import type { Identified } from '../runs/run.ts';
import type { Store } from '../store/store.ts';
import { type Clock, epochSeconds } from '../system.ts';
import { checkNames } from './check-names.ts';
import { MAX_DEFINITION_BYTES, mustFit } from './definition-size.ts';
import { openEnvironmentIndex } from './environment-index.ts';
import { type EnvironmentTags, openEnvironmentTags } from './environment-tags.ts';
import { forgetEnvironment } from './forget-environment.ts';
import type {
  Author,
  DeclaredEnvironments,
  EnvironmentPlace,
  EnvironmentRecord,
  ListedRevision,
  Revision,
} from './record.ts';
import { openRevisionTags, type RevisionTags } from './revision-tags.ts';
import {
  keyOf,
  loadEnvironment,
  loadName,
  loadRevision,
  readNewest,
  revisionKey,
  settle,
  writeEnvironment,
} from './stored-environment.ts';
import { readVersion } from './version.ts';

/** A part of the list of an organization's environments. */
export interface EnvironmentPage {
  readonly environments: readonly EnvironmentRecord[];
  /** Where the next part begins; absent after the last one. */
  readonly next?: string;
}

/**
 * The environments of organizations: those that files declare, and those in the store.
 *
 * A declared one hides a stored one of its name, and every change to it throws the refusal `declared_in_file`.
 * Who may do what is not asked here.
 */
export interface EnvironmentRecords {
  /** Makes an environment whose first revision is empty; of many at once exactly one does. */
  create(place: EnvironmentPlace, creator: Author): Promise<EnvironmentRecord | 'exists' | 'too_many'>;
  get(place: EnvironmentPlace): Promise<EnvironmentRecord | undefined>;
  /**
   * The environments that `shows` lets through, in the order of `project/name`, at most `count` of them.
   * `after` is the `next` of the part before.
   */
  list(
    organization: Identified,
    options: {
      readonly count: number;
      readonly after?: string;
      shows(environment: { readonly project: string; readonly name: string }): boolean;
    },
  ): Promise<EnvironmentPage>;
  /** A revision by its number or tag; without a version, or as `latest`, the newest. */
  read(
    place: EnvironmentPlace,
    version?: string,
  ): Promise<{ readonly environment: EnvironmentRecord; readonly revision: Revision } | undefined>;
  /**
   * Makes the next revision and gives its number.
   *
   * `base` is the revision that the new text was made of: `conflict` when another one is the newest by now. Without
   * it the new text takes the place of whatever is there. `absent`: this very environment is gone.
   */
  update(
    environment: EnvironmentRecord,
    change: { readonly yaml: string; readonly base?: number; readonly author: Author },
  ): Promise<number | 'conflict' | 'absent'>;
  /** Ends this very environment, with everything that is kept of it; false when it is gone already. */
  delete(environment: EnvironmentRecord): Promise<boolean>;
  /** Revisions below `before`, the newest first, at most `count` and never more than 100. */
  revisions(
    environment: EnvironmentRecord,
    options: { readonly count: number; readonly before?: number },
  ): Promise<readonly ListedRevision[]>;
  readonly revisionTags: RevisionTags;
  readonly tags: EnvironmentTags;
}

export interface EnvironmentRecordParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: Directory;
  /** What the files in force declare for an organization, by its name. */
  declared(organization: string): DeclaredEnvironments;
}

const MAX_ENVIRONMENTS = 10_000;
/** Room for what JSON adds to a text; only a text of control characters needs more. */
const MAX_RECORD_BYTES = 3 * MAX_DEFINITION_BYTES;
/** Revisions of one list: the text of each is read. */
const MAX_LISTED = 100;
const READ_AT_ONCE = 10;
/** Environments of one list whose remains are removed on the way. */
const MAX_REMOVED = 10;
/** Attempts of a change against others at the same moment. */
const ATTEMPTS = 30;

export const openEnvironmentRecords = ({
  store,
  clock,
  directory,
  declared,
}: EnvironmentRecordParts): EnvironmentRecords => {
  const index = openEnvironmentIndex(store);

  const declaredAt = ({ organization, project, name }: EnvironmentPlace) =>
    declared(organization.name).get(`${project}/${name}`);

  const refuseDeclared = (place: EnvironmentPlace): void => {
    const { organization, project, name } = place;
    if (!declaredAt(place)) return;
    throw new Refusal('declared_in_file', { name: `${project}/${name}`, organization: organization.name });
  };

  const get = async (place: EnvironmentPlace): Promise<EnvironmentRecord | undefined> => {
    const file = declaredAt(place);
    if (!file) {
      const loaded = await loadEnvironment(store, place);
      return loaded && settle(store, loaded);
    }
    const { organization, project, name } = place;
    const { id } = await directory.environment(organization, project, name, { declared: true });
    const { modified } = file;
    return { organization, project, name, id, created: modified, modified, latest: 1, declared: true };
  };

  const exists = async (environment: EnvironmentRecord): Promise<boolean> =>
    (await loadEnvironment(store, environment))?.environment.id === environment.id;

  const revisionTags = openRevisionTags({
    store,
    clock,
    exists,
    newest: async (environment) => (await get(environment))?.latest ?? 0,
  });

  const revisionOf = async (environment: EnvironmentRecord, number: number): Promise<Revision | undefined> => {
    if (!environment.declared) return loadRevision(store, environment, number);
    const file = declaredAt(environment);
    return file && number === 1 ? { number, yaml: file.text, created: file.modified } : undefined;
  };

  /** Makes the document point to a revision that was created; false when the environment is gone. */
  const point = async (environment: EnvironmentRecord, { number, created }: Revision): Promise<boolean> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const loaded = await loadEnvironment(store, environment);
      if (loaded?.environment.id !== environment.id) return false;
      if (loaded.environment.latest >= number) return true;
      const next = { ...loaded.environment, latest: number, modified: created };
      if ((await store.replace(keyOf(next), loaded.version, writeEnvironment(next))) !== 'conflict') return true;
    }
    return true;
  };

  return {
    get,
    revisionTags,
    tags: openEnvironmentTags({ store, clock, exists }),

    async create(place, creator) {
      checkNames(place);
      refuseDeclared(place);
      const { organization, project, name } = place;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { id } = await directory.environment(organization, project, name);
        const named = await loadName(store, place);
        if (named?.environment) return 'exists';
        // Deleted meanwhile, and named again: the id that was asked for is gone for good.
        if (named?.id !== id) continue;
        if ((await index.count(organization.id)) >= MAX_ENVIRONMENTS) return 'too_many';
        const now = epochSeconds(clock);
        const made = { organization, project, name, id, creator, created: now, modified: now, latest: 1 };
        const environment: EnvironmentRecord = { ...made, declared: false };
        // Listed first: what exists can always be found.
        await index.add(environment);
        const written = await store.replace(keyOf(place), named.version, writeEnvironment(environment));
        if (written !== 'conflict') return environment;
      }
      throw new Refusal('conflict');
    },

    async list(organization, { count, after = '', shows }) {
      const files = declared(organization.name);
      const stored = await index.names(organization.id);
      const names = [...new Set([...files.keys(), ...stored.keys()])]
        .filter((name) => name > after && shows(placeOf(organization, name)))
        .sort();
      const environments: EnvironmentRecord[] = [];
      let removed = 0;
      let at = 0;
      while (at < names.length && environments.length < count) {
        const some = names.slice(at, at + count - environments.length);
        at += some.length;
        const found = await Promise.all(
          some.map(async (name) => {
            const place = placeOf(organization, name);
            const named = stored.has(name) ? await loadName(store, place) : undefined;
            for (const id of stored.get(name) ?? []) {
              // A name has its id before it is listed: without it the environment is gone, and was not removed whole.
              if (id === named?.id || removed++ >= MAX_REMOVED) continue;
              await forgetEnvironment(store, id);
              await index.remove({ ...place, id });
            }
            return files.has(name) ? get(place) : named?.environment;
          }),
        );
        environments.push(...found.filter((environment) => environment !== undefined));
      }
      const last = names[at - 1];
      return { environments, ...(at < names.length && last !== undefined && { next: last }) };
    },

    async read(place, version = '') {
      if (version === '' && !declaredAt(place)) return readNewest(store, place);
      const environment = await get(place);
      if (!environment) return undefined;
      const asked = version === '' ? { revision: environment.latest } : readVersion(version);
      if (!asked) return undefined;
      const number = 'revision' in asked ? asked.revision : (await revisionTags.get(environment, asked.tag))?.revision;
      const revision = number === undefined ? undefined : await revisionOf(environment, number);
      return revision && { environment, revision };
    },

    async update(environment, { yaml, base, author }) {
      mustFit(yaml);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        refuseDeclared(environment);
        // 1. This very environment as it is now, and whether the text was made of its newest revision.
        const current = await get(environment);
        if (current?.id !== environment.id) return 'absent';
        if (base !== undefined && base !== current.latest) return 'conflict';

        // 2. The revision. Of many with the same number one is created: from here on it is the newest.
        const revision: Revision = { number: current.latest + 1, yaml, creator: author, created: epochSeconds(clock) };
        const record = JSON.stringify(revision);
        if (Buffer.byteLength(record) > MAX_RECORD_BYTES) {
          throw new Refusal('invalid_request', { problem: 'The definition holds too many control characters.' });
        }
        const key = revisionKey(current.id, revision.number);
        if (!(await store.create(key, record))) continue;

        // 3. The document follows. Where it cannot, whoever reads next makes it follow.
        const isThere = await point(current, revision).catch(() => true);
        if (isThere) return revision.number;
        await store.delete(key);
        return 'absent';
      }
      return 'conflict';
    },

    async delete(environment) {
      refuseDeclared(environment);
      const { organization, project, name, id } = environment;
      const newest = (await get(environment))?.latest ?? environment.latest;
      if (!(await directory.deleteEnvironment(organization, project, name, id))) return false;
      // From here on it is gone; what is left of it is under its id, which nobody gets again.
      await forgetEnvironment(store, id, newest);
      await index.remove(environment);
      return true;
    },

    async revisions(environment, { count, before }) {
      const top = Math.min(environment.latest, (before ?? Number.POSITIVE_INFINITY) - 1);
      const most = Math.min(count, MAX_LISTED, top);
      const numbers = Array.from({ length: Math.max(most, 0) }, (_, at) => top - at);
      const tags = await revisionTags.list(environment);
      const listed: ListedRevision[] = [];
      for (let at = 0; at < numbers.length; at += READ_AT_ONCE) {
        const some = await Promise.all(
          numbers.slice(at, at + READ_AT_ONCE).map((number) => revisionOf(environment, number)),
        );
        for (const revision of some) {
          if (!revision) continue;
          const { yaml: _yaml, ...shown } = revision;
          const names = tags.filter((tag) => tag.revision === revision.number).map((tag) => tag.name);
          listed.push({ ...shown, tags: names });
        }
      }
      return listed;
    },
  };
};

const placeOf = (organization: Identified, path: string): EnvironmentPlace => {
  const [project = '', name = ''] = path.split('/');
  return { organization, project, name };
};

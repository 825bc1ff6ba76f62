import { problemWithName } from '../access/names.ts';
import { environmentKey } from '../runs/directory.ts';
import type { Store } from '../store/store.ts';
import type { EnvironmentPlace, EnvironmentRecord, Revision } from './record.ts';

/** What stands in the document of an environment besides its id. */
type StoredEnvironment = Pick<EnvironmentRecord, 'id' | 'creator' | 'created' | 'modified' | 'latest'>;

/** An environment as it was read, with what is needed to change its document. */
export interface LoadedEnvironment {
  readonly environment: EnvironmentRecord;
  readonly version: number;
}

export const revisionKey = (environmentId: string, number: number): string =>
  `environment-revision/${environmentId}/${number}`;

/** Key of an environment's document. */
export const keyOf = ({ organization, project, name }: EnvironmentPlace): string =>
  environmentKey(organization.id, project, name);

/** Whatever else a caller sends is no key of the store. */
const isNamed = ({ project, name }: EnvironmentPlace): boolean =>
  problemWithName('project', project) === undefined && problemWithName('environment', name) === undefined;

/** The document's text. */
export const writeEnvironment = ({ id, creator, created, modified, latest }: EnvironmentRecord): string =>
  JSON.stringify({ id, ...(creator && { creator }), created, modified, latest } satisfies StoredEnvironment);

/** What a name stands for: its id, and the environment if there is one; `undefined` when nobody ever named it. */
export const loadName = async (
  store: Store,
  place: EnvironmentPlace,
): Promise<
  { readonly id?: string; readonly version: number; readonly environment?: EnvironmentRecord } | undefined
> => {
  const stored = isNamed(place) ? await store.get(keyOf(place)) : undefined;
  if (!stored) return undefined;
  const { version } = stored;
  const document = JSON.parse(stored.value) as Partial<StoredEnvironment>;
  if (!isCreated(document)) return { ...document, version };
  const { organization, project, name } = place;
  return { id: document.id, version, environment: { organization, project, name, ...document, declared: false } };
};

/** The environment that the document says there is. */
export const loadEnvironment = async (
  store: Store,
  place: EnvironmentPlace,
): Promise<LoadedEnvironment | undefined> => {
  const { environment, version = 0 } = (await loadName(store, place)) ?? {};
  return environment && { environment, version };
};

const isCreated = (document: Partial<StoredEnvironment>): document is StoredEnvironment =>
  document.latest !== undefined;

/** A revision of a stored environment. The first one is the empty definition that every environment begins with. */
export const loadRevision = async (
  store: Store,
  { id, created, creator }: EnvironmentRecord,
  number: number,
): Promise<Revision | undefined> => {
  if (number === 1) return { number, yaml: '', created, ...(creator && { creator }) };
  const stored = await store.get(revisionKey(id, number));
  return stored && (JSON.parse(stored.value) as Revision);
};

/** An environment and its newest revision. Mostly that is the one that the document names: it is read at once. */
export const readNewest = async (
  store: Store,
  place: EnvironmentPlace,
): Promise<{ readonly environment: EnvironmentRecord; readonly revision: Revision } | undefined> => {
  const loaded = await loadEnvironment(store, place);
  if (!loaded) return undefined;
  const [environment, named] = await Promise.all([
    settle(store, loaded),
    loadRevision(store, loaded.environment, loaded.environment.latest),
  ]);
  const isNewest = named?.number === environment.latest;
  const revision = isNewest ? named : await loadRevision(store, environment, environment.latest);
  return revision && { environment, revision };
};

/**
 * The environment with the newest revision that there is.
 *
 * The document only points to where to look from: a revision exists from the moment it was created, also where
 * whoever made it died before the document said so. Then the document is made to say so.
 */
export const settle = async (store: Store, loaded: LoadedEnvironment): Promise<EnvironmentRecord> => {
  let { environment } = loaded;
  for (;;) {
    const next = await loadRevision(store, environment, environment.latest + 1);
    if (!next) break;
    environment = { ...environment, latest: next.number, modified: next.created };
  }
  // Somebody who is faster says the same, or more.
  if (environment !== loaded.environment) {
    await store.replace(keyOf(environment), loaded.version, writeEnvironment(environment));
  }
  return environment;
};

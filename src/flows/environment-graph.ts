import { type EnvironmentTarget, hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { type Graph, type LoadEnvironment, loadGraph, type RootDocument } from '../environments/evaluate/graph.ts';
import { nameOf, type Overrides } from '../environments/overrides.ts';
import type { EnvironmentPlace } from '../environments/record.ts';
import { type ParseEnvironment, rememberParsed } from '../environments/syntax/remembered.ts';
import { ANONYMOUS_ENVIRONMENT } from '../environments/values.ts';
import { LATEST } from '../environments/version.ts';
import { Refusal } from '../errors.ts';
import type { Identified } from '../runs/run.ts';
import type { EnvironmentParts } from './environment-parts.ts';
import { shownEnvironment } from './find-environment.ts';

/** Which document a story begins with: a stored one, a new text for one, or one without a name. */
export type EnvironmentRoot =
  | { readonly place: EnvironmentTarget; readonly version?: string; readonly text?: string }
  | { readonly text: string };

/** A document with everything that it imports, as far as this principal may see it. */
export interface LoadedEnvironment {
  readonly owner: Identified;
  readonly graph: Graph;
  /** The plaintext of a secret, of the document with this key only. */
  readonly decrypt: (key: string, ciphertext: Uint8Array) => string | undefined;
  /** Keys of the documents that mean something else here: an import of theirs, or further below, is overridden. */
  readonly changed: ReadonlySet<string>;
  /** What was opened, as people write it. */
  readonly name: string;
}

/** Characters of definitions that are remembered as read: the same revisions are opened again and again. */
const REMEMBERED = 32 * 1024 * 1024;
const parse: ParseEnvironment = rememberParsed(REMEMBERED);

/** Longest version that there can be. */
const MAX_SHOWN_VERSION = 100;

/**
 * Loads a document and everything that it imports, for one principal.
 *
 * Every edge is authorised for that principal, whoever wrote it: what it may not `read` (to check) or `open` (to
 * open) is answered like what is not there. Refuses a root that is not there or not permitted.
 *
 * `overrides` replace imports, wherever they stand; what takes their place is authorised like any import. One that
 * meets no import is refused: whoever asks for it would take the values for others than they are.
 */
export const loadEnvironmentGraph = async (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  root: EnvironmentRoot,
  level: 'read' | 'open',
  overrides: Overrides = new Map(),
): Promise<LoadedEnvironment> => {
  const owner = await parts.directory.organization(organization.name, organization.id);

  // 1. What is opened, and what its secrets and those of its imports are encrypted with.
  const [document, cipher] = await Promise.all([rootDocument(), parts.secrets.of(owner.id)]);

  // 2. What it imports, edge by edge.
  const met = new Set<string>();
  const importers = new Set<string>();
  const load: LoadEnvironment = async ({ reference, importer }) => {
    const replacement = overrides.get(nameOf(reference));
    const { project, name, version } = replacement ?? reference;
    const found = hasAccess(principal, { project, name }, level) ? await read({ project, name }, version) : undefined;
    if (replacement) {
      met.add(nameOf(reference));
      importers.add(importer.key);
    }
    const written = JSON.stringify(reference.text);
    const missing = replacement ? `${JSON.stringify(replacement.text)}, which overrides ${written},` : written;
    return found ?? { problem: `environment ${missing} not found` };
  };
  const graph = await loadGraph(document, load, parse);

  // 3. Whether it imports all that is overridden.
  const unmet = [...overrides.keys()].find((name) => !met.has(name));
  if (unmet !== undefined) {
    throw new Refusal('invalid_request', { problem: `Nothing that is opened imports ${unmet}, which is overridden.` });
  }
  return {
    owner,
    graph,
    changed: withImporters(graph, importers),
    decrypt: (key, ciphertext) => (key === '' ? undefined : cipher.decrypt(key, ciphertext)),
    name: document.name,
  };

  async function rootDocument(): Promise<RootDocument> {
    if (!('place' in root)) {
      // A document without a name belongs to nobody; who may use no environment at all has no use for it.
      if (!principal.administrator && principal.environments.every(({ access }) => access === 'none')) {
        throw new Refusal('environment_not_permitted', { environment: ANONYMOUS_ENVIRONMENT, access: level });
      }
      return { name: ANONYMOUS_ENVIRONMENT, text: root.text, key: '' };
    }
    const { place, text } = root;
    // The newest is what is opened anyway: asking for it by name asks for no version.
    const version = root.version === LATEST ? undefined : root.version;
    const environment = shownEnvironment(place);
    if (!hasAccess(principal, place, 'read')) throw new Refusal('environment_not_found', { environment });
    const found = await read(place, version);
    if (!found) {
      const isThere = version !== undefined && (await read(place, undefined)) !== undefined;
      throw isThere
        ? new Refusal('revision_not_found', { environment, version: version.slice(0, MAX_SHOWN_VERSION) })
        : new Refusal('environment_not_found', { environment });
    }
    if (!hasAccess(principal, place, level)) {
      throw new Refusal('environment_not_permitted', { environment, access: level });
    }
    return { ...found, text: text ?? found.text };
  }

  async function read(target: EnvironmentTarget, version: string | undefined) {
    const place: EnvironmentPlace = { organization: owner, ...target };
    const found = await parts.environments.read(place, version);
    if (!found) return undefined;
    const { environment, revision } = found;
    const { project, name, id } = environment;
    return {
      ...{ name: `${project}/${name}`, id, text: revision.yaml, key: id },
      ...(version !== undefined && { revision: String(revision.number) }),
    };
  }
};

/** The documents with these keys, and all that import one of them, directly or not. */
const withImporters = ({ nodes }: Graph, keys: ReadonlySet<string>): ReadonlySet<string> => {
  const found = new Set(keys);
  for (let before = -1; found.size > 0 && found.size !== before; ) {
    before = found.size;
    for (const { key, edges } of nodes) {
      if ([...edges.values()].some((edge) => 'node' in edge && found.has(edge.node.key))) found.add(key);
    }
  }
  return found;
};

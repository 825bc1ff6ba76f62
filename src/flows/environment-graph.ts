import { type EnvironmentTarget, hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { type Graph, type LoadEnvironment, loadGraph, type RootDocument } from '../environments/evaluate/graph.ts';
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
  /** Immutable ids of what was loaded, by `project/name`. */
  readonly ids: ReadonlyMap<string, string>;
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
 */
export const loadEnvironmentGraph = async (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  root: EnvironmentRoot,
  level: 'read' | 'open',
): Promise<LoadedEnvironment> => {
  const owner = await parts.directory.organization(organization.name, organization.id);
  const ids = new Map<string, string>();

  // 1. What is opened, and what its secrets and those of its imports are encrypted with.
  const [document, cipher] = await Promise.all([rootDocument(), parts.secrets.of(owner.id)]);

  // 2. What it imports, edge by edge.
  const load: LoadEnvironment = async ({ reference: { text, project, name, version } }) => {
    const found = hasAccess(principal, { project, name }, level) ? await read({ project, name }, version) : undefined;
    return found ?? { problem: `environment ${JSON.stringify(text)} not found` };
  };
  return {
    owner,
    graph: await loadGraph(document, load, parse),
    decrypt: (key, ciphertext) => (key === '' ? undefined : cipher.decrypt(key, ciphertext)),
    ids,
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
    return {
      name: found.name,
      text: text ?? found.text,
      key: found.key,
      ...(version !== undefined && { revision: found.revision }),
    };
  }

  async function read(target: EnvironmentTarget, version: string | undefined) {
    const place: EnvironmentPlace = { organization: owner, ...target };
    const found = await parts.environments.read(place, version);
    if (!found) return undefined;
    const { environment, revision } = found;
    const name = `${environment.project}/${environment.name}`;
    ids.set(name, environment.id);
    return { name, revision: String(revision.number), text: revision.yaml, key: environment.id };
  }
};

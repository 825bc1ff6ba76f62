import { displayName, type EnvironmentReference, isAnonymous, readReference } from '../syntax/names.ts';
import { type ParsedEnvironment, parseEnvironment } from '../syntax/parse-environment.ts';
import type { ParseEnvironment } from '../syntax/remembered.ts';
import { accessesIn, inlineImportOf } from './inline-imports.ts';
import { EVALUATION_LIMITS } from './limits.ts';

/** Which environment somebody means, as claims and calls name it. */
export interface EnvironmentIdentity {
  readonly project: string;
  readonly name: string;
  /** Immutable; absent where the loader knows none. */
  readonly id?: string;
  /** Given only where a revision or tag was asked for. */
  readonly revision?: string;
}

/** The document that is opened or checked. */
export interface RootDocument {
  /** `[project/]environment`; `<yaml>` or empty for a document that is not stored. */
  readonly name: string;
  /** Immutable id of the environment, where there is one. */
  readonly id?: string;
  readonly revision?: string;
  readonly text: string;
  /** What `decrypt` is asked with for its secrets. */
  readonly key: string;
}

/** What the loader is asked for: one edge of the graph, which is also what is to be authorised. */
export interface LoadRequest {
  readonly reference: EnvironmentReference;
  readonly importer: {
    readonly identity: EnvironmentIdentity | undefined;
    readonly key: string;
    readonly isRoot: boolean;
  };
}

export interface LoadedDocument {
  /** Resolved: `project/environment`. */
  readonly name: string;
  /** Immutable id of the environment, where the loader knows it. */
  readonly id?: string;
  /** The revision that a version resolved to; absent where no version was asked for. */
  readonly revision?: string;
  readonly text: string;
  readonly key: string;
}

/** Loads the target of one edge, or says why it may not or cannot be imported. Asked once for each edge. */
export type LoadEnvironment = (request: LoadRequest) => Promise<LoadedDocument | { readonly problem: string }>;

/** One document of the graph. */
export interface GraphNode {
  /** Names the document in this graph: normalised name, and revision where one was asked for. */
  readonly id: string;
  /** `undefined` for a document without a name. */
  readonly identity: EnvironmentIdentity | undefined;
  /** As `context` shows it. */
  readonly displayName: string;
  readonly key: string;
  readonly parsed: ParsedEnvironment;
  /** By the text of the import. */
  readonly edges: ReadonlyMap<string, GraphEdge>;
}

export type GraphEdge = { readonly node: GraphNode } | { readonly problem: string } | { readonly limit: string };

/** A root with everything that it may import, loaded before anything is evaluated. */
export interface Graph {
  readonly root: GraphNode;
  /** All documents, the root first. */
  readonly nodes: readonly GraphNode[];
}

interface GrowingNode extends GraphNode {
  readonly edges: Map<string, GraphEdge>;
}

/**
 * Loads what a document may import, level by level and each level at once. Imports are found without evaluating:
 * `imports`, and every `${environments.P.E…}`. Names are normalised, each document is read once, and what cannot be
 * loaded becomes a problem where the import is evaluated. Rejects only when `load` does.
 */
export const loadGraph = async (
  root: RootDocument,
  load: LoadEnvironment,
  parse: ParseEnvironment = parseEnvironment,
): Promise<Graph> => {
  const first = rootNode(root, parse);
  const nodes = new Map<string, GrowingNode>([[first.id, first]]);
  for (let level = [first], depth = 1; level.length > 0; depth++) {
    const edges = level.flatMap((importer) => importsOf(importer.parsed).map((text) => ({ importer, text })));
    const loaded = await Promise.all(edges.map((edge) => follow(edge.importer, edge.text, first, depth, load)));
    const next: GrowingNode[] = [];
    for (const [index, { importer, text }] of edges.entries()) {
      const found = loaded[index];
      if (!found) continue;
      if (!('document' in found)) {
        importer.edges.set(text, found);
        continue;
      }
      const id = idOf(found.identity);
      let node = nodes.get(id);
      if (!node && nodes.size > EVALUATION_LIMITS.imports) {
        importer.edges.set(text, { limit: `more than ${EVALUATION_LIMITS.imports} environments are imported` });
        continue;
      }
      if (!node) {
        node = importedNode(id, found.identity, found.document, parse);
        nodes.set(id, node);
        next.push(node);
      }
      importer.edges.set(text, { node });
    }
    level = next;
  }
  return { root: first, nodes: [...nodes.values()] };
};

/** Loads one edge. Further than the limit nothing is asked for. */
const follow = async (
  importer: GraphNode,
  text: string,
  root: GraphNode,
  depth: number,
  load: LoadEnvironment,
): Promise<
  | { readonly document: LoadedDocument; readonly identity: EnvironmentIdentity }
  | { readonly problem: string }
  | { readonly limit: string }
> => {
  const reference = readReference(text);
  if ('problem' in reference) return reference;
  if (depth > EVALUATION_LIMITS.importDepth) {
    return { limit: `imports are nested more than ${EVALUATION_LIMITS.importDepth} levels deep` };
  }
  const { identity, key } = importer;
  const loaded = await load({ reference, importer: { identity, key, isRoot: importer === root } });
  if ('problem' in loaded) return loaded;
  const name = readReference(loaded.name);
  if ('problem' in name) return name;
  return { document: loaded, identity: identityOf(name, loaded.id, loaded.revision) };
};

const rootNode = (root: RootDocument, parse: ParseEnvironment): GrowingNode => {
  const reference = readReference(root.name);
  const named = !isAnonymous(root.name) && !('problem' in reference);
  const identity = named ? identityOf(reference, root.id, root.revision) : undefined;
  const shown = identity ? displayName(identity) : root.name;
  const parsed = parse(shown, root.text);
  return { id: identity ? idOf(identity) : '', identity, displayName: shown, key: root.key, parsed, edges: new Map() };
};

const importedNode = (
  id: string,
  identity: EnvironmentIdentity,
  document: LoadedDocument,
  parse: ParseEnvironment,
): GrowingNode => {
  const shown = displayName(identity);
  const parsed = parse(identity.revision === undefined ? shown : `${shown}@${identity.revision}`, document.text);
  return { id, identity, displayName: shown, key: document.key, parsed, edges: new Map() };
};

const identityOf = (
  { project, name }: EnvironmentReference,
  id: string | undefined,
  revision: string | undefined,
): EnvironmentIdentity => ({
  project,
  name,
  ...(id !== undefined && { id }),
  ...(revision !== undefined && { revision }),
});

/** Names a document in its graph. */
const idOf = ({ project, name, revision }: EnvironmentIdentity): string =>
  `${project}/${name}${revision === undefined ? '' : `@${revision}`}`;

/** What was found in definitions: the same ones are opened again and again. */
const importsFound = new WeakMap<ParsedEnvironment, readonly string[]>();

/** Everything that a definition may import, each text once and in order. */
const importsOf = (parsed: ParsedEnvironment): readonly string[] => {
  const imports = importsFound.get(parsed) ?? findImports(parsed);
  importsFound.set(parsed, imports);
  return imports;
};

const findImports = ({ definition }: ParsedEnvironment): readonly string[] => {
  const declared = definition?.imports.map(({ name }) => name) ?? [];
  const inline =
    definition?.values.flatMap(({ value }) => accessesIn(value).flatMap((access) => inlineImportOf(access) ?? [])) ??
    [];
  return [...new Set([...declared, ...inline])];
};

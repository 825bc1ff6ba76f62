import { type Evaluation, evaluateGraph } from '../../../src/environments/evaluate/evaluate-graph.ts';
import {
  type Graph,
  type LoadedDocument,
  type LoadRequest,
  loadGraph,
  type RootDocument,
} from '../../../src/environments/evaluate/graph.ts';
import { writeJson } from '../../../src/environments/evaluate/json-text.ts';
import { plainFrom, toPlain } from '../../../src/environments/evaluate/plain.ts';
import type {
  EvaluationOptions,
  PendingCall,
  ProviderOutcome,
  ProviderSchema,
} from '../../../src/environments/evaluate/run.ts';
import type { Diagnostic, Plain } from '../../../src/environments/values.ts';

/** A provider as tests know it: what it takes and gives, and how it answers. */
export interface TestProvider extends ProviderSchema {
  open(call: PendingCall): ProviderOutcome;
}

/** The providers of the reference's own harness. */
export const PROVIDERS: Readonly<Record<string, TestProvider>> = {
  // It gets the members, and what they are in is new.
  test: { inputs: true, outputs: true, open: ({ inputValue }) => ({ output: { ...inputValue, secret: false } }) },
  error: {
    inputs: { type: 'object', properties: { why: { type: 'string' } }, required: ['why'] },
    outputs: true,
    open: ({ inputs }) => ({ error: String((inputs as ReadonlyMap<string, Plain>).get('why')) }),
  },
  'secret-wrapper': { inputs: true, outputs: true, secretOutputs: true, open: ({ inputs }) => ({ output: inputs }) },
};

export interface World {
  /** Definitions by their normalised names, `project/environment` or the bare name in `default`. */
  readonly documents?: Readonly<Record<string, string>>;
  readonly providers?: Readonly<Record<string, TestProvider>>;
  readonly context?: unknown;
  readonly options?: Partial<EvaluationOptions>;
}

/** The reference's harness adds 128 to every byte. */
const decrypt = (_key: string, ciphertext: Uint8Array): string =>
  Buffer.from(ciphertext.map((byte) => (byte + 128) & 0xff)).toString('utf8');

export const load = (root: RootDocument | string, documents: Readonly<Record<string, string>> = {}): Promise<Graph> =>
  loadGraph(
    typeof root === 'string' ? { name: 'root', key: 'root', text: root } : root,
    async ({ reference }: LoadRequest): Promise<LoadedDocument | { problem: string }> => {
      const { project, name, version } = reference;
      const path = project === 'default' ? name : `${project}/${name}`;
      const text = documents[version === undefined ? path : `${path}@${version}`];
      if (text === undefined) return { problem: `environment "${reference.text}" not found` };
      return { name: `${project}/${name}`, key: path, text, ...(version !== undefined && { revision: version }) };
    },
  );

const optionsFor = (mode: 'check' | 'open', world: World): EvaluationOptions => ({
  mode,
  context: plainFrom(world.context ?? {}) as ReadonlyMap<string, Plain>,
  providers: new Map(Object.entries(world.providers ?? PROVIDERS)),
  decrypt,
  ...world.options,
});

export interface Opened extends Evaluation {
  /** All calls that were made, in order. */
  readonly made: readonly PendingCall[];
}

/** Opens as a server does: evaluates, makes what is pending, and evaluates again until nothing is. */
export const open = async (root: RootDocument | string, world: World = {}): Promise<Opened> =>
  openGraph(await load(root, world.documents), world);

export const openGraph = (graph: Graph, world: World = {}): Opened => {
  const outputs = new Map<string, ProviderOutcome>();
  const made: PendingCall[] = [];
  for (;;) {
    const evaluation = evaluateGraph(graph, { ...optionsFor('open', world), outputs });
    if (evaluation.calls.length === 0) return { ...evaluation, made };
    for (const call of evaluation.calls) {
      const provider = (world.providers ?? PROVIDERS)[call.provider];
      if (!provider) throw new Error(`no provider ${call.provider}`);
      outputs.set(call.id, provider.open(call));
      made.push(call);
    }
  }
};

export const check = async (root: RootDocument | string, world: World = {}): Promise<Evaluation> =>
  evaluateGraph(await load(root, world.documents), optionsFor('check', world));

export const checkGraph = (graph: Graph, world: World = {}): Evaluation =>
  evaluateGraph(graph, optionsFor('check', world));

/** A result as JSON that a test can compare; numbers lose nothing that tests look at. */
export const json = ({ value }: Evaluation, secrets: 'reveal' | 'redact' = 'reveal'): unknown =>
  value && JSON.parse(writeJson(toPlain(value, { secrets })));

export const summaries = (diagnostics: readonly Diagnostic[]): readonly string[] =>
  diagnostics.map(({ severity, path, summary }) => `${severity} ${path}: ${summary}`);

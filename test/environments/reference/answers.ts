import type { Evaluation } from '../../../src/environments/evaluate/evaluate-graph.ts';
import { writeJson } from '../../../src/environments/evaluate/json-text.ts';
import { toPlain } from '../../../src/environments/evaluate/plain.ts';
import type { Diagnostic } from '../../../src/environments/values.ts';
import { checkGraph, load, openGraph, type World } from '../evaluate/opening.ts';

/** A definition with everything it may import, and how it is checked. */
export interface ReferenceCase {
  /** The name under which the root is opened. */
  readonly root: string;
  readonly text: string;
  /** By the text of the import. */
  readonly documents: Readonly<Record<string, string>>;
  /** Checking shows what stored secrets hold. */
  readonly showSecrets?: boolean;
}

/** What an evaluator says of a case. Problems are lines, sorted; results are JSON with sorted keys. */
export interface Answer {
  readonly load: readonly string[];
  readonly check: readonly string[];
  readonly checkJson: string;
  readonly open: readonly string[];
  readonly redacted: string;
  readonly revealed: string;
  /** Where the reference gave up with a crash. */
  readonly panic?: string;
}

/** Our answer, in the world of the reference's own harness. */
export const ourAnswer = async ({ root, text, documents, showSecrets = false }: ReferenceCase): Promise<Answer> => {
  const graph = await load({ name: root, key: root, text }, documents);
  const world: World = {
    context: { pulumi: { user: { id: 'USER_123' } } },
    options: { eager: true, showSecrets },
  };
  const [checked, opened] = [checkGraph(graph, world), openGraph(graph, world)];
  return {
    load: lines(graph.root.parsed.diagnostics),
    check: lines(checked.diagnostics),
    checkJson: json(checked, 'redact'),
    open: lines(opened.diagnostics),
    redacted: json(opened, 'redact'),
    revealed: json(opened, 'reveal'),
  };
};

const lines = (diagnostics: readonly Diagnostic[]): readonly string[] =>
  diagnostics
    .map(({ severity, summary, path, range }) => {
      const { line, column } = range.begin;
      return `${severity} ${range.environment}:${line}:${column} ${path}: ${summary}`;
    })
    .sort();

const json = ({ value }: Evaluation, secrets: 'reveal' | 'redact'): string =>
  value ? writeJson(toPlain(value, { secrets, keepBytes: true }), { escapeHtml: true }) : 'null';

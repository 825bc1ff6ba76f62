import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Evaluation } from '../../../src/environments/evaluate/evaluate-graph.ts';
import type { Diagnostic } from '../../../src/environments/values.ts';
import { checkGraph, json, load, openGraph, type World } from './opening.ts';

const CASES = fileURLToPath(new URL('../../../../shared/esc-cases/', import.meta.url));
const available = existsSync(CASES);

/** What the reference expects, as its files have it. */
interface Expected {
  readonly loadDiags?: readonly ExpectedProblem[];
  readonly checkDiags?: readonly ExpectedProblem[];
  readonly evalDiags?: readonly ExpectedProblem[];
  readonly checkJson?: unknown;
  readonly evalJsonRedacted?: unknown;
  readonly evalJSONRevealed?: unknown;
}

interface ExpectedProblem {
  readonly Severity: 1 | 2;
  readonly Summary: string;
  readonly Path?: string;
  readonly Subject?: { readonly Filename: string; readonly Start: { readonly Line: number; readonly Column: number } };
}

/**
 * Where we say something else than the reference, on purpose: by case and field of what it expects, with the reason.
 * Ends of ranges are not compared: the reference leaves out closing quotes and brackets, ours has them.
 */
const DIFFERENCES: Readonly<Record<string, { readonly fields: readonly (keyof Expected)[]; readonly reason: string }>> =
  {};

const sortedTexts = (texts: readonly string[]): readonly string[] => texts.toSorted();

const expectedProblems = (problems: readonly ExpectedProblem[] = []): readonly string[] =>
  sortedTexts(
    problems.map(({ Severity, Summary, Path = '', Subject }) => {
      const at = Subject ? `${Subject.Filename}:${Subject.Start.Line}:${Subject.Start.Column}` : '';
      return `${Severity === 1 ? 'error' : 'warning'} ${at} ${Path}: ${Summary}`;
    }),
  );

const ourProblems = (problems: readonly Diagnostic[]): readonly string[] =>
  sortedTexts(
    problems.map(({ severity, summary, path, range }) => {
      const { line, column } = range.begin;
      return `${severity} ${range.environment}:${line}:${column} ${path}: ${summary}`;
    }),
  );

const documentsIn = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => [file.slice(0, -'.yaml'.length), readFileSync(`${folder}/${file}`, 'utf8')]),
  );

const runCase = async (name: string): Promise<void> => {
  const folder = CASES + name;
  const expected: Expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
  const overridden = existsSync(`${folder}/overrides.json`);
  const overrides: { showSecrets?: boolean; rootEnvironment?: string } = overridden
    ? JSON.parse(readFileSync(`${folder}/overrides.json`, 'utf8'))
    : {};
  const documents = documentsIn(folder);
  const root = { name: overrides.rootEnvironment ?? name, key: name, text: documents['env'] ?? '' };
  const graph = await load(root, documents);
  const world: World = {
    context: { pulumi: { user: { id: 'USER_123' } } },
    options: { eager: true, showSecrets: overrides.showSecrets ?? false },
  };
  const compare = (field: keyof Expected, ours: unknown, theirs: unknown): void => {
    if (!DIFFERENCES[name]?.fields.includes(field)) assert.deepEqual(ours, theirs, field);
  };
  const compareProblems = (field: 'checkDiags' | 'evalDiags', { diagnostics }: Evaluation): void =>
    compare(field, ourProblems(diagnostics), expectedProblems(expected[field]));

  compare('loadDiags', ourProblems(graph.root.parsed.diagnostics), expectedProblems(expected.loadDiags));
  const checked = checkGraph(graph, world);
  compareProblems('checkDiags', checked);
  compare('checkJson', json(checked, 'redact'), expected.checkJson);
  const opened = openGraph(graph, world);
  compareProblems('evalDiags', opened);
  compare('evalJsonRedacted', json(opened, 'redact'), expected.evalJsonRedacted);
  compare('evalJSONRevealed', json(opened), expected.evalJSONRevealed);

  // What is opened only where it is needed gives the same values.
  const lazily = openGraph(graph, { ...world, options: { ...world.options, eager: false } });
  compare('evalJSONRevealed', json(lazily), expected.evalJSONRevealed);
};

describe('the cases of the reference evaluator', { skip: available ? false : 'shared/esc-cases is not here' }, () => {
  const names = available ? readdirSync(CASES).filter((name) => existsSync(`${CASES}${name}/env.yaml`)) : [];
  for (const name of names) test(name, () => runCase(name));

  test('there are cases, and every listed difference is one of them', () => {
    assert.ok(names.length > 20);
    for (const name of Object.keys(DIFFERENCES)) assert.ok(names.includes(name), name);
  });
});

import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';
import type { JsonSchema } from './json-schema.ts';
import { findShapeProblems, type ShapeProblem } from './shape-problems.ts';

/** One thing that is wrong in a file, for the person who wrote it. */
export interface Problem {
  readonly file: string;
  /** From 1; 0 when the problem has no place in a file. */
  readonly line: number;
  readonly column: number;
  /** The field, as in `users[0].login`; empty for the document itself. */
  readonly path: string;
  /** What is wrong: the end of a sentence that begins with the path. */
  readonly problem: string;
  /** What to write instead: the end of a sentence, too. */
  readonly suggestion?: string;
}

/** A problem that somebody found in a value by its own rules, before it has a place in the file. */
export interface Finding {
  readonly at: readonly (string | number)[];
  readonly problem: string;
  readonly suggestion?: string;
}

/** Gives a finding its place: the nearest thing that stands in the file. */
export type Place = (finding: Finding) => Problem;

export type Reading<T> =
  | { readonly value: T; readonly place: Place }
  | {
      readonly problems: readonly Problem[];
      /** What is left without the wrong parts, where that has the right shape: so that rules between fields can speak, too. */
      readonly rest?: { readonly value: T; readonly place: Place };
    };

const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;
// A level takes one place on the parser's stack; the document and what is being read take a few more.
const MAX_STACK = MAX_DEPTH + 4;
const MAX_ALIASES = 100;
const MAX_PROBLEMS = 100;
const MAX_MESSAGE = 200;

const TOO_MANY_ALIASES = {
  problem: `uses its anchors more than ${MAX_ALIASES} times`,
  suggestion: 'write the values out',
};

/**
 * Reads a YAML 1.2 document that must have the shape of `schema`; JSON is YAML, too.
 *
 * Gives the value, or every problem with its place: syntax, duplicate and unknown keys, wrong types, wrong
 * ranges. Never throws for what the text holds, converts nothing and fills in nothing; an empty document is an
 * empty mapping. Refuses what is larger than 1 MiB, nested deeper than 64 or made to explode by aliases.
 */
export const readDocument = <T>(text: string, file: string, schema: JsonSchema): Reading<T> => {
  const whole = (problem: string, suggestion: string): Reading<T> => ({
    problems: [{ file, line: 1, column: 1, path: '', problem, suggestion }],
  });
  if (Buffer.byteLength(text) > MAX_BYTES) return whole('is larger than 1 MiB', 'split it');

  const lines = new LineCounter();
  const parsed = parse(text, lines);
  if (!parsed) return whole('is nested too deeply', `write at most ${MAX_DEPTH} levels`);
  const { document, more } = parsed;
  const place: Place = (finding) => locate(document, lines, file, finding, false);
  const atOffset = ({ offset, problem, suggestion }: Fault): Problem => ({
    ...position(lines, file, offset),
    path: '',
    problem,
    suggestion,
  });

  const syntax = syntaxFaults(document, more);
  if (syntax.length > 0) return { problems: inOrder(syntax.map(atOffset)) };
  const { fatal, duplicates } = structureFaults(document);
  if (fatal.length > 0) return { problems: inOrder([...fatal, ...duplicates].map(atOffset)) };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch {
    return whole(TOO_MANY_ALIASES.problem, TOO_MANY_ALIASES.suggestion);
  }

  const shape = findShapeProblems(value, schema).slice(0, MAX_PROBLEMS);
  if (duplicates.length === 0 && shape.length === 0) return { value: value as T, place };
  const problems = [
    ...duplicates.map(atOffset),
    ...shape.map((problem) => locate(document, lines, file, problem, problem.onKey)),
  ];
  const rest = without(value, shape);
  const usable = findShapeProblems(rest, schema).length === 0;
  return { problems: inOrder(problems), ...(usable && { rest: { value: rest as T, place } }) };
};

/** One line per problem: `file:line:column: path: what is wrong; what to write instead`. */
export const formatProblems = (problems: readonly Problem[]): string =>
  problems
    .map(({ file, line, column, path, problem, suggestion }) => {
      const where = line > 0 ? `${file}:${line}:${column}` : file;
      const what = suggestion === undefined ? problem : `${problem}; ${suggestion}`;
      // What is quoted from a file must not move the terminal's cursor.
      return `${where}: ${path === '' ? what : `${path}: ${what}`}`.replace(/\p{Cc}/gu, '?');
    })
    .join('\n');

/** In reading order, and no more than a person can use. */
export const inOrder = (problems: readonly Problem[]): readonly Problem[] =>
  problems.toSorted((left, right) => left.line - right.line || left.column - right.column).slice(0, MAX_PROBLEMS);

/** Makes a value read from a file unchangeable, all the way down. */
export const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
};

/**
 * Runs the three steps of the YAML library by hand: its composer calls itself for every level, so the depth must be
 * known before. `undefined`: nested too deeply.
 */
const parse = (
  text: string,
  lines: LineCounter,
): { readonly document: Document; readonly more?: Document } | undefined => {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_STACK) return undefined;
  }
  tokens.push(...parser.end());
  const documents = new Composer({
    version: '1.2',
    schema: 'core',
    strict: true,
    stringKeys: true,
    // Ours, in `structureProblems`: the library compares every key with every other.
    uniqueKeys: false,
    logLevel: 'silent',
  }).compose(tokens, true, text.length);
  const [document, more] = [documents.next().value, documents.next().value];
  return document ? { document, ...(more && { more }) } : undefined;
};

/** A problem at an offset into the text. */
interface Fault {
  readonly offset: number;
  readonly problem: string;
  readonly suggestion: string;
}

const ADVICE: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'indent with the same number of spaces as the lines around it',
  MISSING_CHAR: 'add what is missing, or put the text in quotes',
  TAG_RESOLVE_FAILED: 'leave the tag out',
};

const syntaxFaults = (document: Document, more: Document | undefined): readonly Fault[] => {
  const faults = new Map<number, Fault>();
  for (const { pos, code, message } of [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS)) {
    const suggestion = ADVICE[code] ?? 'correct the syntax here';
    // The first complaint about a place is the useful one; the rest follows from it.
    if (!faults.has(pos[0]))
      faults.set(pos[0], { offset: pos[0], problem: `is not YAML: ${message.slice(0, MAX_MESSAGE)}`, suggestion });
  }
  if (more) {
    const offset = offsetOf(more);
    faults.set(offset, { offset, problem: 'a second document begins here', suggestion: 'write one per file' });
  }
  return [...faults.values()];
};

/** Duplicate keys, and aliases that name nothing or contain themselves. */
const structureFaults = (
  document: Document,
): { readonly fatal: readonly Fault[]; readonly duplicates: readonly Fault[] } => {
  const fatal: Fault[] = [];
  const duplicates: Fault[] = [];
  let aliases = 0;
  const visit = (node: unknown): void => {
    const offset = offsetOf(node);
    if (isAlias(node)) {
      // Each look-up walks the document, so there may be only so many.
      if (++aliases > MAX_ALIASES) return;
      const target = node.resolve(document)?.range;
      if (!target) {
        const problem = `nothing before this is named "&${node.source}"`;
        fatal.push({ offset, problem, suggestion: 'put the text in quotes if "*" belongs to it' });
      } else if (target[0] <= offset && offset < target[2]) {
        fatal.push({ offset, problem: 'an alias stands inside what it names', suggestion: 'write the value out' });
      }
    } else if (isSeq(node)) {
      node.items.forEach(visit);
    } else if (isMap(node)) {
      const seen = new Set<string>();
      for (const pair of node.items) {
        const key = keyOf(pair.key);
        if (seen.has(key)) {
          const problem = `the key ${JSON.stringify(key)} stands here twice`;
          duplicates.push({ offset: offsetOf(pair.key), problem, suggestion: 'leave one of them out' });
        }
        seen.add(key);
        visit(pair.value);
      }
    }
  };
  visit(document.contents);
  if (aliases > MAX_ALIASES) fatal.push({ offset: 0, ...TOO_MANY_ALIASES });
  return { fatal, duplicates };
};

const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

/** Follows the path as far as the file goes; what is missing is reported where it would stand. */
const locate = (document: Document, lines: LineCounter, file: string, finding: Finding, onKey: boolean): Problem => {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  let path = '';
  let lost = false;
  for (const [index, part] of finding.at.entries()) {
    const container: unknown = isAlias(node) ? node.resolve(document) : node;
    if (!lost && isSeq(container)) {
      node = container.items[Number(part)];
      path += `[${part}]`;
    } else {
      const pair = isMap(container) ? container.items.findLast((item) => keyOf(item.key) === String(part)) : undefined;
      path += path === '' ? part : `.${part}`;
      node = pair?.value;
      if (pair && (node === null || (onKey && index === finding.at.length - 1))) node = pair.key;
    }
    lost ||= node === undefined || node === null;
    if (!lost) offset = offsetOf(node);
  }
  const { problem, suggestion } = finding;
  return { ...position(lines, file, offset), path, problem, ...(suggestion && { suggestion }) };
};

const position = (lines: LineCounter, file: string, offset: number): Pick<Problem, 'file' | 'line' | 'column'> => {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
};

const keyOf = (key: unknown): string => String(isScalar(key) ? key.value : key);

/** A copy without what is wrong. A list goes as a whole, so that no position in another list changes its meaning. */
const without = (value: unknown, problems: readonly ShapeProblem[]): unknown => {
  const copy: unknown = structuredClone(value);
  for (const { at } of problems) {
    let inside = copy;
    for (const [index, part] of at.entries()) {
      if (typeof inside !== 'object' || inside === null) break;
      const next: unknown = (inside as Record<string, unknown>)[part];
      if (index === at.length - 1 || Array.isArray(next)) delete (inside as Record<string, unknown>)[part];
      inside = next;
    }
  }
  return copy;
};

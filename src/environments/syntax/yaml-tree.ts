import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  Parser,
  Scalar,
} from 'yaml';
import type { NumberText } from '../values.ts';
import { joinKey } from './paths.ts';
import type { Problems } from './problems.ts';
import { readPlainScalar, readTaggedScalar } from './scalar.ts';
import type { Place, SourceText } from './source-text.ts';

/** A YAML document as a tree of JSON values that know where they stand. */
export type SyntaxNode =
  | { readonly kind: 'null'; readonly at: Place }
  | { readonly kind: 'boolean'; readonly at: Place; readonly value: boolean }
  | { readonly kind: 'number'; readonly at: Place; readonly value: NumberText }
  | SyntaxText
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly SyntaxNode[] }
  | SyntaxObject;

export interface SyntaxText {
  readonly kind: 'text';
  readonly at: Place;
  readonly value: string;
  /** Stands in the document as it is, without quotes: an index into the value is an offset from `at.start`. */
  readonly plain: boolean;
}

export interface SyntaxObject {
  readonly kind: 'object';
  readonly at: Place;
  readonly entries: readonly { readonly key: SyntaxText; readonly value: SyntaxNode }[];
}

const DOCUMENT_LIMITS = { bytes: 1024 * 1024, depth: 64 } as const;
// A level takes one place on the parser's stack; the document and what is being read take a few more.
const MAX_STACK = DOCUMENT_LIMITS.depth + 4;
const MAX_MESSAGE = 200;

/**
 * Reads a definition's YAML. `undefined`: it cannot be read, and `problems` say why; an empty document is an empty
 * object. Scalars mean what they mean to go-yaml 3; aliases, keys that are not texts and a second document are errors.
 *
 * The library's composer calls itself for every level, so the depth is known before it begins: a document of nothing
 * but brackets must not end the process.
 */
export const readYaml = (source: SourceText, problems: Problems): SyntaxNode | undefined => {
  const document = composeYaml(source, problems);
  if (!document) return undefined;
  const reading = new Reading(source, problems);
  const contents = document.contents;
  if (contents === null || (isScalar(contents) && contents.source === '' && contents.type === 'PLAIN')) {
    return { kind: 'object', at: { start: 0, end: 0, path: '' }, entries: [] };
  }
  const node = reading.node(contents, '');
  return reading.failed ? undefined : node;
};

/** The composed document with its source tokens; `undefined` when it is no YAML, too large or too deep. */
export const composeYaml = (source: SourceText, problems: Problems): Document | undefined => {
  const fail = (start: number, summary: string): undefined => {
    problems.error(source, { start, end: start, path: '' }, summary);
    return undefined;
  };
  if (Buffer.byteLength(source.text) > DOCUMENT_LIMITS.bytes) return fail(0, 'the definition is larger than 1 MiB');
  const tokens: CST.Token[] = [];
  const parser = new Parser();
  let offset = 0;
  for (const lexeme of new Lexer().lex(source.text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_STACK) {
      return fail(offset, `the definition is nested more than ${DOCUMENT_LIMITS.depth} levels deep`);
    }
    offset = parser.offset;
  }
  tokens.push(...parser.end());
  const [document, more] = new Composer({
    version: '1.2',
    schema: 'failsafe',
    resolveKnownTags: false,
    // Ours: the library compares every key with every other.
    uniqueKeys: false,
    keepSourceTokens: true,
    logLevel: 'silent',
  }).compose(tokens, true, source.text.length);
  if (!document) return undefined;
  const [error] = document.errors;
  if (error) return fail(error.pos[0], `yaml: ${error.message.slice(0, MAX_MESSAGE)}`);
  if (more) return fail((more.contents as Node | null)?.range?.[0] ?? 0, 'yaml: a second document begins here');
  return document as Document;
};

class Reading {
  readonly #source: SourceText;
  readonly #problems: Problems;
  failed = false;

  constructor(source: SourceText, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
  }

  node(node: unknown, path: string): SyntaxNode {
    if (isScalar(node)) return this.#scalar(node, path);
    if (isSeq(node)) return this.#list(node, path);
    if (isMap(node)) return this.#object(node, path);
    const at = { ...this.#extent(node), path };
    this.#error(at, isAlias(node) ? 'alias nodes are not supported' : 'this is no value');
    return { kind: 'null', at };
  }

  #scalar(node: Scalar, path: string): SyntaxNode {
    const text = node.source ?? '';
    const plain = node.type === Scalar.PLAIN && !node.tag;
    const at = { ...(plain && text === '' ? this.#emptyAt(node) : this.#extent(node)), path };
    const tagged = node.tag !== undefined && node.tag !== '!';
    const read = tagged ? readTaggedScalar(text, node.tag ?? '') : plain ? readPlainScalar(text) : text;
    if (read === null) return { kind: 'null', at };
    if (typeof read === 'boolean') return { kind: 'boolean', at, value: read };
    // A text that was folded from several lines does not stand in the document as it is.
    const asIs = plain && at.end - at.start === text.length;
    if (typeof read === 'string') return { kind: 'text', at, value: read, plain: asIs };
    if ('number' in read) return { kind: 'number', at, value: read };
    this.#error(at, read.wrong);
    return { kind: 'null', at };
  }

  #list(node: { readonly items: readonly unknown[]; readonly flow?: boolean | undefined }, path: string): SyntaxNode {
    const items = node.items.map((item, index) => this.node(item, `${path}[${index}]`));
    return { kind: 'list', at: { ...this.#around(node, items.at(-1)?.at), path }, items };
  }

  #object(
    node: { readonly items: readonly { key: unknown; value: unknown }[]; flow?: boolean | undefined },
    path: string,
  ): SyntaxNode {
    const entries: { readonly key: SyntaxText; readonly value: SyntaxNode }[] = [];
    for (const { key, value } of node.items) {
      const memberPath = joinKey(path, isScalar(key) ? (key.source ?? '') : '');
      const name = this.node(key, memberPath);
      const member = value === null || value === undefined ? nothing(name.at) : this.node(value, memberPath);
      if (name.kind === 'text') entries.push({ key: name, value: member });
      else this.#error(name.at, 'mapping keys must be strings');
    }
    return { kind: 'object', at: { ...this.#around(node, entries.at(-1)?.value.at), path }, entries };
  }

  /** Collections in block style end with their last member, not with the line breaks behind it. */
  #around(node: { readonly flow?: boolean | undefined }, last: Place | undefined): { start: number; end: number } {
    const { start, end } = this.#extent(node);
    return { start, end: node.flow || !last ? end : Math.max(start, last.end) };
  }

  #extent(node: unknown): { readonly start: number; readonly end: number } {
    const [start, end] = (node as Node | null)?.range ?? [0, 0];
    // A block scalar's end is the beginning of the line behind it.
    const text = this.#source.text;
    return { start, end: isScalar(node) && text[end - 1] === '\n' && end > start ? end - 1 : end };
  }

  /** Nothing stands right behind the `:` or `-` that promises something, wherever the reader stopped looking for it. */
  #emptyAt(node: Scalar): { readonly start: number; readonly end: number } {
    let start = this.#extent(node).start;
    while (start > 0 && /\s/.test(this.#source.text[start - 1] ?? '')) start--;
    return { start, end: start };
  }

  #error(at: Place, summary: string): void {
    this.failed = true;
    this.#problems.error(this.#source, at, summary);
  }
}

const nothing = (key: Place): SyntaxNode => ({ kind: 'null', at: { start: key.end, end: key.end, path: key.path } });

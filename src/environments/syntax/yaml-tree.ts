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
  type YAMLMap,
  type YAMLSeq,
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
/** YAML 1.2.2, section 5.1: anything that is not printable has to be escaped. Broken surrogates are the reader's. */
const CONTROL = /[^\t\n\r\x20-\x7e\x85\xa0-\ufffd\u{10000}-\u{10ffff}]/u;

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
  const control = CONTROL.exec(source.text);
  if (control) return fail(control.index, 'yaml: control characters are not allowed');
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

  /** `before` are the tokens in front of it, whose tag or anchor is where it begins; `inFlow`: it stands in brackets. */
  node(node: unknown, path: string, before?: readonly CST.SourceToken[], inFlow = false): SyntaxNode {
    const mark = before?.find(({ type }) => type === 'tag' || type === 'anchor')?.offset;
    if (isScalar(node)) return this.#scalar(node, path, mark, inFlow);
    if (isSeq(node)) return this.#list(node as YAMLSeq, path, mark);
    if (isMap(node)) return this.#object(node as YAMLMap, path, mark);
    const at = { ...this.#extent(node), path };
    this.#error(at, isAlias(node) ? 'alias nodes are not supported' : 'this is no value');
    return { kind: 'null', at };
  }

  #scalar(node: Scalar, path: string, mark: number | undefined, inFlow: boolean): SyntaxNode {
    const text = scalarText(node, this.#source.text);
    const tagged = node.tag !== undefined && node.tag !== '!';
    const plain = node.type === Scalar.PLAIN && !tagged;
    const own = plain && text === '' && mark === undefined ? this.#emptyAt(node, inFlow) : this.#extent(node);
    const at = { start: mark ?? own.start, end: own.end, path };
    const read = tagged ? readTaggedScalar(text, node.tag ?? '') : plain ? readPlainScalar(text) : text;
    if (read === null) return { kind: 'null', at };
    if (typeof read === 'boolean') return { kind: 'boolean', at, value: read };
    // A text that was folded from several lines does not stand in the document as it is.
    const asIs = plain && own.end - own.start === text.length;
    if (typeof read === 'string') return { kind: 'text', at, value: read, plain: asIs };
    if ('number' in read) return { kind: 'number', at, value: read };
    this.#error(at, read.wrong);
    return { kind: 'null', at };
  }

  #list(node: YAMLSeq, path: string, mark: number | undefined): SyntaxNode {
    const before = new Map<unknown, readonly CST.SourceToken[]>();
    for (const { start, value } of (node.srcToken as CST.BlockSequence | undefined)?.items ?? []) {
      if (value) before.set(value, start);
    }
    const items = node.items.map((item, index) =>
      this.node(item, `${path}[${index}]`, before.get((item as Node | null)?.srcToken), node.flow),
    );
    const { start, end } = this.#around(node, items.at(-1)?.at);
    return { kind: 'list', at: { start: mark ?? start, end, path }, items };
  }

  #object(node: YAMLMap, path: string, mark: number | undefined): SyntaxNode {
    const entries: { readonly key: SyntaxText; readonly value: SyntaxNode }[] = [];
    for (const { key, value, srcToken } of node.items) {
      const memberPath = joinKey(path, isScalar(key) ? (key.source ?? '') : '');
      const name = this.node(key, memberPath, srcToken?.start, node.flow);
      const missing = value === null || value === undefined;
      const member = missing ? this.#nothing(name.at) : this.node(value, memberPath, srcToken?.sep, node.flow);
      if (name.kind === 'text') entries.push({ key: name, value: member });
      else this.#error(name.at, 'mapping keys must be strings');
    }
    const { start, end } = this.#around(node, entries.at(-1)?.value.at);
    // An anchor before the first key is the key's, and the mapping begins with it.
    const first = Math.min(start, entries[0]?.key.at.start ?? start);
    return { kind: 'object', at: { start: mark ?? first, end, path }, entries };
  }

  /** Collections in block style end with their last member, not with the line breaks behind it. */
  #around(node: YAMLSeq | YAMLMap, last: Place | undefined): { start: number; end: number } {
    const { start, end } = this.#extent(node);
    return { start, end: node.flow || !last ? end : Math.max(start, last.end) };
  }

  #extent(node: unknown): { readonly start: number; readonly end: number } {
    const [start, end] = (node as Node | null)?.range ?? [0, 0];
    // A block scalar's end is the beginning of the line behind it.
    const text = this.#source.text;
    return { start, end: isScalar(node) && text[end - 1] === '\n' && end > start ? end - 1 : end };
  }

  /**
   * Nothing stands right behind the `:` or `-` that promises something, wherever the reader stopped looking for it; in
   * brackets, where they or the next member go on.
   */
  #emptyAt(node: Scalar, inFlow: boolean): { readonly start: number; readonly end: number } {
    let { start } = this.#extent(node);
    if (inFlow) return this.#nextAt(start);
    while (start > 0 && /\s/.test(this.#source.text[start - 1] ?? '')) start--;
    return { start, end: start };
  }

  /** A key without a colon has nothing, which stands where the next thing does. */
  #nothing(key: Place): SyntaxNode {
    return { kind: 'null', at: { ...this.#nextAt(key.end), path: key.path } };
  }

  #nextAt(offset: number): { readonly start: number; readonly end: number } {
    const blank = /(?:\s|(?<=\s)#.*)*/y;
    blank.lastIndex = offset;
    const start = offset + (blank.exec(this.#source.text)?.[0].length ?? 0);
    return { start, end: start };
  }

  #error(at: Place, summary: string): void {
    this.failed = true;
    this.#problems.error(this.#source, at, summary);
  }
}

/** What a scalar says. Where a block of text ends with the document, it has no line break that is not there. */
export const scalarText = ({ source = '', type, range }: Scalar, document: string): string => {
  const isBlock = type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED;
  const isCut = isBlock && source.endsWith('\n') && document[(range?.[1] ?? 0) - 1] !== '\n';
  return isCut ? source.slice(0, -1) : source;
};

import { byCodePoints } from '../values.ts';
import { type Expression, type ObjectEntry, UNARY_FUNCTIONS, type UnaryFunction } from './expression.ts';
import { parseInterpolation } from './interpolation.ts';
import { quote } from './paths.ts';
import type { Problems } from './problems.ts';
import type { Place, SourceText } from './source-text.ts';
import type { SyntaxNode, SyntaxObject, SyntaxText } from './yaml-tree.ts';

const FUNCTION_PREFIX = 'fn::';
const OPEN_PREFIX = 'fn::open::';
const UNARY: ReadonlyMap<string, UnaryFunction> = new Map(UNARY_FUNCTIONS.map((name) => [`fn::${name}`, name]));

/** Turns the tree of a document into expressions. Recursion ends where the document does: at 64 levels. */
export class ExpressionParser {
  readonly #source: SourceText;
  readonly #problems: Problems;

  constructor(source: SourceText, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
  }

  parse(node: SyntaxNode): Expression {
    switch (node.kind) {
      case 'null':
        return { kind: 'literal', at: node.at, value: null };
      case 'boolean':
      case 'number':
        return { kind: 'literal', at: node.at, value: node.value };
      case 'text':
        return this.#text(node);
      case 'list':
        return { kind: 'list', at: node.at, items: node.items.map((item) => this.parse(item)) };
      case 'object':
        return this.#call(node) ?? this.#object(node);
    }
  }

  /** One access and nothing around it is a reference, and keeps the type of what it names. */
  #text(node: SyntaxText): Expression {
    const { at } = node;
    if (!node.value.includes('$')) return { kind: 'literal', at, value: node.value };
    const parts = parseInterpolation(node, this.#source, this.#problems);
    const [first] = parts;
    if (parts.length > 1 || !first) return { kind: 'interpolation', at, parts };
    if (!first.access) return { kind: 'literal', at, value: first.text };
    return first.text === '' ? { kind: 'reference', at, access: first.access } : { kind: 'interpolation', at, parts };
  }

  #object(node: SyntaxObject): Expression {
    const entries = node.entries.map(({ key, value }): ObjectEntry => {
      const name = this.#text(key);
      const literal = name.kind === 'literal' && typeof name.value === 'string' ? name.value : undefined;
      if (literal === undefined) this.#error(key.at, 'object keys must be strings');
      return { key: literal, keyAt: key.at, value: this.parse(value) };
    });
    return { kind: 'object', at: node.at, entries, keys: sortedKeys(entries) };
  }

  /** A mapping of one key that begins with `fn::` is a call. `undefined`: it is none, or of no function there is. */
  #call(node: SyntaxObject): Expression | undefined {
    const [entry] = node.entries;
    if (!entry || node.entries.length > 1) {
      for (const { key } of node.entries) {
        if (!key.value.startsWith(FUNCTION_PREFIX)) continue;
        const problem = `illegal call to builtin function: ${quote(key.value)} must be the only key within its containing object`;
        this.#error(node.at, problem);
      }
      return undefined;
    }
    const { key, value } = entry;
    const { at } = node;
    const name = key.value;
    const unary = UNARY.get(name);
    if (unary) return this.#unary(at, unary, value);
    if (name === 'fn::join' || name === 'fn::split') return this.#pair(at, name, value);
    if (name === 'fn::secret') return this.#secret(at, value);
    if (name === 'fn::open') return this.#open(at, value);
    if (name === 'fn::validate') return this.#validate(at, value);
    if (name.startsWith(OPEN_PREFIX)) {
      return { kind: 'open', at, provider: name.slice(OPEN_PREFIX.length), inputs: this.parse(value) };
    }
    if (name.toLowerCase().startsWith(FUNCTION_PREFIX)) {
      this.#error({ ...key.at, path: at.path }, "'fn::' is a reserved prefix");
    }
    return undefined;
  }

  #unary(at: Place, name: UnaryFunction, value: SyntaxNode): Expression {
    const argument = this.parse(value);
    if (name === 'concat' && argument.kind !== 'list') {
      this.#error(argument.at, 'the argument to fn::concat must be an array of arrays');
    }
    return { kind: 'unary', at, name, argument };
  }

  #pair(at: Place, name: 'fn::join' | 'fn::split', value: SyntaxNode): Expression {
    const kind = name === 'fn::join' ? 'join' : 'split';
    const argument = this.parse(value);
    if (argument.kind === 'list' && argument.items.length === 2) {
      return { kind, at, delimiter: argument.items[0], operand: argument.items[1] };
    }
    this.#error(argument.at, `the argument to ${name} must be a two-valued list`);
    return { kind, at, delimiter: undefined, operand: undefined };
  }

  #secret(at: Place, value: SyntaxNode): Expression {
    if (value.kind === 'text') return { kind: 'secret', at, plaintext: value.value, textAt: value.at };
    const ciphertext = ciphertextOf(this.parse(value));
    if (ciphertext !== undefined) return { kind: 'ciphertext', at, ciphertext };
    this.#error(value.at, 'secret values must be string literals');
    return { kind: 'secret', at, plaintext: '', textAt: value.at };
  }

  #open(at: Place, value: SyntaxNode): Expression {
    const argument = this.parse(value);
    if (argument.kind !== 'object') {
      const problem = "the argument to fn::open must be an object containing 'provider' and 'inputs'";
      this.#error(argument.at, problem);
      return { kind: 'open', at, provider: undefined, inputs: undefined };
    }
    const [provider, inputs] = [memberOf(argument, 'provider'), memberOf(argument, 'inputs')];
    const name = provider?.kind === 'literal' && typeof provider.value === 'string' ? provider.value : undefined;
    if (!provider) this.#error(argument.at, "missing provider name ('provider')");
    else if (name === undefined) this.#error(provider.at, 'provider name must be a string literal');
    if (!inputs) this.#error(argument.at, "missing provider inputs ('inputs')");
    return { kind: 'open', at, provider: name, inputs };
  }

  #validate(at: Place, value: SyntaxNode): Expression {
    const argument = this.parse(value);
    if (argument.kind !== 'object') {
      this.#error(argument.at, "the argument to fn::validate must be an object containing 'schema' and 'value'");
      return { kind: 'validate', at, schema: undefined, value: undefined };
    }
    const [schema, checked] = [memberOf(argument, 'schema'), memberOf(argument, 'value')];
    if (!schema) this.#error(argument.at, "missing required property 'schema'");
    if (!checked) this.#error(argument.at, "missing required property 'value'");
    return { kind: 'validate', at, schema, value: checked };
  }

  #error(at: Place, summary: string): void {
    this.#problems.error(this.#source, at, summary);
  }
}

const sortedKeys = (entries: readonly ObjectEntry[]): readonly string[] =>
  [...new Set(entries.flatMap(({ key }) => key ?? []))].sort(byCodePoints);

/** The last of several members with one name counts. */
const memberOf = (argument: Expression & { readonly kind: 'object' }, name: string): Expression | undefined =>
  argument.entries.findLast(({ key }) => key === name)?.value;

/** The text behind `ciphertext` where that is all there is: the stored form of a secret. */
const ciphertextOf = (argument: Expression): string | undefined => {
  if (argument.kind !== 'object' || argument.entries.length !== 1) return undefined;
  const [entry] = argument.entries;
  if (entry?.key !== 'ciphertext' || entry.value.kind !== 'literal') return undefined;
  return typeof entry.value.value === 'string' ? entry.value.value : undefined;
};

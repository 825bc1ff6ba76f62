import type { Diagnostic } from '../values.ts';
import { editDistance } from './edit-distance.ts';
import type { Expression, ObjectEntry } from './expression.ts';
import { ExpressionParser } from './parse-expression.ts';
import { quote } from './paths.ts';
import { Problems } from './problems.ts';
import { type Place, SourceText } from './source-text.ts';
import { readYaml, type SyntaxNode, type SyntaxObject } from './yaml-tree.ts';

/** One element of `imports`. */
export interface ImportDeclaration {
  /** As written; the key of `${imports["…"]}`. */
  readonly name: string;
  readonly at: Place;
  /** `false`: reachable through `imports` only. */
  readonly merge: boolean;
}

/** A definition, as far as it could be read. */
export interface ParsedEnvironment {
  readonly source: SourceText;
  /** What is wrong with the writing. An import of a definition with an error here is skipped. */
  readonly diagnostics: readonly Diagnostic[];
  /** `undefined`: the text is no YAML that could be understood. */
  readonly definition: Definition | undefined;
}

interface Definition {
  /** Says nothing at all: neither values nor imports, not even one that cannot be read. */
  readonly isEmpty: boolean;
  readonly imports: readonly ImportDeclaration[];
  readonly values: readonly ObjectEntry[];
}

const FIELDS = ['description', 'imports', 'values'];

/** Reads a definition. Never throws, whatever the text; `name` stands in the ranges of its problems. */
export const parseEnvironment = (name: string, text: string): ParsedEnvironment => {
  const source = new SourceText(name, text);
  const problems = new Problems();
  const tree = readYaml(source, problems);
  const definition = tree && new DefinitionParser(source, problems).parse(tree);
  return { source, diagnostics: problems.all, definition };
};

class DefinitionParser {
  readonly #source: SourceText;
  readonly #problems: Problems;
  readonly #expressions: ExpressionParser;

  constructor(source: SourceText, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
    this.#expressions = new ExpressionParser(source, problems);
  }

  parse(node: SyntaxNode): Definition {
    let imports: readonly (ImportDeclaration | undefined)[] = [];
    let values: readonly ObjectEntry[] = [];
    if (node.kind !== 'object') this.#error(node.at, 'environment must be an object');
    else {
      this.#record('environment', node, FIELDS, (field, value) => {
        if (field === 'imports') imports = this.#imports(value);
        else if (field === 'values') values = this.#values(value);
        else if (field === 'description') this.#description(value);
      });
    }
    const isEmpty = imports.length === 0 && values.length === 0;
    return { isEmpty, imports: imports.filter((declaration) => declaration !== undefined), values };
  }

  /** The last of two members with one name wins, with a warning. Names are the same in either case of letters. */
  #record(
    name: string,
    node: SyntaxObject,
    fields: readonly string[],
    take: (field: string, value: SyntaxNode) => void,
  ): void {
    const seen = new Set<string>();
    for (const { key, value } of node.entries) {
      if (seen.has(key.value)) this.#problems.warning(this.#source, key.at, `duplicate key ${quote(key.value)}`);
      seen.add(key.value);
      const field = fields.find((known) => known === key.value.toLowerCase());
      if (field) take(field, value);
      else if (name === 'environment')
        this.#problems.warning(this.#source, key.at, unknownField(key.value, name, fields));
    }
  }

  #description(value: SyntaxNode): void {
    const { kind, at, ...rest } = this.#expressions.parse(value);
    if (kind === 'literal' && 'value' in rest && typeof rest.value === 'string') return;
    this.#error(at, 'description must be a string');
  }

  /** A bad element is `undefined`, and the others count. */
  #imports(node: SyntaxNode): readonly (ImportDeclaration | undefined)[] {
    if (node.kind !== 'list') {
      this.#error(node.at, 'imports must be a list');
      return [];
    }
    return node.items.map((item) => this.#import(item));
  }

  #import(node: SyntaxNode): ImportDeclaration | undefined {
    if (node.kind === 'text') return { name: node.value, at: node.at, merge: true };
    if (node.kind !== 'object') {
      this.#error(node.at, 'import must be a string or an object');
      return undefined;
    }
    const [entry] = node.entries;
    if (!entry || node.entries.length !== 1) {
      this.#error(node.at, 'import must have a single key');
      return undefined;
    }
    let merge = true;
    if (entry.value.kind !== 'object') this.#error(entry.value.at, 'import must be an object');
    else {
      this.#record('import', entry.value, ['merge'], (_, member) => {
        const value = this.#expressions.parse(member);
        const isBoolean = value.kind === 'literal' && typeof value.value === 'boolean';
        // What is no boolean counts as `false`, as in the reference: values must not get in by mistake.
        merge = isBoolean && value.value === true;
        if (!isBoolean) this.#error(value.at, 'merge must be a boolean value');
      });
    }
    return { name: entry.key.value, at: entry.key.at, merge };
  }

  #values(node: SyntaxNode): readonly ObjectEntry[] {
    if (node.kind !== 'object') {
      this.#error(node.at, 'values must be an object');
      return [];
    }
    return node.entries.map(({ key, value }) => {
      if (key.value.startsWith('fn::')) {
        this.#error(key.at, `builtin function call ${quote(key.value)} not allowed at the top level`);
      }
      const parsed: Expression = this.#expressions.parse(value);
      return { key: key.value, keyAt: key.at, value: parsed };
    });
  }

  #error(at: Place, summary: string): void {
    this.#problems.error(this.#source, at, summary);
  }
}

const unknownField = (field: string, name: string, fields: readonly string[]): string => {
  const quoted = fields.map((known) => `'${known}'`);
  const distances = new Map(quoted.map((known) => [known, editDistance(known, field.slice(0, 100))]));
  const nearestFirst = quoted.toSorted((left, right) => (distances.get(left) ?? 0) - (distances.get(right) ?? 0));
  return `Field '${field}' does not exist on Object '${name}'. Existing fields are: ${nearestFirst.join(', ')}`;
};

import type { Expression } from '../syntax/expression.ts';
import { joinKey } from '../syntax/paths.ts';
import type { Place, SourceText } from '../syntax/source-text.ts';
import type { GraphNode } from './graph.ts';
import { type ObjectValue, type Origin, underlyingOf, type Value } from './value.ts';

/** One evaluation of one document. */
export interface Scope {
  readonly node: GraphNode;
  /** The environment that counts as the one that was opened; `undefined` in the anonymous document itself. */
  readonly root: GraphNode | undefined;
  /** What `${context}` is here; made when it is asked for. */
  context(): Value;
  /** What `${imports}` is here. */
  readonly imports: ObjectValue;
  /** All of `values`. */
  readonly values: Expr;
}

const NO_ITEMS: readonly Expr[] = [];
const NO_MEMBERS: ReadonlyMap<string, Expr> = new Map();

/** An expression at its place in one evaluation: what it overrides, and what became of it. */
export class Expr implements Origin {
  readonly source: SourceText;
  /** `undefined`: it could not be read. */
  readonly expression: Expression | undefined;
  readonly at: Place;
  /** The list or object that it is a member of, and where in it. */
  readonly #around: Expr | undefined;
  readonly #step: string | number;
  /** The imported value at the same place. */
  readonly base: Value | undefined;
  readonly items: readonly Expr[];
  readonly members: ReadonlyMap<string, Expr>;
  /** Arguments of a function, in order. */
  readonly operands: readonly Expr[];
  isEvaluating = false;
  value: Value | undefined = undefined;

  constructor(parts: {
    readonly source: SourceText;
    readonly expression: Expression | undefined;
    readonly at: Place;
    readonly around?: Expr | undefined;
    readonly step: string | number;
    readonly base: Value | undefined;
    readonly items?: readonly Expr[];
    readonly members?: ReadonlyMap<string, Expr>;
    readonly operands?: readonly Expr[];
  }) {
    this.source = parts.source;
    this.expression = parts.expression;
    this.at = parts.at;
    this.#around = parts.around;
    this.#step = parts.step;
    this.base = parts.base;
    this.items = parts.items ?? NO_ITEMS;
    this.members = parts.members ?? NO_MEMBERS;
    this.operands = parts.operands ?? NO_ITEMS;
  }

  /** How a cyclic reference names it. */
  get path(): string {
    if (!this.#around) return String(this.#step);
    const { path } = this.#around;
    return typeof this.#step === 'number' ? `${path}[${this.#step}]` : joinKey(path, this.#step);
  }

  item(index: number): Expr | undefined {
    return this.items[index];
  }

  property(key: string): Expr | undefined {
    return this.members.get(key);
  }
}

/** Where a declaration stands. */
interface Declaring {
  readonly source: SourceText;
  /** A key stands in an object for the second time; the first one counts. */
  duplicate(key: string, at: Place): void;
}

/** Where in what a declaration stands: a member of `around`, or the first of its path. */
interface Standing {
  readonly around?: Expr | undefined;
  readonly step: string | number;
  readonly at: Place;
}

/** Makes the expressions of a tree, each with the imported value at its place. Deep only as documents are. */
export const declare = (
  declaring: Declaring,
  { around, step, at }: Standing,
  expression: Expression | undefined,
  base: Value | undefined,
): Expr => {
  const { source } = declaring;
  if (!expression) return new Expr({ source, expression, at, around, step, base });
  const { at: place } = expression;
  const operand = (argument: Expression | undefined): Expr =>
    declare(declaring, { step: '', at: place }, argument, undefined);
  switch (expression.kind) {
    case 'list': {
      const items: Expr[] = [];
      const x = new Expr({ source, expression, at: place, around, step, base, items });
      for (const item of expression.items) {
        items.push(declare(declaring, { around: x, step: items.length, at: item.at }, item, undefined));
      }
      return x;
    }
    case 'object': {
      const members = new Map<string, Expr>();
      const x = new Expr({ source, expression, at: place, around, step, base, members });
      for (const { key, keyAt, value } of expression.entries) {
        if (key === undefined) continue;
        if (members.has(key)) declaring.duplicate(key, keyAt);
        else members.set(key, declare(declaring, { around: x, step: key, at: keyAt }, value, underlyingOf(base, key)));
      }
      return x;
    }
    case 'unary':
      return new Expr({ source, expression, at: place, around, step, base, operands: [operand(expression.argument)] });
    case 'join':
    case 'split': {
      const operands = [operand(expression.delimiter), operand(expression.operand)];
      return new Expr({ source, expression, at: place, around, step, base, operands });
    }
    case 'validate': {
      const operands = [operand(expression.schema), operand(expression.value)];
      return new Expr({ source, expression, at: place, around, step, base, operands });
    }
    case 'open':
      return new Expr({ source, expression, at: place, around, step, base, operands: [operand(expression.inputs)] });
    default:
      return new Expr({ source, expression, at: place, around, step, base });
  }
};

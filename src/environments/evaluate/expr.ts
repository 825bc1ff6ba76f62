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
  /** What `${context}` is here. */
  readonly context: Value;
  /** What `${imports}` is here. */
  readonly imports: ObjectValue;
  /** All of `values`. */
  readonly values: Expr;
}

/** An expression at its place in one evaluation: what it overrides, and what became of it. */
export class Expr implements Origin {
  readonly source: SourceText;
  /** `undefined`: it could not be read. */
  readonly expression: Expression | undefined;
  readonly at: Place;
  /** How a cyclic reference names it. */
  readonly path: string;
  /** The imported value at the same place. */
  readonly base: Value | undefined;
  readonly items: readonly Expr[];
  readonly members: ReadonlyMap<string, Expr>;
  /** Arguments of a function, in order. */
  readonly operands: readonly Expr[];
  isEvaluating = false;
  value: Value | undefined;

  constructor(parts: {
    readonly source: SourceText;
    readonly expression: Expression | undefined;
    readonly at: Place;
    readonly path: string;
    readonly base: Value | undefined;
    readonly items?: readonly Expr[];
    readonly members?: ReadonlyMap<string, Expr>;
    readonly operands?: readonly Expr[];
  }) {
    this.source = parts.source;
    this.expression = parts.expression;
    this.at = parts.at;
    this.path = parts.path;
    this.base = parts.base;
    this.items = parts.items ?? [];
    this.members = parts.members ?? new Map();
    this.operands = parts.operands ?? [];
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

/** Makes the expressions of a tree, each with the imported value at its place. Deep only as documents are. */
export const declare = (
  declaring: Declaring,
  path: string,
  expression: Expression | undefined,
  base: Value | undefined,
  missingAt: Place,
): Expr => {
  const { source } = declaring;
  const parts = { source, expression, at: expression?.at ?? missingAt, path, base };
  if (!expression) return new Expr(parts);
  const operand = (argument: Expression | undefined): Expr =>
    declare(declaring, '', argument, undefined, expression.at);
  switch (expression.kind) {
    case 'list': {
      const items = expression.items.map((item, index) =>
        declare(declaring, `${path}[${index}]`, item, undefined, item.at),
      );
      return new Expr({ ...parts, items });
    }
    case 'object': {
      const members = new Map<string, Expr>();
      for (const { key, keyAt, value } of expression.entries) {
        if (key === undefined) continue;
        if (members.has(key)) declaring.duplicate(key, keyAt);
        else members.set(key, declare(declaring, joinKey(path, key), value, underlyingOf(base, key), keyAt));
      }
      return new Expr({ ...parts, members });
    }
    case 'unary':
      return new Expr({ ...parts, operands: [operand(expression.argument)] });
    case 'join':
    case 'split':
      return new Expr({ ...parts, operands: [operand(expression.delimiter), operand(expression.operand)] });
    case 'validate':
      return new Expr({ ...parts, operands: [operand(expression.schema), operand(expression.value)] });
    case 'open':
      return new Expr({ ...parts, operands: [operand(expression.inputs)] });
    default:
      return new Expr(parts);
  }
};

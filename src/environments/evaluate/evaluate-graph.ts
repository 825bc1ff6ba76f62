import { quote } from '../syntax/paths.ts';
import { Problems } from '../syntax/problems.ts';
import type { Place, SourceText } from '../syntax/source-text.ts';
import { byCodePoints, type Diagnostic, type Plain } from '../values.ts';
import { Evaluation as ExpressionEvaluation } from './evaluate-expression.ts';
import { declare, Expr, type Scope } from './expr.ts';
import { factsOf } from './facts.ts';
import type { Graph, GraphNode } from './graph.ts';
import { Budget, EVALUATION_LIMITS, LimitReached } from './limits.ts';
import { Merges } from './merges.ts';
import { limitOutput } from './output-limit.ts';
import { fromPlain } from './plain.ts';
import { type EvaluationOptions, type PendingCall, type Run, reportLimit } from './run.ts';
import { type ObjectValue, object, propertyOf, underlyingOf, type Value } from './value.ts';

/** What came of an evaluation. */
export interface Evaluation {
  /** What was asked for; `undefined` when the definition says nothing at all, or has no such property. */
  readonly value: Value | undefined;
  /**
   * What was found while evaluating; final when no call is pending. What is wrong with the root's writing stands in
   * `graph.root.parsed`.
   */
  readonly diagnostics: readonly Diagnostic[];
  /** Calls to make before the next evaluation; empty when the value is complete, and when checking. */
  readonly calls: readonly PendingCall[];
  /** The calls whose inputs are known, needed or not, so that their providers can look at them. */
  readonly declared: readonly PendingCall[];
  /** Steps that it took. */
  readonly steps: number;
}

const RESERVED = new Set(['imports', 'context', 'environments']);
const START: Place = { start: 0, end: 0, path: '' };

/**
 * Evaluates a loaded graph. Pure and synchronous: the same graph and options give the same result.
 *
 * Nothing is opened here. Evaluate, make the calls that are pending, add their outcomes to `outputs`, and evaluate
 * again until none is pending. Only calls are pending that the value asked for needs, directly or as input of others.
 */
export const evaluateGraph = (graph: Graph, options: EvaluationOptions): Evaluation =>
  new GraphEvaluation(graph, options).result();

interface Imported {
  isEvaluating: boolean;
  value: Value | undefined;
}

class GraphEvaluation implements Run {
  readonly options: EvaluationOptions;
  readonly budget = new Budget();
  readonly merges = new Merges(this.budget);
  readonly problems = new Problems();
  readonly calls = new Map<string, PendingCall>();
  readonly limits = new Set<string>();
  readonly #graph: Graph;
  readonly #expressions = new ExpressionEvaluation(this);
  /** By document and effective root. */
  readonly #imported = new Map<string, Imported>();
  readonly #reported = new Set<GraphNode>();

  constructor(graph: Graph, options: EvaluationOptions) {
    this.#graph = graph;
    this.options = options;
  }

  result(): Evaluation {
    const { root } = this.#graph;
    if (root.parsed.definition?.isEmpty ?? true)
      return { value: undefined, diagnostics: [], calls: [], declared: [], steps: 0 };
    const whole = this.#document(root, root.identity ? root : undefined);
    const asked = atProperty(whole, this.options.property ?? []);
    const value = asked && limitOutput(this, asked);
    const isCheck = this.options.mode === 'check';
    const calls = isCheck ? [] : this.#neededCalls(value);
    const declared = [...this.calls.values()];
    return { value, diagnostics: this.problems.all, calls, declared, steps: this.budget.steps };
  }

  evaluate(x: Expr, scope: Scope): Value {
    return this.#expressions.evaluate(x, scope);
  }

  importValue(scope: Scope, text: string, source: SourceText, at: Place): Value | undefined {
    const edge = scope.node.edges.get(text);
    if (!edge || 'problem' in edge) {
      this.problems.error(source, at, edge?.problem ?? `environment ${quote(text)} not found`);
      return undefined;
    }
    if ('limit' in edge) {
      reportLimit(this, new LimitReached(edge.limit), source, at);
      return undefined;
    }
    const { node } = edge;
    // Below an anonymous document, the first named environment on the way counts as the one that was opened.
    const root = scope.root ?? node;
    const imported = this.#imported.get(cacheKey(node, root));
    if (imported?.isEvaluating) {
      this.problems.error(source, at, `cyclic import of ${text}`);
      return undefined;
    }
    if (imported) return imported.value;
    const isBroken = !node.parsed.definition || node.parsed.diagnostics.some(({ severity }) => severity === 'error');
    // What cannot be read is reported wherever it is imported, warnings are reported once.
    if (isBroken || !this.#reported.has(node)) this.problems.extend(node.parsed.diagnostics);
    this.#reported.add(node);
    return isBroken ? undefined : this.#document(node, root);
  }

  #document(node: GraphNode, root: GraphNode | undefined): Value {
    const imported: Imported = { isEvaluating: true, value: undefined };
    this.#imported.set(cacheKey(node, root), imported);
    const { source } = node.parsed;
    let made: Value | undefined;
    const context = (): Value => {
      made ??= this.#context(node, root);
      return made;
    };
    const empty = object({ source, at: START }, new Map());
    const importing: Scope = {
      node,
      root,
      context,
      imports: empty,
      values: new Expr({ source, expression: undefined, at: START, step: '', base: undefined }),
    };
    const { imports, base } = this.#imports(importing);
    const values = this.#declareValues(node, base);
    const value = this.evaluate(values, { node, root, context, imports, values });
    imported.value = value;
    imported.isEvaluating = false;
    return value;
  }

  /** The imports by their names, and all that are merged: later ones over earlier ones. */
  #imports(scope: Scope): { readonly imports: ObjectValue; readonly base: Value | undefined } {
    const { source, definition } = scope.node.parsed;
    const imports = new Map<string, Value>();
    let base: Value | undefined;
    for (const declaration of definition?.imports ?? []) {
      const value = this.importValue(scope, declaration.name, source, declaration.at);
      if (!value) continue;
      imports.set(declaration.name, value);
      if (!declaration.merge) continue;
      try {
        base = this.merges.merge(value, base);
      } catch (error) {
        reportLimit(this, error, source, declaration.at);
      }
    }
    return { imports: object({ source, at: START }, imports), base };
  }

  #declareValues(node: GraphNode, base: Value | undefined): Expr {
    const { source, definition } = node.parsed;
    const duplicate = (key: string, at: Place): void => this.problems.error(source, at, `duplicate key ${quote(key)}`);
    const members = new Map<string, Expr>();
    for (const { key = '', keyAt, value } of definition?.values ?? []) {
      if (RESERVED.has(key)) this.problems.error(source, keyAt, `${quote(key)} is a reserved key`);
      else if (members.has(key)) duplicate(key, keyAt);
      else members.set(key, declare({ source, duplicate }, { step: key, at: keyAt }, value, underlyingOf(base, key)));
    }
    const keys = [...members.keys()].sort(byCodePoints);
    const expression = { kind: 'object', at: START, entries: [], keys } as const;
    return new Expr({ source, expression, at: START, step: `<${source.name}>`, base, members });
  }

  #context(node: GraphNode, root: GraphNode | undefined): Value {
    const named = ({ displayName, identity }: GraphNode): Plain =>
      new Map([...(identity?.id === undefined ? [] : [['id', identity.id] as const]), ['name', displayName]]);
    const context = new Map<string, Plain>(this.options.context);
    context.set('currentEnvironment', named(node));
    context.set('rootEnvironment', named(root ?? node));
    return fromPlain({ source: node.parsed.source, at: START }, context);
  }

  #neededCalls(value: Value | undefined): readonly PendingCall[] {
    const needed = value ? factsOf(value).awaits : new Set<string>();
    const calls = [...this.calls.values()].filter(({ id }) => this.options.eager || needed.has(id));
    const made = this.options.outputs?.size ?? 0;
    const [first] = calls.slice(EVALUATION_LIMITS.calls - made);
    if (!first) return calls;
    const summary = `more than ${EVALUATION_LIMITS.calls} calls of fn::open are needed`;
    this.problems.extend([{ severity: 'error', summary, path: first.path, range: first.range }]);
    return [];
  }
}

const cacheKey = (node: GraphNode, root: GraphNode | undefined): string => `${node.id} < ${root?.id ?? ''}`;

const atProperty = (value: Value, path: readonly (string | number)[]): Value | undefined => {
  let found: Value | undefined = value;
  for (const step of path) {
    if (found?.kind === 'unknown') return found;
    found =
      typeof step === 'string'
        ? found && propertyOf(found, step)
        : found?.kind === 'list'
          ? found.content[step]
          : undefined;
  }
  return found;
};

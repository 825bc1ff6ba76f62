import type { parse } from '@bufbuild/cel';
import type { Dialect } from './cel-dialect.ts';
import { overloadsOf } from './cel-overloads.ts';
import {
  allAssignable,
  assignable,
  BOOL,
  type CelType,
  DYN,
  isAsGeneral,
  type Known,
  listOf,
  mapOf,
  resolved,
  typeText,
} from './cel-types.ts';

type Expr = ReturnType<typeof parse>['expr'];
type Scope = Readonly<Record<string, CelType>>;
type Of<Kind> = Extract<Expr['exprKind'], { case: Kind }>['value'];

/** Why an expression has no type: the end of a sentence. */
class Mismatch extends Error {}

/**
 * Why a verifier that checks types refuses an expression before it is ever evaluated, as cel-go does; `undefined`: it
 * takes it. Names that are not declared are no concern of it: they may be anything.
 */
export const typeProblem = (expr: Expr, dialect: Dialect): string | undefined => {
  try {
    const typing = new Typing(dialect);
    const type = typeText(typing.whole(expr));
    return dialect.gives === undefined || type === dialect.gives
      ? undefined
      : `must evaluate to ${dialect.gives}, and not to ${type}`;
  } catch (thrown) {
    if (thrown instanceof Mismatch) return thrown.message;
    throw thrown;
  }
};

const LITERALS: Readonly<Record<string, CelType>> = {
  nullValue: { kind: 'null' },
  boolValue: BOOL,
  int64Value: { kind: 'int' },
  uint64Value: { kind: 'uint' },
  doubleValue: { kind: 'double' },
  stringValue: { kind: 'string' },
  bytesValue: { kind: 'bytes' },
};

const TYPES = ['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint'];

class Typing {
  readonly #dialect: Dialect;
  #known: Known = new Map();
  #variables = 0;
  /** Types of the elements of each literal. */
  readonly #literals: (readonly CelType[])[] = [];

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  whole(expr: Expr): CelType {
    const type = this.#typeOf(expr, this.#dialect.variables);
    for (const elements of this.#dialect.elements === 'alike' ? this.#literals : []) {
      const [first, ...others] = [...new Set(elements.map((each) => typeText(resolved(each, this.#known))))];
      if (others.length > 0) throw new Mismatch(`puts ${others[0]} beside ${first} in a literal`);
    }
    return resolved(type, this.#known);
  }

  #typeOf({ exprKind: { case: kind, value } }: Expr, scope: Scope): CelType {
    switch (kind) {
      case 'constExpr':
        return LITERALS[value.constantKind.case ?? ''] ?? DYN;
      case 'identExpr':
        return scope[value.name] ?? (TYPES.includes(value.name) ? { kind: 'type' } : DYN);
      case 'selectExpr':
        return this.#field(value, scope);
      case 'callExpr':
        return this.#call(value, scope);
      case 'listExpr':
        return listOf(this.#joined(value.elements, scope));
      case 'structExpr':
        return this.#mapping(value, scope);
      case 'comprehensionExpr':
        return this.#comprehension(value, scope);
      default:
        return DYN;
    }
  }

  #field({ operand, field, testOnly }: Of<'selectExpr'>, scope: Scope): CelType {
    const type = this.#seen(operand ? this.#typeOf(operand, scope) : DYN);
    if (type.kind === 'variable') this.#accept(type, DYN);
    const found = type.kind === 'object' ? type.fields[field] : type.kind === 'map' ? type.of[1] : DYN;
    if (!found) throw new Mismatch(`has an undefined field '${field}'`);
    if (!['object', 'map', 'any', 'dyn', 'variable'].includes(type.kind)) {
      throw new Mismatch(`asks for the field '${field}' of ${typeText(type)}`);
    }
    return testOnly ? BOOL : found;
  }

  #call({ function: name, target, args }: Of<'callExpr'>, scope: Scope): CelType {
    const types = (target ? [target, ...args] : args).map((each) => this.#typeOf(each, scope));
    let gives: CelType | undefined;
    for (const overload of overloadsOf(name, this.#dialect.compares)) {
      if (overload.isMember !== Boolean(target)) continue;
      const mark = ++this.#variables;
      const known = allAssignable(
        types,
        overload.given.map((each) => renamed(each, mark)),
        this.#known,
      );
      if (!known) continue;
      this.#known = known;
      const found = this.#seen(renamed(overload.gives, mark));
      gives = gives && typeText(gives) !== typeText(found) ? DYN : found;
    }
    if (gives) return gives;
    const given = types.map((type) => typeText(resolved(type, this.#known))).join(', ');
    throw new Mismatch(`has no '${name}' for (${given})`);
  }

  #mapping({ messageName, entries }: Of<'structExpr'>, scope: Scope): CelType {
    if (messageName !== '') throw new Mismatch(`has an undeclared reference to '${messageName}'`);
    const keys = entries.flatMap(({ keyKind }) => (keyKind.case === 'mapKey' ? [keyKind.value] : []));
    const values = entries.flatMap(({ value }) => (value ? [value] : []));
    return mapOf(this.#joined(keys, scope), this.#joined(values, scope));
  }

  /** The type of all elements of a literal. */
  #joined(all: readonly Expr[], scope: Scope): CelType {
    const types = all.map((each) => this.#typeOf(each, scope));
    this.#literals.push(types);
    let sum: CelType | undefined;
    for (const type of types) {
      const known = sum ? assignable(sum, type, this.#known) : this.#known;
      if (known) this.#known = known;
      sum = !known || (sum && isAsGeneral(sum, type)) ? (known ? sum : DYN) : type;
    }
    return sum ?? { kind: 'variable', name: `_${++this.#variables}` };
  }

  #comprehension(value: Of<'comprehensionExpr'>, scope: Scope): CelType {
    const { iterVar, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = value;
    const range = this.#seen(iterRange ? this.#typeOf(iterRange, scope) : DYN);
    if (range.kind === 'variable') this.#accept(range, DYN);
    if (!['list', 'map', 'dyn', 'variable'].includes(range.kind))
      throw new Mismatch(
        `goes through ${typeText(range)}${range.kind === 'any' ? ', which is allowed of dyn(…) alone' : ''}`,
      );
    const element = range.kind === 'list' || range.kind === 'map' ? (range.of[0] ?? DYN) : DYN;
    const sum = accuInit ? this.#typeOf(accuInit, scope) : DYN;
    const within = { ...scope, [accuVar]: sum };
    const inLoop = { ...within, [iterVar]: element };
    if (loopCondition) this.#accept(BOOL, this.#typeOf(loopCondition, inLoop));
    if (loopStep) this.#accept(sum, this.#typeOf(loopStep, inLoop));
    return this.#seen(result ? this.#typeOf(result, within) : DYN);
  }

  #accept(wanted: CelType, found: CelType): void {
    const known = assignable(found, wanted, this.#known);
    if (!known)
      throw new Mismatch(
        `has ${typeText(resolved(found, this.#known))} where ${typeText(resolved(wanted, this.#known))} is wanted`,
      );
    this.#known = known;
  }

  /** With what is known of its variables; others stay. */
  #seen(type: CelType): CelType {
    if (type.kind === 'variable') {
      const found = this.#known.get(type.name);
      return found ? this.#seen(found) : type;
    }
    return type.kind === 'list' || type.kind === 'map'
      ? { ...type, of: type.of.map((each) => this.#seen(each)) }
      : type;
  }
}

/** Each call has variables of its own. */
const renamed = (type: CelType, mark: number): CelType => {
  if (type.kind === 'variable') return { kind: 'variable', name: `${type.name}${mark}` };
  return type.kind === 'list' || type.kind === 'map'
    ? { ...type, of: type.of.map((each) => renamed(each, mark)) }
    : type;
};

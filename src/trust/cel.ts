import { type CelInput, celEnv, celType, isCelError, isCelList, isCelMap, parse, plan, unparse } from '@bufbuild/cel';
import type { Dialect } from './cel-dialect.ts';
import { CEL_FUNCTIONS, MOST } from './cel-functions.ts';
import { linearMatcher, startSpending } from './cel-matches.ts';
import { typeProblem } from './cel-typing.ts';

/** Part of an expression, as far as somebody who explains it must see. */
export interface Part {
  /** The part as CEL, spelled in one way whatever its author wrote. */
  readonly text: string;
  readonly kind: 'literal' | 'name' | 'field' | 'call' | 'list' | 'other';
  /** Of a literal: the text itself; `undefined` for numbers and the like. */
  readonly literal?: string;
  /** Name of a variable, of a field, or of a function (operators as `_&&_`). */
  readonly name?: string;
  /** Of a field: asked for by `has()`, which is no use of its value. */
  readonly onlyAsked?: boolean;
  /** What a field is of, what a method is called on first; arguments, elements. */
  readonly parts: readonly Part[];
}

export interface Expression {
  readonly text: string;
  readonly whole: Part;
  /** Never throws. Variables: JSON values. */
  readonly evaluate: (variables: Readonly<Record<string, unknown>>) => Evaluation;
}

/** What an expression came to; a list or mapping as JSON again. */
export type Evaluation = { readonly value: unknown } | { readonly failure: string };

/** Why a text is no expression: the end of a sentence. */
export interface Uncompiled {
  readonly problem: string;
}

/** Most parts of an expression, each counted as often as it may be evaluated. */
const MOST_STEPS = 100_000;
const MOST_CHARACTERS = 8192;
const MOST_NESTED = 100;

const ENVIRONMENT = celEnv({ funcs: [...CEL_FUNCTIONS.values()].flat(), re2: linearMatcher });

/** Operators and functions of the language itself. CEL language definition, "List of standard definitions". */
const STANDARD = [
  '!_ -_ _!=_ _%_ _&&_ _*_ _+_ _-_ _/_ _<=_ _<_ _==_ _>=_ _>_ _?:_ _?_:_ _[_] _||_ @in',
  'bool bytes contains double duration dyn endsWith int matches size startsWith string timestamp type uint',
  '@not_strictly_false getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours',
  'getMilliseconds getMinutes getMonth getSeconds',
]
  .join(' ')
  .split(' ');

const TYPES = ['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint'];

/**
 * Reads an expression in the Common Expression Language: https://cel.dev.
 *
 * `variables` are the names that it may use, `functions` those beside the language's own. A verifier compiles first
 * and refuses both kinds of unknown name then, so they are found here, too, and not when the expression is evaluated.
 * With a `dialect`, types that do not fit are found as well.
 */
export const compile = (
  text: string,
  variables: readonly string[],
  functions: readonly string[],
  dialect?: Dialect,
): Expression | Uncompiled => {
  const key = JSON.stringify([text, variables, functions, dialect?.name]);
  const known = compiled.get(key);
  if (known) return known;
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const read = compileAnew(text, variables, functions, dialect);
  if (text.length <= MOST_CHARACTERS) compiled.set(key, read);
  return read;
};

/** An edit is proved by evaluating the same few expressions with many tokens. */
const compiled = new Map<string, Expression | Uncompiled>();
const MOST_COMPILED = 200;

const compileAnew = (
  text: string,
  variables: readonly string[],
  functions: readonly string[],
  dialect?: Dialect,
): Expression | Uncompiled => {
  if (text.length > MOST_CHARACTERS) return { problem: `is longer than ${MOST_CHARACTERS} characters` };
  if (isNestedTooDeeply(text)) return { problem: `is nested deeper than ${MOST_NESTED} levels` };
  if (/\.\?|\[\?/.test(withoutStrings(text)))
    return { problem: 'uses optional values (".?"), which Runpass does not evaluate' };
  try {
    const parsed = parse(text);
    const whole = partOf(parsed.expr, (expr) => unparse({ ...parsed, expr }));
    const unknown = unknownName(parsed.expr, variables, [...STANDARD, ...functions]);
    if (unknown !== undefined) return { problem: `has an undeclared reference to '${unknown}'` };
    if (steps(parsed.expr) > MOST_STEPS) return { problem: 'takes too many steps to evaluate' };
    const wrong = dialect && typeProblem(parsed.expr, dialect);
    if (wrong !== undefined) return { problem: wrong };
    const run = plan(ENVIRONMENT, dialect ? meantBy(parse(text), dialect) : parsed);
    const numbers = dialect?.numbers ?? 'int';
    return { text, whole, evaluate: (values) => evaluate(run, values, numbers) };
  } catch (thrown) {
    return { problem: `is no CEL expression: ${firstLine(thrown)}` };
  }
};

type Expr = ReturnType<typeof parse>['expr'];

/** The same with the names that are meant: of fields, of keys in brackets, and of what is looked for in a mapping. */
const meantBy = (parsed: ReturnType<typeof parse>, { meant }: Dialect): ReturnType<typeof parse> => {
  const visit = (expr: Expr): void => {
    const { case: kind, value } = expr.exprKind;
    if (kind === 'selectExpr') value.field = meant(value.field);
    const key = kind === 'callExpr' ? value.args[value.function === '_[_]' ? 1 : 0]?.exprKind : undefined;
    const isKey = kind === 'callExpr' && ['_[_]', '@in'].includes(value.function) && key?.case === 'constExpr';
    if (isKey && key.value.constantKind.case === 'stringValue') {
      key.value.constantKind.value = meant(key.value.constantKind.value);
    }
    childrenOf(expr).forEach(visit);
  };
  visit(parsed.expr);
  return parsed;
};
type Run = (values: Record<string, CelInput>) => unknown;

const evaluate = (run: Run, values: Readonly<Record<string, unknown>>, numbers: Dialect['numbers']): Evaluation => {
  startSpending();
  try {
    const given = Object.entries(values).map(([name, value]) => [name, toCel(value, numbers)] as const);
    const result = run(Object.fromEntries(given));
    return isCelError(result) ? { failure: firstLine(result) } : { value: toJson(result) };
  } catch (thrown) {
    return { failure: firstLine(thrown) };
  }
};

const firstLine = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split('\n', 1)[0]?.slice(0, 200) ?? '';

const toCel = (value: unknown, numbers: Dialect['numbers']): CelInput => {
  if (Array.isArray(value)) {
    if (value.length > MOST.elements) throw new RangeError(`a list has more than ${MOST.elements} elements`);
    return value.map((each) => toCel(each, numbers));
  }
  if (typeof value === 'number') return numbers === 'int' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  return new Map(Object.entries(value).map(([name, member]) => [name, toCel(member, numbers)]));
};

const toJson = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (isCelList(value)) return [...value].map(toJson);
  if (isCelMap(value)) return Object.fromEntries([...value].map(([name, member]) => [String(name), toJson(member)]));
  if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) return value;
  return { type: String(celType(value as Parameters<typeof celType>[0])) };
};

/** The parser calls itself for every level, so the depth must be known before. */
const isNestedTooDeeply = (text: string): boolean => {
  let depth = 0;
  for (const character of withoutStrings(text)) {
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    if (depth > MOST_NESTED) return true;
  }
  return /[-!]{100}/.test(text);
};

const STRING = /[rR]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/g;
const withoutStrings = (text: string): string => text.replace(STRING, '""');

const childrenOf = ({ exprKind: { case: kind, value } }: Expr): readonly Expr[] => {
  switch (kind) {
    case 'selectExpr':
      return some([value.operand]);
    case 'callExpr':
      return some([value.target, ...value.args]);
    case 'listExpr':
      return value.elements;
    case 'structExpr':
      return value.entries.flatMap((entry) =>
        some([entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined, entry.value]),
      );
    case 'comprehensionExpr':
      return some([value.iterRange, value.accuInit, value.loopCondition, value.loopStep, value.result]);
    default:
      return [];
  }
};

const some = (exprs: readonly (Expr | undefined)[]): readonly Expr[] => exprs.filter((expr) => expr !== undefined);

const partOf = (expr: Expr, write: (expr: Expr) => string): Part => {
  const { case: kind, value } = expr.exprKind;
  const common = {
    get text() {
      return write(expr);
    },
    parts: childrenOf(expr).map((child) => partOf(child, write)),
  };
  switch (kind) {
    case 'constExpr': {
      const { constantKind } = value;
      const literal = constantKind.case === 'stringValue' ? constantKind.value : undefined;
      return Object.assign(common, { kind: 'literal' as const, ...(literal !== undefined && { literal }) });
    }
    case 'identExpr':
      return Object.assign(common, { kind: 'name' as const, name: value.name });
    case 'selectExpr':
      return Object.assign(common, { kind: 'field' as const, name: value.field, onlyAsked: value.testOnly });
    case 'listExpr':
      return Object.assign(common, { kind: 'list' as const });
    case 'callExpr': {
      const key = value.function === '_[_]' ? common.parts[1]?.literal : undefined;
      // `assertion["org"]` is the same as `assertion.org`.
      return key === undefined
        ? Object.assign(common, { kind: 'call' as const, name: value.function })
        : Object.assign(common, { kind: 'field' as const, name: key, onlyAsked: false });
    }
    default:
      return Object.assign(common, { kind: 'other' as const });
  }
};

const unknownName = (expr: Expr, variables: readonly string[], functions: readonly string[]): string | undefined => {
  const { case: kind, value } = expr.exprKind;
  if (kind === 'identExpr') return [...variables, ...TYPES].includes(value.name) ? undefined : value.name;
  if (kind === 'callExpr' && !functions.includes(value.function)) return value.function;
  const known = kind === 'comprehensionExpr' ? [...variables, value.iterVar, value.accuVar] : variables;
  // What is gone through is named outside.
  const range = kind === 'comprehensionExpr' ? value.iterRange : undefined;
  for (const child of childrenOf(expr)) {
    const unknown = unknownName(child, child === range ? variables : known, functions);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
};

/** How many parts are evaluated at most: those of a comprehension once for every element that a list may have. */
const steps = (expr: Expr): number => {
  const below = childrenOf(expr).reduce((sum, child) => sum + steps(child), 1);
  return expr.exprKind.case === 'comprehensionExpr' ? below * MOST.elements : below;
};

import { compile, type Evaluation, type Expression, type Part } from './cel.ts';
import type { Dialect } from './cel-dialect.ts';

/** One condition of an expression that asks for several: what stands between its `&&`. */
export interface Check {
  readonly part: Part;
  /** What is compared, and how, where it is compared with a text that the expression writes out. */
  readonly compared?: { readonly subject: Part; readonly how: 'equals' | 'prefix' | 'contains' | 'one of' };
  /** What the text is that it is compared with; the whole condition where it is no such comparison. */
  readonly wanted: string;
}

/** All of them must hold for the expression to be true. */
export const checksOf = ({ whole }: Expression): readonly Check[] => conjuncts(whole).map(checkOf);

const conjuncts = (part: Part): readonly Part[] =>
  part.kind === 'call' && part.name === '_&&_' ? part.parts.flatMap(conjuncts) : [part];

const checkOf = (part: Part): Check => {
  const [first, second] = part.parts;
  const other = { part, wanted: part.text };
  if (part.kind !== 'call' || !first || !second) return other;
  const compare = (subject: Part, how: NonNullable<Check['compared']>['how'], wanted: string): Check => ({
    part,
    compared: { subject, how },
    wanted,
  });
  if (part.name === '_==_') {
    if (second.literal !== undefined) return compare(first, 'equals', second.literal);
    return first.literal === undefined ? other : compare(second, 'equals', first.literal);
  }
  if (part.name === '@in' && second.kind === 'list') return compare(first, 'one of', second.text);
  if (second.literal === undefined) return other;
  if (part.name === 'startsWith') return compare(first, 'prefix', second.literal);
  if (part.name === 'contains' || part.name === 'endsWith') return compare(first, 'contains', second.literal);
  return other;
};

/** A check that did not hold. */
export interface Failed {
  readonly check: Check;
  readonly evaluation: Evaluation;
  /** What was compared, as text; empty where it is not there, or nothing is compared. */
  readonly presented: string;
  /** What to do about it, as one sentence. */
  readonly edit: string;
  /** The whole expression with that edit; absent: another token is wanted. */
  readonly edited?: string;
}

/** How an expression is read and with what it is evaluated; `subject` is CEL for the token's `sub`. */
export interface Surroundings {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly functions: readonly string[];
  readonly dialect?: Dialect;
  readonly subject: string;
}

/** The first check that does not hold, and what would; `undefined`: the expression is true. */
export const firstFailed = (expression: Expression, around: Surroundings): Failed | undefined => {
  const { variables, functions, dialect, subject } = around;
  const valueOfText = (text: string): Evaluation => {
    const compiled = compile(text, Object.keys(variables), functions, dialect);
    return 'problem' in compiled ? { failure: compiled.problem } : compiled.evaluate(variables);
  };
  const evaluation = expression.evaluate(variables);
  if ('value' in evaluation && evaluation.value === true) return undefined;
  const checks = checksOf(expression);
  const results = checks.map(({ part }) => (checks.length === 1 ? evaluation : valueOfText(part.text)));
  const at = results.findIndex((each) => !('value' in each) || each.value !== true);
  const check = checks[Math.max(at, 0)] as Check;
  const compared = check.compared && valueOfText(check.compared.subject.text);
  const value = compared && 'value' in compared ? compared.value : undefined;
  const instead =
    check.compared && typeof value === 'string'
      ? `${check.compared.subject.text} == ${quoted(value)}`
      : `${subject} == ${quoted(textOf(valueOfText(subject)))}`;
  const own = results[Math.max(at, 0)] ?? evaluation;
  const why = 'failure' in own ? ` (${own.failure})` : '';
  const found = {
    check,
    evaluation: own,
    presented: value === undefined ? '' : textOf({ value }),
  };
  if (isAboutTimes(check.part)) {
    return { ...found, edit: `Ask for a token whose times meet ${check.part.text}${why}.` };
  }
  return {
    ...found,
    edit: `Write ${instead} instead of ${check.part.text}${why}.`,
    edited: checks.map((each) => (each === check ? instead : inParentheses(each.part))).join(' && '),
  };
};

/** Whatever is written about a subject instead, such a condition is about something else. */
const isAboutTimes = (part: Part): boolean => {
  const fields = fieldNames(part);
  return fields.length > 0 && fields.every((name) => ['iat', 'nbf', 'exp'].includes(name));
};

const fieldNames = ({ kind, name, parts }: Part): readonly string[] => [
  ...(kind === 'field' && name !== undefined ? [name] : []),
  ...parts.flatMap(fieldNames),
];

const textOf = (evaluation: Evaluation): string => {
  if (!('value' in evaluation)) return '';
  return typeof evaluation.value === 'string' ? evaluation.value : JSON.stringify(evaluation.value);
};

/** A text as CEL writes it. */
export const quoted = (text: string): string => JSON.stringify(text);

const inParentheses = ({ name, text }: Part): string => (name === '_||_' || name === '_?_:_' ? `(${text})` : text);

/** Names of the members of a variable that an expression uses, but for those that it asks for with `has()`. */
export const neededMembersOf = ({ whole }: Expression, variable: string): readonly string[] => {
  const fields = fieldsOf(whole, variable);
  const asked = new Set(fields.filter(({ onlyAsked }) => onlyAsked).map(({ name }) => name));
  return [...new Set(fields.flatMap(({ name }) => (name === undefined || asked.has(name) ? [] : name)))];
};

/** Does an expression look at a variable at all? */
export const uses = ({ whole }: Expression, variable: string): boolean => mentions(whole, variable);

const mentions = (part: Part, variable: string): boolean =>
  (part.kind === 'name' && part.name === variable) || part.parts.some((each) => mentions(each, variable));

const fieldsOf = (part: Part, variable: string): readonly Part[] => {
  const [of] = part.parts;
  if (part.kind === 'field' && of?.kind === 'name' && of.name === variable) return [part];
  return part.parts.flatMap((each) => fieldsOf(each, variable));
};

/** Every call in an expression, from the outside in. */
export const callsOf = (part: Part): readonly Part[] => [
  ...(part.kind === 'call' ? [part] : []),
  ...part.parts.flatMap(callsOf),
];

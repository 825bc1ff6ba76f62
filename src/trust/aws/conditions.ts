import { type Context, claimOfKey, type KeyValues } from './context.ts';
import type { Operator } from './operators.ts';
import type { Condition } from './statements.ts';
import { matches, type Pattern, readPattern, type Variable } from './wildcard.ts';

/** `unknown`: it turns on what only AWS knows at the time of the call. */
export type Outcome = 'met' | 'unmet' | 'unknown';

/**
 * Does one condition hold? IAM user guide, "Condition operators" and "Multivalued context keys".
 *
 * Several values are alternatives; a negated operator wants none of them. A key that is absent meets no operator but
 * the negated ones, those with `IfExists`, and those with `ForAllValues:`. To set operators, an empty text is an absent key
 * ("a null dataset, such as an empty string").
 */
export const holds = (condition: Condition, context: Context, variables: boolean): Outcome => {
  const { operator, key } = condition;
  const presented = context.valuesOf(key);
  if (operator.comparison === 'null') return ofNull(condition, presented);
  if (presented === 'unknown') return 'unknown';
  if (presented.length === 0 || (operator.each !== undefined && presented.every((value) => value === ''))) {
    if (operator.ifExists || operator.each === 'all') return 'met';
    if (operator.each === 'any') return 'unmet';
    return operator.negated ? 'met' : 'unmet';
  }
  const outcomes = presented.map((value) => ofValue(condition, value, context, variables));
  const wanted = operator.each === 'all' || (operator.each === undefined && operator.negated) ? 'all' : 'any';
  return wanted === 'all' ? all(outcomes) : any(outcomes);
};

/** Is the key of a condition absent in every call with a token of ours? */
export const isNeverThere = (condition: Condition, context: Context): boolean => {
  const claim = claimOfKey(condition.key, context.prefix)?.toLowerCase();
  if (claim === 'sub' || claim === 'aud') return false;
  if (/^(?:aws:requesttag\/|aws:tagkeys$|sts:)/i.test(condition.key) && !/^sts:externalid$/i.test(condition.key)) {
    return false;
  }
  const values = context.valuesOf(condition.key);
  return values !== 'unknown' && values.length === 0;
};

const all = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.includes('unmet') ? 'unmet' : outcomes.includes('unknown') ? 'unknown' : 'met';

const any = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.includes('met') ? 'met' : outcomes.includes('unknown') ? 'unknown' : 'unmet';

const not = (outcome: Outcome): Outcome => (outcome === 'unknown' ? 'unknown' : outcome === 'met' ? 'unmet' : 'met');

const ofNull = ({ values }: Condition, presented: KeyValues): Outcome => {
  if (presented === 'unknown') return 'unknown';
  return values.some((value) => value.toLowerCase() === String(presented.length === 0)) ? 'met' : 'unmet';
};

const ofValue = ({ operator, values }: Condition, presented: string, context: Context, variables: boolean): Outcome => {
  const outcome = any(values.map((value) => compare(operator, value, presented, context, variables)));
  return operator.negated ? not(outcome) : outcome;
};

const compare = (
  operator: Operator,
  value: string,
  presented: string,
  context: Context,
  variables: boolean,
): Outcome => {
  const { comparison, ignoresCase } = operator;
  if (comparison === 'number') {
    return operator.holds?.(numberIn(presented), numberIn(value)) ? 'met' : 'unmet';
  }
  if (comparison === 'bool') return presented.toLowerCase() === value.toLowerCase() ? 'met' : 'unmet';
  if (comparison === 'other') return 'unmet';
  const wildcards = comparison === 'like' || comparison === 'arn';
  const fold = (each: string): string => (ignoresCase ? each.toLowerCase() : each);
  const lookUp = variables ? (key: string) => variable(context.valuesOf(key), fold) : undefined;
  const pattern = readPattern(fold(value), { wildcards, variables: lookUp });
  if (pattern === 'absent') return 'unmet';
  if (pattern === 'unknown') return 'unknown';
  const text = fold(presented);
  return (comparison === 'arn' ? matchesArn(pattern, text) : matches(pattern, text)) ? 'met' : 'unmet';
};

/** An integer or a decimal; any other text is no number, and an empty one is not zero. */
const numberIn = (text: string): number => (/^[+-]?\d*\.?\d+(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN);

/** A key with several values cannot be a variable. */
const variable = (values: KeyValues, fold: (text: string) => string): Variable => {
  if (values === 'unknown') return 'unknown';
  return values[0] === undefined || values.length > 1 ? 'absent' : { text: fold(values[0]) };
};

/** An ARN is compared part by part: a wildcard crosses no colon but in the last of its six parts. What is none, matches none. */
const matchesArn = (pattern: Pattern, text: string): boolean => {
  if (!text.startsWith('arn:')) return false;
  const wanted = arnParts([...pattern]);
  const parts = arnParts(text.split(''));
  return (
    wanted.length === 6 && parts.length === 6 && wanted.every((part, at) => matches(part, (parts[at] ?? []).join('')))
  );
};

const arnParts = <Unit>(units: readonly Unit[]): readonly (readonly Unit[])[] => {
  const parts: Unit[][] = [[]];
  for (const unit of units) {
    if (unit === ':' && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(unit);
  }
  return parts;
};

import { RE2JS } from '@bufbuild/re2';

/** Most steps that all matches of one evaluation may take together: characters times the size of the pattern. */
const MOST_SPENT = 2_000_000;

let spent = 0;
const compiled = new Map<string, RE2JS>();
const MOST_COMPILED = 100;

/** Begins an evaluation: nothing was spent yet. Evaluations never overlap, as nothing in them waits. */
export const startSpending = (): void => {
  spent = 0;
};

/** Regular expressions in RE2's syntax and time: no pattern explodes, and a slow one stops the evaluation. */
export const linearMatcher = {
  compile: (pattern: string) => ({
    test: (text: string): boolean => {
      spent += (text.length + 10) * sizeOf(pattern);
      if (spent > MOST_SPENT) throw new RangeError('matches() takes too long');
      return expressionOf(pattern).test(text);
    },
  }),
};

export const isPattern = (text: string): boolean => {
  try {
    expressionOf(text);
    return true;
  } catch {
    return false;
  }
};

/** A repetition is compiled as often as it says. */
const sizeOf = (pattern: string): number => {
  const repeated = [...pattern.matchAll(/\{(?:\d*,)?(\d+),?\}/g)].reduce((sum, [, most]) => sum + Number(most), 1);
  return pattern.length * repeated;
};

const expressionOf = (pattern: string): RE2JS => {
  const known = compiled.get(pattern);
  if (known) return known;
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const expression = new RE2JS(pattern);
  compiled.set(pattern, expression);
  return expression;
};

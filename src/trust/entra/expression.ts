import { matchesName } from '../../access/names.ts';

/** A claims-matching expression, read: all of these must hold. */
export type Expression = readonly Comparison[];

interface Comparison {
  readonly claim: string;
  readonly operator: 'eq' | 'matches';
  readonly value: string;
}

/** Issuers whose credentials may have an expression, and the claims that it may look at. */
export const FLEXIBLE_ISSUERS: Readonly<Record<string, readonly string[]>> = {
  'https://token.actions.githubusercontent.com': ['sub', 'job_workflow_ref'],
  'https://gitlab.com': ['sub'],
  'https://app.terraform.io': ['sub'],
};

const COMPARISON = /\s*claims\['([^']{1,100})'\]\s+(eq|matches)\s+'([^']*)'\s*/y;
const AND = /and\s/y;

/** Reads `claims['sub'] matches 'repo:acme/*' and claims['job_workflow_ref'] eq '…'`; `undefined` for anything else. */
export const readExpression = (text: string): Expression | undefined => {
  const comparisons: Comparison[] = [];
  let at = 0;
  for (;;) {
    COMPARISON.lastIndex = at;
    const [whole, claim, operator, value] = COMPARISON.exec(text) ?? [];
    if (whole === undefined || claim === undefined || value === undefined) return undefined;
    comparisons.push({ claim, operator: operator === 'eq' ? 'eq' : 'matches', value });
    at += whole.length;
    if (at === text.length) return comparisons;
    AND.lastIndex = at;
    if (!AND.test(text)) return undefined;
    at = AND.lastIndex;
  }
};

/** The first comparison that does not hold; `undefined`: all do. `*` takes any characters, `?` exactly one. */
export const firstUnmet = (expression: Expression, claims: Readonly<Record<string, unknown>>): Comparison | undefined =>
  expression.find(({ claim, operator, value }) => {
    const presented = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    if (typeof presented !== 'string') return true;
    return operator === 'eq' ? presented !== value : !matchesName(value, presented);
  });

import { quoted } from '../cel-checks.ts';
import type { ClaimTest } from './admission.ts';
import { isPattern } from './scope.ts';

/** Claims as one CEL expression on a variable: `assertion.stackId == "…" && assertion.operation in ["…"]`. */
export const celOf = (variable: string, tests: readonly ClaimTest[]): string =>
  tests.map((test) => celTest(variable, test)).join(' && ');

/** One claim as CEL. */
export const celTest = (variable: string, { claim, values }: ClaimTest): string => {
  const member = /^[A-Za-z_]\w*$/.test(claim) ? `${variable}.${claim}` : `${variable}[${quoted(claim)}]`;
  const exact = values.filter((value) => !isPattern(value));
  const alternatives = [
    ...(exact.length === 1 ? [`${member} == ${quoted(exact[0] ?? '')}`] : []),
    ...(exact.length > 1 ? [`${member} in [${exact.map(quoted).join(', ')}]`] : []),
    ...values.filter(isPattern).map((pattern) => like(member, pattern)),
  ];
  return alternatives.length === 1 ? (alternatives[0] ?? '') : `(${alternatives.join(' || ')})`;
};

const like = (member: string, pattern: string): string => {
  const beginning = pattern.slice(0, -1);
  if (pattern.endsWith('*') && !isPattern(beginning)) return `${member}.startsWith(${quoted(beginning)})`;
  const expression = pattern.replace(/[^A-Za-z0-9_/-]/g, (one) =>
    one === '*' ? '.*' : one === '?' ? '.' : `\\${one}`,
  );
  return `${member}.matches(${quoted(`^${expression}$`)})`;
};

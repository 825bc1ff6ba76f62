import type { Reason, Warning } from '../../../trust/verdict.ts';
import { printable, printFields, printLine } from '../../output.ts';
import type { Surroundings, TextSink } from '../../surroundings.ts';
import type { ToldExplanation } from './explain-request.ts';

/** A verdict for people: what was presented, and for each reason where it stands and what to change. */
export const printVerdict = (
  { stdout }: Surroundings,
  told: ToldExplanation,
  where: (condition: string) => string,
): void => {
  const { party, presented, allowed, reasons, warnings, assumptions } = told;
  printFields(stdout, {
    verdict: allowed ? 'admitted' : 'refused',
    by: party,
    issuer: textOf(presented.iss),
    sub: textOf(presented.sub),
    aud: textOf(presented.aud),
  });
  for (const [index, reason] of reasons.entries()) printReason(stdout, index + 1, reason, where);
  const lineOf = ({ code, condition, text }: Warning): string => `${code} at ${where(condition)}: ${text}`;
  printList(stdout, 'warnings', warnings.map(lineOf));
  printList(stdout, 'assumed', assumptions);
};

const printReason = (stdout: TextSink, number: number, reason: Reason, where: (condition: string) => string): void => {
  const { code, condition, wanted, presented, edit, safe } = reason;
  printLine(stdout);
  printLine(stdout, printable(`${number}. ${code} at ${where(condition)}`));
  const fields = {
    wanted,
    presented: presented === '' ? '(no such claim)' : presented,
    edit,
    safe: safe ? 'yes: it admits this and nothing beside it' : 'no: look at what else it would admit',
  };
  printFields(stdout, fields, '   ');
};

const printList = (stdout: TextSink, title: string, lines: readonly string[]): void => {
  if (lines.length === 0) return;
  printLine(stdout);
  printLine(stdout, title);
  for (const line of lines) printLine(stdout, printable(`  ${line}`));
};

const textOf = (claim: unknown): string | undefined =>
  claim === undefined ? undefined : typeof claim === 'string' ? claim : JSON.stringify(claim);

import type { Problem } from '../../../documents.ts';
import type { LintFinding } from '../../../policy/policy.ts';
import { printable, printLine } from '../../output.ts';
import type { TextSink } from '../../surroundings.ts';

/** A finding of the linter with its place in a file. */
export interface PlacedFinding extends LintFinding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export const placed = (finding: LintFinding, { file, line, column }: Problem): PlacedFinding => ({
  file,
  line,
  column,
  ...finding,
});

/** One finding: where, what, and what to write instead. */
export const printFinding = (to: TextSink, finding: LintFinding & Partial<PlacedFinding>): void => {
  const { code, message, suggestion, reason, index, file, line, column } = finding;
  const where =
    file === undefined ? (index === undefined ? 'policies' : `policies[${index}]`) : `${file}:${line}:${column}`;
  printLine(to, printable(`${where} ${code} ${message}`));
  if (suggestion !== undefined) printLine(to, printable(`  suggestion: ${suggestion}`));
  if (reason !== undefined) printLine(to, printable(`  meant so: ${reason}`));
};

import { Refusal } from '../errors.ts';
import { StoreError, StoreUnfit } from '../store/store.ts';
import { CommandFailure } from './failure.ts';
import type { Surroundings, TextSink } from './surroundings.ts';

/** A text from outside, fit for a terminal: nothing in it moves the cursor or changes a colour. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?');

/** JSON text, fit for a terminal without becoming other JSON: JSON itself escapes only half of the control characters. */
export const escapeControls = (json: string): string =>
  json.replace(/[\x7f-\x9f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

/** The answer for programs: one JSON document. */
export const printJson = (to: TextSink, value: unknown): void =>
  to.write(`${escapeControls(JSON.stringify(value, undefined, 2))}\n`);

export const printLine = (to: TextSink, text = ''): void => to.write(`${text}\n`);

type Cell = string | number | undefined;

/** The answer for people: a heading and a line per row, each column as wide as it must be. */
export const printTable = (to: TextSink, columns: readonly string[], rows: readonly (readonly Cell[])[]): void => {
  const lines = [columns.map((column) => column.toUpperCase()), ...rows.map((row) => row.map(showCell))];
  to.write(alignColumns(lines));
};

/** The answer for people about one thing: a line per field; fields without a value are left out. */
export const printFields = (to: TextSink, fields: Readonly<Record<string, Cell>>, indent = ''): void => {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  to.write(alignColumns(known.map(([name, value]) => [indent + name, showCell(value)])));
};

const showCell = (cell: Cell): string => (cell === undefined || cell === '' ? '-' : printable(String(cell)));

const alignColumns = (lines: readonly (readonly string[])[]): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => `${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
};

/** Says why a command failed, and gives its exit status. The only translator of errors on this side. */
export const printFailure = ({ stderr }: Pick<Surroundings, 'stderr'>, reason: unknown): 1 | 2 => {
  const { exit, sentence, code, hint } = describeFailure(reason);
  printLine(stderr, `error: ${sentence}${code === undefined ? '' : ` (${code})`}`);
  if (hint !== undefined) printLine(stderr, `hint: ${hint}`);
  return exit;
};

interface Described {
  readonly exit: 1 | 2;
  readonly sentence: string;
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
}

/** Why a command failed, in parts; printable. */
export const describeFailure = (reason: unknown): Described => {
  if (reason instanceof CommandFailure) {
    // Problems with a file are a line each; everything in them was made printable where it was quoted.
    const sentence = reason.message.split('\n').map(printable).join('\n');
    return { exit: reason.exit, sentence, code: reason.code, hint: reason.hint };
  }
  if (reason instanceof Refusal) return { exit: 1, sentence: printable(reason.message), code: reason.code };
  if (reason instanceof StoreUnfit) return { exit: 2, sentence: printable(reason.message) };
  if (reason instanceof StoreError)
    return { exit: 1, sentence: printable(reason.message), code: `store_${reason.kind}` };
  return { exit: 1, sentence: printable(reason instanceof Error ? reason.message : String(reason)) };
};

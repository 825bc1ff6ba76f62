import { isNumberText, type Plain } from '../../environments/values.ts';
import { printable } from '../output.ts';
import { advise } from './suggestions.ts';
import { member } from './value-tree.ts';

/** One thing that is wrong in a definition, as the API tells it. */
export interface ToldDiagnostic {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly path: string;
  /** Absent where the server does not know. */
  readonly range?: ToldRange;
}

export interface ToldRange {
  readonly environment: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/**
 * The diagnostics of an answer, in either of the two forms that the contract has. A server that does not tell how bad one
 * is means an error.
 */
export const diagnosticsOf = (answer: Plain): readonly ToldDiagnostic[] => {
  const told = member(answer, 'diagnostics');
  const list = Array.isArray(told) ? told : member(told, 'diagnostics');
  return Array.isArray(list) ? list.map(readDiagnostic) : [];
};

const readDiagnostic = (told: Plain): ToldDiagnostic => {
  const range = member(told, 'range');
  const [begin, end] = [member(range, 'begin'), member(range, 'end')];
  const [line, column] = [numberOf(begin, 'line'), numberOf(begin, 'column')];
  return {
    severity: member(told, 'severity') === 'warning' ? 'warning' : 'error',
    summary: textOf(told, 'summary'),
    path: textOf(told, 'path'),
    ...(line > 0 && {
      range: {
        environment: textOf(range, 'environment'),
        line,
        column,
        endLine: numberOf(end, 'line'),
        endColumn: numberOf(end, 'column'),
      },
    }),
  };
};

const textOf = (of: Plain | undefined, key: string): string => {
  const text = member(of, key);
  return typeof text === 'string' ? text : '';
};

const numberOf = (of: Plain | undefined, key: string): number => {
  const number = member(of, key);
  return isNumberText(number) ? Number(number.number) : 0;
};

/** Where a diagnostic stands, as a person knows the place: a file or an environment, and its text where it is known. */
export interface KnownSource {
  readonly name: string;
  readonly text?: string | undefined;
}

/** Characters of a line that are shown; of a longer one, those around the place. */
const WIDTH = 160;

/** `where:line:column: error: summary`, the line, a caret under the place, and what was probably meant. */
export const describeDiagnostic = (diagnostic: ToldDiagnostic, source: KnownSource): readonly string[] => {
  const { severity, summary, path, range } = diagnostic;
  const { problem, suggestion } = advise(summary, range ? writtenAt(range, source.text) : '');
  const place = range ? `${source.name}:${range.line}:${range.column}` : [source.name, path].filter(Boolean).join(': ');
  return [
    printable(`${place}: ${severity}: ${problem}`),
    ...(range ? excerpt(range, source.text) : []),
    ...(suggestion === undefined ? [] : [printable(`  suggestion: ${suggestion}`)]),
  ];
};

/** Where on its line a range begins and ends. Columns count characters, so characters are counted here, too. */
const placeOnLine = ({ line, column, endLine, endColumn }: ToldRange, text: string | undefined) => {
  const characters = [...(text?.split(/\r?\n/)[line - 1] ?? '')];
  const begin = Math.min(Math.max(column - 1, 0), characters.length);
  const end = endLine === line && endColumn > column ? Math.min(endColumn - 1, characters.length) : characters.length;
  return { characters, begin, end };
};

const writtenAt = (range: ToldRange, text: string | undefined): string => {
  const { characters, begin, end } = placeOnLine(range, text);
  return characters.slice(begin, end).join('');
};

const excerpt = (range: ToldRange, text: string | undefined): readonly string[] => {
  const { characters, begin, end } = placeOnLine(range, text);
  if (characters.length === 0) return [];
  const from = characters.length > WIDTH ? Math.max(0, begin - WIDTH / 4) : 0;
  const shown = characters.slice(from, from + WIDTH);
  const carets = '^'.repeat(Math.max(1, Math.min(end, from + shown.length) - begin));
  const number = String(range.line);
  return [
    `  ${number} | ${printable(shown.join(''))}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(begin - from)}${carets}`,
  ];
};

/** `2 errors`, `1 error and 3 warnings`; empty for none. */
export const countDiagnostics = (diagnostics: readonly ToldDiagnostic[]): string =>
  (['error', 'warning'] as const)
    .map((severity) => [severity, diagnostics.filter((one) => one.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}${count === 1 ? '' : 's'}`)
    .join(' and ');

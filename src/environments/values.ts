/**
 * What the rooms around the environment language see of it: plain results, places in a document, and problems.
 */

/** A place in a document. Line and column count from 1, columns in characters (code points); bytes count from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly byte: number;
}

/** Where something stands. `environment` is the name under which the document was read. */
export interface SourceRange {
  readonly environment: string;
  readonly begin: Position;
  /** Just behind the last character. */
  readonly end: Position;
}

/** One thing that is wrong in a definition, for the person who wrote it. Errors forbid opening, warnings do not. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  /** The place as a path from the top of the document, as in `values.aws["my-key"][0]`; empty for the document itself. */
  readonly path: string;
  readonly range: SourceRange;
}

/** A number as the decimal text that stood in the definition: 64-bit ids and long fractions come out as they went in. */
export interface NumberText {
  readonly number: string;
}

/** A JSON value whose numbers are exact, and whose objects are maps: no key has a meaning of its own. */
export type Plain = null | boolean | string | NumberText | readonly Plain[] | ReadonlyMap<string, Plain>;

export const isNumberText = (value: unknown): value is NumberText =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map) && 'number' in value;

/** The name of a document that is opened without being stored. */
export const ANONYMOUS_ENVIRONMENT = '<yaml>';

/** Orders texts by their code points, as the bytes of UTF-8 do; `<` would order by UTF-16. */
export const byCodePoints = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a === b) continue;
    // A surrogate stands for a character above everything that fits into one unit.
    const [aHigh, bHigh] = [a >= 0xd800 && a < 0xe000, b >= 0xd800 && b < 0xe000];
    return aHigh === bHigh ? a - b : aHigh ? 1 : -1;
  }
  return left.length - right.length;
};

import type { CelType } from './cel-types.ts';

/** What a verifier that checks types makes of the language, beside the functions that it has. */
export interface Dialect {
  readonly name: string;
  /** Types of the names that an expression may use. */
  readonly variables: Readonly<Record<string, CelType>>;
  /** What whole numbers of JSON are. */
  readonly numbers: 'int' | 'double';
  /** May numbers of two kinds be compared? */
  readonly compares: 'alike' | 'numbers';
  /** May elements of a literal list have different types? */
  readonly elements: 'any' | 'alike';
  /** The only type that an expression may give; absent: any. */
  readonly gives?: 'bool';
  /** The name of a claim or key that is meant by one that is written. */
  readonly meant: (name: string) => string;
}

import type { NumberText } from '../values.ts';
import type { Place } from './source-text.ts';

/** One step of a property access: `.name`, `["key"]` or `[0]`. */
export interface Accessor {
  readonly key: string | number;
  /** Where the step stands; `undefined` where the text around it is quoted or folded, and offsets mean nothing. */
  readonly at: Pick<Place, 'start' | 'end'> | undefined;
}

export interface InterpolationPart {
  /** The text before the access. */
  readonly text: string;
  readonly access: readonly Accessor[] | undefined;
}

export interface ObjectEntry {
  /** `undefined` when the key is not a text that stands for itself; the entry is left out then. */
  readonly key: string | undefined;
  readonly keyAt: Place;
  readonly value: Expression;
}

/** Functions of one argument. */
export const UNARY_FUNCTIONS = [
  'concat',
  'final',
  'fromBase64',
  'fromJSON',
  'toBase64',
  'toJSON',
  'toString',
  'toYAML',
] as const;
export type UnaryFunction = (typeof UNARY_FUNCTIONS)[number];

/** A value of a definition, as it is written. What could not be read has left a problem and a hole (`undefined`). */
export type Expression =
  | { readonly kind: 'literal'; readonly at: Place; readonly value: null | boolean | string | NumberText }
  | { readonly kind: 'interpolation'; readonly at: Place; readonly parts: readonly InterpolationPart[] }
  | { readonly kind: 'reference'; readonly at: Place; readonly access: readonly Accessor[] }
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly Expression[] }
  | {
      readonly kind: 'object';
      readonly at: Place;
      readonly entries: readonly ObjectEntry[];
      /** The keys of the entries, each once, by their code points. */
      readonly keys: readonly string[];
    }
  | { readonly kind: 'unary'; readonly at: Place; readonly name: UnaryFunction; readonly argument: Expression }
  | {
      readonly kind: 'join' | 'split';
      readonly at: Place;
      readonly delimiter: Expression | undefined;
      readonly operand: Expression | undefined;
    }
  | {
      readonly kind: 'validate';
      readonly at: Place;
      readonly schema: Expression | undefined;
      readonly value: Expression | undefined;
    }
  | {
      readonly kind: 'open';
      readonly at: Place;
      readonly provider: string | undefined;
      readonly inputs: Expression | undefined;
    }
  /** The text of a secret is raw: neither `$$` nor `${` means anything in it. */
  | { readonly kind: 'secret'; readonly at: Place; readonly plaintext: string; readonly textAt: Place }
  | { readonly kind: 'ciphertext'; readonly at: Place; readonly ciphertext: string };

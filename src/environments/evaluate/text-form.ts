import { quote } from '../syntax/paths.ts';
import { byCodePoints } from '../values.ts';
import { EVALUATION_LIMITS, LimitReached } from './limits.ts';
import type { Scalar, Value } from './value.ts';

/** What a value becomes inside a text, with what is known about it. */
export interface TextForm {
  readonly text: string;
  readonly unknown: boolean;
  readonly secret: boolean;
}

/**
 * A value as a text: as `fn::toString` and interpolations show it. Null is empty; the elements of a list stand in
 * quotes between commas, the members of an object as `"key"="value"`.
 *
 * As in the reference, an object shows only the members of its uppermost layer, without what an import defines.
 */
export const textForm = (value: Value): TextForm => new Writing().form(value);

const scalarText = (content: Scalar['content']): string => {
  if (content === null) return '';
  return typeof content === 'object' ? content.number : String(content);
};

class Writing {
  readonly #forms = new Map<Value, TextForm>();
  /** Everything written so far, also what is quoted again and again: quotes in quotes double with every level. */
  #written = 0;

  form(value: Value): TextForm {
    if (value.kind === 'unknown') return { text: '[unknown]', unknown: true, secret: value.secret };
    if (value.kind === 'scalar') return { text: scalarText(value.content), unknown: false, secret: value.secret };
    const known = this.#forms.get(value);
    if (known) return known;
    const members = value.kind === 'list' ? value.content.map((item) => ['', item] as const) : sorted(value.content);
    let { secret } = value;
    let unknown = false;
    const parts = members.map(([key, member]) => {
      const form = this.form(member);
      secret ||= form.secret;
      unknown ||= form.unknown;
      this.#count(form.text.length + 2);
      const part = value.kind === 'list' ? quote(form.text) : `${quote(key)}=${quote(form.text)}`;
      this.#count(part.length);
      return part;
    });
    const result = { text: parts.join(','), unknown, secret };
    this.#forms.set(value, result);
    return result;
  }

  #count(length: number): void {
    this.#written += length;
    if (this.#written > 4 * EVALUATION_LIMITS.text) throw new LimitReached('a text becomes longer than 1 MiB');
  }
}

const sorted = (content: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] =>
  [...content].sort(([left], [right]) => byCodePoints(left, right));

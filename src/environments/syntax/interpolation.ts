import type { Accessor, InterpolationPart } from './expression.ts';
import type { Problems } from './problems.ts';
import type { Place, SourceText } from './source-text.ts';
import type { SyntaxText } from './yaml-tree.ts';

/**
 * Splits a text at its property accesses. `$$` is a `$`; `${` begins an access, `}` ends it; a lone `$` is itself.
 *
 *     access    := { '.' name | '[' subscript ']' | name }      until '}'
 *     name      := one or more characters other than  . [ } or white space
 *     subscript := '"' { '\"' | any character but '"' } '"'  |  [+-]digits
 *
 * What is wrong leaves a problem and what could be read of it, so that checking goes on.
 */
export const parseInterpolation = (
  node: SyntaxText,
  source: SourceText,
  problems: Problems,
): readonly InterpolationPart[] => {
  const { value } = node;
  const parts: InterpolationPart[] = [];
  let text = '';
  for (let index = 0; index < value.length; ) {
    const next = value.indexOf('$', index);
    if (next === -1) {
      text += value.slice(index);
      break;
    }
    text += value.slice(index, next);
    if (value[next + 1] === '$') {
      text += '$';
      index = next + 2;
    } else if (value[next + 1] === '{') {
      const parser = new AccessParser(node, source, problems, next + 2);
      parts.push({ text, access: parser.parse() });
      text = '';
      index = parser.offset;
    } else {
      text += '$';
      index = next + 1;
    }
  }
  if (text !== '') parts.push({ text, access: undefined });
  return parts;
};

const NAME_ENDS = /[.[}\s\u0085]/;
const INTEGER = /^[+-]?[0-9]{1,15}$/;

class AccessParser {
  readonly #node: SyntaxText;
  readonly #source: SourceText;
  readonly #problems: Problems;
  readonly #accessors: Accessor[] = [];
  offset: number;

  constructor(node: SyntaxText, source: SourceText, problems: Problems, offset: number) {
    this.#node = node;
    this.#source = source;
    this.#problems = problems;
    this.offset = offset;
  }

  parse(): readonly Accessor[] {
    for (;;) {
      const start = this.offset;
      const character = this.#peek();
      if (character === '}') {
        this.offset++;
        return this.#finish(start);
      }
      if (character === '.') {
        this.offset++;
        this.#push(this.#name(start), start);
      } else if (character === '[') {
        this.offset++;
        this.#push(this.#subscript(start), start);
      } else if (character === undefined || NAME_ENDS.test(character)) {
        this.#error(start, "missing closing brace '}' in interpolation");
        return this.#finish(start);
      } else {
        this.#push(this.#name(start), start);
      }
    }
  }

  /** An access without a step, as in `${}`, names the empty property. */
  #finish(start: number): readonly Accessor[] {
    if (this.#accessors.length === 0) this.#push('', start);
    return this.#accessors;
  }

  #name(start: number): string {
    const from = this.offset;
    for (let next = this.#peek(); next !== undefined && !NAME_ENDS.test(next); next = this.#peek()) this.offset++;
    const name = this.#node.value.slice(from, this.offset);
    if (name === '') this.#error(start, 'property name must not be empty');
    return name;
  }

  /** Behind the `[`; takes the `]`, too, where there is one. */
  #subscript(start: number): string | number {
    if (this.#peek() === undefined) {
      this.#error(start, "subscript is missing closing bracket ']'");
      return '';
    }
    const key = this.#peek() === '"' ? this.#quotedKey(start) : this.#index(start);
    if (this.#peek() === ']') this.offset++;
    else this.#error(start, "subscript is missing closing bracket ']'");
    return key;
  }

  #quotedKey(start: number): string {
    this.offset++;
    let key = '';
    for (;;) {
      const character = this.#peek();
      if (character === undefined) {
        this.#error(start + 1, "key subscript is missing closing quote '\"'");
        return key;
      }
      this.offset++;
      if (character === '"') {
        if (key === '') this.#error(start + 1, 'key subscript must not be empty');
        return key;
      }
      if (character === '\\' && this.#peek() === '"') {
        this.offset++;
        key += '"';
      } else {
        key += character;
      }
    }
  }

  #index(start: number): string | number {
    const from = this.offset;
    for (let next = this.#peek(); next !== undefined && next !== ']' && !NAME_ENDS.test(next); next = this.#peek()) {
      this.offset++;
    }
    const text = this.#node.value.slice(from, this.offset);
    if (!INTEGER.test(text)) {
      this.#error(start + 1, 'numeric subscript must be a positive base-10 integer');
      return text;
    }
    if (this.#accessors.length === 0) {
      const problem = 'the first accessor must be a property name or key subscript, not a numeric subscript';
      this.#error(start, problem);
    }
    return Number(text);
  }

  #peek(): string | undefined {
    return this.#node.value[this.offset];
  }

  #push(key: string | number, start: number): void {
    this.#accessors.push({ key, at: this.#extent(start) });
  }

  #error(start: number, summary: string): void {
    const at: Place = { ...this.#node.at, ...this.#extent(start) };
    this.#problems.error(this.#source, at, summary);
  }

  #extent(start: number): Pick<Place, 'start' | 'end'> | undefined {
    if (!this.#node.plain) return undefined;
    const from = this.#node.at.start;
    return { start: from + start, end: from + this.offset };
  }
}

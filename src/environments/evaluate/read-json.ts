import { quote } from '../syntax/paths.ts';
import type { Plain } from '../values.ts';
import { textToBytes } from './bytes.ts';
import { LimitReached } from './limits.ts';

/** A text that is no JSON; the message is what Go's decoder says of it. */
export class JsonProblem extends Error {
  override readonly name = 'JsonProblem';
}

const MAX_DEPTH = 100;
const SPACE = /[ \t\r\n]*/y;
const NUMBER_PARTS = [/-?/y, /0|[1-9][0-9]*/y, /\.[0-9]+/y, /[eE][+-]?[0-9]+/y] as const;
const ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }),
);
const LITERALS: ReadonlyMap<string, { readonly word: string; readonly value: null | boolean }> = new Map([
  ['t', { word: 'true', value: true }],
  ['f', { word: 'false', value: false }],
  ['n', { word: 'null', value: null }],
]);

/**
 * Reads the JSON value at the beginning of a text, as `fn::fromJSON` does in the reference: what follows it is not
 * looked at, of two members with one name the last counts, numbers keep their spelling.
 *
 * Throws `JsonProblem`, and `LimitReached` for what is nested more than `maxDepth` levels.
 */
export const readJson = (text: string, maxDepth: number = MAX_DEPTH): Plain => new Reading(text, maxDepth).value(0);

class Reading {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  value(depth: number): Plain {
    if (depth > this.#maxDepth) {
      throw new LimitReached(`a JSON text is nested more than ${this.#maxDepth} levels deep`);
    }
    const character = this.#next();
    if (character === undefined)
      throw new JsonProblem(depth === 0 && this.#text.trim() === '' ? 'EOF' : 'unexpected EOF');
    if (character === '{') return this.#object(depth);
    if (character === '[') return this.#list(depth);
    if (character === '"') return this.#string();
    const literal = LITERALS.get(character);
    if (literal) return this.#literal(literal.word, literal.value);
    if (character === '-' || (character >= '0' && character <= '9')) return this.#number();
    return this.#fail('looking for beginning of value');
  }

  #object(depth: number): Plain {
    const members = new Map<string, Plain>();
    this.#at++;
    if (this.#next() === '}') return this.#close(members);
    for (;;) {
      if (this.#next() !== '"') this.#fail('looking for beginning of object key string');
      const key = this.#string();
      if (this.#next() !== ':') this.#fail('after object key');
      this.#at++;
      const value = this.value(depth + 1);
      members.set(key, value);
      const separator = this.#next();
      if (separator === '}') return this.#close(members);
      if (separator !== ',') this.#fail('after object key:value pair');
      this.#at++;
    }
  }

  #list(depth: number): Plain {
    const items: Plain[] = [];
    this.#at++;
    if (this.#next() === ']') return this.#close(items);
    for (;;) {
      items.push(this.value(depth + 1));
      const separator = this.#next();
      if (separator === ']') return this.#close(items);
      if (separator !== ',') this.#fail('after array element');
      this.#at++;
    }
  }

  #close<T>(collection: T): T {
    this.#at++;
    return collection;
  }

  #string(): string {
    let result = '';
    this.#at++;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || character < ' ') this.#fail('in string literal');
      this.#at++;
      if (character === '"') return result.toWellFormed();
      result += character === '\\' ? this.#escape() : character;
    }
  }

  #escape(): string {
    const character = this.#text[this.#at];
    const escaped = character === undefined ? undefined : ESCAPES.get(character);
    if (escaped === undefined && character !== 'u') this.#fail('in string escape code');
    this.#at++;
    if (escaped !== undefined) return escaped;
    let code = '';
    for (; code.length < 4; this.#at++) {
      const digit = this.#text[this.#at] ?? '';
      if (!/^[0-9a-fA-F]$/.test(digit)) this.#fail('in \\u hexadecimal character escape');
      code += digit;
    }
    return String.fromCharCode(Number.parseInt(code, 16));
  }

  #literal(word: string, value: null | boolean): Plain {
    for (const expected of word) {
      if (this.#text[this.#at] !== expected) this.#fail(`in literal ${word} (expecting ${show(expected)})`);
      this.#at++;
    }
    return value;
  }

  #number(): Plain {
    const start = this.#at;
    for (const [index, part] of NUMBER_PARTS.entries()) {
      part.lastIndex = this.#at;
      const length = part.exec(this.#text)?.[0].length ?? 0;
      this.#at += length;
      if (length > 0) continue;
      const next = this.#text[this.#at];
      if (index === 1) this.#fail('in numeric literal');
      if (index === 2 && next === '.') this.#failAfter(1, 'after decimal point in numeric literal');
      if (index === 3 && (next === 'e' || next === 'E')) {
        const signed = /[+-]/.test(this.#text[this.#at + 1] ?? '');
        this.#failAfter(signed ? 2 : 1, 'in exponent of numeric literal');
      }
    }
    return { number: this.#text.slice(start, this.#at) };
  }

  /** The next character that is no white space. */
  #next(): string | undefined {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
    return this.#text[this.#at];
  }

  #failAfter(length: number, where: string): never {
    this.#at += length;
    this.#fail(where);
  }

  #fail(where: string): never {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new JsonProblem('unexpected EOF');
    throw new JsonProblem(`invalid character ${show(String.fromCodePoint(code))} ${where}`);
  }
}

/** The first byte of a character as Go shows it in a problem. */
const show = (character: string): string => {
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  return `'${quote(String.fromCharCode(textToBytes(character)[0] ?? 0)).slice(1, -1)}'`;
};

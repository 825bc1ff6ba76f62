/** How much of a JSON text is read at most. */
export interface JsonLimits {
  /** Objects and arrays inside one another; 1: an object of plain values. */
  readonly maxDepth: number;
  /** Members of all objects and elements of all arrays, together. */
  readonly maxMembers: number;
}

/** A JSON text that is not taken. The message says what is wrong and where, and shows no value. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

/**
 * Reads a JSON text from outside in the one way that everybody else reads it, too. RFC 8259; I-JSON, RFC 7493.
 *
 * `JSON.parse` takes the last of two members with one name, where another program takes the first: whoever can write
 * such a text says two things at once. Here it is refused at any depth, and so are lone surrogates, numbers beyond
 * ±(2^53 − 1) (they would be rounded), a byte order mark, and whatever exceeds `limits`.
 *
 * Takes time in proportion to the text and stack in proportion to `maxDepth`. Objects have no prototype: `__proto__`
 * and `constructor` are names like any other. Throws `StrictJsonError`, never anything else.
 */
export const parseStrictJson = (text: string, limits: JsonLimits): unknown => new Reading(text, limits).whole();

/** A JSON object, as it is read here: neither `null` nor an array. */
export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** What stands in a string for itself; the rest is looked at one by one. */
const PLAIN = /[^"\\\p{Cc}]*/uy;
const LITERALS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

const [TAB, LINE_FEED, RETURN, SPACE, QUOTE, COMMA, COLON] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a];
const [OPEN_ARRAY, BACKSLASH, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5c, 0x5d, 0x7b, 0x7d];
const MAX_SHOWN = 40;

class Reading {
  readonly #text: string;
  readonly #limits: JsonLimits;
  #at = 0;
  #members = 0;

  constructor(text: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  whole(): unknown {
    if (!this.#text.isWellFormed()) throw new StrictJsonError('the text has a lone surrogate');
    const value = this.#value(0);
    if (!Number.isNaN(this.#next())) this.#fail('something follows the value');
    return value;
  }

  #value(depth: number): unknown {
    const code = this.#next();
    if (code === QUOTE) return this.#string();
    if (code === OPEN_OBJECT) return this.#object(depth + 1);
    if (code === OPEN_ARRAY) return this.#array(depth + 1);
    for (const [word, value] of LITERALS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  #object(depth: number): unknown {
    this.#enter(depth);
    const object: Record<string, unknown> = Object.create(null);
    if (this.#closes(CLOSE_OBJECT)) return object;
    do {
      this.#count();
      if (this.#next() !== QUOTE) this.#fail('the name of a member must stand here');
      const start = this.#at;
      const name = this.#string();
      if (name in object) {
        this.#at = start;
        this.#fail(`the member ${JSON.stringify(name.slice(0, MAX_SHOWN))} stands there twice`);
      }
      this.#expect(COLON, 'a colon');
      object[name] = this.#value(depth);
    } while (this.#goesOn(CLOSE_OBJECT, 'a comma or a closing brace'));
    return object;
  }

  #array(depth: number): unknown {
    this.#enter(depth);
    const array: unknown[] = [];
    if (this.#closes(CLOSE_ARRAY)) return array;
    do {
      this.#count();
      array.push(this.#value(depth));
    } while (this.#goesOn(CLOSE_ARRAY, 'a comma or a closing bracket'));
    return array;
  }

  #string(): string {
    const start = this.#at;
    let escaped = false;
    PLAIN.lastIndex = start + 1;
    PLAIN.test(this.#text);
    for (let at = PLAIN.lastIndex; ; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return escaped ? this.#unescape(start) : this.#text.slice(start + 1, at);
      }
      if (code === BACKSLASH) {
        escaped = true;
        at += 1;
      } else if (!(code >= SPACE)) {
        this.#at = at;
        this.#fail(Number.isNaN(code) ? 'a string does not end' : 'a control character must be escaped');
      }
    }
  }

  /** Escapes are rare, and JSON.parse knows them all: but not that half a surrogate pair is no character. */
  #unescape(start: number): string {
    const string = decodeString(this.#text.slice(start, this.#at));
    if (string?.isWellFormed()) return string;
    this.#at = start;
    return this.#fail(
      string === undefined ? 'a string has an escape that does not exist' : 'a string has a lone surrogate',
    );
  }

  #number(): number {
    NUMBER.lastIndex = this.#at;
    const [digits] = NUMBER.exec(this.#text) ?? [];
    if (digits === undefined) return this.#fail('a value must stand here');
    const number = Number(digits);
    if (Math.abs(number) > Number.MAX_SAFE_INTEGER) this.#fail('a number lies beyond 2^53 - 1');
    this.#at += digits.length;
    return number;
  }

  /** The code of the next character that is no white space; NaN at the end. */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== SPACE && code !== LINE_FEED && code !== TAB && code !== RETURN) return code;
      this.#at += 1;
    }
  }

  #expect(code: number, what: string): void {
    if (this.#next() !== code) this.#fail(`${what} must stand here`);
    this.#at += 1;
  }

  #closes(code: number): boolean {
    const closes = this.#next() === code;
    if (closes) this.#at += 1;
    return closes;
  }

  #goesOn(close: number, what: string): boolean {
    if (this.#closes(close)) return false;
    this.#expect(COMMA, what);
    return true;
  }

  #enter(depth: number): void {
    if (depth > this.#limits.maxDepth) this.#fail(`it is nested deeper than ${this.#limits.maxDepth}`);
    this.#at += 1;
  }

  #count(): void {
    this.#members += 1;
    if (this.#members > this.#limits.maxMembers) this.#fail(`it has more than ${this.#limits.maxMembers} members`);
  }

  #fail(what: string): never {
    throw new StrictJsonError(`${what} (character ${this.#at + 1})`);
  }
}

/** A string with its quotes; `undefined` when one of its escapes does not exist. */
const decodeString = (quoted: string): string | undefined => {
  try {
    return JSON.parse(quoted);
  } catch {
    return undefined;
  }
};

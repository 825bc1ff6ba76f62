/** One step of a compiled pattern; the step behind it follows, where nothing else is said. */
export type Instruction =
  | { readonly op: 'character'; readonly accepts: (code: number) => boolean }
  | { readonly op: 'fork'; readonly to: readonly number[] }
  | { readonly op: 'assert'; readonly what: 'start' | 'end' | 'edge' | 'inside' }
  | { readonly op: 'match' };

/** A pattern that cannot be understood; the message is for its author. */
export class PatternProblem extends Error {
  override readonly name = 'PatternProblem';
}

type Ranges = readonly (readonly [from: number, to: number])[];
/** Steps whose jumps count from their own beginning, so that they may be repeated. */
type Fragment = readonly Instruction[];

const MAX_STEPS = 4_000;
const MAX_REPEATS = 1_000;
const MAX_DEPTH = 100;
const DIGIT: Ranges = [[0x30, 0x39]];
const WORD: Ranges = [...DIGIT, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const SPACE: Ranges = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
]; // prettier-ignore
const CLASSES: Readonly<Record<string, Ranges>> = { d: DIGIT, w: WORD, s: SPACE };
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const ASSERTIONS: Readonly<Record<string, 'start' | 'end' | 'edge' | 'inside'>> = {
  A: 'start',
  z: 'end',
  b: 'edge',
  B: 'inside',
};

/** Compiles the part of RE2's syntax that this understands; anything else throws `PatternProblem`. */
export const parsePattern = (source: string): readonly Instruction[] => {
  const parser = new PatternParser(source);
  const fragment = parser.alternatives(0);
  parser.end();
  return [...fragment, { op: 'match' }];
};

class PatternParser {
  readonly #characters: readonly string[];
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#characters = [...source];
  }

  end(): void {
    if (this.#at < this.#characters.length) this.#fail('unexpected )');
  }

  alternatives(depth: number): Fragment {
    if (depth > MAX_DEPTH) this.#fail('groups are nested too deeply');
    let fragment = this.#sequence(depth);
    while (this.#take('|')) {
      const other = this.#sequence(depth);
      fragment = this.#limited([
        { op: 'fork', to: [1, fragment.length + 2] },
        ...shifted(fragment, 1),
        { op: 'fork', to: [fragment.length + other.length + 2] },
        ...shifted(other, fragment.length + 2),
      ]);
    }
    return fragment;
  }

  #sequence(depth: number): Fragment {
    let fragment: Fragment = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      const repeated = this.#repeated(this.#atom(depth));
      fragment = this.#limited([...fragment, ...shifted(repeated, fragment.length)]);
    }
    return fragment;
  }

  #atom(depth: number): Fragment {
    const operator = this.#operator()?.[0];
    if (operator !== undefined) this.#fail('missing argument to repetition operator', operator);
    const character = this.#next();
    if (character === '(') return this.#group(depth);
    if (character === '[') return [{ op: 'character', accepts: this.#class() }];
    if (character === '.') return [{ op: 'character', accepts: (code) => code !== 0x0a }];
    if (character === '^') return [{ op: 'assert', what: 'start' }];
    if (character === '$') return [{ op: 'assert', what: 'end' }];
    if (character !== '\\') return [literal(codeOf(character))];
    const assertion = ASSERTIONS[this.#peek() ?? ''];
    if (assertion) {
      this.#at++;
      return [{ op: 'assert', what: assertion }];
    }
    return [{ op: 'character', accepts: within(this.#escape()) }];
  }

  #group(depth: number): Fragment {
    if (this.#take('?')) {
      const isNamed = this.#take('P') ? this.#take('<') : this.#take('<');
      if (isNamed) while (/^\w$/.test(this.#peek() ?? '')) this.#at++;
      if (!this.#take(isNamed ? '>' : ':'))
        this.#fail('of the groups that begin with (?, only (?: and names are understood');
    }
    const fragment = this.alternatives(depth + 1);
    if (!this.#take(')')) this.#fail('missing closing )');
    return fragment;
  }

  #repeated(atom: Fragment): Fragment {
    const [least, most] = this.#counts() ?? [1, 1];
    let fragment: Fragment = [];
    for (let count = 0; count < least; count++)
      fragment = this.#limited([...fragment, ...shifted(atom, fragment.length)]);
    if (most === undefined) {
      const loop: Fragment = [{ op: 'fork', to: [1, atom.length + 2] }, ...shifted(atom, 1), { op: 'fork', to: [0] }];
      return this.#limited([...fragment, ...shifted(loop, fragment.length)]);
    }
    for (let count = least; count < most; count++) {
      const optional: Fragment = [{ op: 'fork', to: [1, atom.length + 1] }, ...shifted(atom, 1)];
      fragment = this.#limited([...fragment, ...shifted(optional, fragment.length)]);
    }
    return fragment;
  }

  /** How often, behind an atom; whether as much or as little as possible makes no difference to whether it matches. */
  #counts(): readonly [least: number, most: number | undefined] | undefined {
    const found = this.#operator();
    if (!found) return undefined;
    const [whole, least, comma, most] = found;
    this.#at += whole.length;
    const lazy = this.#take('?') ? '?' : '';
    const next = this.#operator()?.[0];
    if (next !== undefined) this.#fail('invalid nested repetition operator', whole + lazy + next);
    if (whole === '*') return [0, undefined];
    if (whole === '+') return [1, undefined];
    if (whole === '?') return [0, 1];
    const from = Number(least);
    const to = comma === undefined ? from : most === '' ? undefined : Number(most);
    if (Math.max(from, to ?? 0) > MAX_REPEATS || (to !== undefined && to < from))
      this.#fail('invalid repeat count', whole);
    return [from, to];
  }

  #operator(): RegExpExecArray | null {
    const rest = this.#characters.slice(this.#at, this.#at + 12).join('');
    return /^(?:[*+?]|\{([0-9]{1,4})(,([0-9]{0,4}))?\})/.exec(rest);
  }

  #class(): (code: number) => boolean {
    const isNegated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#peek() === undefined) this.#fail('missing closing ]');
      if (this.#peek() === '[' && this.#characters[this.#at + 1] === ':')
        this.#fail('classes like [:alpha:] are not understood');
      const from = this.#member();
      const [single] = from;
      const isRange = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
      if (!isRange || from.length > 1 || !single || single[0] !== single[1]) {
        ranges.push(...from);
        continue;
      }
      this.#at++;
      const [last, ...more] = this.#member();
      if (!last || more.length > 0 || last[0] !== last[1] || last[0] < single[0])
        this.#fail('invalid character class range');
      ranges.push([single[0], last[0]]);
    }
    this.#at++;
    const accepts = within(ranges);
    return isNegated ? (code) => !accepts(code) : accepts;
  }

  #member(): Ranges {
    const character = this.#next();
    return character === '\\' ? this.#escape() : [[codeOf(character), codeOf(character)]];
  }

  /** Behind a backslash. */
  #escape(): Ranges {
    const character = this.#next();
    const known = CLASSES[character.toLowerCase()];
    if (known) return character === character.toLowerCase() ? known : others(known);
    const control = CONTROLS[character];
    if (control !== undefined) return [[control, control]];
    if (character === 'x') return this.#hexadecimal();
    if (!/^[!-/:-@[-`{-~]$/.test(character)) this.#fail('invalid escape sequence', `\\${character}`);
    return [[codeOf(character), codeOf(character)]];
  }

  #hexadecimal(): Ranges {
    const rest = this.#characters.slice(this.#at, this.#at + 8).join('');
    const [whole, long, short] = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(rest) ?? [];
    if (whole === undefined) this.#fail('invalid escape sequence', '\\x');
    this.#at += whole.length;
    const code = Number.parseInt(long ?? short ?? '', 16);
    return [[code, code]];
  }

  #limited(fragment: Fragment): Fragment {
    if (fragment.length > MAX_STEPS) this.#fail('expression too large');
    return fragment;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#peek();
    if (character === undefined) this.#fail('it ends too early');
    this.#at++;
    return character;
  }

  #take(character: string): boolean {
    const isThere = this.#peek() === character;
    if (isThere) this.#at++;
    return isThere;
  }

  /** In the words of Go, as far as they are known here. */
  #fail(problem: string, where = this.#source): never {
    throw new PatternProblem(`error parsing regexp: ${problem}: \`${where.slice(0, 200)}\``);
  }
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;
const literal = (wanted: number): Instruction => ({ op: 'character', accepts: (code) => code === wanted });
const within =
  (ranges: Ranges) =>
  (code: number): boolean =>
    ranges.some(([from, to]) => code >= from && code <= to);

const others = (ranges: Ranges): Ranges => {
  const sorted = [...ranges].sort(([left], [right]) => left - right);
  const gaps = sorted.map(([from], index): readonly [number, number] => [(sorted[index - 1]?.[1] ?? -1) + 1, from - 1]);
  return [...gaps, [(sorted.at(-1)?.[1] ?? -1) + 1, 0x10ffff]];
};

const shifted = (fragment: Fragment, by: number): Fragment =>
  by === 0
    ? fragment
    : fragment.map((step) => (step.op === 'fork' ? { op: 'fork', to: step.to.map((at) => at + by) } : step));

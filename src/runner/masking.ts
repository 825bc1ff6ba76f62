/** What stands in the place of a secret. */
const MASK = Buffer.from('[secret]');
/** Shorter ones stand in every text: hiding them would tell more than it hides. */
const MIN_CHARACTERS = 3;
/** Lines of a secret of several lines are masked alone, too, when nothing else looks like them. */
const MIN_LINE = 8;
const NONE = -1;

/** Hides secrets in one stream of bytes, wherever its chunks are cut. */
export interface Masker {
  /** What may be shown now. The beginning of what could become a secret is kept back. */
  push(bytes: Uint8Array): Buffer;
  /** The rest, at the end of the stream. */
  end(): Buffer;
}

/** What must not be seen, in any number of streams. */
export interface Masking {
  /** A masker for one more stream. */
  masker(): Masker;
  /**
   * From here on these secrets are hidden, and no others, in every stream.
   *
   * Told before anybody could have written them, none of them is missed. When it throws, everything is as it was.
   */
  renew(secrets: Iterable<string>): void;
}

/**
 * Hides these secrets.
 *
 * Masked is every text of at least 3 characters, as it stands, without white space at its ends, and as it stands
 * inside JSON; of a text of several lines also each line of at least 8 characters. Where secrets overlap, all of what
 * they cover becomes one `[secret]`. Any encoding besides (base64, say) is another text, and is not found.
 */
export const openMasking = (secrets: Iterable<string>): Masking => {
  let automaton = automatonOf(secrets);
  const maskers = new Set<StreamMasker>();
  return {
    masker() {
      const one = new StreamMasker(automaton, () => maskers.delete(one));
      maskers.add(one);
      return one;
    },
    renew(fresh) {
      automaton = automatonOf(fresh);
      for (const one of maskers) one.renew(automaton);
    },
  };
};

const automatonOf = (secrets: Iterable<string>): Automaton => {
  const patterns = new Set<string>();
  for (const secret of secrets) for (const form of formsOf(secret)) patterns.add(form);
  return new Automaton([...patterns].map((pattern) => Buffer.from(pattern)));
};

const formsOf = (secret: string): readonly string[] => {
  const lines = secret.includes('\n') ? secret.split('\n').map((line) => line.trim()) : [];
  return [
    ...[secret, secret.trim(), JSON.stringify(secret).slice(1, -1)].filter((form) => isLong(form, MIN_CHARACTERS)),
    ...lines.filter((line) => isLong(line, MIN_LINE)),
  ];
};

const isLong = (text: string, least: number): boolean => text.length >= 2 * least || [...text].length >= least;

/**
 * All patterns as one machine that takes a byte at a time (Aho and Corasick, 1975): it is always in the state of the
 * longest beginning of a pattern with which the bytes so far end.
 */
class Automaton {
  /** Length of that beginning, by state. */
  readonly depth: Int32Array;
  /** Length of the longest whole pattern with which the bytes end in a state; 0: none. */
  readonly covered: Int32Array;
  readonly #firstChild: Int32Array;
  readonly #sibling: Int32Array;
  readonly #byte: Uint8Array;
  readonly #fallback: Int32Array;
  /** The root has the most children and is met the most. */
  readonly #fromRoot = new Int32Array(256);
  #states = 1;

  constructor(patterns: readonly Buffer[]) {
    const most = patterns.reduce((sum, { length }) => sum + length, 1);
    this.depth = new Int32Array(most);
    this.covered = new Int32Array(most);
    this.#firstChild = new Int32Array(most).fill(NONE);
    this.#sibling = new Int32Array(most).fill(NONE);
    this.#byte = new Uint8Array(most);
    this.#fallback = new Int32Array(most);
    for (const pattern of patterns) this.#add(pattern);
    this.#link();
  }

  next(state: number, byte: number): number {
    let from = state;
    for (;;) {
      const found = this.#child(from, byte);
      if (found !== NONE) return found;
      if (from === 0) return 0;
      from = this.#fallback[from] as number;
    }
  }

  #child(state: number, byte: number): number {
    if (state === 0) return (this.#fromRoot[byte] as number) || NONE;
    let child = this.#firstChild[state] as number;
    while (child !== NONE && this.#byte[child] !== byte) child = this.#sibling[child] as number;
    return child;
  }

  #add(pattern: Buffer): void {
    let state = 0;
    for (const byte of pattern) {
      const known = this.#child(state, byte);
      state = known === NONE ? this.#grow(state, byte) : known;
    }
    this.covered[state] = this.depth[state] as number;
  }

  #grow(parent: number, byte: number): number {
    const state = this.#states++;
    this.depth[state] = (this.depth[parent] as number) + 1;
    this.#byte[state] = byte;
    this.#sibling[state] = this.#firstChild[parent] as number;
    this.#firstChild[parent] = state;
    if (parent === 0) this.#fromRoot[byte] = state;
    return state;
  }

  /** Breadth first: the fallback of a state is shorter than the state, so it is complete before. */
  #link(): void {
    const queue = new Int32Array(this.#states);
    let end = 1;
    for (let at = 0; at < end; at++) {
      const state = queue[at] as number;
      let child = this.#firstChild[state] as number;
      for (; child !== NONE; child = this.#sibling[child] as number) {
        const fallback = state === 0 ? 0 : this.next(this.#fallback[state] as number, this.#byte[child] as number);
        this.#fallback[child] = fallback;
        this.covered[child] ||= this.covered[fallback] as number;
        queue[end++] = child;
      }
    }
  }
}

/** A stretch of the kept bytes that belongs to secrets. */
interface Hidden {
  readonly begin: number;
  readonly end: number;
  /** Its `[secret]` stands in the output already. */
  readonly told: boolean;
}

class StreamMasker implements Masker {
  readonly #over: () => void;
  #automaton: Automaton;
  #state = 0;
  /** What the bytes so far end with, and a secret could begin with. */
  #kept: Uint8Array = Buffer.alloc(0);
  /** In order, and apart from one another. */
  #hidden: Hidden[] = [];

  constructor(automaton: Automaton, over: () => void) {
    this.#automaton = automaton;
    this.#over = over;
  }

  /** What is kept stays kept until the next bytes come, and what of it is hidden stays hidden. */
  renew(automaton: Automaton): void {
    this.#automaton = automaton;
    this.#state = 0;
    for (const byte of this.#kept) this.#state = automaton.next(this.#state, byte);
  }

  push(bytes: Uint8Array): Buffer {
    const text = Buffer.concat([this.#kept, bytes]);
    let state = this.#state;
    for (let at = this.#kept.length; at < text.length; at++) {
      state = this.#automaton.next(state, text[at] as number);
      const covered = this.#automaton.covered[state] as number;
      if (covered > 0) this.#hide(at + 1 - covered, at + 1);
    }
    this.#state = state;
    return this.#settle(text, text.length - (this.#automaton.depth[state] as number));
  }

  end(): Buffer {
    this.#over();
    this.#state = 0;
    return this.#settle(Buffer.from(this.#kept), this.#kept.length);
  }

  #hide(from: number, end: number): void {
    let [begin, told] = [from, false];
    for (let last = this.#hidden.at(-1); last && last.end > begin; last = this.#hidden.at(-1)) {
      begin = Math.min(begin, last.begin);
      told ||= last.told;
      this.#hidden.pop();
    }
    this.#hidden.push({ begin, end, told });
  }

  /** Gives everything before `certain`, where no secret can begin any more, and keeps the rest. */
  #settle(text: Buffer, certain: number): Buffer {
    const shown: Uint8Array[] = [];
    const later: Hidden[] = [];
    let at = 0;
    for (const { begin, end, told } of this.#hidden) {
      const isDue = begin < certain;
      if (isDue && !told) shown.push(text.subarray(at, begin), MASK);
      if (isDue) at = Math.min(end, certain);
      if (end > certain) later.push({ begin: Math.max(0, begin - certain), end: end - certain, told: told || isDue });
    }
    shown.push(text.subarray(at, certain));
    this.#kept = text.subarray(certain);
    this.#hidden = later;
    return Buffer.concat(shown);
  }
}

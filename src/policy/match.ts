import type { Dialect } from './policy.ts';

/**
 * Most characters of a pattern, most of a text that it is held against, and most elements of an array.
 *
 * `steps`: most that the wildcards of one definition may take, as much as the longest pattern against the longest text
 * in both dialects. Without it a hundred definitions that are slow on purpose could hold a server up for seconds.
 */
export const MATCH_LIMITS = { pattern: 256, text: 1024, elements: 100, steps: 2 * 256 * 1024 } as const;

// A unit of a pattern is the code point that it says, or one of these: any run of characters, one, none or one.
const RUN = -1;
const ONE = -2;
const NONE_OR_ONE = -3;

const WILDCARDS: Readonly<Record<Dialect, ReadonlyMap<string, number>>> = {
  strict: new Map([
    ['*', RUN],
    ['?', ONE],
  ]),
  pulumi: new Map([
    ['*', RUN],
    ['?', NONE_OR_ONE],
    ['.', ONE],
  ]),
};

/** Does a character of a pattern stand for others than itself? */
export const isWildcard = (character: string, dialect: Dialect): boolean => WILDCARDS[dialect].has(character);

const ANY_WILDCARD: Readonly<Record<Dialect, RegExp>> = { strict: /[*?]/, pulumi: /[*?.]/ };

/** Does a pattern say one text only? */
export const isLiteral = (pattern: string, dialect: Dialect): boolean => !ANY_WILDCARD[dialect].test(pattern);

/** More characters than that? Counts code points, and of a long text no more than it must. */
export const isLonger = (text: string, most: number): boolean =>
  text.length > most && (text.length > 2 * most || [...text].length > most);

/**
 * Does a pattern match a whole text? Case counts, `*` crosses every separator, a character is a code point.
 *
 * `beyond`: pattern or text is longer than its limit and was not looked at; an allow takes that for no, a deny for
 * yes. At most (pattern + 1) × text steps: all ways to read the pattern advance together, one character of the text at
 * a time, so there is nothing to go back to and no pattern that explodes.
 */
export const match = (pattern: string, text: string, dialect: Dialect): boolean | 'beyond' => {
  if (isLonger(pattern, MATCH_LIMITS.pattern) || isLonger(text, MATCH_LIMITS.text)) return 'beyond';
  const first = pattern.search(ANY_WILDCARD[dialect]);
  if (first < 0) return pattern === text;
  // By far the most common: a text that must begin so. Cut by UTF-16 units, so whole characters only.
  if (first === pattern.length - 1 && pattern.endsWith('*') && pattern.isWellFormed()) {
    return text.startsWith(pattern.slice(0, -1));
  }

  const units = [...pattern].map((unit) => WILDCARDS[dialect].get(unit) ?? codePoint(unit));
  /** [i]: what was read of the text so far can be what the first i units say. */
  let reached = new Uint8Array(units.length + 1);
  let next = new Uint8Array(units.length + 1);
  reached[0] = 1;
  let from = passFree(reached, units, 0);
  for (const character of text) {
    const read = codePoint(character);
    next.fill(0);
    let alive = false;
    for (let at = from; at < units.length; at++) {
      if (reached[at] === 0) continue;
      const unit = units[at];
      if (unit === RUN) next[at] = 1;
      else if (unit === read || unit === ONE || unit === NONE_OR_ONE) next[at + 1] = 1;
      else continue;
      alive = true;
    }
    if (!alive) return false;
    from = passFree(next, units, from);
    [reached, next] = [next, reached];
  }
  return reached[units.length] === 1;
};

/** Most steps that a match can take: nothing to speak of without wildcards. */
export const stepsOf = (pattern: string, text: string, dialect: Dialect): number =>
  isLiteral(pattern, dialect)
    ? 0
    : Math.min(pattern.length, MATCH_LIMITS.pattern) * Math.min(text.length, MATCH_LIMITS.text);

const codePoint = (character: string): number => character.codePointAt(0) ?? 0;

/**
 * Adds the places that are reached without a character: those behind a run, and behind what may be nothing.
 *
 * Gives the last run that is reached. Whatever stands before it needs no more attention: all of it would have to pass
 * through that run, which takes anything, and is there already.
 */
const passFree = (reached: Uint8Array, units: readonly number[], from: number): number => {
  let first = from;
  for (let at = from; at < units.length; at++) {
    if (reached[at] === 0) continue;
    if (units[at] === RUN) first = at;
    if (units[at] === RUN || units[at] === NONE_OR_ONE) reached[at + 1] = 1;
  }
  return first;
};

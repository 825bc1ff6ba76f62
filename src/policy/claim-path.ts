import type { Claims } from './policy.ts';

/** Keys from the outside in. */
export type ClaimPath = readonly string[];

/** Why a text is no claim path: the end of a sentence. */
export interface ClaimPathProblem {
  readonly problem: string;
  readonly suggestion: string;
}

/** Most characters of a path, and most keys in it. */
const LIMITS = { characters: 256, keys: 16 } as const;

// What may stand without quotes; `/` and `:` may not stand in a path of several keys, see `readClaimPath`.
const PLAIN = /^[^."\\\s]+$/u;
const PLAIN_PART = /[^."\\\s]+/uy;
const QUOTED_PART = /"((?:[^"\\]|\\["\\])*)"/uy;

/**
 * Reads where a claim stands: keys with dots between them, as in `"kubernetes.io".namespace`.
 *
 * A key in quotes may hold anything (`\"` and `\\` stand for `"` and `\`); without them it holds no dot, quote,
 * backslash or white space. Contract section 3.2. A URL without quotes would fall apart at its dots and never be
 * found, so `/` and `:` need quotes as soon as there is more than one key.
 */
export const readClaimPath = (path: string): ClaimPath | ClaimPathProblem => {
  if (path.length > LIMITS.characters) {
    return {
      problem: `is longer than ${LIMITS.characters} characters`,
      suggestion: 'name a claim with a shorter path',
    };
  }
  const keys: string[] = [];
  let at = 0;
  let loose = false;
  for (;;) {
    const part = readPart(path, at);
    if ('problem' in part) return part;
    keys.push(part.key);
    loose ||= !part.quoted && /[/:]/.test(part.key);
    at = part.end;
    if (at === path.length) break;
    if (path[at] !== '.') return wrong(path, at, 'a dot must stand here');
    at++;
  }
  if (keys.length > LIMITS.keys) {
    return {
      problem: `has more than ${LIMITS.keys} keys`,
      suggestion: `name a claim at most ${LIMITS.keys} levels deep`,
    };
  }
  if (loose && keys.length > 1) {
    const whole = writeClaimPath([keys.join('.')]);
    const suggestion = `write ${whole} if that is one claim's name, or else ${writeClaimPath(keys)}`;
    return { problem: 'holds "/" or ":" without quotes', suggestion };
  }
  return keys;
};

/** Writes a path in its one canonical form: quotes only where they are needed. `readClaimPath` gives the keys back. */
export const writeClaimPath = (keys: ClaimPath): string =>
  keys
    .map((key) => {
      const plain = PLAIN.test(key) && (keys.length === 1 || !/[/:]/.test(key));
      return plain ? key : `"${key.replace(/["\\]/g, '\\$&')}"`;
    })
    .join('.');

/** Canonical form of a path as somebody wrote it; the text itself where it is no path. */
export const canonicalPath = (path: string): string => {
  const keys = readClaimPath(path);
  return 'problem' in keys ? path : writeClaimPath(keys);
};

/** What stands at a path; `undefined`: nothing. Own members of objects only: never a prototype's, never an array's. */
export const claimAt = (claims: Claims, path: ClaimPath): unknown => {
  let found: unknown = claims;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found) || !Object.hasOwn(found, key)) {
      return undefined;
    }
    found = (found as Claims)[key];
  }
  return found;
};

interface Part {
  readonly key: string;
  readonly quoted: boolean;
  /** Where the next part, or the end, stands. */
  readonly end: number;
}

const readPart = (path: string, at: number): Part | ClaimPathProblem => {
  const quoted = path[at] === '"';
  const pattern = quoted ? QUOTED_PART : PLAIN_PART;
  pattern.lastIndex = at;
  const found = pattern.exec(path);
  if (found) {
    const key = quoted ? (found[1] ?? '').replace(/\\(["\\])/g, '$1') : found[0];
    return { key, quoted, end: pattern.lastIndex };
  }
  if (quoted)
    return wrong(
      path,
      at,
      'the quote that opens here is never closed, or holds a backslash before another character than " and \\',
    );
  if (at === path.length || path[at] === '.') return wrong(path, at, 'a key must stand here');
  return wrong(path, at, 'a key without quotes holds no backslash and no white space');
};

const wrong = (path: string, at: number, what: string): ClaimPathProblem => ({
  problem: `is no claim path: at character ${[...path.slice(0, at)].length + 1}, ${what}`,
  suggestion: 'write keys with dots between them, a key that has a dot itself in quotes: "kubernetes.io".namespace',
});

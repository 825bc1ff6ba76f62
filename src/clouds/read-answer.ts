import type { CloudAnswer } from './clouds.ts';

/** An answer as JSON; `undefined` where it is none. */
export const readJson = ({ text }: CloudAnswer): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What stands at a path of names; `undefined` where nothing does. */
export const memberAt = (json: unknown, ...path: readonly string[]): unknown => {
  let at = json;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
};

/** The text at a path of names; `undefined` for an empty one, and for anything else. */
export const textAt = (json: unknown, ...path: readonly string[]): string | undefined => {
  const value = memberAt(json, ...path);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

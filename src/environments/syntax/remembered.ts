import { type ParsedEnvironment, parseEnvironment } from './parse-environment.ts';

/** Reads a definition: `parseEnvironment`, or something that remembers what it read. */
export type ParseEnvironment = (name: string, text: string) => ParsedEnvironment;

/**
 * A reader that remembers the definitions that were read last, up to so many characters. Reading YAML costs several
 * times as much as evaluating it, and the same revisions are opened again and again.
 */
export const rememberParsed = (maxCharacters: number): ParseEnvironment => {
  const remembered = new Map<string, ParsedEnvironment>();
  let characters = 0;
  return (name, text) => {
    const key = `${name}\n${text}`;
    const known = remembered.get(key);
    // Whatever was asked for last stands at the end, and goes last.
    if (known) remembered.delete(key);
    const parsed = known ?? parseEnvironment(name, text);
    if (key.length > maxCharacters) return parsed;
    remembered.set(key, parsed);
    characters += known ? 0 : key.length;
    for (const [oldest] of remembered) {
      if (characters <= maxCharacters) break;
      remembered.delete(oldest);
      characters -= oldest.length;
    }
    return parsed;
  };
};

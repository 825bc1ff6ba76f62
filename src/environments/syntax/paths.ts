/** Paths into a document or a value, as the reference writes them: `values.aws["my-key"][0]`. */

const NEEDS_NO_QUOTES = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The path of the member `key` of what stands at `path`. An empty key adds nothing. */
export const joinKey = (path: string, key: string): string => {
  if (key === '') return path;
  if (!NEEDS_NO_QUOTES.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
  return path === '' ? key : `${path}.${key}`;
};

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);
const PLAIN = /^[ !#-[\]-~]*$/;
const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** A text in quotes as Go's `strconv.Quote` writes it: the reference's messages and string forms hold such texts. */
export const quote = (text: string): string => {
  if (PLAIN.test(text)) return `"${text}"`;
  let quoted = '';
  for (const character of text) quoted += SHORT_ESCAPES.get(character) ?? escapeCharacter(character);
  return `"${quoted}"`;
};

const escapeCharacter = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (PRINTABLE.test(character)) return character;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
};

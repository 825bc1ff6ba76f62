import { byCodePoints, isNumberText, type Plain } from '../values.ts';

export interface JsonStyle {
  /** Spaces for each level; 0 writes one line without spaces. */
  readonly indent?: number;
  /** Writes `<`, `>`, `&`, the line separators U+2028 and U+2029 and bytes that are no text as escapes, as Go does. */
  readonly escapeHtml?: boolean;
}

/**
 * Writes a value as JSON: members sorted by name, numbers as they stand. Bytes that are no text become U+FFFD.
 * The value must be a tree of bearable size: see the limits of an evaluation.
 */
export const writeJson = (value: Plain, { indent = 0, escapeHtml = false }: JsonStyle = {}): string => {
  const text = (content: string): string => {
    if (!escapeHtml) return JSON.stringify(content.toWellFormed());
    const parts = content.split(/\p{Surrogate}/u).map((part) => JSON.stringify(part).slice(1, -1));
    return `"${parts.join('\\ufffd').replace(/[<>&\u2028\u2029]/g, unicodeEscape)}"`;
  };
  const write = (node: Plain, margin: string): string => {
    if (node === null || typeof node === 'boolean') return String(node);
    if (typeof node === 'string') return text(node);
    if (isNumberText(node)) return node.number;
    const inner = margin + ' '.repeat(indent);
    const isList = Array.isArray(node);
    const members = isList
      ? node.map((item: Plain) => write(item, inner))
      : sorted(node as ReadonlyMap<string, Plain>).map(
          ([key, member]) => `${text(key)}:${indent > 0 ? ' ' : ''}${write(member, inner)}`,
        );
    const [open, close] = isList ? ['[', ']'] : ['{', '}'];
    if (members.length === 0) return open + close;
    if (indent === 0) return `${open}${members.join(',')}${close}`;
    return `${open}\n${inner}${members.join(`,\n${inner}`)}\n${margin}${close}`;
  };
  return write(value, '');
};

const sorted = (object: ReadonlyMap<string, Plain>): readonly (readonly [string, Plain])[] =>
  [...object].sort(([left], [right]) => byCodePoints(left, right));

const unicodeEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

import { readPlainScalar } from '../syntax/scalar.ts';
import { isNumberText, type Plain } from '../values.ts';
import { byKeyOrder } from './key-order.ts';

/**
 * Writes a value as YAML in the style of the reference (go-yaml 3): block style, members sorted, texts without quotes
 * wherever they read back as the same text. Numbers come out as quoted texts, as they do there: they are decimal
 * texts all along, and nobody who reads them back rounds them.
 */
export const writeYaml = (value: Plain): string => {
  const lines: string[] = [];
  if (hasMembers(value)) writeMembers(value, '', 0, lines);
  else lines.push(...leafLines(value, '', 4, 4));
  return `${lines.join('\n')}\n`;
};

/** What lies in a mapping begins at the next column that is divisible by four; what lies in a list, behind its dash. */
const innerColumn = (column: number): number => 4 * Math.floor((column + 4) / 4);

/** Writes the members at `column`, the first one behind `lead`. */
const writeMembers = (value: Collection, lead: string, column: number, lines: string[]): void => {
  const margin = ' '.repeat(column);
  if (isList(value)) {
    for (const [index, item] of value.entries()) {
      const dash = `${index === 0 ? lead : margin}- `;
      if (hasMembers(item)) writeMembers(item, dash, column + 2, lines);
      else lines.push(...leafLines(item, dash, column + 2, 2));
    }
    return;
  }
  const inner = innerColumn(column);
  for (const [index, [key, member]] of sorted(value).entries()) {
    const start = index === 0 ? lead : margin;
    if (!isSimpleKey(key)) {
      lines.push(...leafLines(key, `${start}? `, inner, inner - column));
      if (hasMembers(member)) writeMembers(member, `${margin}:`.padEnd(inner), inner, lines);
      else lines.push(...leafLines(member, `${margin}: `, inner, inner - column));
    } else if (hasMembers(member)) {
      lines.push(`${start}${inlineText(key)}:`);
      writeMembers(member, ' '.repeat(inner), inner, lines);
    } else {
      lines.push(...leafLines(member, `${start}${inlineText(key)}: `, inner, inner - column));
    }
  }
};

type Collection = readonly Plain[] | ReadonlyMap<string, Plain>;
const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);
const hasMembers = (value: Plain): value is Collection =>
  isList(value) ? value.length > 0 : value instanceof Map && value.size > 0;

const sorted = (object: ReadonlyMap<string, Plain>): readonly (readonly [string, Plain])[] =>
  [...object].sort(([left], [right]) => byKeyOrder(left, right));

const MAX_SIMPLE_KEY = 128;
const isSimpleKey = (key: string): boolean => !BREAK.test(key) && Buffer.byteLength(key) <= MAX_SIMPLE_KEY;

/**
 * A value without members behind `lead`; the lines of a text of several lines begin at `column`, `indent` deeper than
 * what they are in. The reference always says 4 where it has to be said, also where it is 2 and nobody can read it.
 */
const leafLines = (value: Plain, lead: string, column: number, indent: number): readonly string[] => {
  if (typeof value !== 'string' || !isBlock(value)) return [lead + inline(value)];
  const hint = /^[ \n\u2028\u2029]/.test(value) ? String(indent) : '';
  const keep = /[\n\u2028\u2029]\n$/.test(value) ? '+' : /[\n\u2028\u2029]$/.test(value) ? '' : '-';
  const lines = value.replace(/\n$/, '').split('\n');
  return [`${lead}|${hint}${keep}`, ...lines.map((line) => (line === '' ? '' : ' '.repeat(column) + line))];
};

const inline = (value: Plain): string => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return inlineText(value);
  if (isNumberText(value)) return `"${value.number}"`;
  return isList(value) ? '[]' : '{}';
};

const OLD_BOOLEANS = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?$/;
/** Beyond U+FFFF nothing counts as printable there. */
const NEEDS_ESCAPES = /[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;
const BREAK = /[\n\r\x85\u2028\u2029]/;
const NEEDS_QUOTES = /^[-?:](?: |$)|^[,[\]{}#&*!|>'"%@`]|^(?:---|\.\.\.)|:(?: |$)| #|^ | $/;

/** The reference loses a line break at the beginning; nothing but line breaks would be lost as a block. */
const isBlock = (text: string): boolean =>
  /[^\n]\n|\n[^\n]/.test(text) &&
  !NEEDS_ESCAPES.test(text.replaceAll(/[\u2028\u2029]/g, '')) &&
  !/ (?:\n|$)/.test(text);

const inlineText = (text: string): string => {
  const resolves = typeof readPlainScalar(text) !== 'string' || TIMESTAMP.test(text);
  if (resolves || OLD_BOOLEANS.test(text) || BASE_60.test(text)) return doubleQuoted(text);
  if (NEEDS_ESCAPES.test(text) || /[\n\t]/.test(text)) return doubleQuoted(text);
  return NEEDS_QUOTES.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
};

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '\0': '0',
    '\u0007': 'a',
    '\b': 'b',
    '\t': 't',
    '\n': 'n',
    '\v': 'v',
    '\f': 'f',
    '\r': 'r',
    '\u001b': 'e',
    '"': '"',
    '\\': '\\',
    '\u0085': 'N',
    '\u2028': 'L',
    '\u2029': 'P',
  }),
);

/** YAML 1.2.2, section 5.7. */
const doubleQuoted = (text: string): string =>
  `"${text.toWellFormed().replace(/["\\\n\t]|[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/gu, escapeCharacter)}"`;

const escapeCharacter = (character: string): string => {
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return `\\${short}`;
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
};

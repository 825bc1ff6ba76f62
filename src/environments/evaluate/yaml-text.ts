import { readPlainScalar } from '../syntax/scalar.ts';
import { byCodePoints, isNumberText, type Plain } from '../values.ts';

/**
 * Writes a value as YAML in the style of the reference (go-yaml 3): block style, members sorted, texts without quotes
 * wherever they read back as the same text. Numbers come out as quoted texts, as they do there: they are decimal
 * texts all along, and nobody who reads them back rounds them.
 */
export const writeYaml = (value: Plain): string => {
  const lines: string[] = [];
  writeNode(value, '', 0, 4, lines);
  return `${lines.join('\n')}\n`;
};

/** What lies inside begins at the next column that is divisible by four, however deep the dash before it stands. */
const innerColumn = (column: number): number => 4 * Math.floor((column + 4) / 4);

/** Writes `value` behind `lead`. Its further lines begin at `column`, those of a block of text at `blockColumn`. */
const writeNode = (value: Plain, lead: string, column: number, blockColumn: number, lines: string[]): void => {
  if (Array.isArray(value) && value.length > 0) {
    for (const [index, item] of value.entries()) {
      writeNode(item, `${index === 0 ? lead : ' '.repeat(column)}- `, column + 2, innerColumn(column), lines);
    }
  } else if (value instanceof Map && value.size > 0) {
    for (const [index, [key, member]] of sorted(value).entries()) {
      const name = `${index === 0 ? lead : ' '.repeat(column)}${inlineText(key)}:`;
      const inner = innerColumn(column);
      if (hasMembers(member)) {
        lines.push(name);
        writeNode(member, ' '.repeat(inner), inner, inner, lines);
      } else {
        writeNode(member, `${name} `, column, inner, lines);
      }
    }
  } else if (typeof value === 'string' && isBlock(value)) {
    lines.push(...blockLines(value, lead, ' '.repeat(blockColumn)));
  } else {
    lines.push(lead + inline(value));
  }
};

const hasMembers = (value: Plain): boolean =>
  Array.isArray(value) ? value.length > 0 : value instanceof Map && value.size > 0;

const sorted = (object: ReadonlyMap<string, Plain>): readonly (readonly [string, Plain])[] =>
  [...object].sort(([left], [right]) => byCodePoints(left, right));

/** A text of several lines as a literal block. */
const blockLines = (text: string, lead: string, margin: string): readonly string[] => {
  const body = text.replace(/\n*$/, '');
  const breaks = text.length - body.length;
  const keep = breaks === 0 ? '-' : breaks > 1 ? '+' : '';
  const lines = body.split('\n').map((line) => (line === '' ? '' : margin + line));
  return [
    `${lead}|${/^[ \n]/.test(text) ? '4' : ''}${keep}`,
    ...lines,
    ...Array.from({ length: breaks - 1 }, () => ''),
  ];
};

const inline = (value: Plain): string => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return inlineText(value);
  if (isNumberText(value)) return `"${value.number}"`;
  return Array.isArray(value) ? '[]' : '{}';
};

const OLD_BOOLEANS = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?$/;
const NEEDS_ESCAPES = /[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const NEEDS_QUOTES = /^[-?:](?:\s|$)|^[,[\]{}#&*!|>'"%@`]|^(?:---|\.\.\.)|:(?:\s|$)|\s#|^\s|\s$/;

const isBlock = (text: string): boolean =>
  text.includes('\n') && !NEEDS_ESCAPES.test(text) && !/ (?:\n|$)/.test(text) && text.trim() !== '';

const inlineText = (text: string): string => {
  const resolves = typeof readPlainScalar(text) !== 'string' || text === '<<' || TIMESTAMP.test(text);
  if (resolves || OLD_BOOLEANS.test(text) || BASE_60.test(text)) return doubleQuoted(text);
  if (NEEDS_ESCAPES.test(text) || /[\n\t]/.test(text)) return doubleQuoted(text);
  return NEEDS_QUOTES.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
};

/** JSON's escapes are YAML's, too. */
const doubleQuoted = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    return code.length <= 2 ? `\\x${code}` : `\\u${code.padStart(4, '0')}`;
  });

import {
  type CelFunc,
  type CelList,
  CelScalar,
  celFunc,
  celList,
  celListConcat,
  celMethod,
  listType,
  mapType,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { extract } from './google/extract.ts';

/** Most characters of a text and elements of a list that an expression may make. */
export const MOST = { characters: 8192, elements: 256 } as const;

const { STRING, INT, BYTES, BOOL, NULL, TYPE, DYN } = CelScalar;
const TEXTS = listType(STRING);

const shortEnough = (characters: number): void => {
  if (characters > MOST.characters) throw new RangeError(`a text gets longer than ${MOST.characters} characters`);
};

const fewEnough = (elements: number): void => {
  if (elements > MOST.elements) throw new RangeError(`a list gets more than ${MOST.elements} elements`);
};

const add = (left: string, right: string): string => {
  shortEnough(left.length + right.length);
  return left + right;
};

/** Of a negative limit: all of them. Extension "strings" of cel-go. */
const split = (text: string, separator: string, limit = -1n): CelList => {
  if (limit === 0n) return celList([]);
  const all = text.split(separator, MOST.elements + 1);
  fewEnough(all.length);
  const many = limit < 0n || BigInt(all.length) <= limit;
  const before = Number(limit) - 1;
  return celList(many ? all : [...all.slice(0, before), all.slice(before).join(separator)]);
};

const join = (texts: CelList, separator = ''): string => {
  const all = [...texts];
  if (!all.every((text) => typeof text === 'string')) throw new TypeError('join takes a list of texts');
  shortEnough(all.reduce((sum, { length }) => sum + length + separator.length, -separator.length));
  return all.join(separator);
};

const replace = (text: string, old: string, by: string, limit = -1n): string => {
  // Nothing stands before, between and behind all characters.
  const places = old === '' ? text.length + 1 : text.split(old).length - 1;
  const many = limit < 0n || limit > BigInt(places) ? places : Number(limit);
  shortEnough(text.length + many * (by.length - old.length));
  let [done, rest] = ['', text];
  for (let left = many; left > 0; left--) {
    const at = rest.indexOf(old);
    done += old === '' ? by + rest.slice(0, 1) : rest.slice(0, at) + by;
    rest = rest.slice(at + Math.max(old.length, 1));
  }
  return done + rest;
};

/** The library's own, where what they make is no longer than what they are given. */
const taken = (...names: readonly string[]): readonly CelFunc[] => strings.filter(({ name }) => names.includes(name));

/**
 * What expressions may call beside the language's own functions, by name. What could make much of little is ours, so
 * that it stops in time.
 */
export const CEL_FUNCTIONS: ReadonlyMap<string, readonly CelFunc[]> = new Map(
  Object.entries({
    '_+_': [
      celFunc('_+_', [STRING, STRING], STRING, add),
      celFunc('_+_', [BYTES, BYTES], BYTES, () => {
        throw new TypeError('bytes are not put together');
      }),
      celFunc('_+_', [listType(DYN), listType(DYN)], listType(DYN), (left, right) => {
        fewEnough(left.size + right.size);
        return celListConcat(left, right);
      }),
    ],
    // No mapping has such a key, which the library takes for a mistake.
    '@in': [NULL, BYTES, TYPE, listType(DYN), mapType(DYN, DYN)].map((key) =>
      celFunc('@in', [key, mapType(DYN, DYN)], BOOL, () => false),
    ),
    split: [
      celMethod('split', STRING, [STRING], TEXTS, function (separator) {
        return split(this, separator);
      }),
      celMethod('split', STRING, [STRING, INT], TEXTS, function (separator, limit) {
        return split(this, separator, limit);
      }),
    ],
    join: [
      celMethod('join', TEXTS, [], STRING, function () {
        return join(this);
      }),
      celMethod('join', TEXTS, [STRING], STRING, function (separator) {
        return join(this, separator);
      }),
    ],
    replace: [
      celMethod('replace', STRING, [STRING, STRING], STRING, function (old, by) {
        return replace(this, old, by);
      }),
      celMethod('replace', STRING, [STRING, STRING, INT], STRING, function (old, by, limit) {
        return replace(this, old, by, limit);
      }),
    ],
    extract: [
      celMethod('extract', STRING, [STRING], STRING, function (template) {
        return extract(this, template);
      }),
    ],
    charAt: taken('charAt'),
    indexOf: taken('indexOf'),
    lastIndexOf: taken('lastIndexOf'),
    lowerAscii: taken('lowerAscii'),
    substring: taken('substring'),
    trim: taken('trim'),
    upperAscii: taken('upperAscii'),
  }),
);

/** The extension "strings" of cel-go, which Google and Kubernetes have both, without `format` and `quote`. */
export const STRING_FUNCTIONS: readonly string[] = [...CEL_FUNCTIONS.keys()].filter(
  (name) => /^[a-z]/i.test(name) && name !== 'extract',
);

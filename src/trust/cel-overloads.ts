import { type CelType, DYN, listOf, mapOf } from './cel-types.ts';

/** One way to call a function: what it is given, what it gives, and whether it is called on its first argument. */
export interface Overload {
  readonly given: readonly CelType[];
  readonly gives: CelType;
  readonly isMember: boolean;
}

const LETTERS: Readonly<Record<string, CelType>> = {
  b: { kind: 'bool' },
  y: { kind: 'bytes' },
  f: { kind: 'double' },
  d: { kind: 'duration' },
  i: { kind: 'int' },
  s: { kind: 'string' },
  t: { kind: 'timestamp' },
  u: { kind: 'uint' },
  x: DYN,
  T: { kind: 'type' },
  A: { kind: 'variable', name: 'A' },
  L: listOf({ kind: 'variable', name: 'A' }),
  S: listOf({ kind: 'string' }),
  M: mapOf({ kind: 'variable', name: 'A' }, { kind: 'variable', name: 'B' }),
  B: { kind: 'variable', name: 'B' },
  O: { kind: 'optional' },
};

/**
 * Functions with their overloads, a letter a type: `si>s` takes text and number and gives text, and `s.s>b` is called
 * on a text. CEL language definition, "List of standard definitions", and the extension "strings" of cel-go.
 */
const OVERLOADS: Readonly<Record<string, string>> = {
  '_&&_': 'bb>b',
  '_||_': 'bb>b',
  '!_': 'b>b',
  '@not_strictly_false': 'b>b',
  '_?_:_': 'bAA>A',
  '_==_': 'AA>b',
  '_!=_': 'AA>b',
  '_+_': 'ii>i uu>u ff>f ss>s yy>y LL>L td>t dt>t dd>d',
  '_-_': 'ii>i uu>u ff>f tt>d td>t dd>d',
  '_*_': 'ii>i uu>u ff>f',
  '_/_': 'ii>i uu>u ff>f',
  '_%_': 'ii>i uu>u',
  '-_': 'i>i f>f',
  // What may be anything may also be optional, and then its elements are not known to be what a map's are.
  '_[_]': 'Li>A MA>B OA>O',
  '@in': 'AL>b AM>b',
  size: 's>i y>i L>i M>i s.>i y.>i L.>i M.>i',
  contains: 's.s>b',
  startsWith: 's.s>b',
  endsWith: 's.s>b',
  matches: 's.s>b ss>b',
  bool: 'b>b s>b',
  bytes: 'y>y s>y',
  double: 'f>f i>f u>f s>f',
  dyn: 'A>x',
  int: 'i>i u>i f>i s>i t>i d>i',
  string: 's>s b>s i>s u>s f>s y>s t>s d>s',
  type: 'A>T',
  uint: 'u>u i>u f>u s>u',
  duration: 'd>d s>d i>d',
  timestamp: 't>t s>t i>t',
  getDate: 't.>i t.s>i',
  getDayOfMonth: 't.>i t.s>i',
  getDayOfWeek: 't.>i t.s>i',
  getDayOfYear: 't.>i t.s>i',
  getFullYear: 't.>i t.s>i',
  getMonth: 't.>i t.s>i',
  getHours: 't.>i t.s>i d.>i',
  getMilliseconds: 't.>i t.s>i d.>i',
  getMinutes: 't.>i t.s>i d.>i',
  getSeconds: 't.>i t.s>i d.>i',
  charAt: 's.i>s',
  extract: 's.s>s',
  indexOf: 's.s>i s.si>i',
  join: 'S.>s S.s>s',
  lastIndexOf: 's.s>i s.si>i',
  lowerAscii: 's.>s',
  replace: 's.ss>s s.ssi>s',
  split: 's.s>S s.si>S',
  substring: 's.i>s s.ii>s',
  trim: 's.>s',
  upperAscii: 's.>s',
};

const ORDERED = 'bb>b ii>b uu>b ff>b ss>b yy>b tt>b dd>b';
/** Numbers of two kinds, where a verifier compares them. */
const CROSSED = `${ORDERED} iu>b if>b ui>b uf>b fi>b fu>b`;

const readOverload = (text: string): Overload => {
  const [given = '', gives = ''] = text.split('>');
  const typesOf = (letters: string): readonly CelType[] => [...letters].map((letter) => LETTERS[letter] ?? DYN);
  return { given: typesOf(given.replace('.', '')), gives: LETTERS[gives] ?? DYN, isMember: given.includes('.') };
};

export const overloadsOf = (name: string, compares: 'alike' | 'numbers'): readonly Overload[] => {
  const texts = /^_[<>]=?_$/.test(name) ? (compares === 'numbers' ? CROSSED : ORDERED) : OVERLOADS[name];
  return texts === undefined ? [] : texts.split(' ').map(readOverload);
};

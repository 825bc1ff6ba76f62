import type { Presented } from './verdict.ts';

/**
 * Registered claims as programs in Go read them: a name in any case is taken for the registered one, `ſ` for `s`, of
 * several the last counts, and what has another kind than expected is no token at all.
 */
export interface Registered<Name extends string> {
  readonly kinds: Readonly<Record<Name, Kind>>;
  /** Are claims read in the order in which they stand, or of their names? */
  readonly order: 'written' | 'sorted';
}

export type Kind = keyof typeof KINDS;

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isTexts = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.every(isText));

/** `null` stands for nothing in most. */
const KINDS = {
  'a text': (value: unknown) => value === null || isText(value),
  'a text or a list of texts': isTexts,
  'a text, a list of texts or nothing': (value: unknown) =>
    value === null || isText(value) || (Array.isArray(value) && value.every((each) => each === null || isText(each))),
  'a number': isNumber,
  'a number or nothing': (value: unknown) => value === null || isNumber(value),
} as const;

const folded = (name: string): string => name.replaceAll('ſ', 's').toLowerCase();

/** All claims that are taken for a registered one, by name, in the order in which they are read. */
const called = (claims: Presented['claims'], wanted: string, order: 'written' | 'sorted'): readonly string[] => {
  const names = Object.keys(claims).filter((name) => folded(name) === wanted && claims[name] !== undefined);
  return order === 'sorted' ? names.sort() : names;
};

/** Its value; `undefined` where it has none. */
export const registeredClaim = <Name extends string>(
  { order }: Registered<Name>,
  claims: Presented['claims'],
  wanted: Name,
): unknown =>
  called(claims, wanted, order)
    .map((name) => claims[name])
    .findLast((value) => value !== null);

/** Claims that cannot be read, with what they must hold. */
export const unreadable = <Name extends string>(
  { kinds, order }: Registered<Name>,
  claims: Presented['claims'],
): readonly (readonly [name: string, wanted: Kind])[] =>
  Object.entries<Kind>(kinds).flatMap(([wanted, kind]) =>
    called(claims, wanted, order)
      .filter((name) => !KINDS[kind](claims[name]))
      .map((name) => [name, kind] as const),
  );

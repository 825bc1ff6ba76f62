import type { Presented } from '../verdict.ts';

/** Registered claims and the kinds of value in which Vault can read them; `null` is no value. */
const KINDS = {
  iss: 'a text',
  sub: 'a text',
  aud: 'a text or a list of texts',
  exp: 'a number',
  nbf: 'a number',
  iat: 'a number',
  jti: 'a text',
} as const;

export type Registered = keyof typeof KINDS;

const NAMES = Object.keys(KINDS) as readonly Registered[];

const isText = (value: unknown): boolean => typeof value === 'string';

const IS: Readonly<Record<(typeof KINDS)[Registered], (value: unknown) => boolean>> = {
  'a text': (value) => value === null || isText(value),
  'a text or a list of texts': (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  'a number': (value) => value === null || typeof value === 'number',
};

/** A claim under a name that Vault takes for a registered one: it does not tell upper case, nor ſ from s. */
const folded = (name: string): string => name.replaceAll('ſ', 's').toLowerCase();

/** All claims that Vault takes for a registered one, by name; of several it reads the last. */
const called = (claims: Presented['claims'], wanted: Registered): readonly string[] =>
  Object.keys(claims)
    .filter((name) => folded(name) === wanted && claims[name] !== undefined)
    .sort();

/** Its value, as Vault reads it. */
export const registeredClaim = (claims: Presented['claims'], wanted: Registered): unknown =>
  called(claims, wanted)
    .map((name) => claims[name])
    .findLast((value) => value !== null);

/** Registered claims that Vault cannot read, with what they must hold. */
export const unreadable = (claims: Presented['claims']): readonly (readonly [name: string, wanted: string])[] =>
  NAMES.flatMap((wanted) =>
    called(claims, wanted)
      .filter((name) => !IS[KINDS[wanted]](claims[name]))
      .map((name) => [name, KINDS[wanted]] as const),
  );

import fc from 'fast-check';

/** A JSON object of which generators make others. */
export type Members = Readonly<Record<string, unknown>>;

/** What may be written at a place, named by the way to it: `jwt.0.issuer.url`. `undefined`: the place goes. */
export type Choices = Readonly<Record<string, readonly unknown[]>>;

/** A base with up to `most` of its places written anew: what is nearly right shows more than what is all wrong. */
export const edited = <T extends Members>(base: T, choices: Choices, most: number): fc.Arbitrary<T> => {
  const edits = Object.entries(choices).map(([place, values]) =>
    fc.tuple(fc.constant(place), fc.constantFrom(...values)),
  );
  return fc
    .array(fc.oneof(...edits), { maxLength: most })
    .map((all) => all.reduce<unknown>((whole, [place, value]) => writtenAt(whole, place.split('.'), value), base) as T);
};

const writtenAt = (whole: unknown, [name = '', ...deeper]: readonly string[], value: unknown): unknown => {
  if (Array.isArray(whole)) {
    const at = Number(name);
    const next = deeper.length === 0 ? value : writtenAt(whole[at], deeper, value);
    return next === undefined
      ? whole.filter((_, index) => index !== at)
      : [...whole.slice(0, at), next, ...whole.slice(at + 1)];
  }
  const members: Members = typeof whole === 'object' && whole !== null ? { ...whole } : {};
  const { [name]: found, ...others } = members;
  const next = deeper.length === 0 ? value : writtenAt(found, deeper, value);
  if (next === undefined) return others;
  return { ...members, [name]: next };
};

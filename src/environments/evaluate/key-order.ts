const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

/**
 * The order in which the reference's YAML writer lists keys: numbers inside them by their value, so that `a2` comes
 * before `a10`; letters behind everything else, but before it where both keys have had digits.
 */
export const byKeyOrder = (left: string, right: string): number => {
  const [one, other] = [[...left], [...right]];
  let afterDigit = false;
  for (let index = 0; index < Math.min(one.length, other.length); index++) {
    const [a = '', b = ''] = [one[index], other[index]];
    if (a === b) {
      afterDigit = DIGIT.test(a);
      continue;
    }
    const [aIsLetter, bIsLetter] = [LETTER.test(a), LETTER.test(b)];
    if (aIsLetter !== bIsLetter) return aIsLetter === afterDigit ? -1 : 1;
    if (!aIsLetter) {
      // Zeros count where something stands before them.
      const leads = (a === '0' || b === '0') && hasValueBefore(one, index);
      const [m, n] = [digitsFrom(one, index), digitsFrom(other, index)];
      const [x, y] = [numberIn(m, leads), numberIn(n, leads)];
      if (x !== y) return x < y ? -1 : 1;
      if (m.length !== n.length) return m.length - n.length;
    }
    return codeOf(a) - codeOf(b);
  }
  return one.length - other.length;
};

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;

const hasValueBefore = (characters: readonly string[], index: number): boolean => {
  for (let before = index - 1; before >= 0 && DIGIT.test(characters[before] ?? ''); before--) {
    if (characters[before] !== '0') return true;
  }
  return false;
};

const digitsFrom = (characters: readonly string[], index: number): readonly string[] => {
  let end = index;
  while (end < characters.length && DIGIT.test(characters[end] ?? '')) end++;
  return characters.slice(index, end);
};

const numberIn = (digits: readonly string[], leads: boolean): bigint =>
  digits.reduce((value, digit) => value * 10n + BigInt(codeOf(digit) - codeOf('0')), leads ? 1n : 0n);

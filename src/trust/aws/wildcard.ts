/** A value of a condition, ready to be held against a text: characters, or what stands for others. */
export type Pattern = readonly (string | typeof RUN | typeof ONE)[];

const RUN = -1;
const ONE = -2;

/** What a policy variable stands for: a text, nothing, or something that only AWS knows at the time of the call. */
export type Variable = { readonly text: string } | 'absent' | 'unknown';
type LookUp = (key: string) => Variable;

/** `${*}`, `${?}` and `${$}` are the characters themselves. IAM user guide, "Policy variables". */
const THEMSELVES: readonly string[] = ['*', '?', '$'];

/**
 * A value with its variables replaced: what they stand for is never a wildcard. `${key, 'default'}` has a default.
 *
 * `absent`: a variable has no value here, and AWS takes the whole value for one that matches nothing.
 */
export const readPattern = (
  value: string,
  options: { readonly wildcards: boolean; readonly variables: LookUp | undefined },
): Pattern | 'absent' | 'unknown' => {
  const pattern: (string | typeof RUN | typeof ONE)[] = [];
  for (let at = 0; at < value.length; at++) {
    const character = value[at] ?? '';
    const end = options.variables && value.startsWith('${', at) ? value.indexOf('}', at) : -1;
    if (options.variables && end >= 0) {
      const found = standsFor(value.slice(at + 2, end), options.variables);
      if (typeof found === 'string') return found;
      pattern.push(...found.text.split(''));
      at = end;
    } else if (options.wildcards && character === '*') pattern.push(RUN);
    else if (options.wildcards && character === '?') pattern.push(ONE);
    else pattern.push(character);
  }
  return pattern;
};

const standsFor = (inside: string, lookUp: LookUp): Variable => {
  if (THEMSELVES.includes(inside)) return { text: inside };
  const comma = inside.indexOf(',');
  const found = lookUp(comma < 0 ? inside : inside.slice(0, comma).trim());
  if (found !== 'absent' || comma < 0) return found;
  return {
    text: inside
      .slice(comma + 1)
      .trim()
      .replace(/^'|'$/g, ''),
  };
};

/**
 * Is a text what a pattern says, from end to end?
 *
 * One place to fall back to, behind the last run: at most pattern × text steps, whatever the pattern.
 */
export const matches = (pattern: Pattern, text: string): boolean => {
  let at = 0;
  let unit = 0;
  let afterRun = -1;
  let from = 0;
  while (at < text.length) {
    if (pattern[unit] === RUN) {
      afterRun = ++unit;
      from = at;
    } else if (unit < pattern.length && (pattern[unit] === ONE || pattern[unit] === text[at])) {
      unit++;
      at++;
    } else if (afterRun >= 0) {
      unit = afterRun;
      at = ++from;
    } else {
      return false;
    }
  }
  while (pattern[unit] === RUN) unit++;
  return unit === pattern.length;
};

/** Has a value a wildcard that a comparison for equality would take for the character? `${*}` is no wildcard. */
export const hasWildcard = (value: string): boolean => /[*?]/.test(value.replace(/\$\{[^}]*\}/g, ''));

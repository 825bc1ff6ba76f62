/** Is there a text that both patterns match, with `*` for any characters and `?` for one? */
export const overlap = (left: string, right: string): boolean => {
  const known = new Map<number, boolean>();
  const from = (i: number, j: number): boolean => {
    const key = i * (right.length + 1) + j;
    const before = known.get(key);
    if (before !== undefined) return before;
    known.set(key, false);
    const answer = ask(i, j);
    known.set(key, answer);
    return answer;
  };
  const ask = (i: number, j: number): boolean => {
    if (i === left.length && j === right.length) return true;
    if (left[i] === '*') return from(i + 1, j) || (j < right.length && from(i, j + 1));
    if (right[j] === '*') return from(i, j + 1) || (i < left.length && from(i + 1, j));
    if (i === left.length || j === right.length) return false;
    return (left[i] === right[j] || left[i] === '?' || right[j] === '?') && from(i + 1, j + 1);
  };
  return from(0, 0);
};

/** Names that a pattern matches, so that what it lets in can be tried: none where it holds no wildcard. */
export const witnessesOf = (pattern: string): readonly string[] =>
  /[*?]/.test(pattern)
    ? ['w', 'dev', 'a.b-c_1'].map((text) => pattern.replaceAll('*', text).replaceAll('?', 'q')).slice(0, 3)
    : [];

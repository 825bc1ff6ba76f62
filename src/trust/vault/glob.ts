/**
 * Does a pattern match a whole text? `*` is any run of characters, all else itself. As Vault does it: the parts between
 * the stars must follow one another, and each is looked for once, so no pattern is slow.
 */
export const matchesGlob = (pattern: string, text: string): boolean => {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
};

/**
 * What names may look like, so that no part of a `sub` ever holds `:` or `*`.
 *
 * The rules can only be loosened later, never tightened: trust policies stand on them.
 */
const PART = /^[A-Za-z0-9._-]{1,100}$/;
const ORGANIZATION = /^[a-z0-9][a-z0-9_-]{1,38}[a-z0-9]$/;

export type NameKind = 'organization' | 'project' | 'stack' | 'environment' | 'team' | 'user';

/** Why `name` may not name a `kind`, as the end of a sentence; `undefined` when it may. */
export const problemWithName = (kind: NameKind, name: string): string | undefined => {
  if (kind === 'organization') {
    return ORGANIZATION.test(name)
      ? undefined
      : 'must be 3 to 40 characters of a-z, 0-9, "_" and "-", starting and ending with a letter or digit';
  }
  if (!PART.test(name)) return 'must be 1 to 100 characters of A-Z, a-z, 0-9, ".", "_" and "-"';
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  if (kind === 'project' && name === 'yaml') return 'must not be "yaml", which is a route';
  return undefined;
};

/**
 * Does a name match a pattern? `*` matches any run of characters, `?` exactly one, all else itself; anchored.
 *
 * Linear in pattern × text at the worst: one place to fall back to per star, no regular expression.
 */
export const matchesName = (pattern: string, text: string): boolean => {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < text.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++;
      afterStar = at;
    } else if (inPattern < pattern.length && (pattern[inPattern] === '?' || pattern[inPattern] === text[at])) {
      inPattern++;
      at++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++afterStar;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
};

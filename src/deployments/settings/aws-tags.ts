import { TAG_CLAIMS } from './cloud-settings.ts';

/** AWS STS API reference, Tag: letters, digits, white space and `_.:/=+@-`. */
const TAG_KEY = /^[\p{L}\p{N}\p{Z}_.:/=+@-]{1,128}$/u;

interface TagProblem {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

/** What is wrong with session tags, as they are written: AWS takes no call with a tag that breaks a rule. */
export const tagProblems = (
  entries: readonly (readonly [key: string, claim: unknown])[],
  transitive: readonly string[],
): readonly TagProblem[] => {
  const keys = entries.map(([key]) => key);
  return [
    ...entries.flatMap(([key, claim], at) =>
      [problemWithKey(key, keys.slice(0, at)), problemWithClaim(claim)].flatMap((problem) =>
        problem === undefined ? [] : [{ path: ['tags', key], problem }],
      ),
    ),
    ...transitive.flatMap((key, at) => {
      if (!keys.includes(key)) return [{ path: ['transitiveTags', at], problem: 'is no key of "tags"' }];
      return transitive.indexOf(key) < at ? [{ path: ['transitiveTags', at], problem: 'is listed twice' }] : [];
    }),
  ];
};

const problemWithKey = (key: string, before: readonly string[]): string | undefined => {
  if (!TAG_KEY.test(key)) return 'the key must be 1 to 128 letters, digits, spaces and "_.:/=+@-"';
  if (/^aws:/i.test(key)) return 'a key that begins with "aws:" is reserved by AWS';
  const again = before.some((other) => other.toLowerCase() === key.toLowerCase());
  return again ? 'AWS takes keys that differ only in case for the same key' : undefined;
};

const problemWithClaim = (claim: unknown): string | undefined =>
  TAG_CLAIMS.some((known) => known === claim) ? undefined : `must be one of ${TAG_CLAIMS.join(', ')}`;

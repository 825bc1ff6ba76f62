import { canonicalPath, claimAt, readClaimPath } from './claim-path.ts';
import { isLiteral } from './match.ts';
import type { Claims, Definition } from './policy.ts';

/** A name in a token, and the immutable id that came along. */
export interface Identity {
  /** Claim of the name, such as `repository`. */
  readonly claim: string;
  readonly name: string;
  /** Claim of the id, such as `repository_id`. */
  readonly idClaim: string;
  readonly id: string;
}

interface Pair {
  /** Claims whose values, with "/" between them, are the name; the last one gives the pair its name. */
  readonly names: readonly string[];
  readonly id: string;
  /** Claims that hold this name, and more behind it: a pattern there that leaves the rest open rests on this name. */
  readonly within: readonly string[];
}

/** Names that can be given up and taken by others, with the ids that cannot. A closed list: what changes by itself, like a pod, is no identity. */
const PAIRS: readonly Pair[] = [
  { names: ['repository'], id: 'repository_id', within: [] },
  { names: ['repository_owner'], id: 'repository_owner_id', within: ['repository'] },
  { names: ['project_path'], id: 'project_id', within: [] },
  { names: ['namespace_path'], id: 'namespace_id', within: ['project_path'] },
  {
    names: ['"kubernetes.io".namespace', '"kubernetes.io".serviceaccount.name'],
    id: '"kubernetes.io".serviceaccount.uid',
    within: [],
  },
];

/**
 * The names of a token that its grant rests on, each with its id: what first-use pinning remembers.
 *
 * A pair counts when one of the allows that matched has a rule on the name, or on `sub`, which is made of these names,
 * and does not say the id itself. Where a token lacks the name or the id there is nothing to remember.
 */
export const identitiesOf = (allows: readonly Definition[], claims: Claims): readonly Identity[] =>
  PAIRS.filter((pair) => allows.some((allow) => restsOn(allow, pair))).flatMap(({ names, id: idClaim }) => {
    const values = names.map((name) => textAt(claims, name));
    const id = textAt(claims, idClaim);
    const claim = names.at(-1);
    if (id === undefined || claim === undefined || values.includes(undefined)) return [];
    return [{ claim, name: values.join('/'), idClaim, id }];
  });

const restsOn = ({ rules }: Definition, { names, id, within }: Pair): boolean => {
  const patterns = new Map(Object.entries(rules).map(([path, pattern]) => [canonicalPath(path), pattern]));
  // Literal in the dialect that knows more wildcards, so in both.
  const says = (pattern: string | undefined): boolean => pattern !== undefined && isLiteral(pattern, 'pulumi');
  if (says(patterns.get(id))) return false;
  return (
    patterns.has('sub') ||
    names.some((name) => patterns.has(name)) ||
    within.some((claim) => patterns.has(claim) && !says(patterns.get(claim)))
  );
};

const textAt = (claims: Claims, path: string): string | undefined => {
  const keys = readClaimPath(path);
  const value = 'problem' in keys ? undefined : claimAt(claims, keys);
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? JSON.stringify(value) : undefined;
};

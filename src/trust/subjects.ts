import { matchesName } from '../access/names.ts';
import { readSubject, type Subject } from '../tokens/subject.ts';

/** How a subject, or a pattern of subjects, that a document names differs from the one presented. */
export interface SubjectDifference {
  /** The first component that differs: `organization`, `project`, `stack`, `operation`, `environment`, `form` … */
  readonly part: string;
  readonly sameOrganization: boolean;
}

const ORGANIZATION_LABELS = ['org', 'pulumi.organization.login'];

const PARTS: Readonly<Record<string, string>> = {
  org: 'organization',
  'pulumi.organization.login': 'organization',
  env: 'environment',
  'currentEnvironment.name': 'environment',
  'rootEnvironment.name': 'environment',
};

/** Reads a subject of ours, whatever the installation's prefix; `undefined` for every other text. */
export const readOwnSubject = (text: string): Subject | undefined =>
  readSubject(text.slice(0, text.indexOf(':')), text);

/**
 * The first component in which what was presented is not what is wanted, `*` and `?` being wildcards; `undefined`
 * where nothing differs, or what was presented is no subject of ours. `form`: another kind of subject, or a shorter one.
 */
export const differenceOf = (wanted: string, presented: string): SubjectDifference | undefined => {
  if (!readOwnSubject(presented)) return undefined;
  const [pattern, parts] = [wanted.split(':'), presented.split(':')];
  const label = parts.findIndex((part) => ORGANIZATION_LABELS.includes(part));
  const differs = (at: number): boolean => !matchesName(pattern[at] ?? '', parts[at] ?? '');
  for (let at = 0; at < Math.max(pattern.length, parts.length); at++) {
    if (at === pattern.length - 1 && pattern[at]?.endsWith('*') && at < parts.length && !differs(at)) return undefined;
    if (!differs(at)) continue;
    const isValue = at > label && (at - label) % 2 === 1 && at < pattern.length && at < parts.length;
    const name = parts[at - 1] ?? '';
    return { part: isValue ? (PARTS[name] ?? name) : 'form', sameOrganization: at > label + 1 };
  }
  return undefined;
};

/** The candidate that has most in common with a text, at its beginning and its end; case does not count. */
export const nearestText = (text: string, candidates: readonly string[]): string | undefined => {
  let best: string | undefined;
  let most = -1;
  for (const candidate of candidates) {
    const common = inCommon(candidate.trim().toLowerCase(), text.toLowerCase());
    if (common > most) [best, most] = [candidate, common];
  }
  return best;
};

/** Characters that two texts have in common at both ends. */
export const inCommon = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length);
  let begin = 0;
  while (begin < length && left[begin] === right[begin]) begin++;
  let end = 0;
  while (end < length - begin && left.at(-1 - end) === right.at(-1 - end)) end++;
  return begin + end;
};

import type { Answer, ReferenceCase } from './answers.ts';

/**
 * What differs between two answers, in words; nothing where both say the same. Problems are compared by severity,
 * place, path and sentence, as often as they are said. Ends of ranges are not compared: the reference leaves out
 * closing quotes and brackets, ours has them.
 */
export const differences = (ours: Answer, theirs: Answer): readonly string[] => {
  // A crash of the reference says nothing about the language.
  if (theirs.panic !== undefined || theirs.open.some((line) => line.endsWith(': internal error: cyclic export')))
    return [];
  return [
    ...(['load', 'check', 'open'] as const).flatMap((field) => problems(field, ours[field], theirs[field])),
    ...(['checkJson', 'redacted', 'revealed'] as const).flatMap((field) => {
      const [one, other] = [ours[field], theirs[field]];
      return one === other ? [] : [`${field}: ${one} here, ${other} there`];
    }),
  ];
};

const problems = (field: string, ours: readonly string[], theirs: readonly string[]): readonly string[] => {
  const exact = unmatched(ours, theirs, (own, line) => own === line);
  const [left, missing] = unmatched(...exact, isOnPurpose);
  // One bad document is one problem here, in our reader's words, and one there.
  if (left.some(isUnreadable) && missing.some(isUnreadableThere)) {
    return [...left.filter((line) => !isUnreadable(line)), ...missing.filter((line) => !isUnreadableThere(line))];
  }
  return [
    ...left.map((line) => `${field}: only here: ${line}`),
    ...missing.map((line) => `${field}: only there: ${line}`),
  ];
};

/** What is left of both when equal lines are taken out in pairs. */
const unmatched = (
  ours: readonly string[],
  theirs: readonly string[],
  isEqual: (own: string, line: string) => boolean,
): readonly [ours: readonly string[], theirs: readonly string[]] => {
  const left = [...ours];
  const missing: string[] = [];
  for (const line of theirs) {
    const found = left.findIndex((own) => isEqual(own, line));
    if (found === -1) missing.push(line);
    else left.splice(found, 1);
  }
  return [left, missing];
};

const isUnreadable = (line: string): boolean =>
  /^error \S+ : yaml: /.test(line) || line.endsWith(': alias nodes are not supported');
const isUnreadableThere = (line: string): boolean => /^error {2}: (?:yaml: |EOF)/.test(line);

/** Differences in one sentence; docs/environments.md gives their reasons. */
const isOnPurpose = (ours: string, theirs: string): boolean => {
  const [own, other] = [withoutGuess(ours), withoutGuess(theirs)];
  if (own === other) return true;
  // Where the reference has no place, we have one.
  if (/^error {2}: /.test(other))
    return own.endsWith(other.slice('error  '.length)) || own.endsWith(other.slice('error  : '.length));
  const [, place, sentence] = /^(error \S+ .*?: )(environment ".*" not found)$/s.exec(other) ?? [];
  if (place && sentence) return own.startsWith(place) && own.includes('environment');
  // A problem with a secret must not quote it.
  const [, before] = /^(.*: decoding JSON string: )/s.exec(other) ?? [];
  if (before && own === `${before}the secret is not JSON`) return true;
  return other.endsWith(': internal error: no receiver') && own.endsWith(': receiver must be an array or an object');
};

/** Of several names that are equally near, the reference guesses one by chance. */
const withoutGuess = (line: string): string => line.replace(/; did you mean .*/s, '; did you mean …');

export const describeCase = ({ root, text, documents, showSecrets = false }: ReferenceCase): string =>
  [
    `# ${root}${showSecrets ? ', secrets shown' : ''}\n${text}`,
    ...Object.entries(documents).map(([name, other]) => `# ${name}\n${other}`),
  ].join('\n');

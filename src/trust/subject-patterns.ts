import { readOwnSubject } from './subjects.ts';
import type { OurSide } from './verdict.ts';

/** Something about a value that a document holds `sub` against. */
export interface SubjectProblem {
  readonly kind: 'crosses_organizations' | 'open_prefix' | 'other_organization' | 'unknown_name' | 'not_ours';
  /** What is wrong, and what to write instead. */
  readonly text: string;
}

/** Which of our issuers a document speaks of; `undefined`: a stranger, of whose subjects nothing is known. */
export const whichIssuer = (issuer: string, { issuers }: OurSide): 'v1' | 'v2' | undefined =>
  issuer === issuers.v1 ? 'v1' : issuer === issuers.v2 ? 'v2' : undefined;

/**
 * What is wrong with a pattern of subjects of one of our issuers, in which `*` takes any characters and `?` one: whom
 * it lets in that nobody thought of, and what it names that is not there.
 */
export const subjectPatternProblems = (
  pattern: string,
  issuer: 'v1' | 'v2',
  ours: OurSide,
): readonly SubjectProblem[] => {
  if (/^\*+$/.test(pattern)) return [];
  return crossing(pattern, issuer, ours) ?? [...openPrefixes(pattern), ...names(pattern, issuer, ours)];
};

/** What is wrong with one exact subject. */
export const subjectProblems = (subject: string, issuer: 'v1' | 'v2', ours: OurSide): readonly SubjectProblem[] => {
  const read = readOwnSubject(subject);
  const isV2 = read?.form === 'run-ids' || read?.form === 'environment-ids';
  if (!read || !subject.startsWith(`${ours.subjectPrefix}:`) || isV2 !== (issuer === 'v2')) {
    const sample = samples(ours)[issuer];
    return [{ kind: 'not_ours', text: `No subject of this issuer looks like that; they look like ${sample}.` }];
  }
  return names(subject, issuer, ours);
};

const samples = ({ subjectPrefix, organization }: OurSide): Readonly<Record<'v1' | 'v2', string>> => ({
  v1: `${subjectPrefix}:deploy:org:${organization}:project:<project>:stack:<stack>:operation:<operation>:scope:write`,
  v2: `${subjectPrefix}:org:<organization id>:stack:<stack id>:operation:<operation>`,
});

const isOpen = (text: string | undefined): boolean => text === undefined || /[*?]/.test(text);

/** Where the organization stands in subjects, and what stands before it. */
const BEFORE_ORGANIZATION = { v1: 3, v2: 2 } as const;

/** Does the pattern let another organization in, or nobody at all? Then nothing else matters. */
const crossing = (pattern: string, issuer: 'v1' | 'v2', ours: OurSide): readonly SubjectProblem[] | undefined => {
  const parts = pattern.split(':');
  const at = BEFORE_ORGANIZATION[issuer];
  const [first = '', kind = ''] = parts;
  const sample = samples(ours)[issuer];
  const kinds = issuer === 'v1' ? ['deploy', 'environments'] : ['org'];
  if ((!isOpen(first) && first !== ours.subjectPrefix) || (!isOpen(first) && !isOpen(kind) && !kinds.includes(kind))) {
    return [{ kind: 'not_ours', text: `No subject of this issuer begins so; they look like ${sample}.` }];
  }
  const isEarly = parts.slice(0, at).some(isOpen);
  if (!isEarly && !isOpen(parts[at])) return undefined;
  // The whole name between two colons pins the organization wherever it stands: no name holds a colon.
  if (isEarly && issuer === 'v1' && pattern.includes(`:org:${ours.organization}:`)) return undefined;
  const pinned = sample.split(':', at + 1).join(':');
  const text = `It lets other organizations in: the "*" stands where the organization's name is not yet complete. Write ${pinned}:*.`;
  return [{ kind: 'crosses_organizations', text }];
};

/** A `*` right behind a letter or digit of a name: every name that begins alike gets in. */
const openPrefixes = (pattern: string): readonly SubjectProblem[] => {
  const parts = pattern.split(':');
  return parts.flatMap((part, at) => {
    const label = parts[at - 1] ?? '';
    const [, name] = /([A-Za-z0-9][A-Za-z0-9._-]*)\*$/.exec(part) ?? [];
    if (name === undefined || !/[A-Za-z0-9]$/.test(name) || !isLabel(label)) return [];
    const closed = at === parts.length - 1 ? `${label}:${part.slice(0, -1)}:*` : `${label}:${part.slice(0, -1)}`;
    const text = `The "*" stands right behind "${name}", so "${name}-evil" gets in, too. Write ${closed}.`;
    return [{ kind: 'open_prefix' as const, text }];
  });
};

const isLabel = (text: string): boolean =>
  /^(?:project|stack|env|(?:current|root)Environment\.name|pulumi\..*)$/.test(text);

/** Names that are written out and that nobody has. */
const names = (pattern: string, issuer: 'v1' | 'v2', ours: OurSide): readonly SubjectProblem[] => {
  if (issuer === 'v2') return [];
  const parts = pattern.split(':');
  const after = (label: string): string | undefined => {
    const at = parts.indexOf(label, 2);
    const value = at < 0 ? undefined : parts[at + 1];
    return isOpen(value) ? undefined : value;
  };
  const organization = after('org') ?? after('pulumi.organization.login');
  if (organization !== undefined && organization !== ours.organization) {
    const text = `It names the organization "${organization}", not "${ours.organization}": nobody there is known here.`;
    return [{ kind: 'other_organization', text }];
  }
  const [project, stack, environment] = [after('project'), after('stack'), after('env')];
  const { projects, stacks, environments } = ours.known;
  const gone = (what: string, name: string): SubjectProblem => ({
    kind: 'unknown_name',
    text: `There is no ${what} "${name}" (yet, or any more): whoever makes one of that name gets in. Take it out unless it is to come.`,
  });
  if (project !== undefined && projects && !projects.includes(project)) return [gone('project', project)];
  if (project !== undefined && stack !== undefined && stacks && !stacks.includes(`${project}/${stack}`)) {
    return [gone('stack', `${project}/${stack}`)];
  }
  const path = environment === undefined || environment.includes('/') ? environment : `default/${environment}`;
  return path !== undefined && environments && !environments.includes(path) ? [gone('environment', path)] : [];
};

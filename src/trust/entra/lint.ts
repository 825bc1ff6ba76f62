import { issuerProblem } from '../issuer-problem.ts';
import { subjectProblems, whichIssuer } from '../subject-patterns.ts';
import { readOwnSubject } from '../subjects.ts';
import type { OurSide, Presented, Warning } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import type { Credential, EntraTrust } from './document.ts';
import { type EntraReasonCode, issuerCode, MOST_CREDENTIALS } from './evaluate.ts';
import { FLEXIBLE_ISSUERS } from './expression.ts';

/** Codes of warnings that are no reasons, too; what is wrong with one member has the reasons' codes. */
export const ENTRA_WARNINGS = [
  'azure_issuer_unreachable',
  'azure_too_many',
  'azure_duplicate',
  'azure_name',
  'azure_operation_subject',
  'azure_subject_other_organization',
  'azure_subject_unknown_name',
  'azure_subject_not_ours',
] as const;

type Remark = Omit<Warning, 'code'> & { readonly code: (typeof ENTRA_WARNINGS)[number] | EntraReasonCode };

/** What will fail one day, or admits nobody: in the credentials that speak of the issuer of what is presented. */
export const lintEntra = (trust: EntraTrust, presented: Presented, ours: OurSide): readonly Warning[] => {
  const near = trust.credentials.filter(
    ({ issuer }) => issuer === presented.issuer || issuerCode(issuer, presented.issuer) !== 'azure_issuer_mismatch',
  );
  return [
    ...ofIssuer(presented),
    ...ofAll(trust),
    ...near.flatMap((credential) => ofCredential(credential, presented, ours)),
    ...operationSubjects(near, presented),
  ];
};

const remark = (code: Remark['code'], at: Path, text: string): Remark => ({ code, condition: pathText(at), text });

const ofIssuer = ({ issuer }: Presented): readonly Remark[] => {
  const problem = issuerProblem(issuer);
  return problem === undefined ? [] : [remark('azure_issuer_unreachable', [], problem)];
};

const ofAll = ({ credentials }: EntraTrust): readonly Remark[] => {
  const found: Remark[] = [];
  if (credentials.length > MOST_CREDENTIALS) {
    const text = `There are ${credentials.length} credentials, and an application takes ${MOST_CREDENTIALS}. Shorten subjects (docs/organizations.md), or use a second application.`;
    found.push(remark('azure_too_many', [], text));
  }
  const seen = new Map<string, Path>();
  for (const { at, name, issuer, subject } of credentials) {
    const pair = subject === undefined ? undefined : `subject ${JSON.stringify([issuer, subject])}`;
    for (const key of [pair, name && `name ${name}`]) {
      const before = key === undefined ? undefined : seen.get(key);
      const what = key === pair ? 'issuer and subject' : 'name';
      if (before) {
        found.push(
          remark(
            'azure_duplicate',
            at,
            `It has the ${what} of ${pathText(before)}, and Entra takes each once. Take one of them out.`,
          ),
        );
      }
      if (key !== undefined) seen.set(key, at);
    }
  }
  return found;
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/;

const ofCredential = (credential: Credential, presented: Presented, ours: OurSide): readonly Remark[] => {
  const { at, name, issuer, subject, audiences, expression } = credential;
  const found: Remark[] = [];
  const say = (code: Remark['code'], member: string, text: string): void => {
    found.push(remark(code, [...at, member], text));
  };
  if (name !== undefined && !NAME.test(name)) {
    say('azure_name', 'name', 'A name has 3 to 120 of A-Z, a-z, 0-9, "-" and "_", and begins with a letter or digit.');
  }
  if (issuer !== presented.issuer && !Object.values(ours.issuers).includes(issuer)) {
    say(issuerCode(issuer, presented.issuer), 'issuer', `Entra compares every character. Write "${presented.issuer}".`);
  }
  if (audiences.length !== 1) say('azure_audience_count', 'audiences', 'A credential has exactly one audience.');
  for (const [member, value] of [
    ['subject', subject ?? ''],
    ['audiences', audiences[0] ?? ''],
  ] as const) {
    if (value.length > 600) say('azure_too_long', member, 'At most 600 characters can be stored.');
    if (value !== value.trim()) say('azure_value_space', member, `White space counts. Write "${value.trim()}".`);
  }
  if (expression !== undefined && !Object.hasOwn(FLEXIBLE_ISSUERS, issuer)) {
    const text = 'Entra takes expressions for tokens of GitHub, GitLab and HCP Terraform only. Write one subject.';
    say('azure_flexible_not_permitted', 'claimsMatchingExpression', text);
  }
  if (subject !== undefined && /[*?]/.test(subject)) {
    say(
      'azure_subject_wildcard',
      'subject',
      'A credential has no wildcards. Write one subject each, or shorten the subjects (docs/organizations.md).',
    );
    return found;
  }
  const which = whichIssuer(issuer, ours);
  if (which && subject !== undefined) {
    for (const { kind, text } of subjectProblems(subject.trim(), which, ours)) {
      if (kind !== 'crosses_organizations' && kind !== 'open_prefix') say(`azure_subject_${kind}`, 'subject', text);
    }
  }
  return found;
};

/** Operations that the same stack will sooner or later run; drift has schedules of its own. */
const USUAL = ['preview', 'update', 'refresh', 'destroy'];

/** A subject with the operation in it admits that operation only: one credential each, of twenty. */
const operationSubjects = (credentials: readonly Credential[], { issuer }: Presented): readonly Remark[] => {
  const stacks = new Map<string, { readonly at: Path; readonly form: string; readonly operations: Set<string> }>();
  for (const { at, subject, issuer: written } of credentials) {
    const read = subject === undefined ? undefined : readOwnSubject(subject);
    if (written !== issuer || !read || !('operation' in read) || read.operation === undefined) continue;
    const stack = JSON.stringify({ ...read, operation: '' });
    const known = stacks.get(stack) ?? { at: [...at, 'subject'], form: read.form, operations: new Set() };
    known.operations.add(read.operation);
    stacks.set(stack, known);
  }
  return [...stacks.values()].flatMap(({ at, form, operations }) => {
    const missing = USUAL.filter((operation) => !operations.has(operation));
    if (missing.length === 0) return [];
    const shorten = 'Shorten the subjects of the stack to [org, project, stack] (docs/organizations.md)';
    const advice = form === 'run-ids' ? `Subjects of v2 always do: use v1 for Azure. ${shorten}` : shorten;
    const text = `The subject names the operation, so ${missing.join(', ')} of the same stack need credentials of their own, of the ${MOST_CREDENTIALS} that an application has. ${advice}, and one credential is enough.`;
    return [remark('azure_operation_subject', at, text)];
  });
};

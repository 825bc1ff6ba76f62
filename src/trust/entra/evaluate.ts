import { matchesName } from '../../access/names.ts';
import type { Change } from '../edits.ts';
import { differenceOf, inCommon } from '../subjects.ts';
import type { Presented, Reason } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import type { Credential, EntraTrust } from './document.ts';
import { FLEXIBLE_ISSUERS, firstUnmet, readExpression } from './expression.ts';

/** Every code of a reason, with the error that Microsoft Entra answers. */
export const ENTRA_REASONS = {
  azure_issuer_mismatch: 'AADSTS700211',
  azure_issuer_slash: 'AADSTS700211',
  azure_issuer_case: 'AADSTS700211',
  azure_issuer_path: 'AADSTS700211',
  azure_issuer_scheme: 'AADSTS700211',
  azure_issuer_discovery: 'AADSTS700211',
  azure_algorithm: 'AADSTS700027',
  azure_value_space: 'AADSTS70021',
  azure_subject_case: 'AADSTS7002138',
  azure_subject_wildcard: 'AADSTS700213',
  azure_subject_mismatch: 'AADSTS700213',
  azure_flexible_not_permitted: 'AADSTS700213',
  azure_expression_invalid: 'AADSTS700213',
  azure_expression_mismatch: 'AADSTS700213',
  azure_audience_case: 'AADSTS700212',
  azure_audience_mismatch: 'AADSTS700212',
  azure_audience_count: 'AADSTS700212',
  azure_too_long: 'AADSTS70021',
} as const;

export type EntraReasonCode = keyof typeof ENTRA_REASONS;

/** Something for which Entra refuses, before anybody knows whether undoing it is safe. */
export interface EntraFinding extends Omit<Reason, 'safe'> {
  readonly code: EntraReasonCode;
  /** Changes to `EntraTrust.source`. */
  readonly changes: readonly Change[];
}

export const MOST_CREDENTIALS = 20;
const MOST_CHARACTERS = 600;

/**
 * What Microsoft Entra answers to this token as a client assertion: nothing where one credential has its issuer,
 * subject and audience to the letter; else what the nearest one lacks.
 */
export const evaluateEntra = (trust: EntraTrust, presented: Presented): readonly EntraFinding[] => {
  const candidates = trust.credentials.map((credential, index) => ({
    credential,
    findings: lacking(credential, index, presented, trust),
  }));
  const { sub } = presented.claims;
  const likeness = ({ subject = '' }: Credential): number => inCommon(subject, String(sub));
  const rank = (findings: readonly EntraFinding[]): number =>
    findings.length + (findings.some(({ code }) => code === 'azure_issuer_mismatch') ? 2 : 0);
  const [nearest] = candidates.toSorted(
    (left, right) =>
      rank(left.findings) - rank(right.findings) || likeness(right.credential) - likeness(left.credential),
  );
  return nearest?.findings ?? [];
};

type Check = (about: About) => readonly EntraFinding[];

interface About {
  readonly credential: Credential;
  readonly index: number;
  readonly presented: Presented;
  readonly trust: EntraTrust;
  readonly finding: (code: EntraReasonCode, member: Path, wanted: string, presented: string, how: How) => EntraFinding;
}

/** `value`: what to write; else what to do. */
type How =
  | { readonly value: unknown; readonly why?: string }
  | { readonly edit: string; readonly changes: readonly Change[] };

const lacking = (
  credential: Credential,
  index: number,
  presented: Presented,
  trust: EntraTrust,
): readonly EntraFinding[] => {
  const finding: About['finding'] = (code, member, wanted, given, how) => {
    const { edit, changes } =
      'value' in how
        ? {
            edit: `${how.why ?? ''}Write "${member[0]}": ${JSON.stringify(how.value)}.`,
            changes: [{ at: [index, ...member.slice(0, 1)], value: how.value }],
          }
        : how;
    const answer = `Microsoft Entra answers ${ENTRA_REASONS[code]}.`;
    return {
      code,
      condition: pathText([...credential.at, ...member]),
      wanted,
      presented: given,
      edit: `${edit} ${answer}`,
      changes,
    };
  };
  return CHECKS.flatMap((check) => check({ credential, index, presented, trust, finding }));
};

/** How an issuer that is nearly right is wrong. */
export const issuerCode = (written: string, issuer: string): EntraReasonCode => {
  const bare = (url: string): string =>
    url
      .trim()
      .replace(/^https?:\/\//i, '')
      .replace(/\/+$/, '');
  const host = (url: string): string => bare(url).replace(/\/.*$/, '').toLowerCase();
  if (written.trim() === issuer) return 'azure_value_space';
  if (written.trim().replace(/\/+$/, '') === issuer.replace(/\/+$/, '')) return 'azure_issuer_slash';
  if (written.trim().toLowerCase() === issuer.toLowerCase()) return 'azure_issuer_case';
  if (bare(written) === bare(issuer)) return 'azure_issuer_scheme';
  if (/\/\.well-known(?:\/|$)/.test(written) && host(written) === host(issuer)) return 'azure_issuer_discovery';
  return host(written) === host(issuer) ? 'azure_issuer_path' : 'azure_issuer_mismatch';
};

const issuer: Check = ({ credential, presented, finding }) => {
  const written = credential.issuer;
  if (written === presented.issuer) return [];
  const why = 'Entra compares every character. ';
  const code = issuerCode(written, presented.issuer);
  return [finding(code, ['issuer'], written, presented.issuer, { value: presented.issuer, why })];
};

const algorithm: Check = ({ presented: { header }, finding }) => {
  if (header.alg === 'RS256') return [];
  const edit = 'Sign with RS256: Microsoft documents no other algorithm for federated credentials.';
  return [finding('azure_algorithm', [], 'RS256', header.alg, { edit, changes: [] })];
};

const length: Check = ({ credential, presented, finding }) => {
  const { subject = '', audiences } = credential;
  const members: readonly (readonly [string, string, unknown])[] = [
    ['issuer', credential.issuer, presented.issuer],
    ['subject', subject, presented.claims['sub']],
    ['audiences', audiences[0] ?? '', [presented.claims['aud']].flat().slice(0, 1)],
  ];
  return members
    .filter(([, written]) => written.length > MOST_CHARACTERS)
    .map(([member, written, value]) => {
      const why = 'A longer text cannot be stored. ';
      return finding(
        'azure_too_long',
        [member],
        `at most ${MOST_CHARACTERS} characters`,
        `${written.length} characters`,
        { value, why },
      );
    });
};

const subject: Check = (about) => {
  const { credential, presented, finding } = about;
  const sub = String(presented.claims['sub'] ?? '');
  if (credential.subject === undefined) return expression(about);
  const written = credential.subject;
  if (written === sub) return [];
  const put = (code: EntraReasonCode, why: string): readonly EntraFinding[] => [
    finding(code, ['subject'], written, sub, { value: sub, why }),
  ];
  if (written.trim() === sub) return put('azure_value_space', 'White space counts. ');
  if (written.trim().toLowerCase() === sub.toLowerCase()) return put('azure_subject_case', 'Case counts. ');
  if (/[*?]/.test(written) && matchesName(written, sub)) {
    return put('azure_subject_wildcard', 'A credential has no wildcards: one subject each, to the letter. ');
  }
  const difference = differenceOf(written, sub);
  const why = difference ? `The subject differs in its ${difference.part}. ` : '';
  const isForOthers = difference?.sameOrganization === true && !/[*?]/.test(written);
  if (!isForOthers || !isRightOtherwise(about)) return put('azure_subject_mismatch', why);
  return [finding('azure_subject_mismatch', ['subject'], written, sub, another(about, sub, why))];
};

const isRightOtherwise = ({
  credential: { issuer: written, audiences },
  presented: { issuer: from, claims },
}: About): boolean => written === from && audiences.length === 1 && [claims['aud']].flat().includes(audiences[0]);

/** The credential is right for somebody else, so another one is needed: where the application has room for it. */
const another = ({ presented, trust, index }: About, sub: string, why: string): How => {
  const shorter = 'shorten the subjects of the stack in the organization’s file (docs/organizations.md, subjects)';
  if (trust.credentials.length >= MOST_CREDENTIALS) {
    const edit = `${why}The ${MOST_CREDENTIALS} credentials of an application are used up: ${shorter}, or write "subject": ${JSON.stringify(sub)} here.`;
    return { edit, changes: [{ at: [index, 'subject'], value: sub }] };
  }
  const credential = {
    name: `runpass-${trust.credentials.length + 1}`,
    issuer: presented.issuer,
    subject: sub,
    audiences: [presented.claims['aud']].flat().slice(0, 1),
  };
  const edit = `${why}Add a credential: ${JSON.stringify(credential)}; or ${shorter}, so that one is enough.`;
  return { edit, changes: [{ at: [], value: [...trust.source, credential] }] };
};

const expression = ({ credential, index, presented, finding }: About): readonly EntraFinding[] => {
  const at = ['claimsMatchingExpression', 'value'];
  const sub = String(presented.claims['sub'] ?? '');
  const text = credential.expression ?? '';
  const claims = Object.hasOwn(FLEXIBLE_ISSUERS, credential.issuer) ? FLEXIBLE_ISSUERS[credential.issuer] : undefined;
  const exact = (why: string): How => ({
    edit: `${why} Write "subject": ${JSON.stringify(sub)} in place of claimsMatchingExpression.`,
    changes: [{ at: [index, 'claimsMatchingExpression'] }, { at: [index, 'subject'], value: sub }],
  });
  if (!claims) {
    const why = 'Entra takes expressions for tokens of GitHub, GitLab and HCP Terraform only.';
    return [finding('azure_flexible_not_permitted', at, text, sub, exact(why))];
  }
  const read = readExpression(text);
  if (!read || read.some(({ claim }) => !claims.includes(claim))) {
    const why = `An expression is made of claims['…'] eq '…' and claims['…'] matches '…', joined by and, over ${claims.join(', ')}.`;
    return [finding('azure_expression_invalid', at, text, '', exact(why))];
  }
  const unmet = firstUnmet(read, presented.claims);
  if (!unmet) return [];
  const given = presented.claims[unmet.claim];
  const why = `claims['${unmet.claim}'] ${unmet.operator} '${unmet.value}' does not hold.`;
  return [finding('azure_expression_mismatch', at, text, typeof given === 'string' ? given : '', exact(why))];
};

const audience: Check = ({ credential, presented, finding }) => {
  const presentedAudiences = [presented.claims['aud'] ?? []].flat().map(String);
  const { audiences } = credential;
  const value = presentedAudiences.slice(0, 1);
  const given = presentedAudiences.join(', ');
  if (audiences.length !== 1) {
    const why = 'A credential has exactly one audience. ';
    return [finding('azure_audience_count', ['audiences'], audiences.join(' | '), given, { value, why })];
  }
  const [written = ''] = audiences;
  if (presentedAudiences.includes(written)) return [];
  const put = (code: EntraReasonCode, why: string): readonly EntraFinding[] => [
    finding(code, ['audiences', 0], written, given, { value, why }),
  ];
  if (value[0] === written.trim()) return put('azure_value_space', 'White space counts. ');
  if (value[0]?.toLowerCase() === written.toLowerCase()) return put('azure_audience_case', 'Case counts. ');
  return put(
    'azure_audience_mismatch',
    `The token is for another audience; if ${JSON.stringify(written)} is meant, ask for a token with it. Else: `,
  );
};

const CHECKS: readonly Check[] = [length, issuer, algorithm, subject, audience];

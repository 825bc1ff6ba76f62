import { nearest } from '../nearest.ts';
import { ENVIRONMENT_CLAIMS, NAMESPACED_CLAIMS, RUN_CLAIMS, SNOWFLAKE_CLAIMS } from '../tokens/claims.ts';
import { issuerProblem } from './issuer-problem.ts';
import { mutations } from './mutations.ts';
import { type SubjectProblem, subjectPatternProblems, subjectProblems, whichIssuer } from './subject-patterns.ts';
import type { OurSide, Presented, Reason, Warning } from './verdict.ts';

/** The relying parties that share these remarks; their codes begin with the name. */
export type Party = 'google' | 'vault' | 'kubernetes';

/** How a document compares a claim with a text: all of it, its beginning, or as a pattern in which `*` is any run. */
export type Comparison = 'equals' | 'prefix' | 'pattern';

const CODES: Readonly<Record<SubjectProblem['kind'], string>> = {
  crosses_organizations: 'any_organization',
  open_prefix: 'open_prefix',
  other_organization: 'other_organization',
  unknown_name: 'name_gone',
  not_ours: 'not_ours',
};

/** What is wrong with a text that a document compares with `sub`; of a stranger's subjects nothing is known. */
export const remarksOnSubject = (
  party: Party,
  condition: string,
  compared: { readonly how: Comparison; readonly text: string; readonly issuer: string },
  ours: OurSide,
): readonly Warning[] => {
  const issuer = whichIssuer(compared.issuer, ours);
  if (!issuer) return [];
  const pattern = compared.how === 'prefix' ? `${compared.text}*` : compared.text;
  const problems =
    compared.how === 'equals' || !pattern.includes('*')
      ? subjectProblems(pattern, issuer, ours)
      : subjectPatternProblems(pattern, issuer, ours);
  return problems.map(({ kind, text }) => ({
    code: `${party}_${CODES[kind]}`,
    condition,
    text: compared.how === 'prefix' ? ofPrefix(kind, text, compared.text, ours) : text,
  }));
};

/** Nobody wrote the star of which the remark speaks. */
const ofPrefix = (kind: SubjectProblem['kind'], text: string, prefix: string, { organization }: OurSide): string => {
  if (kind === 'crosses_organizations') {
    const [, before = ''] = /^(.*:(?:org|pulumi\.organization\.login):)/.exec(prefix) ?? [];
    const closed = before === '' ? 'up to the colon behind the organization' : `"${before}${organization}:"`;
    return `It lets other organizations in: "${prefix}" is where many subjects begin. Compare with the beginning ${closed}.`;
  }
  return kind === 'open_prefix' ? `"${prefix}-evil" begins so, too. End the text with its colon: "${prefix}:".` : text;
};

/** What is wrong with a text that a document compares with another claim of ours, and not wholly. */
export const remarksOnPrefix = (party: Party, condition: string, text: string): readonly Warning[] =>
  text === '' || /[A-Za-z0-9]$/.test(text)
    ? [
        {
          code: `${party}_open_prefix`,
          condition,
          text: `It takes everything that begins with "${text}", so "${text}-evil", too. Compare the whole text, or end it with its separator.`,
        },
      ]
    : [];

/** Why clouds cannot read the keys of the issuer that a document trusts. Never a denial. */
export const remarksOnIssuer = (party: Party, condition: string, issuer: string): readonly Warning[] => {
  const text = issuerProblem(issuer);
  return text === undefined ? [] : [{ code: `${party}_issuer_unreachable`, condition, text }];
};

const REGISTERED = ['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub'];
const BY_NAME = [...new Set([...REGISTERED, ...RUN_CLAIMS, ...ENVIRONMENT_CLAIMS, ...SNOWFLAKE_CLAIMS])];
const OF_AWS = 'https://aws.amazon.com/';

/** A claim that a document asks for and no token of that issuer of ours ever has. */
export const remarksOnClaim = (
  party: Party,
  condition: string,
  claim: string,
  { issuer, claims }: Presented,
  ours: OurSide,
): readonly Warning[] => {
  const which = whichIssuer(issuer, ours);
  if (!which || Object.hasOwn(claims, claim) || claim.startsWith(OF_AWS)) return [];
  const namespace = Object.keys(claims)
    .find((name) => name.endsWith('/org_id'))
    ?.slice(0, -'org_id'.length);
  const ofIds = [...REGISTERED, ...NAMESPACED_CLAIMS.map((name) => `${namespace ?? 'https://pulumi.com/'}${name}`)];
  const minted = which === 'v1' ? BY_NAME : ofIds;
  if (minted.includes(claim)) return [];
  const near = minted.find((name) => name.endsWith(`/${claim}`)) ?? nearest(claim, minted);
  const instead = near === undefined ? `It mints ${minted.join(', ')}.` : `Write ${near}.`;
  const text = `No token of this issuer has a claim "${claim}". ${instead}`;
  return [{ code: `${party}_claim_never_minted`, condition, text }];
};

/** Does a document that admits what is presented admit the same from another organization? */
export const remarksOnOrganizations = (
  party: Party,
  condition: string,
  presented: Presented,
  admits: (presented: Presented) => boolean,
): readonly Warning[] => {
  const others = mutations(presented).filter(({ field }) => field === 'organization');
  if (!admits(presented) || !others.some((other) => admits(other.presented))) return [];
  const sub = String(presented.claims['sub']);
  const [organization] = /^[^:]+:(?:(?:deploy|environments):)?(?:org|pulumi\.organization\.login):[^:]+/.exec(sub) ?? [
    sub,
  ];
  const text = `It lets other organizations of this installation in. Ask for a sub that begins with "${organization}:".`;
  return [{ code: `${party}_any_organization`, condition, text }];
};

/** Each warning once: of several about the same place and code the first, and of what lets all organizations in, too. */
export const once = (warnings: readonly Warning[]): readonly Warning[] =>
  warnings.filter(({ code, condition }, at) => {
    const isWide = code.endsWith('_any_organization');
    return warnings.findIndex((other) => other.code === code && (isWide || other.condition === condition)) === at;
  });

/** Warnings that say more than the reasons at the same place do. */
export const beside = (reasons: readonly Reason[], warnings: readonly Warning[]): readonly Warning[] =>
  warnings.filter(
    ({ code, condition }) =>
      code.endsWith('_never_minted') || !reasons.some((reason) => reason.condition === condition),
  );

import { nearest } from '../nearest.ts';
import { canonicalPath } from './claim-path.ts';
import { type KnownIssuer, knownIssuer } from './known-issuers.ts';
import type { Definition, Dialect, LintFinding, PolicyDocument } from './policy.ts';
import { isIdentity, keepsNobodyOut, masked, matchesAnything, openPrefix, type Rule } from './rule-patterns.ts';

/** Every code of a finding. docs/policies.md explains each. */
export const LINT_CODES = {
  matches_everything: 'refused',
  no_identity_rule: 'warning',
  open_prefix: 'warning',
  shared_issuer: 'warning',
  no_audience_rule: 'warning',
  dot_matches_any: 'warning',
  unknown_role: 'warning',
  grants_nothing: 'warning',
  replay_allowed: 'warning',
} as const satisfies Readonly<Record<string, LintFinding['severity']>>;

/** The trusted issuer that a document belongs to: what `iss` is, and whether a token may be exchanged twice. */
interface LintedIssuer {
  readonly issuer: string;
  readonly replay: 'allow' | 'retry-window' | 'once';
  /** Set where it is one of this installation's own issuers. */
  readonly ours?: 'v1' | 'v2';
}

/** An allow, and what is needed to judge it. */
interface Allow {
  readonly definition: Definition;
  readonly rules: readonly Rule[];
  readonly dialect: Dialect;
  readonly issuer: string;
  readonly known: KnownIssuer | undefined;
  readonly roles: ReadonlySet<string> | undefined;
}

/** A finding before it is told which definition it is about. */
type Remark = Pick<LintFinding, 'claim' | 'message' | 'suggestion'> & { readonly code: keyof typeof LINT_CODES };
type Check = (allow: Allow) => readonly Remark[];

/**
 * What is unwise about a policy document, with something better to write.
 *
 * Only allows are looked at: a deny that matches too much keeps people out and lets nobody in. `roles`: names of the
 * organization's roles, where they are known.
 */
export const lint = (
  document: PolicyDocument,
  issuer: LintedIssuer,
  roles?: ReadonlySet<string>,
): readonly LintFinding[] => {
  const { dialect, policies } = document;
  const known = knownIssuer(issuer.issuer, issuer.ours);
  const ofDefinitions = policies.flatMap((definition, index) => {
    if (definition.decision !== 'allow') return [];
    const allow = { definition, rules: rulesOf(definition, dialect), dialect, issuer: issuer.issuer, known, roles };
    const { reason } = definition;
    return CHECKS.flatMap((check) => check(allow)).map((remark) => ({
      ...withSeverity(remark),
      index,
      ...(reason !== undefined && { reason }),
    }));
  });
  const allowsSomething = policies.some(({ decision }) => decision === 'allow');
  return [...ofDefinitions, ...(allowsSomething ? replayAllowed(issuer, known).map(withSeverity) : [])];
};

const withSeverity = (remark: Remark): LintFinding => ({ ...remark, severity: LINT_CODES[remark.code] });

const rulesOf = ({ rules }: Definition, dialect: Dialect): readonly Rule[] =>
  Object.entries(rules).map(([written, pattern]) => ({ written, claim: canonicalPath(written), pattern, dialect }));

/** A rule as text to copy. */
const rule = (claim: string, pattern: string): string =>
  `${claim.includes('"') ? `'${claim}'` : claim}: ${JSON.stringify(pattern)}`;

const workloadRule = (known: KnownIssuer | undefined): string =>
  rule('sub', known?.workload ?? '<the subject of the workload>');

const matchesEverything: Check = ({ rules, issuer, known }) => {
  if (!rules.every((each) => keepsNobodyOut(each, issuer, known?.present ?? []))) return [];
  const message =
    rules.length === 0
      ? 'It has no rules, so it matches every token of the issuer.'
      : 'Its rules match every token of the issuer.';
  return [{ code: 'matches_everything', message, suggestion: workloadRule(known) }];
};

const namesSomebody = (claim: string, known: KnownIssuer | undefined): boolean =>
  known ? claim === 'sub' || Object.hasOwn(known.tenant, claim) || known.identity.includes(claim) : isIdentity(claim);

const noIdentity: Check = ({ rules, known }) => {
  if (rules.some((each) => namesSomebody(each.claim, known) && !matchesAnything(each))) return [];
  const message =
    'No rule says to whom the token was issued: neither one on sub nor one on another claim that names somebody.';
  return [{ code: 'no_identity_rule', message, suggestion: workloadRule(known) }];
};

const openPrefixes: Check = ({ rules, known }) =>
  rules.flatMap((each) => {
    const open = each.claim === 'aud' || namesSomebody(each.claim, known) ? openPrefix(each) : undefined;
    if (!open) return [];
    const message = `The "*" stands right after "${open.prefix}", so every name that begins so matches, too.`;
    return [{ code: 'open_prefix', claim: each.written, message, suggestion: rule(each.written, open.suggestion) }];
  });

const sharedIssuer: Check = ({ rules, known }) => {
  if (!known?.shared || rules.some((each) => pinsTenant(each, known))) return [];
  const message = `${known.name} signs tokens for everybody who has an account there, and no rule writes out whose are meant.`;
  return [{ code: 'shared_issuer', message, suggestion: rule('sub', known.everythingOfTenant) }];
};

const pinsTenant = (each: Rule, { tenant }: KnownIssuer): boolean =>
  Object.hasOwn(tenant, each.claim) && (tenant[each.claim]?.test(masked(each)) ?? false);

const noAudience: Check = ({ rules }) => {
  if (rules.some((each) => each.claim === 'aud' && !matchesAnything(each))) return [];
  const message = 'No rule on aud, so a token that was made for somebody else is taken, too.';
  return [{ code: 'no_audience_rule', message, suggestion: rule('aud', 'urn:pulumi:org:<organization>') }];
};

/** A dot or a question mark beside a letter or digit looks as if it stood for itself. */
const LOOKS_LITERAL = /[\p{L}\p{N}][.?]|[.?][\p{L}\p{N}]/u;

const dotMatchesAny: Check = ({ definition: { teamName }, rules, dialect }) => {
  if (dialect !== 'pulumi') return [];
  const patterns = [
    ...rules.map(({ written, pattern }) => ({ claim: written, pattern })),
    ...(teamName === undefined ? [] : [{ pattern: teamName }]),
  ];
  return patterns
    .filter(({ pattern }) => LOOKS_LITERAL.test(pattern))
    .map(({ pattern, ...where }) => {
      const message = `In "${pattern}", "." matches any one character and "?" none or one: in the pulumi dialect nothing makes them literal.`;
      return { code: 'dot_matches_any', ...where, message, suggestion: 'dialect: strict' };
    });
};

const roleRemarks: Check = ({ definition: { tokenType, roleID, authorizedPermissions }, roles }) => {
  if (tokenType !== 'organization') return [];
  if (roleID === undefined) {
    if (authorizedPermissions.includes('admin')) return [];
    const message =
      'It names no role and makes no administrator, so its tokens may do nothing but ask who they are (/api/user).';
    return [{ code: 'grants_nothing', message, suggestion: 'roleID: "<role of the organization>"' }];
  }
  if (!roles || roles.has(roleID)) return [];
  const near = nearest(roleID, roles) ?? '<role of the organization>';
  return [
    {
      code: 'unknown_role',
      message: `The organization has no role "${roleID}", so the role gives its tokens nothing.`,
      suggestion: `roleID: ${JSON.stringify(near)}`,
    },
  ];
};

const CHECKS: readonly Check[] = [
  matchesEverything,
  noIdentity,
  openPrefixes,
  sharedIssuer,
  noAudience,
  dotMatchesAny,
  roleRemarks,
];

const replayAllowed = ({ replay }: LintedIssuer, known: KnownIssuer | undefined): readonly Remark[] => {
  if (!known?.perRequest || replay !== 'allow') return [];
  const message = `${known.name} makes a token for each request, so one that comes twice may have been stolen.`;
  return [{ code: 'replay_allowed', message, suggestion: 'replay: retry-window' }];
};

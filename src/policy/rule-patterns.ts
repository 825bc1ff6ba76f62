import { isWildcard, match } from './match.ts';
import type { Dialect } from './policy.ts';

/** A rule as the linter looks at it. */
export interface Rule {
  /** As it is written. */
  readonly written: string;
  /** The claim's path in its canonical form. */
  readonly claim: string;
  readonly pattern: string;
  readonly dialect: Dialect;
}

/** The pattern with a line feed for every wildcard: of the same length, with only literal characters left as they are. */
export const masked = ({ pattern, dialect }: Rule): string =>
  pattern.replace(/[\s\S]/g, (character) => (isWildcard(character, dialect) ? '\n' : character));

/** Does it match whatever the claim says? Wildcards only, and one of them for any run of characters. */
export const matchesAnything = (rule: Rule): boolean => /^\n+$/.test(masked(rule)) && rule.pattern.includes('*');

/** Ten digits of the two first decades: what times in seconds have looked like since 2020, and will until 2033. */
const TIMES = ['1600000000', '1777777777', '1999999999'];

/** Does a rule keep no token of the issuer out? `present`: claims that all its tokens have beside the registered ones. */
export const keepsNobodyOut = (rule: Rule, issuer: string, present: readonly string[]): boolean => {
  switch (rule.claim) {
    case 'iss':
      return match(rule.pattern, issuer, rule.dialect) === true;
    case 'exp':
    case 'iat':
    case 'nbf':
      return TIMES.every((time) => match(rule.pattern, time, rule.dialect) === true);
    default:
      return ['sub', 'aud', 'jti', ...present].includes(rule.claim) && matchesAnything(rule);
  }
};

/**
 * Claims that say under which circumstances a token was issued, not to whom: whoever runs something somewhere at such
 * an issuer can have them, too.
 */
const CIRCUMSTANCES = new Set([
  ...['iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'auth_time', 'acr', 'amr', 'at_hash', 'nonce', 'sid', 'typ', 'ver'],
  ...['scope', 'scp', 'email_verified', 'token_use'],
  ...['ref', 'ref_type', 'ref_protected', 'ref_path', 'sha', 'base_ref', 'head_ref', 'event_name', 'actor', 'actor_id'],
  ...['environment', 'environment_protected', 'environment_action', 'environment_node_id', 'deployment_tier'],
  ...['run_id', 'run_number', 'run_attempt', 'runner_environment', 'runner_id', 'workflow', 'workflow_sha'],
  ...['repository_visibility', 'project_visibility', 'pipeline_id', 'pipeline_source', 'job_id', 'job_source'],
  ...[
    'build_branch',
    'build_tag',
    'build_commit',
    'build_number',
    'build_source',
    'step_key',
    'operation',
    'deployment',
  ],
]);

/** Does this claim say to whom a token of somebody's own issuer was issued? */
export const isIdentity = (claim: string): boolean =>
  !CIRCUMSTANCES.has(claim) &&
  !/^"kubernetes\.io"\.(?:pod|node)\b/.test(claim) &&
  claim !== '"kubernetes.io".warnafter';

/** How the names in a claim are made: both are held against the text before a wildcard. */
interface Anatomy {
  /** It ends inside the name of a tenant, which any stranger may continue: even after a hyphen. */
  readonly inTenant?: RegExp;
  /** It ends where no name of a workload stands: a branch, a commit. */
  readonly behindNames?: RegExp;
}

const FIRST: Anatomy = { inTenant: /^[^/]+$/ };
const WORKFLOW: Anatomy = { ...FIRST, behindNames: /^[^/]+\/[^/]+\// };
const ID: Anatomy = { inTenant: /./ };

const ANATOMY: ReadonlyMap<string, Anatomy> = new Map<string, Anatomy>([
  [
    'sub',
    {
      inTenant:
        /^(?:(?:repo|repository|project_path|namespace_path):[^/:@]+|(?:organization|repository_owner|[a-z_]+_id):[^:]+|org\/[^/]+|[^:]+:(?:deploy|environments|org):(?:org:)?[^:]+)$/,
      behindNames:
        /^(?:repo|repository|project_path):[^:]*:(?!environment:)|:(?:ref|commit|step|run_phase|operation|scope)(?::|$)|\/vcs-(?:origin|ref)\//,
    },
  ],
  ['aud', { inTenant: /^(?:urn:pulumi:org:[^:]+|https:\/\/github\.com\/[^/]+)$/ }],
  ['repository', FIRST],
  ['project_path', FIRST],
  ['namespace_path', FIRST],
  ['job_project_path', FIRST],
  ['job_namespace_path', FIRST],
  ['workflow_ref', WORKFLOW],
  ['job_workflow_ref', WORKFLOW],
  ['terraform_full_workspace', { inTenant: /^organization:[^:]+$/ }],
  ...['repository_owner', 'enterprise', 'organization_slug', 'terraform_organization_name', 'hd'].map(
    (claim) => [claim, ID] as const,
  ),
]);

/** A `*` that lets another name pass, and the pattern that would not. */
export interface OpenPrefix {
  /** What stands before the wildcard. */
  readonly prefix: string;
  readonly suggestion: string;
}

/**
 * The first `*` that stands right after a name, without the separator that ends it: `acme*` is also `acme-evil`.
 *
 * A name ends at a letter or digit; what an author ended with a hyphen is meant so, unless strangers may go on with
 * it: in the name of a tenant, and in ids.
 */
export const openPrefix = (rule: Rule): OpenPrefix | undefined => {
  const { pattern, claim } = rule;
  const { inTenant, behindNames } = ANATOMY.get(claim) ?? (/(?:^|[_-])id"?$/.test(claim) ? ID : {});
  for (const found of masked(rule).matchAll(/\n+/g)) {
    const prefix = pattern.slice(0, found.index);
    const end = found.index + found[0].length;
    if (!pattern.slice(found.index, end).includes('*') || behindNames?.test(prefix)) continue;
    if (inTenant?.test(prefix) || /[\p{L}\p{N}]$/u.test(prefix)) {
      return { prefix, suggestion: closed(claim, prefix, pattern.slice(end)) };
    }
  }
  return undefined;
};

/** The same pattern with the name ended: by what stands behind it anyhow, by a separator, or by its own end. */
const closed = (claim: string, prefix: string, rest: string): string => {
  const name = prefix.replace(/[-_.]+$/, '');
  if (/^[/:@]/.test(rest)) return name + rest;
  const separator = separatorAfter(claim, name);
  return separator === '' ? name + rest : `${name}${separator}*${rest}`;
};

/** What ends a name in a subject; the first form that fits counts. */
const SUBJECT_SEPARATORS: readonly (readonly [RegExp, string])[] = [
  [/^(?:repo|repository|project_path|namespace_path):[^/]*$/, '/'],
  [/^org\//, '/'],
  [/:environment:|^system:serviceaccount:[^:]+:/, ''],
  [/:/, ':'],
];

const separatorAfter = (claim: string, name: string): string => {
  const anatomy = ANATOMY.get(claim);
  if (claim === 'sub') return SUBJECT_SEPARATORS.find(([form]) => form.test(name))?.[1] ?? '';
  if (claim === 'terraform_full_workspace') return ':';
  return anatomy === WORKFLOW || (anatomy === FIRST && !name.includes('/')) ? '/' : '';
};

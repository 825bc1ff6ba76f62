import { lint } from '../../src/policy/lint.ts';
import type { Definition, Dialect, LintFinding, PolicyDocument } from '../../src/policy/policy.ts';

export const GITHUB = 'https://token.actions.githubusercontent.com';
export const GITLAB = 'https://gitlab.com';
export const BUILDKITE = 'https://agent.buildkite.com';
export const TERRAFORM = 'https://app.terraform.io';
export const CIRCLECI = 'https://oidc.circleci.com';
export const GOOGLE = 'https://accounts.google.com';
export const PULUMI_CLOUD = 'https://api.pulumi.com/oidc';
/** An issuer of one's own: a cluster, a server inside the company. */
export const OWN = 'https://kubernetes.acme.example';

export const AUD = { aud: 'urn:pulumi:org:acme' } as const;
export const SERVICEACCOUNT = '"kubernetes.io".serviceaccount.name';
export const NAMESPACE = '"kubernetes.io".namespace';

/** Issuer and rules of an allow, with the dialect and other members where they matter. */
export interface Sample {
  readonly issuer: string;
  readonly rules: Readonly<Record<string, string>>;
  readonly dialect?: Dialect;
  readonly more?: Partial<Definition>;
}

export const allow = (rules: Readonly<Record<string, string>>, more: Partial<Definition> = {}): Definition => ({
  decision: 'allow',
  tokenType: 'organization',
  roleID: 'deployer',
  authorizedPermissions: [],
  rules,
  ...more,
});

export const deny = (rules: Readonly<Record<string, string>>, more: Partial<Definition> = {}): Definition => ({
  decision: 'deny',
  tokenType: 'organization',
  authorizedPermissions: [],
  rules,
  ...more,
});

export const policy = (policies: readonly Definition[], dialect: Dialect = 'strict'): PolicyDocument => ({
  dialect,
  mode: 'enforce',
  policies,
});

export const lintSample = ({ issuer, rules, dialect, more }: Sample): readonly LintFinding[] =>
  lint(policy([allow(rules, more)], dialect), { issuer, replay: 'retry-window' }, new Set(['deployer', 'reader']));

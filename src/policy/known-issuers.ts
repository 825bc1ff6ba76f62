/**
 * What is known of public issuers: by which claims their tokens tell one tenant from another.
 *
 * The expressions are held against a rule's pattern in which every wildcard was replaced by a line feed (`masked` in
 * rule-patterns.ts): `[^\n]` is a character that is written out.
 */
export interface KnownIssuer {
  readonly name: string;
  /** Signs for strangers, too, under the same `iss`: a policy that names no tenant trusts them all. */
  readonly shared: boolean;
  /** Mints a token for each request, so nobody needs to exchange one twice. */
  readonly perRequest: boolean;
  /** Claims that can name the tenant, and how a pattern does. */
  readonly tenant: Readonly<Record<string, RegExp>>;
  /** Claims of its own that every token has. */
  readonly present: readonly string[];
  /** Further claims that say to whom a token was issued, though not to whose. */
  readonly identity: readonly string[];
  /** What `sub` looks like for one workload, and for the whole tenant. */
  readonly workload: string;
  readonly everythingOfTenant: string;
}

/**
 * What is known of the issuer of tokens with this `iss`; `undefined` for somebody's own issuer.
 *
 * `ours`: it is one of this installation's, which all of its organizations share.
 */
export const knownIssuer = (iss: string, ours: 'v1' | 'v2' | undefined): KnownIssuer | undefined => {
  if (ours !== undefined) return { ...(ours === 'v1' ? BY_NAME : BY_ID), name: 'This installation' };
  const url = iss.replace(/\/$/, '');
  const known = ISSUERS[url];
  if (known && Object.hasOwn(ISSUERS, url)) return known;
  const above = OWN_BELOW.find((prefix) => url.startsWith(prefix));
  const shared = above === undefined ? undefined : ISSUERS[above.replace(/\/(?:org\/)?$/, '')];
  return shared && { ...shared, shared: false };
};

/** Below these one enterprise or organization has an issuer of its own. */
const OWN_BELOW = ['https://token.actions.githubusercontent.com/', 'https://oidc.circleci.com/org/'];

/** All of it is written out. */
const WHOLE = /^[^\n]+$/;
/** What stands before the first slash is. */
const FIRST_SEGMENT = /^[^/\n]+(?:\/|$)/;
/** The organization of a subject that begins with it is. */
const ORGANIZATION_FIRST = /^organization:[^:\n]+(?::|$)/;

const whole = (...claims: readonly string[]): Readonly<Record<string, RegExp>> =>
  Object.fromEntries(claims.map((claim) => [claim, WHOLE]));

/** An issuer of runs and environments that speaks in names: v1 of ours, and Pulumi Cloud's. Its `aud` names the organization. */
const BY_NAME: KnownIssuer = {
  name: 'Pulumi Cloud',
  shared: true,
  perRequest: false,
  present: ['org'],
  tenant: {
    sub: /^[a-z][a-z0-9-]*:(?:deploy:org|environments:org|environments:pulumi\.organization\.login):[^:\n]+(?::|$)/,
    stackId: FIRST_SEGMENT,
    ...whole('aud', 'org'),
  },
  identity: ['project', 'stack', 'current_env', 'root_env', 'trigger_user'],
  workload: 'pulumi:deploy:org:<organization>:project:<project>:stack:<stack>:operation:*:scope:write',
  everythingOfTenant: 'pulumi:deploy:org:<organization>:*',
};

/** The same in ids: v2. Here `aud` is whatever its caller asked for. */
const BY_ID: KnownIssuer = {
  ...BY_NAME,
  present: ['"https://pulumi.com/org"', '"https://pulumi.com/org_id"'],
  tenant: {
    sub: /^[a-z][a-z0-9-]*:org:[^:\n]+(?::|$)/,
    ...whole('"https://pulumi.com/org"', '"https://pulumi.com/org_id"'),
  },
  identity: ['"https://pulumi.com/project"', '"https://pulumi.com/stack"', '"https://pulumi.com/stack_id"'],
  workload: 'pulumi:org:<organization id>:stack:<stack id>:operation:*',
  everythingOfTenant: 'pulumi:org:<organization id>:*',
};

const ISSUERS: Readonly<Record<string, KnownIssuer>> = {
  'https://token.actions.githubusercontent.com': {
    name: 'GitHub Actions',
    shared: true,
    perRequest: true,
    present: [
      'repository',
      'repository_id',
      'repository_owner',
      'repository_owner_id',
      'workflow_ref',
      'job_workflow_ref',
    ],
    tenant: {
      // The keys of a customized subject come in any order; a ":" inside a value is written %3A.
      sub: /^(?:[^\n]*:)?(?:repo(?:sitory)?:[^/@:\n]+[/@]|(?:(?:repository|repository_owner|enterprise)_id|repository_owner|enterprise):[^:\n]+(?::|$)|workflow_ref:[^/:\n]+\/)/,
      repository: FIRST_SEGMENT,
      workflow_ref: FIRST_SEGMENT,
      ...whole('repository_owner', 'repository_owner_id', 'repository_id', 'enterprise', 'enterprise_id'),
    },
    // A called workflow says nothing of its caller: a public one runs in anybody's repository.
    identity: ['job_workflow_ref'],
    workload: 'repo:<owner>/<repository>:*',
    everythingOfTenant: 'repo:<owner>/*',
  },
  'https://gitlab.com': {
    name: 'GitLab.com',
    shared: true,
    perRequest: false,
    present: ['project_path', 'project_id', 'namespace_path', 'namespace_id', 'user_id', 'user_login'],
    tenant: {
      sub: /^(?:[^\n]*:)?(?:project_path:[^/:\n]+\/|(?:project|namespace)_id:[^:\n]+(?::|$)|namespace_path:[^/:\n]+(?:[/:]|$))/,
      project_path: FIRST_SEGMENT,
      namespace_path: FIRST_SEGMENT,
      job_project_path: FIRST_SEGMENT,
      job_namespace_path: FIRST_SEGMENT,
      ...whole('project_id', 'namespace_id', 'job_project_id', 'job_namespace_id'),
    },
    // A user may run a pipeline in anybody's project.
    identity: ['user_id', 'user_login', 'user_email'],
    workload: 'project_path:<group>/<project>:*',
    everythingOfTenant: 'project_path:<group>/*',
  },
  'https://agent.buildkite.com': {
    name: 'Buildkite',
    shared: true,
    perRequest: true,
    present: ['organization_slug', 'pipeline_slug'],
    tenant: {
      // A customized subject is one of the ids, and they are given once.
      sub: /^organization:[^:\n]+(?::|$)|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      ...whole('organization_slug', 'organization_id', 'pipeline_id', 'cluster_id', 'queue_id', 'agent_id'),
    },
    identity: ['pipeline_slug'],
    workload: 'organization:<organization>:pipeline:<pipeline>:*',
    everythingOfTenant: 'organization:<organization>:*',
  },
  'https://app.terraform.io': {
    name: 'HCP Terraform',
    shared: true,
    perRequest: false,
    present: ['terraform_organization_id', 'terraform_organization_name', 'terraform_project_id'],
    tenant: {
      sub: ORGANIZATION_FIRST,
      terraform_full_workspace: ORGANIZATION_FIRST,
      ...whole('terraform_organization_id', 'terraform_organization_name'),
      ...whole('terraform_project_id', 'terraform_workspace_id', 'terraform_stack_id'),
    },
    identity: ['terraform_project_name', 'terraform_workspace_name', 'terraform_stack_name'],
    workload: 'organization:<organization>:project:<project>:workspace:<workspace>:*',
    everythingOfTenant: 'organization:<organization>:*',
  },
  'https://oidc.circleci.com': {
    name: 'CircleCI',
    shared: true,
    perRequest: true,
    present: ['"oidc.circleci.com/project-id"'],
    tenant: {
      sub: /^org\/[^/\n]+(?:\/|$)/,
      ...whole('"oidc.circleci.com/org-id"', '"oidc.circleci.com/project-id"', '"oidc.circleci.com/context-ids"'),
    },
    identity: [],
    workload: 'org/<organization id>/project/<project id>/*',
    everythingOfTenant: 'org/<organization id>/*',
  },
  'https://api.pulumi.com/oidc': BY_NAME,
  'https://api.pulumi.com/oidc/v2': BY_ID,
  'https://accounts.google.com': {
    name: 'Google',
    shared: true,
    perRequest: false,
    present: ['azp'],
    tenant: {
      email: /^[^\n]+$|@[^@\n]+$/,
      ...whole('sub', 'hd', 'azp'),
      ...whole('google.compute_engine.project_id', 'google.compute_engine.project_number'),
    },
    identity: [],
    workload: '<unique id of the service account>',
    everythingOfTenant: '<unique id of the service account>',
  },
};

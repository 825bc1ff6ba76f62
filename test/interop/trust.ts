import type { TestServer } from '../server.ts';
import type { OutsideIssuer } from './outside-issuer.ts';

/** A definition as it is sent: see `Definition` of the policy room. */
export interface SentDefinition {
  readonly decision: 'allow' | 'deny';
  readonly tokenType: 'organization' | 'team' | 'personal' | 'runner';
  readonly authorizedPermissions: readonly string[];
  readonly rules: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** Jobs of acme's repositories, by the audience that stock clients ask for. */
const JOBS = { aud: 'urn:pulumi:org:acme', sub: 'repo:acme/core:*', repository_owner: 'acme' };

/** What the job of `githubClaims` gets: a role of the organization, team `ops`, person `carol`; never from a pull request. */
export const POLICIES: readonly SentDefinition[] = [
  { decision: 'allow', tokenType: 'organization', authorizedPermissions: [], roleID: 'deployer', rules: JOBS },
  { decision: 'allow', tokenType: 'team', teamName: 'ops', authorizedPermissions: [], rules: JOBS },
  { decision: 'allow', tokenType: 'personal', userLogin: 'carol', authorizedPermissions: [], rules: JOBS },
  {
    decision: 'deny',
    tokenType: 'organization',
    authorizedPermissions: [],
    rules: { event_name: 'pull_request' },
  },
];

/** Registers an issuer at acme with uploaded keys, and writes its policy, as an administrator does over the API. */
export const trust = async (
  server: TestServer,
  outside: OutsideIssuer,
  policies: readonly SentDefinition[] = POLICIES,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly policyId: string }> => {
  const body = { name: 'github', url: outside.issuer, jwks: outside.jwks, ...more };
  const made = await server.ask('POST', '/api/orgs/acme/oidc/issuers', { as: 'admin', json: body });
  if (made.status !== 200) throw new Error(`the issuer was not registered: ${made.text}`);
  const id: string = made.json.id;
  const policy = await server.ask('GET', `/api/orgs/acme/auth/policies/oidcissuers/${id}`, { as: 'admin' });
  const policyId: string = policy.json.id;
  const saved = await server.ask('PATCH', `/api/orgs/acme/auth/policies/${policyId}`, {
    as: 'admin',
    json: { policies },
  });
  if (saved.status !== 200) throw new Error(`the policy was not saved: ${saved.text}`);
  return { id, policyId };
};

/** The seven parameters as the stock command line sends them for an organization token. */
export const exchangeParameters = (subjectToken: string, changes: Readonly<Record<string, string>> = {}) => ({
  audience: 'urn:pulumi:org:acme',
  expiration: '7200',
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  requested_token_type: 'urn:pulumi:token-type:access_token:organization',
  scope: '',
  subject_token: subjectToken,
  subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  ...changes,
});

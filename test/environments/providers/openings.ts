import assert from 'node:assert/strict';
import type { LoginProvider } from '../../../src/environments/providers/provider.ts';
import { LOGIN_PROVIDERS_BY_NAME } from '../../../src/environments/providers/table.ts';
import type { LoginContext, LoginIssuer } from '../../../src/environments/providers/token-for.ts';
import { isNumberText, type Plain } from '../../../src/environments/values.ts';

export const ISSUERS: Readonly<Record<'v1' | 'v2', LoginIssuer>> = {
  v1: { url: 'https://id.example.com/oidc', subjectPrefix: 'pulumi', claimNamespace: 'https://pulumi.com/' },
  v2: { url: 'https://id.example.com/oidc/v2', subjectPrefix: 'pulumi', claimNamespace: 'https://pulumi.com/' },
};

export const IDS = {
  org: '11111111-1111-4111-8111-111111111111',
  root: '22222222-2222-4222-8222-222222222222',
  current: '33333333-3333-4333-8333-333333333333',
};

/** `project/app` was opened by alice; `logins/aws` declares the login. */
export const CONTEXT: LoginContext = {
  organization: { id: IDS.org, name: 'acme' },
  user: 'alice',
  token: { type: 'personal', team: '' },
  current: { project: 'logins', name: 'aws', id: IDS.current },
  root: { project: 'project', name: 'app', id: IDS.root },
};

export const providerNamed = (name: string): LoginProvider => LOGIN_PROVIDERS_BY_NAME.get(name) ?? assert.fail(name);

/** A plain value as JSON would give it. */
export const jsonOf = (plain: Plain): unknown => {
  if (isNumberText(plain)) return Number(plain.number);
  if (Array.isArray(plain)) return plain.map(jsonOf);
  if (plain instanceof Map) return Object.fromEntries([...plain].map(([key, value]) => [key, jsonOf(value)]));
  return plain;
};

/** Inputs with which each login asks for an ID token. */
export const WITH_TOKEN: Readonly<Record<string, object>> = {
  'aws-login': { oidc: { roleArn: 'arn:aws:iam::123456789012:role/deploy', sessionName: 'runpass' } },
  'azure-login': { clientId: 'c', tenantId: 't', oidc: true },
  'gcp-login': {
    project: 951040570662,
    oidc: { workloadPoolId: 'pool', providerId: 'provider', serviceAccount: 'a@b.iam.gserviceaccount.com' },
  },
  'vault-login': { address: 'https://vault.example.com', jwt: { role: 'reader' } },
  'doppler-login': { oidc: { identityId: '00000000-0000-4000-8000-000000000000' } },
  'infisical-login': { oidc: { identityId: 'identity' } },
  'snowflake-login': { oidc: { account: 'org-account', user: 'ESC_USER' } },
};

export const V2_INPUTS = { audience: 'https://registry.example.com', identityToken: { version: 'v2' } };

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { childEnvironment } from '../../src/runner/child-environment.ts';
import { type Credentials, type PublishWish, publishedBy } from '../../src/runner/published.ts';
import { Secret } from '../../src/secret.ts';
import { makeToken } from './tokens.ts';

const NOW = Date.UTC(2026, 0, 1);
const token = makeToken(NOW, 3600);
const azureToken = makeToken(NOW, 3600, { aud: 'api://AzureADTokenExchange' });
const role = {
  roleArn: 'arn:aws:iam::111122223333:role/deploy',
  sessionName: 'acme-core-dev-7',
  durationSeconds: 3600,
  policyArns: [],
};
const provider = { project: '951040570662', location: 'global', pool: 'the-pool', provider: 'the-provider' };

const CREDENTIALS = {
  keys: {
    kind: 'keys',
    role,
    keys: {
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: new Secret('secret-key'),
      sessionToken: new Secret('session-token'),
    },
  },
  file: { kind: 'file', role, path: '/run/aws-token' },
  azure: {
    client: { clientId: 'client', tenantId: 'tenant', subscriptionId: 'subscription' },
    token: azureToken,
    path: '/run/azure-token',
  },
  google: {
    account: { provider, serviceAccount: 'deploy@core.iam.gserviceaccount.com', tokenLifetime: 1800 },
    path: '/run/google-token',
    configPath: '/run/google-credentials.json',
  },
  vault: {
    role: { server: { address: 'https://vault.test', namespace: 'admin' }, mount: 'jwt', role: 'deployer' },
    token: new Secret('hvs.token'),
  },
} as const;

const GOOGLE_CONFIG = {
  type: 'external_account',
  audience:
    '//iam.googleapis.com/projects/951040570662/locations/global/workloadIdentityPools/the-pool/providers/the-provider',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
  credential_source: { file: '/run/google-token', format: { type: 'text' } },
  service_account_impersonation_url:
    'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/deploy@core.iam.gserviceaccount.com:generateAccessToken',
  service_account_impersonation: { token_lifetime_seconds: 1800 },
};

const WISH: PublishWish = {
  requests: { url: 'https://id.test/oidc/runs/1/token?v=1', token: new Secret('rpr_request') },
  asActions: false,
  endpoints: {},
  inherited: {},
};
const published = (credentials: Partial<Credentials> = {}, wish: Partial<PublishWish> = {}) =>
  publishedBy({ token, ...credentials }, { ...WISH, ...wish });

const ALWAYS = {
  PULUMI_OIDC_TOKEN: token.text.reveal(),
  RUNPASS_ID_TOKEN_REQUEST_URL: WISH.requests.url,
  RUNPASS_ID_TOKEN_REQUEST_TOKEN: 'rpr_request',
};
const ACTIONS = { ACTIONS_ID_TOKEN_REQUEST_URL: WISH.requests.url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'rpr_request' };

/** The list of the issue, cloud by cloud: these names, and no others. */
const TABLE: readonly (readonly [
  what: string,
  credentials: Partial<Credentials>,
  set: Readonly<Record<string, string>>,
])[] = [
  ['nothing but the token', {}, {}],
  [
    'AWS keys: what the seed says is published',
    { aws: CREDENTIALS.keys },
    { AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret-key', AWS_SESSION_TOKEN: 'session-token' },
  ],
  [
    'a token file for AWS',
    { aws: CREDENTIALS.file },
    {
      AWS_WEB_IDENTITY_TOKEN_FILE: '/run/aws-token',
      AWS_ROLE_ARN: role.roleArn,
      AWS_ROLE_SESSION_NAME: role.sessionName,
    },
  ],
  [
    'Azure',
    { azure: CREDENTIALS.azure },
    {
      ARM_USE_OIDC: 'true',
      ARM_CLIENT_ID: 'client',
      ARM_TENANT_ID: 'tenant',
      ARM_SUBSCRIPTION_ID: 'subscription',
      ARM_OIDC_TOKEN: azureToken.text.reveal(),
      ARM_OIDC_REQUEST_URL:
        'https://id.test/oidc/runs/1/token?v=1&target=azure&audience=api%3A%2F%2FAzureADTokenExchange',
      ARM_OIDC_REQUEST_TOKEN: 'rpr_request',
      AZURE_CLIENT_ID: 'client',
      AZURE_TENANT_ID: 'tenant',
      AZURE_FEDERATED_TOKEN_FILE: '/run/azure-token',
    },
  ],
  [
    'Google',
    { google: CREDENTIALS.google },
    {
      GOOGLE_APPLICATION_CREDENTIALS: '/run/google-credentials.json',
      GOOGLE_CREDENTIALS: JSON.stringify(GOOGLE_CONFIG),
    },
  ],
  [
    'Vault',
    { vault: CREDENTIALS.vault },
    { VAULT_TOKEN: 'hvs.token', VAULT_ADDR: 'https://vault.test', VAULT_NAMESPACE: 'admin' },
  ],
];

describe('what is published', () => {
  for (const [what, credentials, set] of TABLE) {
    test(what, () => assert.deepEqual(published(credentials).set, { ...ALWAYS, ...set, ...ACTIONS }));
  }

  test('everything at once is all of it', () => {
    const { keys, azure, google, vault } = CREDENTIALS;
    const expected = Object.assign(
      {},
      ALWAYS,
      ACTIONS,
      ...TABLE.filter(([what]) => what !== 'a token file for AWS').map(([, , set]) => set),
    );
    assert.deepEqual(published({ aws: keys, azure, google, vault }).set, expected);
  });

  test('what the settings do not say is not published', () => {
    const { set } = published({ azure: { ...CREDENTIALS.azure, client: {} } });
    assert.deepEqual(
      Object.keys(set).filter((name) => /CLIENT|TENANT|SUBSCRIPTION/.test(name)),
      [],
    );
    const { tokenLifetime: _none, ...account } = CREDENTIALS.google.account;
    const google = JSON.parse(
      published({ google: { ...CREDENTIALS.google, account } }).set['GOOGLE_CREDENTIALS'] ?? '',
    );
    assert.ok(!('service_account_impersonation' in google));
  });

  test("a GitHub job's own requests are not replaced, unless that is asked for", () => {
    const inherited = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.test?x=1', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'g' };
    assert.deepEqual(published({}, { inherited }).set, ALWAYS);
    assert.deepEqual(published({}, { inherited, asActions: true }).set, { ...ALWAYS, ...ACTIONS });
    const nested = { ACTIONS_ID_TOKEN_REQUEST_URL: 'ours', RUNPASS_ID_TOKEN_REQUEST_URL: 'ours' };
    assert.deepEqual(published({}, { inherited: nested }).set, { ...ALWAYS, ...ACTIONS });
    assert.deepEqual(published({}, { inherited: { ACTIONS_ID_TOKEN_REQUEST_URL: '' } }).set, { ...ALWAYS, ...ACTIONS });
  });

  test('Google is asked where the endpoints say', () => {
    const endpoints = { googleSts: 'https://sts.test', googleIamCredentials: 'https://iam.test' };
    const config = JSON.parse(published({ google: CREDENTIALS.google }, { endpoints }).set['GOOGLE_CREDENTIALS'] ?? '');
    assert.equal(config.token_url, 'https://sts.test/v1/token');
    assert.match(config.service_account_impersonation_url, /^https:\/\/iam\.test\/v1\/projects\/-\/serviceAccounts\//);
  });

  test('what would be taken in the place of ours is unset, cloud by cloud', () => {
    const inherited = {
      AWS_PROFILE: 'work',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/other',
      AWS_ACCESS_KEY_ID: 'AKIAOTHER',
      AWS_REGION: 'eu-west-1',
      AZURE_CLIENT_SECRET: 'other',
      AZURE_AUTHORITY_HOST: 'https://login.test',
      GOOGLE_OAUTH_ACCESS_TOKEN: 'ya29.other',
      GOOGLE_CLOUD_PROJECT: 'core',
      VAULT_NAMESPACE: 'other',
      VAULT_CACERT: '/ca.pem',
    };
    const env = (credentials: Partial<Credentials>) =>
      childEnvironment(inherited, published(credentials), { values: [] });
    const lost = (credentials: Partial<Credentials>) =>
      Object.keys(inherited).filter((name) => !(name in env(credentials)));
    assert.deepEqual(lost({}), []);
    assert.deepEqual(lost({ aws: CREDENTIALS.keys }), ['AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE']);
    assert.deepEqual(lost({ aws: CREDENTIALS.file }), ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID']);
    assert.deepEqual(lost({ azure: CREDENTIALS.azure }), ['AZURE_CLIENT_SECRET']);
    assert.deepEqual(lost({ google: CREDENTIALS.google }), ['GOOGLE_OAUTH_ACCESS_TOKEN']);
    const vault = { ...CREDENTIALS.vault, role: { ...CREDENTIALS.vault.role, server: { address: 'https://v.test' } } };
    assert.deepEqual(lost({ vault }), ['VAULT_NAMESPACE']);
  });

  test('docs/exec.md lists the same names', () => {
    const page = readFileSync(new URL('../../docs/exec.md', import.meta.url), 'utf8');
    const table = page.slice(page.indexOf('## What is published'), page.indexOf('## Cloud by cloud'));
    const documented = new Set([...table.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name));
    const names = new Set(TABLE.flatMap(([, credentials]) => Object.keys(published(credentials).set)));
    assert.deepEqual([...documented].sort(), [...names].sort());
  });
});

describe('the environment of the command', () => {
  const access = new Secret('rpa_access');
  const env = (inherited: Readonly<Record<string, string | undefined>>, values: readonly Secret[] = [access]) =>
    childEnvironment(inherited, { set: { PULUMI_OIDC_TOKEN: 't' }, unset: [] }, { values });

  test('is ours, with what is published', () => {
    assert.deepEqual(env({ PATH: '/bin', HOME: '/', GONE: undefined }), {
      PATH: '/bin',
      HOME: '/',
      PULUMI_OIDC_TOKEN: 't',
    });
  });

  for (const name of [
    'RUNPASS_ACCESS_TOKEN',
    'PULUMI_ACCESS_TOKEN',
    'RUNPASS_AGENT_TOKEN',
    'PULUMI_AGENT_TOKEN',
    'RUNPASS_ID_TOKEN',
    'PULUMI_ID_TOKEN',
    'RUNPASS_OIDC_TOKEN_FILE',
    'CIRCLE_OIDC_TOKEN',
    'CIRCLE_OIDC_TOKEN_V2',
  ]) {
    test(`never has ${name}`, () => assert.ok(!(name in env({ [name]: 'anything' }))));
  }

  test('has no variable in which one of our secrets stands, whatever it is called', () => {
    const names = Object.keys(env({ MINE: 'rpa_access', HEADER: 'token rpa_access\n', OTHER: 'rpa_acces' }));
    assert.deepEqual(names, ['OTHER', 'PULUMI_OIDC_TOKEN']);
  });

  test('an empty CI is unset, any other stays', () => {
    assert.ok(!('CI' in env({ CI: '' })));
    assert.deepEqual([env({ CI: 'true' })['CI'], env({ CI: 'false' })['CI']], ['true', 'false']);
    assert.equal(env({ EMPTY: '' })['EMPTY'], '');
  });

  test('whatever is inherited, nothing withheld comes through and what is published wins', () => {
    const name = fc.constantFrom('RUNPASS_ACCESS_TOKEN', 'PULUMI_OIDC_TOKEN', 'CI', 'AWS_PROFILE', 'PATH', 'X');
    const value = fc.constantFrom('', 'rpa_access', 'a rpa_access b', 'value', undefined);
    fc.assert(
      fc.property(fc.dictionary(name, value), (inherited) => {
        const result = childEnvironment(
          inherited,
          { set: { PULUMI_OIDC_TOKEN: 't' }, unset: ['AWS_PROFILE'] },
          { values: [access, new Secret('')] },
        );
        assert.equal(result['PULUMI_OIDC_TOKEN'], 't');
        assert.ok(!('RUNPASS_ACCESS_TOKEN' in result) && !('AWS_PROFILE' in result) && result['CI'] !== '');
        assert.ok(Object.values(result).every((text) => typeof text === 'string' && !text.includes('rpa_access')));
        for (const [key, text] of Object.entries(inherited))
          if (text === 'value' && (key === 'X' || key === 'PATH')) assert.equal(result[key], 'value');
      }),
    );
  });
});

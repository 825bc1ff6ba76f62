import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { SchemaObject } from '../../../src/environments/evaluate/schema.ts';
import { TOKEN } from '../../clouds/refused.ts';
import { type LoginDesk, startLoginDesk } from './login-desk.ts';
import { IDS, ISSUERS, providerNamed, V2_INPUTS, WITH_TOKEN } from './openings.ts';

const STS_ANSWER = {
  AssumeRoleWithWebIdentityResponse: {
    AssumeRoleWithWebIdentityResult: {
      Credentials: { AccessKeyId: 'ASIA', SecretAccessKey: 'secret', SessionToken: 'session', Expiration: 1.79e9 },
    },
  },
};
const VAULT_ANSWER = { auth: { client_token: 'hvs.granted' } };

describe('opening a login', () => {
  let desk: LoginDesk;
  before(async () => {
    desk = await startLoginDesk();
  });
  after(() => desk.cloud.stop());
  beforeEach(() => desk.clear());

  test('aws-login gives the credentials of a role', async () => {
    desk.cloud.answer(200, STS_ANSWER);
    assert.deepEqual(await desk.opened('aws-login', WITH_TOKEN['aws-login']), {
      accessKeyId: 'ASIA',
      secretAccessKey: 'secret',
      sessionToken: 'session',
    });
    assert.deepEqual(
      desk.minted.map(({ draft, issuer, lifetime }) => [draft.aud, draft.sub, issuer, lifetime]),
      [['aws:acme', 'pulumi:environments:org:acme:env:project/app', 'v1', 3600]],
    );
    const form = new URLSearchParams(desk.cloud.asked[0]?.body);
    assert.deepEqual([form.get('WebIdentityToken'), form.get('DurationSeconds')], [TOKEN, '7200']);
    const { oidc } = WITH_TOKEN['aws-login'] as { oidc: object };
    await desk.opened('aws-login', { oidc: { ...oidc, duration: '1h' } });
    assert.equal(new URLSearchParams(desk.cloud.asked[1]?.body).get('DurationSeconds'), '3600');
  });

  test('azure-login gives the ID token itself, and asks no cloud', async () => {
    assert.deepEqual(await desk.opened('azure-login', { ...WITH_TOKEN['azure-login'], subscriptionId: 's' }), {
      clientId: 'c',
      tenantId: 't',
      subscriptionId: 's',
      oidc: { token: TOKEN },
    });
    assert.deepEqual([desk.minted[0]?.draft.aud, desk.cloud.asked.length], ['azure:acme', 0]);
  });

  test('gcp-login gives an access token of the service account', async () => {
    const granted = { accessToken: 'ya29.account', expireTime: '2026-01-01T01:00:00Z' };
    desk.cloud.answers([200, { access_token: 'ya29.federated' }], [200, granted]);
    assert.deepEqual(await desk.opened('gcp-login', WITH_TOKEN['gcp-login']), {
      project: 951040570662,
      accessToken: 'ya29.account',
      tokenType: 'Bearer',
      expiry: '2026-01-01T01:00:00Z',
    });
    assert.equal(desk.minted[0]?.draft.aud, 'gcp:acme');
    const audience = new URLSearchParams(desk.cloud.asked[0]?.body).get('audience');
    assert.match(
      audience ?? '',
      /projects\/951040570662\/locations\/global\/workloadIdentityPools\/pool\/providers\/provider$/,
    );
    assert.equal(desk.cloud.asked[1]?.headers.authorization, 'Bearer ya29.federated');
    assert.equal(JSON.parse(desk.cloud.asked[1]?.body ?? '').lifetime, '3600s');
  });

  test('vault-login gives a token of the server', async () => {
    desk.cloud.answer(200, VAULT_ANSWER);
    const inputs = { ...WITH_TOKEN['vault-login'], namespace: 'admin' };
    assert.deepEqual(await desk.opened('vault-login', inputs), {
      address: 'https://vault.example.com',
      namespace: 'admin',
      token: 'hvs.granted',
    });
    assert.deepEqual(
      [desk.minted[0]?.draft.aud, desk.cloud.asked[0]?.path, desk.cloud.asked[0]?.headers['x-vault-namespace']],
      ['vault:acme', '/v1/auth/jwt/login', 'admin'],
    );
  });

  test('doppler-login and infisical-login give access tokens', async () => {
    desk.cloud.answer(200, { token: 'dp.granted', accessToken: 'st.granted' });
    assert.deepEqual(await desk.opened('doppler-login', WITH_TOKEN['doppler-login']), { accessToken: 'dp.granted' });
    assert.deepEqual(await desk.opened('infisical-login', WITH_TOKEN['infisical-login']), {
      accessToken: 'st.granted',
    });
    const siteUrl = 'https://infisical.example.com';
    assert.deepEqual(await desk.opened('infisical-login', { ...WITH_TOKEN['infisical-login'], siteUrl }), {
      siteUrl,
      accessToken: 'st.granted',
    });
    assert.deepEqual(
      desk.minted.map(({ draft }) => draft.aud),
      ['doppler:acme', 'infisical:acme', 'infisical:acme'],
    );
  });

  test('snowflake-login gives the ID token itself, and asks no cloud', async () => {
    assert.deepEqual(await desk.opened('snowflake-login', WITH_TOKEN['snowflake-login']), {
      account: 'org-account',
      user: 'ESC_USER',
      token: TOKEN,
    });
    assert.deepEqual([desk.minted[0]?.draft.claims['snowflake_user'], desk.cloud.asked.length], ['ESC_USER', 0]);
  });

  test('oidc gives the ID token alone', async () => {
    assert.equal(await desk.opened('oidc', { ...V2_INPUTS, duration: '5m' }), TOKEN);
    const [{ draft, issuer, lifetime } = assert.fail()] = desk.minted;
    assert.deepEqual(
      [draft.aud, issuer, lifetime, desk.cloud.asked.length],
      ['https://registry.example.com', 'v2', 300, 0],
    );
  });

  test('debug-oidc-claims gives what would be signed, and signs nothing', async () => {
    assert.deepEqual(await desk.opened('debug-oidc-claims', V2_INPUTS), {
      iss: ISSUERS.v2.url,
      sub: `pulumi:org:${IDS.org}:env:${IDS.current}`,
      aud: 'https://registry.example.com',
      'https://pulumi.com/org': 'acme',
      'https://pulumi.com/org_id': IDS.org,
      'https://pulumi.com/current_env': 'logins/aws',
      'https://pulumi.com/current_env_id': IDS.current,
      'https://pulumi.com/root_env': 'project/app',
      'https://pulumi.com/root_env_id': IDS.root,
      'https://pulumi.com/actor': 'alice',
    });
    const inputs = { audiencePrefix: 'gcp', subjectAttributes: ['pulumi.user.login'] };
    assert.deepEqual(await desk.opened('debug-oidc-claims', inputs), {
      iss: ISSUERS.v1.url,
      sub: 'pulumi:environments:pulumi.organization.login:acme:pulumi.user.login:alice',
      aud: 'gcp:acme',
      org: 'acme',
      current_env: 'logins/aws',
      root_env: 'project/app',
      trigger_user: 'alice',
    });
    assert.equal(desk.minted.length, 0);
  });

  test('the static forms mint nothing', async () => {
    const keys = { accessKeyId: 'a', secretAccessKey: 's' };
    assert.deepEqual(await desk.opened('aws-login', { static: { ...keys, other: 1 } }), keys);
    const azure = { clientId: 'c', tenantId: 't', clientSecret: 's' };
    assert.deepEqual(await desk.opened('azure-login', azure), azure);
    assert.deepEqual(await desk.opened('gcp-login', { project: 7, accessToken: { accessToken: 'ya29.given' } }), {
      project: 7,
      accessToken: 'ya29.given',
      tokenType: 'Bearer',
    });
    assert.equal(desk.cloud.asked.length, 0);
    desk.cloud.answer(200, { accessToken: 'ya29.account', expireTime: '2026-01-01T01:00:00Z' });
    const accessToken = { accessToken: 'ya29.given', serviceAccount: 'a@b', tokenLifetime: '10m' };
    assert.equal(
      ((await desk.opened('gcp-login', { project: 7, accessToken })) as { accessToken: string }).accessToken,
      'ya29.account',
    );
    assert.equal(JSON.parse(desk.cloud.asked[0]?.body ?? '').lifetime, '600s');
    desk.cloud.answer(200, { ...VAULT_ANSWER, accessToken: 'st.granted' });
    const token = { token: 'hvs.parent', maxTtl: '30m', metadata: { n: 1, yes: true, text: 'x' } };
    assert.deepEqual(await desk.opened('vault-login', { address: 'https://v.test', token }), {
      address: 'https://v.test',
      token: 'hvs.granted',
    });
    assert.deepEqual(JSON.parse(desk.cloud.asked[1]?.body ?? ''), {
      display_name: 'pulumi',
      explicit_max_ttl: '1800s',
      meta: { n: '1', yes: 'true', text: 'x' },
    });
    const universal = { static: { clientId: 'c', clientSecret: 's' } };
    assert.deepEqual(await desk.opened('infisical-login', universal), { accessToken: 'st.granted' });
    assert.equal(desk.minted.length, 0);
  });

  test('for its token only asks no cloud, and gives null where there is none', async () => {
    for (const [name, inputs] of [...Object.entries(WITH_TOKEN), ['oidc', V2_INPUTS] as const]) {
      assert.equal(await desk.opened(name, inputs, { tokensOnly: true }), TOKEN, name);
    }
    assert.equal(desk.minted.length, 8);
    const nothing = { static: { accessKeyId: 'a', secretAccessKey: 's' } };
    assert.equal(await desk.opened('aws-login', nothing, { tokensOnly: true }), null);
    assert.equal(await desk.opened('debug-oidc-claims', V2_INPUTS, { tokensOnly: true }), null);
    const parent = { address: 'https://v.test', token: { token: 't' } };
    assert.equal(await desk.opened('vault-login', parent, { tokensOnly: true }), null);
    assert.deepEqual([desk.minted.length, desk.cloud.asked.length], [8, 0]);
  });

  test('gives what its outputs promise, with every credential marked as secret', async () => {
    desk.cloud.answer(200, {
      ...STS_ANSWER,
      ...VAULT_ANSWER,
      token: 'dp.granted',
      accessToken: 'st.granted',
      access_token: 'a',
      expireTime: '2026-01-01T01:00:00Z',
    });
    const members = (schema: SchemaObject, value: unknown, path: string): readonly string[] => {
      if (typeof value !== 'object' || value === null) return schema.secret ? [path] : [];
      const missing = (schema.required ?? []).filter((name) => !(name in value));
      assert.deepEqual(missing, []);
      return Object.entries(value).flatMap(([name, member]) =>
        members(
          (schema.properties?.[name] ?? assert.fail(`${path}.${name} is not promised`)) as SchemaObject,
          member,
          `${path}.${name}`,
        ),
      );
    };
    const secret: Record<string, readonly string[]> = {};
    for (const [name, inputs] of [...Object.entries(WITH_TOKEN), ['oidc', V2_INPUTS] as const]) {
      secret[name] = members(providerNamed(name).outputs, await desk.opened(name, inputs), '');
    }
    assert.deepEqual(secret, {
      'aws-login': ['.accessKeyId', '.secretAccessKey', '.sessionToken'],
      'azure-login': ['.oidc.token'],
      'gcp-login': ['.accessToken'],
      'vault-login': ['.token'],
      'doppler-login': ['.accessToken'],
      'infisical-login': ['.accessToken'],
      'snowflake-login': ['.token'],
      oidc: [''],
    });
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LOGIN_PROVIDERS } from '../../../src/access/login-providers.ts';
import { plainFrom } from '../../../src/environments/evaluate/plain.ts';
import {
  draftFor,
  type LoginContext,
  type TokenRules,
  tokenFor,
} from '../../../src/environments/providers/token-for.ts';
import { Refusal } from '../../../src/errors.ts';
import { claimsSupported } from '../../../src/tokens/claims.ts';
import { CONTEXT, IDS, ISSUERS, providerNamed, V2_INPUTS, WITH_TOKEN } from './openings.ts';

const PREFIXED: TokenRules = { vaultAudience: 'prefixed' };
const LEGACY = { project: 'default', name: 'old', id: IDS.current };

const asked = (name: string, inputs: object, context: LoginContext = CONTEXT, rules = PREFIXED) =>
  tokenFor(providerNamed(name), plainFrom(inputs), context, rules);
const drafted = (name: string, inputs: object, context: LoginContext = CONTEXT) => {
  const token = asked(name, inputs, context) ?? assert.fail('no token');
  return draftFor(providerNamed(name), token, context, ISSUERS[token.issuer]);
};

describe('the token of a login', () => {
  test('is for <provider>:<organization>, of v1, and lives an hour', () => {
    for (const [name, inputs] of Object.entries(WITH_TOKEN)) {
      const { issuer, audience, lifetime } = asked(name, inputs) ?? assert.fail(name);
      assert.deepEqual([issuer, audience, lifetime], ['v1', `${name.replace('-login', '')}:acme`, 3600]);
    }
    assert.deepEqual(Object.keys(WITH_TOKEN).sort(), LOGIN_PROVIDERS.map((prefix) => `${prefix}-login`).sort());
  });

  test('is for the bare organization where the declaring environment is in the legacy project', () => {
    for (const [name, inputs] of Object.entries(WITH_TOKEN)) {
      assert.equal(asked(name, inputs, { ...CONTEXT, current: LEGACY })?.audience, 'acme', name);
      const opened = { ...CONTEXT, root: LEGACY };
      assert.equal(
        asked(name, inputs, opened)?.audience,
        `${name.replace('-login', '')}:acme`,
        'the opened one counts',
      );
    }
  });

  test('is for the bare organization at Vault, where the installation says so', () => {
    for (const [name, inputs] of Object.entries(WITH_TOKEN)) {
      const { audience } = asked(name, inputs, CONTEXT, { vaultAudience: 'bare' }) ?? assert.fail(name);
      assert.equal(audience, name === 'vault-login' ? 'acme' : `${name.replace('-login', '')}:acme`);
    }
  });

  test('is not asked for by the static forms', () => {
    for (const [name, inputs] of [
      ['aws-login', { static: { accessKeyId: 'a', secretAccessKey: 's' } }],
      ['azure-login', { clientId: 'c', tenantId: 't', clientSecret: 's' }],
      ['azure-login', { clientId: 'c', tenantId: 't', oidc: false }],
      ['gcp-login', { project: 1, accessToken: { accessToken: 'a' } }],
      ['vault-login', { address: 'https://v.test', token: { token: 't' } }],
      ['infisical-login', { static: { clientId: 'c', clientSecret: 's' } }],
    ] as const) {
      assert.equal(asked(name, inputs), undefined, name);
    }
  });

  test('names the opened environment by default, and says who declares it and who opened it', () => {
    for (const [name, inputs] of Object.entries(WITH_TOKEN)) {
      const { sub, claims } = drafted(name, inputs);
      const { snowflake_user: _user, scp: _scp, ...rest } = claims;
      assert.equal(sub, 'pulumi:environments:org:acme:env:project/app', name);
      assert.deepEqual(rest, {
        org: 'acme',
        current_env: 'logins/aws',
        root_env: 'project/app',
        trigger_user: 'alice',
      });
    }
  });

  test('leaves the legacy project out of names', () => {
    const { sub, claims } = drafted('azure-login', WITH_TOKEN['azure-login'] ?? {}, {
      ...CONTEXT,
      current: LEGACY,
      root: LEGACY,
    });
    assert.equal(sub, 'pulumi:environments:org:acme:env:old');
    assert.deepEqual([claims['current_env'], claims['root_env']], ['old', 'old']);
  });

  test('puts versions into claims of their own, and never into the subject', () => {
    const context = {
      ...CONTEXT,
      current: { project: 'logins', name: 'aws', id: IDS.current, revision: '3' },
      root: { project: 'project', name: 'app', id: IDS.root, revision: 'stable' },
    };
    const { sub, claims } = drafted('azure-login', WITH_TOKEN['azure-login'] ?? {}, context);
    assert.equal(sub, 'pulumi:environments:org:acme:env:project/app');
    assert.deepEqual([claims['current_env_revision'], claims['root_env_revision']], ['3', 'stable']);
  });

  test("has the listed attributes in the author's order, the organization once more where it is listed", () => {
    const inputs = (subjectAttributes: readonly string[]) => ({ ...WITH_TOKEN['azure-login'], subjectAttributes });
    assert.equal(
      drafted('azure-login', inputs(['currentEnvironment.name', 'pulumi.user.login'])).sub,
      'pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:logins/aws:pulumi.user.login:alice',
    );
    assert.equal(
      drafted('azure-login', inputs(['pulumi.token.type', 'pulumi.organization.login', 'rootEnvironment.name'])).sub,
      'pulumi:environments:pulumi.organization.login:acme:pulumi.token.type:personal:pulumi.organization.login:acme:rootEnvironment.name:project/app',
    );
    assert.equal(drafted('azure-login', inputs([])).sub, 'pulumi:environments:org:acme:env:project/app');
    const team = { ...CONTEXT, user: 'acme', token: { type: 'team', team: 'platform' } } as const;
    assert.equal(
      drafted('azure-login', inputs(['pulumi.token.team']), team).sub,
      'pulumi:environments:pulumi.organization.login:acme:pulumi.token.team:platform',
    );
    assert.throws(
      () => drafted('azure-login', inputs(['pulumi.token.team'])),
      (reason) => reason instanceof Refusal && /"pulumi\.token\.team" has no value here/.test(reason.message),
    );
  });

  test('is refused to a document without a name, and says what to do', () => {
    const { current: _current, root: _root, ...anonymous } = CONTEXT;
    for (const [name, inputs] of [
      ...Object.entries(WITH_TOKEN),
      ['oidc', V2_INPUTS],
      ['debug-oidc-claims', V2_INPUTS],
    ] as const) {
      const sentence = `fn::open::${name} cannot run in an unsaved environment document; save the environment and import it`;
      assert.throws(
        () => drafted(name, inputs, anonymous),
        (reason) => reason instanceof Refusal && reason.message === sentence,
      );
    }
  });

  test('has the declaring environment as its root where the opened document has no name', () => {
    const { root: _root, ...imported } = CONTEXT;
    const { sub, claims } = drafted('azure-login', WITH_TOKEN['azure-login'] ?? {}, imported);
    assert.equal(sub, 'pulumi:environments:org:acme:env:logins/aws');
    assert.deepEqual([claims['current_env'], claims['root_env']], ['logins/aws', 'logins/aws']);
  });

  test('says which Snowflake user and role, and only snowflake-login does', () => {
    const oidc = (more: object) => ({ oidc: { account: 'a', user: 'ESC_USER', ...more } });
    const { claims } = drafted('snowflake-login', oidc({ role: 'ESC_ROLE' }));
    assert.deepEqual([claims['snowflake_user'], claims['scp']], ['ESC_USER', 'session:role:ESC_ROLE']);
    assert.equal(drafted('snowflake-login', oidc({})).claims['scp'], 'session:role-any');
    assert.throws(() => drafted('snowflake-login', oidc({ role: 'A,session:role:B' })), Refusal);
    assert.throws(() => drafted('snowflake-login', oidc({ user: 'a b' })), Refusal);
    for (const [name, inputs] of Object.entries(WITH_TOKEN)) {
      const has = ['snowflake_user', 'scp'].filter((claim) => claim in drafted(name, inputs).claims);
      assert.equal(has.length, name === 'snowflake-login' ? 2 : 0, name);
    }
  });

  test('carries no claim that the discovery document of its issuer does not list', () => {
    for (const [name, inputs] of [...Object.entries(WITH_TOKEN), ['oidc', V2_INPUTS] as const]) {
      const listed = claimsSupported(name === 'oidc' ? 'v2' : 'v1', 'https://pulumi.com/');
      const missing = Object.keys(drafted(name, inputs).claims).filter((claim) => !listed.includes(claim));
      assert.deepEqual(missing, [], name);
    }
  });

  test('of oidc is of v2, for any audience, by ids, and lives as long as its author says', () => {
    const token = asked('oidc', { ...V2_INPUTS, duration: '15m' }) ?? assert.fail();
    assert.deepEqual([token.issuer, token.audience, token.lifetime], ['v2', 'https://registry.example.com', 900]);
    assert.equal(asked('oidc', V2_INPUTS)?.lifetime, 3600);
    assert.equal(asked('oidc', V2_INPUTS, { ...CONTEXT, current: LEGACY })?.audience, 'https://registry.example.com');
    const { sub, claims } = drafted('oidc', V2_INPUTS);
    assert.equal(sub, `pulumi:org:${IDS.org}:env:${IDS.current}`);
    assert.deepEqual(claims, {
      'https://pulumi.com/org': 'acme',
      'https://pulumi.com/org_id': IDS.org,
      'https://pulumi.com/current_env': 'logins/aws',
      'https://pulumi.com/current_env_id': IDS.current,
      'https://pulumi.com/root_env': 'project/app',
      'https://pulumi.com/root_env_id': IDS.root,
      'https://pulumi.com/actor': 'alice',
    });
  });
});

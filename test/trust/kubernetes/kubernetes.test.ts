import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable, type Verdict } from '../../../src/trust/verdict.ts';
import { type Case, OURS, presentedBy } from '../presented.ts';

const V1 = 'https://id.example.com/oidc';
const SUB = 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write';

const explainText = (text: string, presented: Case = {}): Verdict => {
  const recognised = recognise(text);
  assert.ok(!isUnusable(recognised), JSON.stringify(recognised));
  assert.equal(recognised.party, 'kubernetes');
  return recognised.document.evaluate(presentedBy(presented), OURS);
};

const configuration = (entry: object) => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [
    {
      issuer: { url: V1, audiences: ['contoso'] },
      claimValidationRules: [{ claim: 'sub', requiredValue: SUB }],
      claimMappings: { username: { claim: 'sub', prefix: 'runpass:' } },
      ...entry,
    },
  ],
});

const first = (entry: object, presented: Case = {}): string | undefined =>
  explainText(JSON.stringify(configuration(entry)), presented).reasons[0]?.code;

const user = (expression: string): string | undefined => first({ userValidationRules: [{ expression }] });

describe('a structured configuration of Kubernetes', () => {
  test('makes a user of a token, which rules about users see', () => {
    assert.equal(user(`user.username == "runpass:${SUB}"`), undefined);
    assert.equal(user('user.groups.size() == 0 && user.uid == "" && user.extra.size() == 1'), undefined);
    const credential = 'user.extra["authentication.kubernetes.io/credential-id"] == ["JTI=j1"]';
    assert.equal(user(credential), undefined);
    const mapped = (expression: string) =>
      first({
        claimMappings: {
          username: { expression: '"run:" + claims.stackId' },
          groups: { claim: 'project', prefix: 'p:' },
          uid: { claim: 'jti' },
          extra: [{ key: 'example.com/stack', valueExpression: '["", string(claims.stack)]' }],
        },
        userValidationRules: [{ expression }],
      });
    assert.equal(mapped('user.username == "run:contoso/core/dev"'), undefined);
    assert.equal(mapped('user.groups == ["p:core"] && user.uid == "j1"'), undefined);
    assert.equal(mapped('user.extra["example.com/stack"] == ["dev"]'), undefined);
    assert.equal(mapped('user.groups == []'), 'kubernetes_user_rule_false');
  });

  test('takes absent groups for none, an absent uid for a mistake', () => {
    const username = { claim: 'sub', prefix: '' };
    assert.equal(first({ claimMappings: { username, groups: { claim: 'groups', prefix: 'x:' } } }), undefined);
    assert.equal(first({ claimMappings: { username, uid: { claim: 'uid' } } }), 'kubernetes_mapped_type');
    assert.equal(
      first({ claimMappings: { username, uid: { expression: 'claims.uid' } } }),
      'kubernetes_mapping_failed',
    );
  });

  test('takes a claim that is null for an empty text, and one that an expression leaves empty for none', () => {
    const claims = { none: null, empty: '', list: ['', 'x'] };
    const username = { claim: 'none', prefix: 'p:' };
    const asks = (expression: string, groups: object) =>
      first(
        { claimMappings: { username, uid: { claim: 'none' }, groups }, userValidationRules: [{ expression }] },
        { claims },
      );
    assert.equal(asks('user.username == "p:" && user.groups == ["g:"]', { claim: 'empty', prefix: 'g:' }), undefined);
    assert.equal(asks('user.groups == ["x"]', { expression: 'claims.list' }), undefined);
    assert.equal(asks('user.groups == ["g:", "g:x"]', { claim: 'list', prefix: 'g:' }), undefined);
    assert.equal(first({ claimValidationRules: [{ claim: 'none' }] }, { claims }), undefined);
    const extra = [{ key: 'example.com/none', valueExpression: 'claims.empty' }];
    const claimMappings = { username, extra };
    const userValidationRules = [{ expression: '!("example.com/none" in user.extra)' }];
    assert.equal(first({ claimMappings, userValidationRules }, { claims }), undefined);
  });

  test('reads registered claims in any case, the last as they stand', () => {
    assert.equal(first({}, { claims: { Aud: 'other' } }), 'kubernetes_audience_mismatch');
    assert.equal(first({}, { claims: { Iss: 'https://evil.example' } }), 'kubernetes_issuer_mismatch');
    assert.equal(first({}, { claims: { Sub: 7 } }), 'kubernetes_registered_form');
    assert.equal(first({}, { claims: { exp: undefined } }), 'kubernetes_registered_form');
    assert.equal(first({}, { claims: { iat: null } }), 'kubernetes_registered_form');
    assert.equal(first({}, { claims: { _claim_names: { groups: 'src' } } }), 'kubernetes_registered_form');
    assert.equal(first({}, { claims: { _claim_names: 7 } }), 'kubernetes_registered_form');
    assert.equal(first({}, { claims: { _claim_names: {} } }), undefined);
  });

  test('is refused for types that cannot fit, before anybody comes', () => {
    const rule = (expression: string) =>
      first({ claimValidationRules: [{ expression }] }, { claims: { n: 7, l: ['x'] } });
    assert.equal(rule('claims.org'), 'kubernetes_expression_invalid');
    assert.equal(rule('claims.l.exists(x, x == "x")'), 'kubernetes_expression_invalid');
    assert.equal(rule('dyn(claims.l).exists(x, x == "x")'), undefined);
    assert.equal(rule('claims.org in ["contoso", claims.org]'), 'kubernetes_expression_invalid');
    assert.equal(rule('"x" == 1'), 'kubernetes_expression_invalid');
    assert.equal(rule('claims.org.matches("(")'), 'kubernetes_expression_invalid');
    // What may be anything may be optional: elements of it are texts or whatever else is wanted of them.
    assert.notEqual(rule('(claims.l["k"] + claims.org).split(":")[0] == "x"'), 'kubernetes_expression_invalid');
    assert.equal(rule('[claims.org, claims.l["k"]].join("-") == "x"'), 'kubernetes_expression_invalid');
    assert.equal(rule('!(claims in {}) && !(dyn(["a"]) in {"a": 1}) && !(string in {})'), undefined);
    assert.equal(rule('duration("x") == duration("1h")'), 'kubernetes_expression_invalid');
    assert.equal(rule('duration("1h") == duration("60m")'), undefined);
    assert.equal(user('user["username"] == "x"'), 'kubernetes_expression_invalid');
    assert.equal(user('"x" in user.extra["a"][0]'), 'kubernetes_expression_invalid');
  });

  test('has no whole numbers from tokens, and names with dots and dashes', () => {
    const rule = (expression: string) =>
      first({ claimValidationRules: [{ expression }] }, { claims: { n: 7, 'a.b': 'x', 'a-b': { 'c/d': 'y' } } });
    assert.equal(rule('claims.n == 7 && type(claims.n) == double'), undefined);
    assert.equal(rule('claims.n + 1 == 8'), 'kubernetes_rule_failed');
    assert.equal(rule('claims.a__dot__b == "x" && claims["a__dash__b"].c__slash__d == "y"'), undefined);
    assert.equal(rule('"a__dot__b" in claims && has(claims.a__dash__b)'), undefined);
  });

  test('takes no list that split() made, until something is done with it', () => {
    const groups = (expression: string) =>
      first({ claimMappings: { username: { claim: 'sub', prefix: '' }, groups: { expression } } });
    assert.equal(groups('claims.sub.split(":")'), 'kubernetes_mapped_type');
    assert.equal(groups('claims.sub.split(":") + []'), 'kubernetes_mapped_type');
    assert.equal(groups('claims.sub.split(":") + ["x"]'), undefined);
    assert.equal(groups('claims.sub.split(":").map(x, x)'), undefined);
  });

  test('is read strictly from its top, where null is nothing', () => {
    const whole = (more: object) => explainText(JSON.stringify({ ...configuration({}), ...more })).reasons[0]?.code;
    assert.equal(whole({ metadata: {} }), 'kubernetes_field_unknown');
    assert.equal(whole({ anonymous: { enable: true } }), 'kubernetes_field_unknown');
    assert.equal(whole({ anonymous: null }), undefined);
    assert.equal(whole({ kind: 'AuthorizationConfiguration' }), 'kubernetes_version');
    assert.equal(
      first({
        userValidationRules: null,
        claimValidationRules: [{ claim: 'org', requiredValue: 'contoso', expression: null }],
      }),
      undefined,
    );
    assert.equal(
      first({ userValidationRules: [{ expression: 'true' }, { expression: 'true' }] }),
      'kubernetes_rule_form',
    );
    assert.equal(first({ userValidationRules: [{}] }), 'kubernetes_rule_form');
  });

  test('has a URL where Go finds one', () => {
    const discovery = (discoveryURL: string) => first({ issuer: { url: V1, audiences: ['contoso'], discoveryURL } });
    for (const good of [
      'https://keys.example.com/@x',
      'HTTPS://keys.example.com',
      'https://keys.example.com:8443/?',
      'https:x',
      'https://[::1]/',
    ])
      assert.equal(discovery(good), undefined, good);
    for (const bad of [
      'http://x',
      'https://u@x',
      'https://x?y',
      'https://x#y',
      'https://x:port',
      'https://x/%zz',
      'https://[::1',
      'https://a b',
      '://x',
      ' https://x',
      'x\n',
      `${V1}/`,
    ])
      assert.equal(discovery(bad), 'kubernetes_discovery_form', bad);
  });

  test('verifies with all algorithms of go-oidc', () => {
    for (const alg of ['RS256', 'ES256', 'PS512']) assert.equal(first({}, { alg }), undefined);
    assert.equal(first({}, { alg: 'EdDSA' }), 'kubernetes_algorithm');
  });

  test('says nothing of authenticators for other issuers, unless the API server would not start', () => {
    const { jwt, ...rest } = configuration({});
    const other = (url: string) => ({ ...jwt[0], issuer: { url, audiences: ['people'] }, claimValidationRules: [] });
    const text = (url: string) => JSON.stringify({ ...rest, jwt: [other(url), ...jwt] });
    assert.equal(explainText(text('https://login.example.org')).allowed, true);
    assert.deepEqual(explainText(text('https://login.example.org')).warnings, []);
    assert.equal(explainText(text('http://login.example.org')).reasons[0]?.code, 'kubernetes_issuer_form');
  });

  test('evaluates what may be absent, with its default', () => {
    const rule = (expression: string) => first({ claimValidationRules: [{ expression }] });
    assert.equal(rule(`claims.?root_env.orValue("x") == "x" && claims.sub == "${SUB}"`), undefined);
    assert.equal(rule('claims.?org.orValue("x") == "x"'), 'kubernetes_rule_false');
  });
});

describe("flags of Kubernetes's API server", () => {
  const flags = (...more: readonly string[]) =>
    [`--oidc-issuer-url=${V1}`, '--oidc-client-id', 'contoso', ...more].join('\n');

  test('are read from a text, with = or without', () => {
    const { allowed, warnings } = explainText(flags(`--oidc-required-claim=sub=${SUB}`));
    assert.deepEqual([allowed, warnings], [true, []]);
  });

  test('are named in reasons and edits as flags', () => {
    const [reason] = explainText(flags('--oidc-required-claim=sub=x')).reasons;
    assert.deepEqual(
      [reason?.condition, reason?.edit],
      ['--oidc-required-claim', `Write --oidc-required-claim=sub=${SUB}.`],
    );
    const [missing] = explainText(flags('--oidc-required-claim=hd=contoso.example')).reasons;
    assert.equal(missing?.edit, `Write --oidc-required-claim=sub=${SUB}.`);
    const [groups] = explainText(flags('--oidc-groups-claim=iat')).reasons;
    assert.equal(groups?.edit, 'Leave --oidc-groups-claim out.');
    const [issuer] = explainText(flags().replace(V1, `${V1}/`)).reasons;
    assert.equal(issuer?.edit, `Write --oidc-issuer-url=${V1}.`);
  });

  test('prefix a username with the issuer unless told otherwise', () => {
    const system = (prefix: string) =>
      explainText(flags(`--oidc-username-prefix=${prefix}`)).warnings.map(({ code }) => code);
    assert.ok(system('system:x').includes('kubernetes_username_system'));
    assert.ok(!system('-').includes('kubernetes_username_system'));
  });
});

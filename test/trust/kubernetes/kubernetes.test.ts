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
    assert.equal(user('user.groups.size() == 0 && user.uid == "" && user.extra.size() == 0'), undefined);
    const mapped = (expression: string) =>
      first({
        claimMappings: {
          username: { expression: '"run:" + claims.stackId' },
          groups: { claim: 'project', prefix: 'p:' },
          uid: { claim: 'jti' },
          extra: [{ key: 'example.com/stack', valueExpression: '["", claims.stack]' }],
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

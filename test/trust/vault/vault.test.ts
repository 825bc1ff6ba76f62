import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable, type Verdict } from '../../../src/trust/verdict.ts';
import { type Case, OURS, presentedBy } from '../presented.ts';

const SUB = 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write';
const ROLE = { role_type: 'jwt', bound_audiences: ['contoso'], bound_subject: SUB, user_claim: 'sub' };

const explain = (document: unknown, presented: Case = {}): Verdict => {
  const recognised = recognise(JSON.stringify(document));
  assert.ok(!isUnusable(recognised), JSON.stringify(recognised));
  assert.equal(recognised.party, 'vault');
  return recognised.document.evaluate(presentedBy(presented), OURS);
};

const first = (document: unknown, presented: Case = {}): string | undefined =>
  explain(document, presented).reasons[0]?.code;

describe('a role of Vault', () => {
  test('refuses a claim that repeats a registered name in another case', () => {
    assert.equal(first(ROLE, { claims: { Sub: 'someone' } }), 'vault_claim_name_folds');
    assert.equal(first(ROLE, { claims: { subject: 'someone' } }), undefined);
  });

  test('takes any of a list of claims for any of a list of values', () => {
    const role = (wanted: unknown) => ({ ...ROLE, bound_claims: { groups: wanted } });
    const claims = { groups: ['dev', 'ops'] };
    assert.equal(first(role(['ops', 'qa']), { claims }), undefined);
    assert.equal(first(role('dev'), { claims }), undefined);
    assert.equal(first(role(['qa']), { claims }), 'vault_claim_mismatch');
    assert.equal(first({ ...role('d*'), bound_claims_type: 'glob' }, { claims }), undefined);
    assert.equal(
      first({ ...role('d*'), bound_claims_type: 'glob' }, { claims: { groups: [1, true] } }),
      'vault_claim_mismatch',
    );
  });

  test('compares truth values and numbers as what they are', () => {
    const role = (wanted: unknown) => ({ ...ROLE, bound_claims: { x: wanted } });
    assert.equal(first(role(true), { claims: { x: true } }), undefined);
    assert.equal(first(role('true'), { claims: { x: true } }), 'vault_claim_mismatch');
    assert.equal(first(role(7), { claims: { x: 7 } }), undefined);
  });

  test('looks inside a claim for its user where it says so, and for the literal name where not', () => {
    const claims = { user: { login: 'ann' }, '/user/login': 7 };
    const role = { ...ROLE, user_claim: '/user/login' };
    assert.equal(first({ ...role, user_claim_json_pointer: true }, { claims }), undefined);
    assert.equal(first(role, { claims }), 'vault_user_claim_form');
  });

  test('says which issuer and networks are assumed', () => {
    const { assumptions } = explain({ ...ROLE, token_bound_cidrs: ['10.0.0.0/8'] });
    assert.deepEqual(assumptions, [
      'The auth method takes tokens of https://id.example.com/oidc (oidc_discovery_url), signed with RS256.',
      'The login comes from one of the networks 10.0.0.0/8.',
    ]);
  });

  test('may be bound to networks alone, and then only the audience is missing', () => {
    const { bound_subject: _, bound_audiences: __, ...role } = ROLE;
    assert.equal(first({ ...role, token_bound_cidrs: ['10.0.0.0/8'] }), 'vault_audience_unbound');
  });

  test('with an issuer on a port is no cloud, and nothing is said of that', () => {
    const issuer = 'https://id.example.com:8443/oidc';
    const { warnings } = explain({ role: ROLE, config: { oidc_discovery_url: issuer } }, { issuer });
    assert.deepEqual(warnings, []);
  });
});

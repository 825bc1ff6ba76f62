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
  test('tells registered claims by their names in any case, and reads the last of several', () => {
    assert.equal(first(ROLE, { claims: { Sub: 'someone' } }), undefined);
    assert.equal(first(ROLE, { claims: { ſub: 'someone' } }), 'vault_subject_mismatch');
    assert.equal(first(ROLE, { claims: { ſub: null } }), undefined);
    assert.equal(first(ROLE, { claims: { sub: undefined, Sub: SUB, project: 'core' } }), 'vault_user_claim_missing');
    assert.equal(first(ROLE, { claims: { Aud: 7 } }), 'vault_registered_form');
    assert.equal(first(ROLE, { claims: { aud: ['contoso', null] } }), 'vault_registered_form');
    assert.equal(first(ROLE, { claims: { subject: 'someone' } }), undefined);
  });

  test('that names more claims than anybody can weigh is not read', () => {
    const claims = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, 'x']));
    assert.equal(first({ ...ROLE, bound_claims: claims(100) }), 'vault_claim_missing');
    for (const name of ['bound_claims', 'claim_mappings']) {
      const read = recognise(JSON.stringify({ ...ROLE, [name]: claims(101) }));
      assert.ok(isUnusable(read) && read.problem.startsWith(`${name} names more than 100 claims`));
    }
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

  test('compares truth values as what they are, and a number as a whole one, but not in a list', () => {
    const role = (wanted: unknown) => ({ ...ROLE, bound_claims: { x: wanted } });
    const ask = (wanted: unknown, x: unknown) => first(role(wanted), { claims: { x } });
    assert.equal(ask(true, true), undefined);
    assert.equal(ask('true', true), 'vault_claim_mismatch');
    assert.equal(ask(7, 7), undefined);
    assert.equal(ask('7', 7), 'vault_claim_mismatch');
    assert.equal(ask(1, 1.5), undefined);
    assert.equal(ask(1.5, 1.5), 'vault_claim_mismatch');
    assert.equal(ask(7, [7]), 'vault_claim_mismatch');
    assert.equal(ask([true, 7], [7, true]), undefined);
    assert.equal(ask([{}, 'dev'], [{}, 'dev']), 'vault_claim_mismatch');
    assert.equal(ask([[], 'dev'], [{}, 'dev']), undefined);
    assert.equal(ask(null, 7), 'vault_claim_form');
  });

  test('is read leniently, as Vault reads it', () => {
    const spelled = {
      ...ROLE,
      bound_audiences: 'other, contoso',
      user_claim_json_pointer: '',
      bound_claims: [{ number: 7 }, { truth: true }],
      claim_mappings: ['project=p', 'stack=s=t'],
      expiration_leeway: '1h30m',
      token_ttl: '2d',
      token_num_uses: '0x1',
    };
    assert.equal(first(spelled, { claims: { number: 7, truth: true } }), undefined);
    assert.equal(first({ ...ROLE, bound_audiences: ['other,contoso'] }), 'vault_audience_mismatch');
    assert.equal(first({ ...ROLE, bound_audiences: [' contoso '] }), undefined);
    assert.equal(first({ ...ROLE, bound_subject: 7 }), 'vault_subject_mismatch');
    assert.equal(first({ ...ROLE, bound_claims_type: null }), 'vault_claims_type');
  });

  test('cannot be read where Vault cannot', () => {
    const problem = (members: object): string => {
      const recognised = recognise(JSON.stringify({ ...ROLE, ...members }));
      return 'problem' in recognised ? recognised.problem : '';
    };
    assert.equal(problem({ token_ttl: 'soon' }), 'token_ttl must hold a duration that is not negative');
    assert.equal(problem({ token_ttl: -1 }), 'token_ttl must hold a duration that is not negative');
    assert.equal(problem({ expiration_leeway: 1.5 }), 'expiration_leeway must hold a duration');
    assert.equal(problem({ expiration_leeway: true }), 'expiration_leeway must hold a duration');
    assert.equal(problem({ user_claim_json_pointer: 'yes' }), 'user_claim_json_pointer must hold true or false');
    assert.equal(problem({ token_num_uses: '08' }), 'token_num_uses must hold a whole number');
    assert.equal(problem({ claim_mappings: ['=p'] }), 'claim_mappings must hold a mapping to texts');
    assert.equal(problem({ bound_audiences: [['contoso']] }), 'bound_audiences must hold a list of texts');
    assert.equal(problem({ bound_audiences: { a: 1 } }), 'bound_audiences must hold a list of texts');
    assert.equal(problem({ bound_subject: {} }), 'bound_subject must hold a text');
  });

  test('of globs holds texts only, whatever the token has', () => {
    const role = (wanted: unknown) => ({ ...ROLE, bound_claims_type: 'glob', bound_claims: { absent: wanted } });
    assert.equal(first(role(7)), 'vault_glob_form');
    assert.equal(first(role(null)), 'vault_glob_form');
    assert.equal(first(role('x')), 'vault_claim_missing');
  });

  test('of a method whose configuration names no issuer is for those whose keys are discovered: v1 or v2, not both', () => {
    const V2 = 'https://id.example.com/oidc/v2';
    const V1 = 'https://id.example.com/oidc';
    const discovered = (url: string) => ({ role: ROLE, config: { oidc_discovery_url: url } });
    assert.equal(first(discovered(V1)), undefined);
    assert.equal(first(discovered(V2), { issuer: V2 }), undefined);
    assert.equal(first(discovered(V1), { issuer: V2 }), 'vault_issuer_mismatch');
    assert.equal(first(discovered(V2)), 'vault_issuer_mismatch');
    assert.equal(first(discovered(V1), { issuer: 'https://evil.example/oidc' }), 'vault_issuer_mismatch');
  });

  test('of a method with keys or authorities that are no PEM is for nobody', () => {
    const ask = (config: object) => first({ role: ROLE, config });
    const url = 'https://id.example.com/oidc';
    assert.equal(ask({ jwt_validation_pubkeys: 'key', bound_issuer: url }), 'vault_config_form');
    assert.equal(ask({ oidc_discovery_url: url, oidc_discovery_ca_pem: 'pem' }), 'vault_config_form');
    assert.equal(ask({ jwks_url: `${url}/jwks`, bound_issuer: url, jwks_ca_pem: 'pem' }), 'vault_config_form');
    assert.equal(ask({ jwks_url: `${url}/jwks`, bound_issuer: url, oidc_discovery_ca_pem: 'pem' }), undefined);
  });

  test('takes tokens with every algorithm that Vault knows, unless the configuration names some', () => {
    assert.equal(first(ROLE, { alg: 'PS512' }), undefined);
    assert.equal(first(ROLE, { alg: 'HS256' }), 'vault_algorithm');
    const config = { oidc_discovery_url: 'https://id.example.com/oidc', jwt_supported_algs: 'RS256,ES256' };
    assert.equal(first({ role: ROLE, config }, { alg: 'PS512' }), 'vault_algorithm');
    assert.equal(first({ role: ROLE, config }, { alg: 'ES256' }), undefined);
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
      'The auth method takes tokens of https://id.example.com/oidc alone (oidc_discovery_url and bound_issuer).',
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

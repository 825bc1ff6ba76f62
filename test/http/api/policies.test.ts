import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { JWKS } from '../../flows/trust-world.ts';
import { declaration } from '../../issuers/registrations.ts';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused } from './answers.ts';
import { assertContract } from './contract-schemas.ts';

const POLICIES = '/api/orgs/acme/auth/policies';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const OTHERS: readonly Caller[] = ['bob', 'carol', 'ops', 'organization', 'client'];
const MAIN = {
  decision: 'allow',
  tokenType: 'organization',
  roleID: 'deployer',
  authorizedPermissions: [],
  rules: { aud: 'urn:pulumi:org:acme', sub: 'job:acme:main' },
};

let count = 0;

describe('/api/orgs/{org}/auth/policies', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ store: 'memory' });
  });
  after(() => server.stop());
  const call = (method: string, path: string, json?: unknown, as: Caller = 'admin') =>
    server.ask(method, `${POLICIES}${path}`, { as, ...(json !== undefined && { json }) });
  /** A new issuer, and the id of its policy. */
  const create = async () => {
    const json = { name: 'ci', url: `https://policy-${count++}.example.com`, jwks: JWKS };
    const made = await server.ask('POST', '/api/orgs/acme/oidc/issuers', { as: 'admin', json });
    assert.equal(made.status, 200, made.text);
    const issuer: string = made.json.id;
    const policy: string = (await call('GET', `/oidcissuers/${issuer}`)).json.id;
    return { issuer, policy, path: `/${policy}` };
  };

  test('a new issuer has a policy that denies everything', async () => {
    const { issuer } = await create();
    const answer = await call('GET', `/oidcissuers/${issuer}`);
    assert.equal(answer.status, 200);
    assertContract('AuthPolicy', answer.json);
    const { id, created, modified, ...rest } = answer.json;
    assert.notEqual(id, issuer);
    for (const time of [created, modified]) assert.match(time, TIME);
    assert.deepEqual(rest, { version: 1, policies: [], dialect: 'strict', mode: 'enforce', findings: [] });
  });

  test('a change replaces the list, keeps its order, and is answered with what the linter says', async () => {
    const { issuer, path } = await create();
    const deny = { ...MAIN, decision: 'deny', roleID: 'deployer', rules: { sub: 'job:acme:pr' } };
    const policies = [MAIN, deny, { ...MAIN, rules: { sub: 'job:acme:x' } }];
    const answer = await call('PATCH', path, { policies });
    assert.equal(answer.status, 200, answer.text);
    assertContract('AuthPolicy', answer.json);
    assert.deepEqual([answer.json.policies, answer.json.version], [policies, 2]);
    const [finding, ...more] = answer.json.findings;
    assert.deepEqual(more, []);
    assert.deepEqual([finding.code, finding.index, finding.severity], ['no_audience_rule', 2, 'warning']);
    assert.match(finding.suggestion, /^aud: /);
    assert.deepEqual((await call('GET', `/oidcissuers/${issuer}`)).json, answer.json);
    const audit = await call('PATCH', path, { policies: [MAIN], dialect: 'pulumi', mode: 'audit' });
    assert.deepEqual([audit.json.version, audit.json.dialect, audit.json.mode], [3, 'pulumi', 'audit']);
    const kept = await call('PATCH', path, { policies: [MAIN] });
    assert.deepEqual([kept.json.version, kept.json.dialect, kept.json.mode], [4, 'pulumi', 'audit']);
  });

  test('what means nothing is refused by name, and an allow for every token always', async () => {
    const { issuer, path } = await create();
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{}, /"policies" is missing/],
      [{ policies: [] }, /policy definition can not be empty/],
      [{ policies: {} }, /^policies: /],
      [{ policies: [MAIN], version: 2 }, /"version" is not a member/],
      [{ policies: [MAIN], dialect: 'glob' }, /^dialect: must be one of strict, pulumi/],
      [{ policies: [MAIN], mode: 'off' }, /^mode: must be one of enforce, audit/],
      [{ policies: [{ ...MAIN, decision: 'maybe' }] }, /^policies\.0\.decision: must be one of allow, deny/],
      [{ policies: [{ ...MAIN, rule: {} }] }, /^policies\.0: "rule" is not a member/],
      [{ policies: [{ ...MAIN, rules: { sub: 5 } }] }, /^policies\.0\.rules\.sub: /],
      [{ policies: [{ ...MAIN, tokenType: 'team' }] }, /^policies\[0\]: has no "teamName"/],
      [{ policies: Array(101).fill(MAIN) }, /^policies: /],
    ];
    for (const [body, message] of wrong) assertRefused(await call('PATCH', path, body), 'invalid_request', message);
    const open = { policies: [{ ...MAIN, rules: {}, reason: 'because' }] };
    assertRefused(await call('PATCH', path, open), 'policy_too_open', /^policies: It has no rules.+ sub: /);
    assert.equal((await call('GET', `/oidcissuers/${issuer}`)).json.version, 1);
  });

  test('of many changes at once each is a version of its own, or told that somebody was faster', async () => {
    const { issuer, path } = await create();
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('PATCH', path, { policies: [MAIN] })));
    const won = answers.filter(({ status }) => status === 200);
    for (const lost of answers.filter(({ status }) => status !== 200)) assertRefused(lost, 'conflict');
    const versions = won.map(({ json }) => json.version as number).sort((left, right) => left - right);
    assert.deepEqual(
      versions,
      versions.map((_, at) => at + 2),
    );
    assert.equal((await call('GET', `/oidcissuers/${issuer}`)).json.version, versions.at(-1));
  });

  test('pins are listed, moved and forgotten', async () => {
    const { policy, path } = await create();
    const identity = { claim: 'repository', name: 'acme/core', idClaim: 'repository_id', id: '1' };
    await server.parts.trust.pins.pin('acme', policy, [identity], 1_767_225_600);
    const list = await call('GET', `${path}/pins`);
    assert.equal(list.status, 200);
    const { pins, ...rest } = list.json;
    assert.deepEqual(rest, { total: 1, itemsPerPage: 10 });
    const [pin] = pins;
    const { id, ...shown } = pin;
    const created = '2026-01-01T00:00:00Z';
    const { claim, name, idClaim } = identity;
    assert.deepEqual(shown, { claim, name, idClaim, value: '1', created, modified: created });

    const moved = await call('PUT', `${path}/pins/${id}`, { value: '2' });
    assert.equal(moved.status, 200, moved.text);
    const { modified, ...movedRest } = moved.json;
    assert.deepEqual(movedRest, { id, claim, name, idClaim, value: '2', created });
    assert.match(modified, TIME);
    assert.deepEqual((await call('GET', `${path}/pins?page=1&pageSize=1`)).json.pins, [moved.json]);
    assertRefused(await call('PUT', `${path}/pins/${id}`, {}), 'invalid_request', /"value" is missing/);
    assertRefused(await call('PUT', `${path}/pins/${id}`, { value: '' }), 'invalid_request', /^value: /);
    assertRefused(await call('GET', `${path}/pins?page=0`), 'invalid_request', /^page: /);

    assert.equal((await call('DELETE', `${path}/pins/${id}`)).status, 204);
    assertRefused(await call('DELETE', `${path}/pins/${id}`), 'pin_not_found');
    assertRefused(await call('PUT', `${path}/pins/x`, { value: '1' }), 'pin_not_found');
    assert.deepEqual((await call('GET', `${path}/pins`)).json, { pins: [], total: 0, itemsPerPage: 10 });
  });

  test('an id of nothing leads nowhere; one that is none is said to be none', async () => {
    const { issuer, policy } = await create();
    assertRefused(await call('GET', '/oidcissuers/x'), 'invalid_request', /^Invalid issuer ID$/);
    assertRefused(await call('GET', `/oidcissuers/${policy}`), 'trusted_issuer_not_found');
    for (const id of [issuer, 'x', '%2e%2e']) {
      assertRefused(await call('PATCH', `/${id}`, { policies: [MAIN] }), 'policy_not_found');
      assertRefused(await call('GET', `/${id}/pins`), 'policy_not_found');
    }
  });

  test('everything is for administrators, of this organization', async () => {
    const { issuer, path } = await create();
    for (const [method, below, json] of [
      ['GET', `/oidcissuers/${issuer}`],
      ['PATCH', path, { policies: [MAIN] }],
      ['GET', `${path}/pins`],
      ['PUT', `${path}/pins/x`, { value: '1' }],
      ['DELETE', `${path}/pins/x`],
    ] as const) {
      for (const as of OTHERS) assertRefused(await call(method, below, json, as), 'not_permitted', /administrator/);
      assertRefused(await call(method, below, json, 'stranger'), 'organization_not_found');
      const foreign = `/api/orgs/umbrella/auth/policies${below}`;
      const answer = await server.ask(method, foreign, { as: 'stranger', ...(json ? { json } : {}) });
      assert.equal(answer.status, 404, answer.text);
      assertRefused(await server.ask(method, `${POLICIES}${below}`, json ? { json } : {}), 'unauthenticated');
    }
  });
});

describe('trusted issuers of a file, over the API', () => {
  test('are shown as read-only, without times, and nothing of them is changed', async () => {
    const server = await startTestServer({ store: 'memory' });
    const { current } = server.parts.organizations;
    try {
      const acme = current().get('acme');
      assert.ok(acme);
      (current() as Map<string, typeof acme>).set('acme', { ...acme, trustedIssuers: [declaration()] });
      const list = await server.ask('GET', '/api/orgs/acme/oidc/issuers', { as: 'admin' });
      const [issuer] = list.json.oidcIssuers;
      assertContract('OidcIssuerRegistrationResponse', issuer);
      assert.deepEqual([issuer.readOnly, issuer.created, issuer.modified], [true, undefined, undefined]);
      const policy = await server.ask('GET', `${POLICIES}/oidcissuers/${issuer.id}`, { as: 'admin' });
      assertContract('AuthPolicy', policy.json);
      assert.deepEqual([policy.json.version, policy.json.created], [1, undefined]);
      const path = `/api/orgs/acme/oidc/issuers/${issuer.id}`;
      for (const answer of [
        await server.ask('PATCH', path, { as: 'admin', json: { name: 'x' } }),
        await server.ask('DELETE', path, { as: 'admin' }),
        await server.ask('POST', `${path}/regenerate-thumbprints`, { as: 'admin' }),
        await server.ask('PATCH', `${POLICIES}/${policy.json.id}`, { as: 'admin', json: { policies: [MAIN] } }),
      ]) {
        assertRefused(answer, 'declared_in_file', /"GitLab" is declared in the file of organization acme/);
      }
      const again = { name: 'again', url: issuer.url, jwks: JWKS };
      const made = await server.ask('POST', '/api/orgs/acme/oidc/issuers', { as: 'admin', json: again });
      assertRefused(made, 'trusted_issuer_exists', /as "GitLab"/);
    } finally {
      await server.stop();
    }
  });
});

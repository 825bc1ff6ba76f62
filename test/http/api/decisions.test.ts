import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { REFUSALS } from '../../../src/errors.ts';
import { DECISION_CODES } from '../../../src/exchange/decision.ts';
import { CLAIMS, ISSUER, MAIN, makeToken, makeTrustedIssuer } from '../../flows/exchange-world.ts';
import { startTestServer, type TestServer } from '../../server.ts';
import { assertRefused } from './answers.ts';

const now = (): number => Math.floor(Date.now() / 1000);
const OTHERS = ['bob', 'carol', 'ops', 'organization', 'client'] as const;

describe('/api/orgs/{org}/decisions', () => {
  let server: TestServer;
  const issuer = makeTrustedIssuer(
    now(),
    {},
    { policies: [{ ...MAIN, rules: { ...MAIN.rules, email: 'bob@example.com' } }] },
  );
  before(async () => {
    server = await startTestServer({ store: 'memory' });
    await server.parts.trust.issuers.create(issuer);
  });
  after(() => server.stop());

  const exchange = (subjectToken: string) =>
    server.ask('POST', '/api/oauth/token', {
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience: 'urn:pulumi:org:acme',
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        requested_token_type: 'urn:pulumi:token-type:access_token:organization',
        subject_token: subjectToken,
      },
    });
  /** Exchanges a token that is refused and gives the id that the caller is told. */
  const refusedId = async (subjectToken: string): Promise<string> => {
    const answer = await exchange(subjectToken);
    assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant'], answer.text);
    const [sentence = ''] = REFUSALS.exchange_refused.sentence.split('{decision}');
    assert.ok(answer.json.error_description.startsWith(sentence), answer.text);
    return answer.json.error_description.slice(sentence.length);
  };
  const read = (path: string, as: Parameters<TestServer['startRun']>[1] = 'admin') =>
    server.ask('GET', `/api/orgs/acme/decisions${path}`, { as });

  test('the id that a refused caller is told leads the administrator to everything that explains it', async () => {
    const id = await refusedId(await makeToken(now()));
    const answer = await read(`/${id}`);
    assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'no-store']);
    const { time, subjectTokenHash, claims, policy, ...rest } = answer.json;
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match(subjectTokenHash, /^[\w-]{43}$/);
    assert.deepEqual([claims.repository, claims.email], ['acme/app', undefined]);
    assert.deepEqual(rest, {
      id,
      organization: 'acme',
      issuer: { id: issuer.id, name: 'ci', url: ISSUER },
      question: { tokenType: 'organization', admin: false },
      outcome: 'refused',
      code: 'policy_unmatched',
      omitted: ['email'],
    });
    const failure = { claim: 'email', expected: 'bob@example.com', presented: '(personal)' };
    assert.deepEqual(policy, {
      id: issuer.policy.id,
      version: 1,
      mode: 'enforce',
      definitions: [{ index: 0, decision: 'allow', result: 'unmatched', failure }],
    });
  });

  test('a grant shows when its access token ends, and the exchange tells its caller nothing of the decision', async () => {
    const granted = await exchange(await makeToken(now(), { claims: { email: 'bob@example.com' } }));
    assert.equal(granted.status, 200, granted.text);
    const { decisions } = (await read('?outcome=granted&pageSize=1')).json;
    assert.deepEqual([decisions[0].outcome, decisions[0].grant.administrator], ['granted', false]);
    assert.match(decisions[0].grant.expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(!granted.text.includes(decisions[0].id));
  });

  test('a list is newest first, filtered by issuer, outcome and time, and leads on to its end', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) ids.unshift(await refusedId(await makeToken(now())));
    const paged: string[] = [];
    let next: string | undefined = '';
    while (next !== undefined && paged.length < 6) {
      const page = await read(`?outcome=refused&pageSize=2&after=${next}`);
      assert.equal(page.status, 200, page.text);
      assert.ok(page.json.decisions.length <= 2);
      paged.push(...page.json.decisions.map(({ id }: { id: string }) => id));
      next = page.json.next;
    }
    assert.deepEqual(paged.slice(0, 5), ids);
    assert.equal((await read(`?issuer=${issuer.id}`)).json.decisions.length > 0, true);
    assert.deepEqual((await read('?issuer=another')).json, { decisions: [] });
    assert.deepEqual((await read('?since=2100-01-01T00:00:00Z')).json, { decisions: [] });
    assert.equal((await read('?since=2020-01-01T00:00:00Z&pageSize=1')).json.decisions.length, 1);
  });

  test('a query that makes no sense is refused by name', async () => {
    const queries: Record<string, RegExp> = {
      '?outcome=maybe': /^outcome: must be one of granted, refused$/,
      '?outcome=granted&outcome=refused': /^outcome: /,
      '?since=yesterday': /^since: /,
      '?pageSize=101': /^pageSize: /,
      '?after=1': /^after: /,
      '?after=a&after=b': /^after: /,
      [`?issuer=${'x'.repeat(201)}`]: /^issuer: /,
    };
    for (const [query, message] of Object.entries(queries))
      assertRefused(await read(query), 'invalid_request', message);
  });

  test('only administrators of the organization read decisions; odd ids are no mistake of ours', async () => {
    const id = await refusedId(await makeToken(now()));
    for (const caller of OTHERS) {
      assertRefused(await read('', caller), 'not_permitted');
      assertRefused(await read(`/${id}`, caller), 'not_permitted');
    }
    for (const path of ['', `/${id}`]) assertRefused(await read(path, 'stranger'), 'organization_not_found');
    assertRefused(
      await server.ask('GET', `/api/orgs/umbrella/decisions/${id}`, { as: 'stranger' }),
      'decision_not_found',
    );
    assertRefused(await server.ask('GET', `/api/orgs/acme/decisions/${id}`), 'unauthenticated');
    assert.equal((await read(`/${id}`, 'organizationAdmin')).status, 200);
    for (const odd of ['x', '%00', '..%2f..', 'a'.repeat(500), '%F0%9F%98%80', '__proto__']) {
      assertRefused(await read(`/${odd}`), 'decision_not_found');
    }
  });
});

describe('…/try', () => {
  let server: TestServer;
  const issuer = makeTrustedIssuer(now());
  before(async () => {
    server = await startTestServer({ store: 'memory' });
    await server.parts.trust.issuers.create(issuer);
  });
  after(() => server.stop());
  const PATHS = ['/api/orgs/acme/oidc/try', `/api/orgs/acme/oidc/issuers/${issuer.id}/try`];
  const attempt = (json: unknown, path = PATHS[0] as string, as: Parameters<TestServer['startRun']>[1] = 'admin') =>
    server.ask('POST', path, { as, json });
  const ORGANIZATION = { requestedTokenType: 'organization' };
  const GENUINE = { ...ORGANIZATION, claims: { iss: ISSUER, ...CLAIMS } };

  test('says what would be granted to a token or to claims, by the id of the issuer or by iss, and records nothing', async () => {
    const subjectToken = await makeToken(now());
    for (const path of PATHS) {
      for (const body of [GENUINE, { ...ORGANIZATION, subjectToken }]) {
        const answer = await attempt(body, path);
        assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'no-store'], answer.text);
        const { granted, lifetime, issuer: of, definitions } = answer.json;
        assert.deepEqual([granted, lifetime, of], [true, 7200, { id: issuer.id, name: 'ci' }]);
        assert.deepEqual(definitions, [{ index: 0, decision: 'allow', result: 'matched' }]);
        assert.ok(!answer.text.includes(subjectToken.split('.')[2] ?? ''), 'no token is ever shown again');
      }
    }
    const denied = await attempt({ ...GENUINE, claims: { ...GENUINE.claims, ref: 'side' } });
    assert.deepEqual([denied.json.granted, denied.json.sentence], [false, DECISION_CODES.policy_unmatched]);
    assert.deepEqual((await server.ask('GET', '/api/orgs/acme/decisions', { as: 'admin' })).json, { decisions: [] });
  });

  test('reads kind and scope by the rules of the exchange', async () => {
    for (const [body, code] of [
      [{ ...GENUINE, scope: 'team:ops' }, 'invalid_scope'],
      [{ ...GENUINE, requestedTokenType: 'team' }, 'invalid_scope'],
      [{ ...GENUINE, requestedTokenType: 'personal', scope: 'user:a/b' }, 'invalid_scope'],
    ] as const) {
      assertRefused(await attempt(body), code);
    }
    assert.equal((await attempt({ ...GENUINE, scope: 'admin' })).json.code, 'policy_unmatched');
    assert.equal(
      (await attempt({ ...GENUINE, requestedTokenType: 'team', scope: 'team:ops' })).json.code,
      'policy_unmatched',
    );
  });

  test('refuses a body that asks nothing, or two things at once, by name', async () => {
    const bodies: readonly [unknown, RegExp][] = [
      [{}, /requestedTokenType/],
      [ORGANIZATION, /^send either "subjectToken" or "claims"$/],
      [{ ...GENUINE, subjectToken: 'x' }, /^send either /],
      [
        { ...GENUINE, requestedTokenType: 'admin' },
        /^requestedTokenType: must be one of organization, team, personal, runner/,
      ],
      [{ ...GENUINE, claims: [] }, /^claims: /],
      [{ ...GENUINE, more: 1 }, /"more" is not a member/],
      [{ ...ORGANIZATION, subjectToken: '' }, /^subjectToken: /],
      [{ ...ORGANIZATION, claims: { iss: '\ud800' } }, /^claims: /],
      [{ ...ORGANIZATION, claims: { list: Array.from({ length: 10_001 }, () => 1) } }, /^claims: /],
    ];
    for (const [body, message] of bodies) assertRefused(await attempt(body), 'invalid_request', message);
    assertRefused(await attempt({ ...ORGANIZATION, claims: { a: 'x'.repeat(65_536) } }), 'body_too_large');
    const deep = `{"requestedTokenType":"organization","claims":{"a":${'['.repeat(40)}${']'.repeat(40)}}}`;
    const sent = { as: 'admin', body: deep, headers: { 'content-type': 'application/json' } } as const;
    assertRefused(await server.ask('POST', PATHS[0] as string, sent), 'invalid_request', /nested deeper/);
  });

  test('takes claims as the text of a token would be taken: no prototype lends them anything', async () => {
    for (const claim of ['constructor', '__proto__', 'toString']) {
      const policies = [{ ...MAIN, rules: { [claim]: '*', ref: '*' } }];
      const other = makeTrustedIssuer(
        now(),
        { issuer: `https://${claim.replaceAll('_', '')}.example.com` },
        { policies },
      );
      await server.parts.trust.issuers.create(other);
      const body = `{"requestedTokenType":"organization","claims":{"iss":"${other.issuer}","ref":"x"}}`;
      const sent = { as: 'admin', body, headers: { 'content-type': 'application/json' } } as const;
      assert.equal((await server.ask('POST', PATHS[0] as string, sent)).json.granted, false);
      const own = { ...sent, body: body.replace('"ref"', `"${claim}":"x","ref"`) };
      assert.equal((await server.ask('POST', PATHS[0] as string, own)).json.granted, true);
    }
  });

  test('is for administrators of the organization, and finds no issuer of another one', async () => {
    for (const path of PATHS) {
      for (const caller of OTHERS) assertRefused(await attempt(GENUINE, path, caller), 'not_permitted');
      assertRefused(await attempt(GENUINE, path, 'stranger'), 'organization_not_found');
      assertRefused(await server.ask('POST', path, { json: GENUINE }), 'unauthenticated');
    }
    const umbrella = (path: string) => attempt(GENUINE, `/api/orgs/umbrella/oidc${path}`, 'stranger');
    assert.equal((await umbrella('/try')).json.code, 'unknown_issuer');
    assertRefused(await umbrella(`/issuers/${issuer.id}/try`), 'trusted_issuer_not_found');
    for (const odd of ['x', '%00', '..%2f..', 'a'.repeat(500), '__proto__']) {
      assertRefused(await attempt(GENUINE, `/api/orgs/acme/oidc/issuers/${odd}/try`), 'trusted_issuer_not_found');
    }
  });
});

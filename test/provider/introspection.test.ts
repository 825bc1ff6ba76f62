import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Organization } from '../../src/access/organization.ts';
import type { Holder } from '../../src/access/principal.ts';
import { ACCESS_TOKENS, basic, organization, organizationMap, SECRET, secretClient, serve } from './server.ts';

const USER = { login: 'alice', administrator: false, roles: [] };
const TEAM = { name: 'platform', members: ['alice'], roles: [] };
const ACME = organization('acme', {
  users: [USER],
  teams: [TEAM],
  clients: [secretClient('jenkins'), secretClient('audit')],
});
const OTHER = organization('other', { clients: [secretClient('stranger')] });
const BOTH = organizationMap(ACME, OTHER);
const with_ = (parts: Partial<Organization>) => organizationMap({ ...ACME, ...parts }, OTHER);

const HOLDERS: readonly Holder[] = [
  { kind: 'personal', organization: 'acme', name: 'alice', tokenName: 'laptop' },
  { kind: 'team', organization: 'acme', name: 'platform', tokenName: 'shared' },
  { kind: 'organization', organization: 'acme', name: 'acme', tokenName: 'ci', roles: [] },
  { kind: 'client', organization: 'acme', name: 'jenkins', tokenName: 'made by hand' },
];

test('a client sees who holds the tokens of its own organization, and nothing else of them', async (t) => {
  const { send, issuer, accessTokens } = await serve(t, BOTH);
  for (const holder of HOLDERS) {
    const { token, entry } = await accessTokens.issue(holder, 600);
    for (const hint of [undefined, 'access_token', 'refresh_token', 'invented']) {
      const form = { token: token.reveal(), ...(hint && { token_type_hint: hint }) };
      const { status, body, headers } = await send('POST', '/oidc/introspect', {
        form,
        headers: basic('audit', SECRET),
      });
      assert.equal(status, 200);
      assert.equal(headers['cache-control'], 'no-store');
      assert.deepEqual(body, {
        active: true,
        sub: holder.name,
        kind: holder.kind,
        organization: 'acme',
        iss: issuer,
        iat: entry.created,
        exp: entry.expires,
        token_type: 'Bearer',
      });
    }
  }
});

test('a client_credentials token names its client, and stands in the list of its organization', async (t) => {
  const { send, issuer, accessTokens } = await serve(t, BOTH);
  const headers = basic('jenkins', SECRET);
  const made = await send('POST', '/oidc/token', {
    form: { grant_type: 'client_credentials', scope: 'openid' },
    headers,
  });
  const { body } = await send('POST', '/oidc/introspect', {
    form: { token: made.body.access_token as string },
    headers,
  });
  const { iat, exp, ...rest } = body;
  assert.equal(Number(exp) - Number(iat), ACCESS_TOKENS.defaultLifetime);
  assert.deepEqual(rest, {
    active: true,
    client_id: 'jenkins',
    sub: 'jenkins',
    kind: 'client',
    organization: 'acme',
    iss: issuer,
    scope: 'openid',
    token_type: 'Bearer',
  });
  const [entry] = await accessTokens.list('acme');
  assert.deepEqual(entry?.holder, {
    kind: 'client',
    organization: 'acme',
    name: 'jenkins',
    tokenName: 'client_credentials',
  });
});

test('all that a client may not know is exactly {"active":false}', async (t) => {
  const { send, reload, accessTokens, clock } = await serve(t, BOTH);
  const ask = async (token: string, client = 'jenkins') => {
    const { status, text } = await send('POST', '/oidc/introspect', {
      form: { token },
      headers: basic(client, SECRET),
    });
    assert.equal(status, 200);
    return text;
  };
  const inactive = '{"active":false}';
  const tokens = await Promise.all(HOLDERS.map((holder) => accessTokens.issue(holder, 600)));
  const [alice, team, ci, client] = tokens.map(({ token }) => token.reveal()) as [string, string, string, string];

  for (const token of [alice, team, ci, client]) assert.equal(await ask(token, 'stranger'), inactive);
  for (const token of ['unknown', `${alice}0`, 'rpa_']) assert.equal(await ask(token), inactive);

  for (const [token, parts] of [
    [alice, { users: [] }],
    [team, { teams: [] }],
    [client, { clients: [secretClient('audit')] }],
  ] as const) {
    assert.match(await ask(token, 'audit'), /"active":true/);
    reload(with_(parts));
    assert.equal(await ask(token, 'audit'), inactive);
    reload(BOTH);
  }

  await accessTokens.revoke('acme', tokens[2]?.entry.id ?? '');
  assert.equal(await ask(ci), inactive);
  clock.move(600);
  assert.equal(await ask(alice), inactive);
});

test('tokens live by the clock that was handed in, not by the library’s', async (t) => {
  const { send, accessTokens, clock } = await serve(t, BOTH);
  clock.move(-90 * 86_400);
  const { token } = await accessTokens.issue(HOLDERS[0] as Holder, 600);
  const headers = basic('jenkins', SECRET);
  const made = await send('POST', '/oidc/token', { form: { grant_type: 'client_credentials' }, headers });
  for (const text of [token.reveal(), made.body.access_token as string]) {
    assert.equal((await send('POST', '/oidc/introspect', { form: { token: text }, headers })).body.active, true);
  }
});

test('introspection and revocation answer nobody but an authenticated client', async (t) => {
  const { send, accessTokens } = await serve(t, BOTH);
  const { token } = await accessTokens.issue(HOLDERS[0] as Holder, 600);
  for (const path of ['/oidc/introspect', '/oidc/revoke']) {
    for (const [headers, status] of [
      [{}, 400],
      [basic('jenkins', 'wrong'), 401],
      [basic('nobody', SECRET), 401],
      [{ authorization: `Bearer ${token.reveal()}` }, 400],
    ] as const) {
      const answer = await send('POST', path, { form: { token: token.reveal() }, headers });
      assert.equal(answer.status, status);
      assert.equal(typeof answer.body.error, 'string');
    }
    const missing = await send('POST', path, { form: {}, headers: basic('jenkins', SECRET) });
    assert.equal(missing.status, 400);
  }
  assert.ok(await accessTokens.holderOf(token.reveal()));
});

test('a client ends tokens of its own organization at once; for others it is told 200, and nothing ends', async (t) => {
  const { send, accessTokens, events } = await serve(t, BOTH);
  const revoke = (token: string, client: string) =>
    send('POST', '/oidc/revoke', { form: { token }, headers: basic(client, SECRET) });
  for (const holder of HOLDERS) {
    const { token, entry } = await accessTokens.issue(holder, 600);
    const before = events.length;
    const foreign = await revoke(token.reveal(), 'stranger');
    assert.equal(foreign.status, 200);
    assert.equal(foreign.headers['cache-control'], 'no-store');
    assert.deepEqual(await accessTokens.holderOf(token.reveal()), holder);
    assert.equal(events.length, before);

    assert.equal((await revoke(token.reveal(), 'audit')).status, 200);
    assert.equal(await accessTokens.holderOf(token.reveal()), undefined);
    assert.deepEqual(events.at(-1), {
      kind: 'access-token.revoke',
      organization: 'acme',
      actor: 'client:audit',
      outcome: 'granted',
      detail: { token: entry.id, holder: `${holder.kind}:${holder.name}`, expires: entry.expires },
    });

    assert.equal((await revoke(token.reveal(), 'audit')).status, 200);
    assert.equal(events.length, before + 1);
  }
  assert.equal((await revoke('unknown', 'audit')).status, 200);
});

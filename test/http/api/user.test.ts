import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Caller, CLIENT_SECRET, startTestServer, type TestServer } from '../../server.ts';

const basic = (id: string): string =>
  `Basic ${Buffer.from(`${id}:${encodeURIComponent(CLIENT_SECRET)}`).toString('base64')}`;

describe('/api/user and its neighbours', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());
  const user = async (as: Caller) => (await server.ask('GET', '/api/user', { as })).json;

  test('a person is shown by login, with what the organization’s file says', async () => {
    const admin = await user('admin');
    assert.deepEqual([admin.githubLogin, admin.name, admin.email], ['admin', 'Ada Admin', 'ada@example.com']);
    assert.deepEqual(admin.organizations, [{ githubLogin: 'acme', name: 'acme', avatarUrl: '', role: 'admin' }]);
    assert.equal(admin.tokenInfo, undefined);
    const carol = await user('carol');
    assert.deepEqual([carol.githubLogin, carol.name, carol.organizations[0].role], ['carol', 'carol', 'member']);
  });

  test('a machine’s token is shown by its organization, with tokenInfo, as stock command lines read it', async () => {
    for (const [caller, team] of [
      ['organization', ''],
      ['ops', 'ops'],
      ['client', ''],
    ] as const) {
      const shown = await user(caller);
      assert.equal(shown.githubLogin, 'acme');
      assert.deepEqual(shown.tokenInfo, { name: `${caller} of a test`, organization: 'acme', team });
    }
    assert.equal((await user('stranger')).organizations[0].githubLogin, 'umbrella');
  });

  test('both schemes are taken, in any case', async () => {
    for (const scheme of ['token', 'Token', 'Bearer', 'bearer', 'BEARER']) {
      const answer = await server.ask('GET', '/api/user', {
        headers: { authorization: `${scheme} ${server.tokens.bob}` },
      });
      assert.equal(answer.status, 200, scheme);
    }
  });

  test('the default organization is the caller’s own; capabilities are none, and need no token', async () => {
    const own = await server.ask('GET', '/api/user/organizations/default', { as: 'bob' });
    assert.deepEqual(own.json, { GitHubLogin: 'acme', Messages: [] });
    assert.deepEqual((await server.ask('GET', '/api/capabilities')).json, { capabilities: [] });
  });
});

describe('introspection and revocation across organizations', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());
  const at = (door: 'introspect' | 'revoke', client: string, token: string) =>
    server.ask('POST', `/oidc/${door}`, { headers: { authorization: basic(client) }, form: { token } });

  test('a client sees the tokens of its own organization, and of another only that they are not active', async () => {
    for (const caller of ['admin', 'bob', 'carol', 'ops', 'organization', 'client'] as const) {
      const own = await at('introspect', 'jenkins', server.tokens[caller]);
      assert.equal(own.json.active, true, caller);
      const foreign = await at('introspect', 'hive', server.tokens[caller]);
      assert.deepEqual([foreign.status, foreign.json], [200, { active: false }], caller);
    }
    assert.equal((await at('introspect', 'hive', server.tokens.stranger)).json.active, true);
    for (const token of ['x', 'rpa_x', 'rpr_x', '%00', 'a'.repeat(5000), `${server.tokens.bob}x`]) {
      assert.deepEqual((await at('introspect', 'jenkins', token)).json, { active: false }, token.slice(0, 10));
    }
  });

  test('an ID token is no access token: introspection does not know it, the API refuses it', async () => {
    const run = await server.startRun({ project: 'core', stack: 'dev', operation: 'update' });
    const headers = { authorization: `Bearer ${run.tokenRequest.token}` };
    const jwt = (await server.ask('GET', new URL(run.tokenRequest.url).pathname, { headers })).json.value as string;
    const seen = await at('introspect', 'jenkins', jwt);
    assert.ok(seen.status === 400 || seen.json.active === false, seen.text);
    for (const token of [jwt, run.tokenRequest.token]) {
      assert.equal(
        (await server.ask('GET', '/api/user', { headers: { authorization: `Bearer ${token}` } })).status,
        401,
      );
    }
  });

  test('a client ends tokens of its own organization only; both answers are 200', async () => {
    const issue = async () =>
      (
        await server.parts.accessTokens.issue(
          { kind: 'personal', organization: 'acme', name: 'bob', tokenName: 'x' },
          600,
        )
      ).token.reveal();
    const works = async (token: string) =>
      (await server.ask('GET', '/api/user', { headers: { authorization: `token ${token}` } })).status === 200;
    const token = await issue();
    await at('revoke', 'hive', token);
    assert.equal(await works(token), true);
    assert.equal((await at('revoke', 'jenkins', token)).status, 200);
    assert.equal(await works(token), false);
    assert.equal((await at('revoke', 'jenkins', 'unknown')).status, 200);
  });

  test('without authentication there is nothing to see', async () => {
    for (const door of ['introspect', 'revoke']) {
      for (const headers of [{}, { authorization: 'Basic eDp5' }, { authorization: `Bearer ${server.tokens.admin}` }]) {
        const answer = await server.ask('POST', `/oidc/${door}`, { headers, form: { token: server.tokens.bob } });
        assert.ok(answer.status === 400 || answer.status === 401, answer.text);
        assert.match(answer.json.error, /^invalid_/);
        assert.ok(!('active' in answer.json));
      }
    }
  });

  test('a token that a client got may do what the client’s roles allow', async () => {
    const granted = await server.ask('POST', '/oidc/token', {
      headers: { authorization: basic('jenkins') },
      form: { grant_type: 'client_credentials' },
    });
    assert.equal(granted.headers['cache-control'], 'no-store');
    const headers = { authorization: `Bearer ${granted.json.access_token}` };
    const start = (operation: string) =>
      server.ask('POST', '/api/orgs/acme/runs', { headers, json: { project: 'core', stack: 'dev', operation } });
    assert.deepEqual([(await start('update')).status, (await start('destroy')).status], [201, 403]);
  });
});

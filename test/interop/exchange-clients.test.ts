import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../server.ts';
import { type OutsideIssuer, openOutsideIssuer } from './outside-issuer.ts';
import { actionExchange, cliExchange, cliGet, externalSecretsExchange } from './stock-requests.ts';
import { exchangeParameters, trust } from './trust.ts';
import type { WireAnswer } from './wire.ts';

const TYPE = 'urn:pulumi:token-type:access_token';

/** Asserts what clients read of an exchange, and gives the access token. Contract section 3.4. */
const granted = (answer: WireAnswer, type: string, scope = '', lifetime = 7200): string => {
  assert.equal(answer.status, 200, answer.text);
  const { access_token, ...rest } = answer.json;
  assert.match(access_token, /^rpa_[0-9A-Za-z]{40}$/);
  const { refresh_token = '', ...said } = rest;
  assert.equal(refresh_token, '');
  assert.deepEqual(said, {
    issued_token_type: `${TYPE}:${type}`,
    token_type: 'token',
    expires_in: lifetime,
    scope,
  });
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  return access_token;
};

/** Clients that nobody here wrote, as their requests stand on the wire. Contract sections 5 and 7. */
describe('stock clients exchange the token of a job', () => {
  let server: TestServer;
  let github: OutsideIssuer;
  before(async () => {
    [server, github] = await Promise.all([startTestServer(), openOutsideIssuer()]);
    await trust(server, github);
  });
  after(() => server.stop());

  describe('the command line', () => {
    const login = async (changes: Readonly<Record<string, string>> = {}) =>
      cliExchange(server, exchangeParameters(await github.token(), changes));

    test('logs in as the organization, then learns who it is, its organization and what the server can do', async () => {
      const accessToken = granted(await login(), 'organization');
      const user = await cliGet(server, '/api/user', accessToken);
      assert.equal(user.status, 200, user.text);
      assert.equal(user.json.githubLogin, 'acme');
      assert.deepEqual(
        user.json.organizations.map(({ githubLogin }: { githubLogin: string }) => githubLogin),
        ['acme'],
      );
      assert.deepEqual(user.json.tokenInfo, { name: 'github', organization: 'acme', team: '' });

      const own = await cliGet(server, '/api/user/organizations/default', accessToken);
      assert.deepEqual([own.status, own.json], [200, { GitHubLogin: 'acme', Messages: [] }]);
      const capabilities = await cliGet(server, '/api/capabilities', accessToken);
      assert.deepEqual([capabilities.status, capabilities.json], [200, { capabilities: [] }]);
    });

    test('logs in as a team, which is shown by its organization', async () => {
      const accessToken = granted(
        await login({ requested_token_type: `${TYPE}:team`, scope: 'team:ops' }),
        'team',
        'team:ops',
      );
      const { json } = await cliGet(server, '/api/user', accessToken);
      assert.equal(json.githubLogin, 'acme');
      assert.deepEqual(json.tokenInfo, { name: 'github', organization: 'acme', team: 'ops' });
    });

    test('logs in as a person, who is shown by login and without the token’s name', async () => {
      const accessToken = granted(
        await login({ requested_token_type: `${TYPE}:personal`, scope: 'user:carol' }),
        'personal',
        'user:carol',
      );
      const { json } = await cliGet(server, '/api/user', accessToken);
      assert.deepEqual([json.githubLogin, json.tokenInfo], ['carol', undefined]);
    });

    test('--oidc-expiration 1h is granted as asked', async () => {
      granted(await login({ expiration: '3600' }), 'organization', '', 3600);
    });

    test('a cloud URL with a slash at its end doubles the slash, and changes nothing', async () => {
      const answer = await cliExchange(server, exchangeParameters(await github.token()), '//api/oauth/token');
      granted(answer, 'organization');
    });

    test('a lost answer is no lost login: the very same request is granted again, with another access token', async () => {
      const parameters = exchangeParameters(await github.token());
      const first = granted(await cliExchange(server, parameters), 'organization');
      const second = granted(await cliExchange(server, parameters), 'organization');
      assert.notEqual(first, second);
    });

    test('an agent that asks for an account of its own is told that there is none', async () => {
      for (const method of ['GET', 'POST']) {
        assert.equal((await server.ask(method, '/api/agents/signup')).status, 404, method);
      }
    });

    test('once logged out on the server, it is told what it knows: 401 in the form of the API', async () => {
      const { status, json } = await cliGet(server, '/api/user', 'rpa_0000000000000000000000000000000000000000');
      assert.deepEqual([status, json.code], [401, 401]);
      assert.equal(typeof json.message, 'string');
    });
  });

  describe('the GitHub action', () => {
    test('sends JSON with neither expiration nor scope, and reads nothing but the access token', async () => {
      granted(await actionExchange(server, await github.token()), 'organization');
    });
    test('sends its expiration as a number', async () => {
      const answer = await actionExchange(server, await github.token(), { expiration: 900, scope: '' });
      granted(answer, 'organization', '', 900);
    });
    test('asks for a team', async () => {
      const answer = await actionExchange(server, await github.token(), { type: 'team', scope: 'team:ops' });
      granted(answer, 'team', 'team:ops');
    });
    test('20 jobs of a matrix that share one token exchange it at the same time', async () => {
      const token = await github.token();
      const answers = await Promise.all(Array.from({ length: 20 }, () => actionExchange(server, token)));
      assert.equal(new Set(answers.map((answer) => granted(answer, 'organization'))).size, 20);
    });
    test('20 jobs of a matrix with a token each exchange them at the same time', async () => {
      const tokens = await Promise.all(Array.from({ length: 20 }, () => github.token()));
      for (const answer of await Promise.all(tokens.map((token) => actionExchange(server, token))))
        granted(answer, 'organization');
    });
  });

  test('External Secrets sends JSON with a number and an empty scope, and gets as long as it asks for', async () => {
    granted(await externalSecretsExchange(server, await github.token()), 'organization', '', 3600);
  });

  test('an issuer may cap all of it: asked too much is given less', async () => {
    const gitlab = await openOutsideIssuer('https://gitlab.com');
    await trust(server, gitlab, undefined, { name: 'gitlab', maxExpiration: 600 });
    for (const answer of [
      await cliExchange(server, exchangeParameters(await gitlab.token())),
      await externalSecretsExchange(server, await gitlab.token()),
      await actionExchange(server, await gitlab.token()),
    ])
      granted(answer, 'organization', '', 600);
  });
});

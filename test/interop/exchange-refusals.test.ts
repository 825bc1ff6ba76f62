import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../server.ts';
import { type OutsideIssuer, openOutsideIssuer } from './outside-issuer.ts';
import { actionExchange, cliExchange } from './stock-requests.ts';
import { exchangeParameters, trust } from './trust.ts';
import type { WireAnswer } from './wire.ts';

/** What `pulumi login` and `esc login` print of an answer that is not 200: its body. Contract section 5.1. */
const cliPrints = ({ text }: WireAnswer): string => `OIDC token exchange failed: ${text}`;

/** What the GitHub action prints. Contract section 5.4. */
const actionPrints = ({ status, statusText, json }: WireAnswer): string =>
  `Invalid response from token exchange ${status}: ${statusText} (${json.error}: ${json.error_description})`;

describe('what the user of a stock client reads when an exchange is refused', () => {
  let server: TestServer;
  let github: OutsideIssuer;
  before(async () => {
    [server, github] = await Promise.all([startTestServer(), openOutsideIssuer()]);
    await trust(server, github);
  });
  after(() => server.stop());

  const sentence = /The subject token was not exchanged\. .* runpass trust decision (\S+)$/;
  const decisionIn = ({ json }: WireAnswer): string => sentence.exec(json.error_description)?.[1] ?? '';

  test('the action: the error, one sentence, and the decision to ask an administrator about', async () => {
    const answer = await actionExchange(server, await github.token({ sub: 'repo:acme/other:ref:refs/heads/main' }));
    const printed = actionPrints(answer);
    assert.match(printed, /^Invalid response from token exchange 400: Bad Request \(invalid_grant: The subject token /);
    assert.doesNotMatch(printed, /undefined/);
  });

  test('the command line: the same, as JSON, and never a status that it would try again', async () => {
    const answer = await cliExchange(
      server,
      exchangeParameters(await github.token({ sub: 'repo:acme/other:ref:refs/heads/main' })),
    );
    assert.equal(answer.status, 400);
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    assert.match(cliPrints(answer), /"error":"invalid_grant"/);
    assert.match(decisionIn(answer), /^\S{10,}$/);
  });

  test('the administrator sees why by that id: the first rule that failed, expected and presented', async () => {
    const answer = await cliExchange(
      server,
      exchangeParameters(await github.token({ sub: 'repo:acme/other:ref:refs/heads/main' })),
    );
    const path = `/api/orgs/acme/decisions/${decisionIn(answer)}`;
    const { status, json } = await server.ask('GET', path, { as: 'admin' });
    assert.equal(status, 200);
    assert.deepEqual([json.outcome, json.code], ['refused', 'policy_unmatched']);
    assert.deepEqual(json.policy.definitions[0].failure, {
      claim: 'sub',
      expected: 'repo:acme/core:*',
      presented: '"repo:acme/other:ref:refs/heads/main"',
    });
    assert.equal((await server.ask('GET', path, { as: 'bob' })).status, 403);
    assert.equal((await server.ask('GET', path, { as: 'stranger' })).status, 404);
  });

  test('whatever the reason, the caller reads the same but for the id', async () => {
    const stranger = await openOutsideIssuer();
    const now = Math.floor(Date.now() / 1000);
    const good = await github.token();
    const refused = {
      'another repository': exchangeParameters(await github.token({ sub: 'repo:evil/core:x' })),
      'a pull request': exchangeParameters(await github.token({ event_name: 'pull_request' })),
      'an expired token': exchangeParameters(await github.token({ iat: now - 900, nbf: now - 900, exp: now - 600 })),
      'a token of tomorrow': exchangeParameters(await github.token({ nbf: now + 86_400 })),
      'the signature of another key': exchangeParameters(await stranger.token()),
      'an issuer that nobody registered': exchangeParameters(await github.token({ iss: 'https://ci.example.com' })),
      'an organization that there is not': exchangeParameters(good, { audience: 'urn:pulumi:org:nobody' }),
      'an organization that does not trust it': exchangeParameters(good, { audience: 'urn:pulumi:org:umbrella' }),
      'a team that no policy names': exchangeParameters(good, {
        requested_token_type: 'urn:pulumi:token-type:access_token:team',
        scope: 'team:red',
      }),
      'administration, which no policy gives': exchangeParameters(good, { scope: 'admin' }),
      'no JWT at all': exchangeParameters('not-a-token'),
    };
    const seen = new Set<string>();
    for (const [what, parameters] of Object.entries(refused)) {
      const answer = await cliExchange(server, parameters);
      assert.equal(answer.status, 400, what);
      const { error, error_description, ...rest } = answer.json;
      assert.deepEqual([error, rest], ['invalid_grant', { correlation_id: decisionIn(answer) }], what);
      assert.match(error_description, sentence, what);
      seen.add(error_description.replace(decisionIn(answer), 'ID'));
      assert.doesNotMatch(answer.text, /repo:|eyJ|signature|expired/, what);
    }
    assert.equal(seen.size, 1);
    await assert.doesNotReject(
      cliExchange(server, exchangeParameters(good)).then(({ status }) => assert.equal(status, 200)),
    );
  });

  for (const [what, changes, error] of [
    ['no organization, as older command lines send it', { audience: 'urn:pulumi:org:' }, 'invalid_target'],
    ['an account of an agent, renewed', { grant_type: 'refresh_token' }, 'unsupported_grant_type'],
    [
      'a team token without a team',
      { requested_token_type: 'urn:pulumi:token-type:access_token:team' },
      'invalid_scope',
    ],
    ['a user in the scope of an organization token', { scope: 'user:carol' }, 'invalid_scope'],
    ['no token', { subject_token: '' }, 'invalid_request'],
    ['no lifetime', { expiration: 'soon' }, 'invalid_request'],
  ] as const) {
    test(`${what}: the request itself is wrong, and says ${error}`, async () => {
      const answer = await cliExchange(server, exchangeParameters(await github.token(), changes));
      assert.deepEqual([answer.status, answer.json.error], [400, error], answer.text);
      assert.match(cliPrints(answer), /"error_description":".{10,}"/);
      assert.doesNotMatch(answer.text, /eyJ/);
    });
  }
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import * as client from 'openid-client';
import { CLIENT_SECRET, startTestServer, type TestServer } from '../server.ts';
import { type OutsideIssuer, openOutsideIssuer } from './outside-issuer.ts';
import { exchangeParameters, POLICIES, trust } from './trust.ts';

const run = promisify(execFile);

/** Programs and libraries that nobody here wrote, as they are. */
describe('programs as they are exchange the token of a job', () => {
  let server: TestServer;
  let github: OutsideIssuer;
  before(async () => {
    [server, github] = await Promise.all([startTestServer(), openOutsideIssuer()]);
    await trust(server, github);
  });
  after(() => server.stop());

  test('curl, as the document that the exchange was asked for in calls it', async (t) => {
    const installed = await run('curl', ['--version']).then(
      () => true,
      () => false,
    );
    if (!installed) return t.skip('curl is not installed on this machine');
    // Its lines as they stand there, but for the organization, the token's variable and the host.
    const script = `curl -sS -X POST  \\
            -H 'Content-Type: application/x-www-form-urlencoded' \\
            -d 'audience=urn:pulumi:org:acme' \\
            -d 'grant_type=urn:ietf:params:oauth:grant-type:token-exchange' \\
            -d 'subject_token_type=urn:ietf:params:oauth:token-type:id_token' \\
            -d 'requested_token_type=urn:pulumi:token-type:access_token:organization' \\
            -d "subject_token=$OIDC_GH_TOKEN" \\
            ${server.url}/api/oauth/token`;
    const env = { PATH: process.env['PATH'], OIDC_GH_TOKEN: await github.token() };
    const { stdout } = await run('sh', ['-c', script], { env });
    const { access_token, expires_in, scope } = JSON.parse(stdout);
    assert.match(access_token, /^rpa_/);
    assert.deepEqual([expires_in, scope], [7200, '']);
  });

  test('the policy of that document saves with warnings at most, and takes GitHub’s default audience', async () => {
    const before = await openOutsideIssuer('https://token.actions.githubusercontent.com/acme');
    const seed = [
      {
        decision: 'allow',
        tokenType: 'organization',
        authorizedPermissions: [],
        rules: { aud: 'https://github.com/acme', sub: 'repo:acme/core:*' },
      },
    ] as const;
    const { policyId } = await trust(server, before, seed, { name: 'as in the document', issuer: before.issuer });
    const saved = await server.ask('PATCH', `/api/orgs/acme/auth/policies/${policyId}`, {
      as: 'admin',
      json: { policies: seed },
    });
    assert.deepEqual(
      saved.json.findings.filter(({ severity }: { severity: string }) => severity !== 'warning'),
      [],
    );
    const form = exchangeParameters(await before.token({ aud: 'https://github.com/acme' }));
    assert.equal((await server.ask('POST', '/api/oauth/token', { form })).status, 200);
  });

  describe('openid-client at the token endpoint of the issuer', () => {
    const insecure = { execute: [client.allowInsecureRequests] };
    const exchange = async (name: 'v1' | 'v2', id: string, auth: client.ClientAuth, subjectToken: string) => {
      const issuer = new URL(server.settings.issuers[name].url);
      const config = await client.discovery(issuer, id, undefined, auth, insecure);
      const { grant_type, ...parameters } = exchangeParameters(subjectToken);
      return client.genericGrantRequest(config, grant_type, parameters);
    };

    for (const name of ['v1', 'v2'] as const) {
      test(`discovered by ${name}, an authenticated client exchanges a token`, async () => {
        const granted = await exchange(name, 'jenkins', client.ClientSecretBasic(CLIENT_SECRET), await github.token());
        assert.match(granted.access_token, /^rpa_/);
        assert.deepEqual(
          [granted.expires_in, granted['issued_token_type']],
          [7200, 'urn:pulumi:token-type:access_token:organization'],
        );
        const headers = { authorization: `Bearer ${granted.access_token}` };
        const user = await server.ask('GET', '/api/user', { headers });
        assert.equal(user.json.tokenInfo.organization, 'acme');
      });
    }

    test('by private_key_jwt as well', async () => {
      const granted = await exchange('v1', 'argo', client.PrivateKeyJwt(server.clientKey), await github.token());
      assert.match(granted.access_token, /^rpa_/);
    });

    test('a client with a wrong secret gets nothing', async () => {
      await assert.rejects(exchange('v1', 'jenkins', client.ClientSecretBasic('wrong'), await github.token()), {
        status: 401,
      });
    });

    test('a client of another organization gets nothing for acme', async () => {
      const auth = client.ClientSecretBasic(CLIENT_SECRET);
      await assert.rejects(exchange('v1', 'hive', auth, await github.token()), { status: 400, error: 'invalid_grant' });
    });
  });

  test('an exchanged token does what the role of its policy says, and nothing else', async () => {
    const roleless = await openOutsideIssuer('https://ci.example.com');
    await trust(server, roleless, [{ ...POLICIES[0], roleID: undefined } as never], { name: 'ci' });
    const startRun = async (outside: OutsideIssuer) => {
      const form = exchangeParameters(await outside.token());
      const { json } = await server.ask('POST', '/api/oauth/token', { form });
      return server.ask('POST', '/api/orgs/acme/runs', {
        headers: { authorization: `token ${json.access_token}` },
        json: { project: 'core', stack: 'dev', operation: 'update' },
      });
    };
    assert.equal((await startRun(github)).status, 201);
    const refused = await startRun(roleless);
    assert.deepEqual([refused.status, refused.json.refusal], [403, 'run_not_permitted']);
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { CLIENT_SECRET, type StartedRun, startTestServer, type TestServer } from '../server.ts';
import { mintToken } from './surface.ts';

const run = promisify(execFile);

/** Clients and verifiers that nobody here wrote, with nothing but the issuer URL or the two variables of a run. */
describe('clients that nobody here wrote', () => {
  let server: TestServer;
  let started: StartedRun;
  before(async () => {
    server = await startTestServer();
    started = await server.startRun({ project: 'core', stack: 'dev', operation: 'update' });
  });
  after(() => server.stop());

  const issuer = (name: 'v1' | 'v2' = 'v1') => new URL(server.settings.issuers[name].url);
  const insecure = { execute: [client.allowInsecureRequests] };
  const authentications = {
    client_secret_basic: () => ['jenkins', client.ClientSecretBasic(CLIENT_SECRET)],
    client_secret_post: () => ['jenkins', client.ClientSecretPost(CLIENT_SECRET)],
    private_key_jwt: () => ['argo', client.PrivateKeyJwt(server.clientKey)],
  } as const satisfies Record<string, () => readonly [string, client.ClientAuth]>;

  for (const [method, authentication] of Object.entries(authentications)) {
    for (const name of ['v1', 'v2'] as const) {
      test(`openid-client discovers ${name} and by ${method} gets, introspects and revokes an access token`, async () => {
        const [id, auth] = authentication();
        const config = await client.discovery(issuer(name), id, undefined, auth, insecure);
        const granted = await client.clientCredentialsGrant(config);
        assert.match(granted.access_token, /^rpa_/);
        assert.equal(granted.token_type.toLowerCase(), 'bearer');
        assert.ok((granted.expires_in ?? 0) > 0);
        const user = await server.ask('GET', '/api/user', {
          headers: { authorization: `Bearer ${granted.access_token}` },
        });
        assert.equal(user.status, 200);

        const known = await client.tokenIntrospection(config, granted.access_token);
        assert.deepEqual([known.active, known.client_id], [true, id]);
        await client.tokenRevocation(config, granted.access_token);
        assert.equal((await client.tokenIntrospection(config, granted.access_token)).active, false);
        const gone = await server.ask('GET', '/api/user', {
          headers: { authorization: `Bearer ${granted.access_token}` },
        });
        assert.equal(gone.status, 401);
      });
    }
  }

  test('openid-client gets nothing with a wrong secret', async () => {
    const config = await client.discovery(issuer(), 'jenkins', undefined, client.ClientSecretBasic('wrong'), insecure);
    await assert.rejects(client.clientCredentialsGrant(config), { name: 'WWWAuthenticateChallengeError', status: 401 });
  });

  for (const name of ['v1', 'v2'] as const) {
    test(`jose verifies a token of ${name} with nothing but the issuer URL`, async () => {
      const discovery = (await (await fetch(`${issuer(name)}/.well-known/openid-configuration`)).json()) as {
        jwks_uri: string;
        issuer: string;
        id_token_signing_alg_values_supported: string[];
      };
      const audience = 'sts.amazonaws.com';
      const jwt = await mintToken(started.tokenRequest.urls[name], started.tokenRequest.token, audience);
      const { payload, protectedHeader } = await jwtVerify(jwt, createRemoteJWKSet(new URL(discovery.jwks_uri)), {
        issuer: issuer(name).href,
        audience,
        algorithms: discovery.id_token_signing_alg_values_supported,
        typ: 'JWT',
        requiredClaims: ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'],
        clockTolerance: 0,
      });
      assert.equal(discovery.issuer, payload.iss);
      assert.equal(protectedHeader.typ, 'JWT');
    });
  }

  test('jose, which asks again for a kid it does not know, goes through a rotation', async () => {
    let fetched = 0;
    const counted: client.CustomFetch = (url, options) => {
      fetched += 1;
      return fetch(url, options as RequestInit);
    };
    const keys = createRemoteJWKSet(new URL(`${issuer()}/.well-known/jwks`), {
      cooldownDuration: 0,
      [customFetch]: counted as never,
    });
    const mintAndVerify = async (): Promise<string | undefined> => {
      const jwt = await mintToken(started.tokenRequest.url, started.tokenRequest.token);
      return (await jwtVerify(jwt, keys, { issuer: issuer().href, audience: 'acme' })).protectedHeader.kid;
    };
    const old = await mintAndVerify();
    await server.rotateUnsafely('v1');
    for (let kid = old; kid === old; ) kid = await mintAndVerify();
    // Once more at most: not at all where the next key was published when it first asked.
    assert.ok(fetched <= 2, `it asked ${fetched} times`);
  });

  describe('the unmodified @actions/core in a process of its own', () => {
    const getIDToken = async (audience?: string, change: Record<string, string> = {}): Promise<string> => {
      const script = `import { getIDToken } from '${import.meta.resolve('@actions/core')}';
        const jwt = await getIDToken(${audience === undefined ? '' : JSON.stringify(audience)});
        console.log('\\n' + JSON.stringify({ jwt }));`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
        env: {
          PATH: process.env['PATH'] ?? '',
          ACTIONS_ID_TOKEN_REQUEST_URL: started.tokenRequest.url,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: started.tokenRequest.token,
          ...change,
        },
      });
      return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { jwt: string }).jwt;
    };

    test('gets the organization’s token without an audience', async () => {
      assert.equal(decodeJwt(await getIDToken()).aud, 'acme');
    });
    test('gets the audience that it asks for, percent-encoded', async () => {
      assert.equal(decodeJwt(await getIDToken('api://AzureADTokenExchange')).aud, 'api://AzureADTokenExchange');
    });
    test('gets any audience from v2', async () => {
      const url = { ACTIONS_ID_TOKEN_REQUEST_URL: started.tokenRequest.urls.v2 };
      assert.equal(decodeJwt(await getIDToken('https://x.example/?a=b&c=d', url)).aud, 'https://x.example/?a=b&c=d');
    });
    test('is refused at once, with our sentence, for an audience that nobody listed', async () => {
      await assert.rejects(getIDToken('sigstore'), /audience is not allowed for organization/);
    });
    test('is refused at once with a wrong request token', async () => {
      await assert.rejects(
        getIDToken('acme', { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'rpr_wrong' }),
        /request token is not valid/,
      );
    });
  });

  describe('clients that append to the URL as text', () => {
    const get = (suffix: string, scheme = 'Bearer') =>
      server.ask(
        'GET',
        new URL(started.tokenRequest.url).pathname + new URL(started.tokenRequest.url).search + suffix,
        {
          headers: { authorization: `${scheme} ${started.tokenRequest.token}` },
        },
      );
    const audienceOf = async (answer: ReturnType<typeof get>) => decodeJwt((await answer).json.value).aud;

    test('cosign: the audience raw, the scheme in lower case', async () => {
      const answer = await get('&audience=api://AzureADTokenExchange', 'bearer');
      assert.deepEqual([answer.status, answer.json.count], [200, 1]);
      assert.equal(decodeJwt(answer.json.value).aud, 'api://AzureADTokenExchange');
    });
    test('an audience twice: the last one wins, as whoever appends expects', async () => {
      assert.equal(await audienceOf(get('&audience=nonsense&audience=sts.amazonaws.com')), 'sts.amazonaws.com');
      assert.equal(await audienceOf(get('&audience=sts.amazonaws.com&audience=acme')), 'acme');
    });
    test('azurerm: a form content type on a GET changes nothing', async () => {
      const answer = await server.ask('GET', new URL(started.tokenRequest.url).pathname, {
        headers: {
          authorization: `Bearer ${started.tokenRequest.token}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
      });
      assert.equal(answer.status, 200);
    });
    test('the URL that is handed out has a query already', () => {
      for (const url of Object.values(started.tokenRequest.urls)) assert.match(url, /\?[^&]+$/);
    });
  });

  test('PyJWT, where Python has it, verifies a token', async (t) => {
    const script = `
import sys, jwt
token, jwks_uri, issuer = sys.argv[1:4]
key = jwt.PyJWKClient(jwks_uri).get_signing_key_from_jwt(token)
claims = jwt.decode(token, key.key, algorithms=["RS256"], audience="acme", issuer=issuer,
  options={"require": ["iss", "sub", "aud", "exp", "iat", "nbf", "jti"], "strict_aud": True})
print(claims["sub"])`;
    const installed = await run('python3', ['-c', 'import jwt, cryptography']).then(
      () => true,
      () => false,
    );
    if (!installed) return t.skip('python3-jwt and python3-cryptography are not installed on this machine');
    const jwt = await mintToken(started.tokenRequest.url, started.tokenRequest.token);
    const { stdout } = await run('python3', ['-c', script, jwt, `${issuer()}/.well-known/jwks`, issuer().href]);
    assert.equal(stdout.trim(), decodeJwt(jwt).sub);
  });
});

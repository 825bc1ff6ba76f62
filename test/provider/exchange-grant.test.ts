import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as oidc from 'openid-client';
import { Refusal } from '../../src/errors.ts';
import type { ExchangeQuestion } from '../../src/exchange/question.ts';
import type { ExchangedToken } from '../../src/flows/exchange-token.ts';
import { Secret } from '../../src/secret.ts';
import { StoreError } from '../../src/store/store.ts';
import { basic, organization, organizationMap, SECRET, secretClient, serve } from './server.ts';

const ORGANIZATIONS = organizationMap(
  organization('acme', { clients: [secretClient('jenkins')] }),
  organization('umbrella', { clients: [secretClient('hive')] }),
);
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const PARAMETERS = {
  audience: 'urn:pulumi:org:acme',
  requested_token_type: 'urn:pulumi:token-type:access_token:team',
  scope: 'team:ops',
  subject_token: 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln',
  subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  expiration: '600',
};
const FORM = { grant_type: GRANT, ...PARAMETERS };
const DECISION = '20261121093045-0123456789abcdef';
const granted: ExchangedToken = { token: new Secret('rpa_granted'), lifetime: 600, decision: DECISION };

/** The provider with a story of the test's own, and what reached it. */
const open = async (t: Parameters<typeof serve>[0], story: () => Promise<ExchangedToken> = async () => granted) => {
  const asked: { question: ExchangeQuestion; client: string }[] = [];
  const served = await serve(t, ORGANIZATIONS, {
    exchange: async (question, { clientOrganization }) => {
      asked.push({ question, client: clientOrganization });
      return story();
    },
  });
  const send = (form: object, as: readonly [string, string] = ['jenkins', SECRET]) =>
    served.send('POST', '/oidc/token', { form, headers: basic(...as) });
  return { ...served, asked, exchange: send };
};

const refusing =
  (...of: ConstructorParameters<typeof Refusal>) =>
  async () => {
    throw new Refusal(...of);
  };

test('an authenticated client exchanges a token, and the story learns of its organization', async (t) => {
  const { exchange, asked, events } = await open(t);
  const { status, body, headers } = await exchange(FORM);
  assert.equal(status, 200);
  assert.deepEqual(body, {
    access_token: 'rpa_granted',
    issued_token_type: PARAMETERS.requested_token_type,
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'team:ops',
  });
  assert.deepEqual([headers['cache-control'], headers.pragma], ['no-store', 'no-cache']);
  const question = {
    organization: 'acme',
    tokenType: 'team',
    name: 'ops',
    admin: false,
    scope: 'team:ops',
    requestedTokenType: PARAMETERS.requested_token_type,
    subjectToken: PARAMETERS.subject_token,
    expiration: 600,
  };
  assert.deepEqual(asked, [{ question, client: 'acme' }]);
  await exchange(FORM, ['hive', SECRET]);
  assert.equal(asked[1]?.client, 'umbrella', 'what that means is for the story to say');
  assert.deepEqual(events, [], 'the story writes the audit record, and nobody writes a second one');
});

test('discovery names the grant, and openid-client exchanges by it', async (t) => {
  const { issuer } = await open(t);
  const configuration = await oidc.discovery(new URL(issuer), 'jenkins', undefined, oidc.ClientSecretBasic(SECRET), {
    execute: [oidc.allowInsecureRequests],
  });
  const supported = configuration.serverMetadata().grant_types_supported ?? [];
  assert.deepEqual([...supported].sort(), ['client_credentials', GRANT]);
  const answer = await oidc.genericGrantRequest(configuration, GRANT, PARAMETERS);
  assert.deepEqual([answer.access_token, answer.token_type, answer.expires_in], ['rpa_granted', 'bearer', 600]);
});

test('without a client, or with a wrong secret, nothing is asked', async (t) => {
  const { exchange, send, asked } = await open(t);
  assert.equal((await exchange(FORM, ['jenkins', 'wrong'])).status, 401);
  assert.equal((await exchange(FORM, ['nobody', SECRET])).status, 401);
  assert.equal((await send('POST', '/oidc/token', { form: FORM })).status, 400);
  assert.deepEqual(asked, []);
});

test('a client that is removed during the request is not taken for nobody in particular', async (t) => {
  const asked: unknown[] = [];
  const organizations = new Map(ORGANIZATIONS);
  const exchange = async (...all: unknown[]) => {
    asked.push(all);
    return granted;
  };
  const { send, reload } = await serve(t, organizations, { exchange });
  // The first look at the clients authenticates; a moment later they are gone.
  organizations.values = () => {
    queueMicrotask(() => reload(new Map()));
    return ORGANIZATIONS.values();
  };
  const { status, body } = await send('POST', '/oidc/token', { form: FORM, headers: basic('jenkins', SECRET) });
  assert.deepEqual([status, body['error'], asked], [401, 'invalid_client', []]);
});

test('a malformed request has the same codes and sentences as at the door without a client', async (t) => {
  const { exchange, asked } = await open(t);
  const malformed: readonly (readonly [object, string, RegExp])[] = [
    [{ audience: 'acme' }, 'invalid_target', /^audience: send urn:pulumi:org:<organization>$/],
    [{ scope: 'admin' }, 'invalid_scope', /^scope: for a team token send "team:<name>"/],
    [{ subject_token: '' }, 'invalid_request', /^subject_token: is missing/],
    [{ expiration: '0' }, 'invalid_request', /^expiration: must be whole seconds/],
    [{ requested_token_type: 'x' }, 'invalid_request', /^requested_token_type: must be/],
  ];
  for (const [change, error, description] of malformed) {
    const { status, body } = await exchange({ ...FORM, ...change });
    assert.deepEqual([status, body['error']], [400, error]);
    assert.match(String(body['error_description']), description);
    assert.deepEqual(Object.keys(body), ['error', 'error_description']);
  }
  assert.deepEqual(asked, []);
});

test('a refused exchange has the one answer, with the id of its decision; the log has the code and no token', async (t) => {
  const { exchange, log, events } = await open(t, refusing('exchange_refused', { decision: DECISION }));
  const { status, text, headers } = await exchange(FORM);
  assert.equal(status, 400);
  assert.equal(
    text,
    JSON.stringify({
      error: 'invalid_grant',
      error_description: new Refusal('exchange_refused', { decision: DECISION }).message,
      correlation_id: DECISION,
    }),
  );
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-refusal'], 'exchange_refused', 'so it is counted for the address');
  assert.deepEqual(events, []);
  assert.doesNotMatch(log(), /eyJ/);
});

test('too many refusals are answered 429, and tell when to come again', async (t) => {
  const { exchange } = await open(t, refusing('too_many_refusals', { seconds: 17 }));
  const { status, headers, body } = await exchange(FORM);
  assert.deepEqual([status, headers['retry-after']], [429, '17']);
  assert.deepEqual(Object.keys(body), ['error', 'error_description']);
});

test('while the store is away the answer is 503; what nobody foresaw is 500 without detail', async (t) => {
  const away = await open(t, async () => {
    throw new StoreError('timeout', 'away');
  });
  const { status, headers, body } = await away.exchange(FORM);
  assert.deepEqual([status, headers['retry-after'], body['error']], [503, '1', 'temporarily_unavailable']);
  const broken = await open(t, async () => {
    throw new Error('secret detail');
  });
  const answer = await broken.exchange(FORM);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /secret/);
});

test('a parameter that is sent twice is refused, and so is JSON', async (t) => {
  const { send, asked } = await open(t);
  const headers = basic('jenkins', SECRET);
  for (const name of ['audience', 'scope', 'subject_token', 'grant_type']) {
    const form = Object.entries(FORM).concat([[name, 'x']]) as unknown as object;
    assert.equal((await send('POST', '/oidc/token', { form, headers })).status, 400, name);
  }
  const json = { ...headers, 'content-type': 'application/json' };
  assert.equal((await send('POST', '/oidc/token', { form: FORM, headers: json })).status, 400);
  assert.deepEqual(asked, []);
});

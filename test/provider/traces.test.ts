import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from '../../src/store/memory.ts';
import { type Store, StoreError } from '../../src/store/store.ts';
import { assertion, basic, keyClient, organization, organizationMap, SECRET, secretClient, serve } from './server.ts';

const GRANT = { grant_type: 'client_credentials' };
const jenkins = () => organizationMap(organization('acme', { clients: [secretClient('jenkins')] }));

test('every access token leaves an audit record, and without one no token leaves', async (t) => {
  let failure: Error | undefined;
  const { send, events } = await serve(t, jenkins(), { failAudit: () => failure });
  const ask = () => send('POST', '/oidc/token', { form: GRANT, headers: basic('jenkins', SECRET) });
  await ask();
  assert.equal(events.length, 1);
  assert.deepEqual(
    { ...events[0], detail: undefined },
    {
      kind: 'access-token.create',
      organization: 'acme',
      actor: 'client:jenkins',
      outcome: 'granted',
      detail: undefined,
    },
  );
  failure = new StoreError('unavailable', 'gone');
  const refused = await ask();
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['retry-after'], '1');
  assert.equal(refused.body.error, 'temporarily_unavailable');
  assert.doesNotMatch(refused.text, /rpa_/);
  failure = new Error('a mistake');
  const mistake = await ask();
  assert.equal(mistake.status, 500);
  assert.doesNotMatch(mistake.text, /rpa_|mistake/);
});

test('a token is recorded also when its client is removed while it is being stored', async (t) => {
  let removed = (): void => {};
  const removing = (store: Store): Store => ({
    ...store,
    put: async (...args) => {
      removed();
      return store.put(...args);
    },
  });
  const { send, reload, events } = await serve(t, jenkins(), { store: (clock) => removing(memoryStore(clock)) });
  removed = () => reload(organizationMap(organization('acme')));
  const { status } = await send('POST', '/oidc/token', { form: GRANT, headers: basic('jenkins', SECRET) });
  assert.equal(status, 200);
  assert.equal(events.length, 1);
});

test('a store that is away is a 503, and anything unforeseen a 500 without detail', async (t) => {
  let failure: Error = new StoreError('unavailable', 'connection refused to 10.0.0.7');
  const failing = (store: Store): Store => ({
    ...store,
    put: async () => {
      throw failure;
    },
  });
  const { send, log } = await serve(t, jenkins(), { store: (clock) => failing(memoryStore(clock)) });
  const ask = () => send('POST', '/oidc/token', { form: GRANT, headers: basic('jenkins', SECRET) });
  const away = await ask();
  assert.equal(away.status, 503);
  assert.equal(away.headers['retry-after'], '1');
  assert.doesNotMatch(away.text, /10\.0\.0\.7/);
  for (failure of [new Error('a mistake in 10.0.0.7'), new StoreError('corrupt', 'damaged')]) {
    const mistake = await ask();
    assert.equal(mistake.status, 500);
    assert.deepEqual(mistake.body, {
      error: 'server_error',
      error_description: 'Something went wrong here; it was logged.',
    });
  }
  assert.match(log(), /connection refused to 10\.0\.0\.7[\s\S]*a mistake in 10\.0\.0\.7/);
});

test('neither the log nor the store ever holds a token, a secret or an assertion', async (t) => {
  const { client, key } = await keyClient('deployer');
  const all = organizationMap(organization('acme', { clients: [client, secretClient('jenkins')] }));
  const { send, issuer, log, calls, events, accessTokens } = await serve(t, all);
  const proof = await assertion('deployer', key, issuer);
  const first = await send('POST', '/oidc/token', { form: { ...GRANT, ...proof } });
  await send('POST', '/oidc/token', { form: { ...GRANT, ...proof } });
  const second = await send('POST', '/oidc/token', { form: GRANT, headers: basic('jenkins', SECRET) });
  await send('POST', '/oidc/token', { form: GRANT, headers: basic('jenkins', 'a mistyped secret') });
  await send('POST', '/oidc/token', {
    form: { ...GRANT, client_assertion: 'a.mistyped.secret', client_assertion_type: 'x' },
  });
  for (const token of [first.body.access_token, second.body.access_token] as string[]) {
    await send('POST', '/oidc/introspect', { form: { token }, headers: basic('jenkins', SECRET) });
    await send('POST', '/oidc/revoke', { form: { token }, headers: basic('jenkins', SECRET) });
  }
  const holder = { kind: 'organization', organization: 'acme', name: 'acme', tokenName: 'ci' } as const;
  const { token } = await accessTokens.issue(holder, 60);
  const written = `${JSON.stringify(calls)}${log()}${JSON.stringify(events)}`;
  assert.match(written, /"put","access-token\//);
  assert.match(log(), /"client":"deployer","error":"invalid_client","detail":"client assertion was used before"/);
  assert.match(log(), /"client":"jenkins","error":"invalid_client","detail":"invalid secret provided"/);
  const secrets = [first.body.access_token, second.body.access_token, token.reveal(), SECRET, proof.client_assertion];
  for (const secret of [...(secrets as string[]), 'mistyped', 'rpa_']) assert.ok(!written.includes(secret));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Holder } from '../../src/access/principal.ts';
import { StoreError } from '../../src/store/store.ts';
import { basic, organization, organizationMap, SECRET, secretClient, serve } from './server.ts';

const ORGANIZATIONS = organizationMap(organization('acme', { clients: [secretClient('jenkins')] }));
const ORIGIN = { issuer: 'i1', decision: '20261121093045-0123456789abcdef' };
const RUNNER: Holder = {
  kind: 'runner',
  organization: 'acme',
  name: 'pool-1',
  tokenName: 'kubernetes',
  origin: ORIGIN,
};
const BY_HAND: Holder = { kind: 'organization', organization: 'acme', name: 'acme', tokenName: 'by hand' };

const open = async (t: Parameters<typeof serve>[0]) => {
  const state = { stands: true, asked: [] as Holder[], away: false };
  const served = await serve(t, ORGANIZATIONS, {
    stands: async (holder) => {
      state.asked.push(holder);
      if (state.away) throw new StoreError('unavailable', 'away');
      return state.stands;
    },
  });
  const introspect = (token: string) =>
    served.send('POST', '/oidc/introspect', { form: { token }, headers: basic('jenkins', SECRET) });
  return { ...served, state, introspect };
};

test('an exchanged token is good while what it came from is there, and worth nothing to anybody from then on', async (t) => {
  const { accessTokens, state, introspect } = await open(t);
  const { token, entry } = await accessTokens.issue(RUNNER, 600);
  const text = token.reveal();
  assert.deepEqual(await accessTokens.holderOf(text), RUNNER);
  assert.deepEqual(await accessTokens.list('acme'), [entry]);
  const { body } = await introspect(text);
  assert.deepEqual([body['active'], body['sub'], body['kind']], [true, 'pool-1', 'runner']);
  for (const holder of state.asked) assert.deepEqual(holder, RUNNER);

  state.stands = false;
  assert.equal(await accessTokens.holderOf(text), undefined);
  assert.deepEqual(await accessTokens.list('acme'), []);
  assert.deepEqual((await introspect(text)).body, { active: false });
});

test('it may be revoked all the same', async (t) => {
  const { accessTokens, state } = await open(t);
  const { token, entry } = await accessTokens.issue(RUNNER, 600);
  state.stands = false;
  assert.equal(await accessTokens.revoke('acme', entry.id), true);
  state.stands = true;
  assert.equal(await accessTokens.holderOf(token.reveal()), undefined);
});

test('a token without an origin costs no question', async (t) => {
  const { accessTokens, state, introspect } = await open(t);
  state.stands = false;
  const { token } = await accessTokens.issue(BY_HAND, 600);
  assert.deepEqual(await accessTokens.holderOf(token.reveal()), BY_HAND);
  assert.equal((await introspect(token.reveal())).body['active'], true);
  assert.equal((await accessTokens.list('acme')).length, 1);
  assert.deepEqual(state.asked, []);
});

test('an expired token is not asked about', async (t) => {
  const { accessTokens, state, clock } = await open(t);
  const { token } = await accessTokens.issue(RUNNER, 60);
  clock.move(61);
  assert.equal(await accessTokens.holderOf(token.reveal()), undefined);
  assert.deepEqual(state.asked, []);
});

test('while nobody can tell whether it stands, the token is neither good nor bad', async (t) => {
  const { accessTokens, state, introspect } = await open(t);
  const { token } = await accessTokens.issue(RUNNER, 600);
  state.away = true;
  await assert.rejects(accessTokens.holderOf(token.reveal()), { name: 'StoreError' });
  assert.equal((await introspect(token.reveal())).status, 503);
});

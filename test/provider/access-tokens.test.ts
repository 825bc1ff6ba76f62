import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { isAccessToken, newAccessToken } from '../../src/access/access-token.ts';
import type { Holder } from '../../src/access/principal.ts';
import { makeProvider, type ProviderParts } from '../../src/provider/live.ts';
import { fingerprint } from '../../src/secret.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { silentLog, systemRandom } from '../../src/system.ts';
import { ACCESS_TOKENS, organization, organizationMap, watchedStore } from './server.ts';

const START = 1_800_000_000;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ALICE: Holder = { kind: 'personal', organization: 'acme', name: 'alice', tokenName: 'laptop' };
const CI: Holder = {
  kind: 'organization',
  organization: 'acme',
  name: 'acme',
  tokenName: 'ci',
  administrator: false,
  roles: ['deployer'],
};

const open = () => {
  let now = START;
  const clock = { nowMs: () => now * 1000, monotonicMs: () => now * 1000 };
  const { store, calls } = watchedStore(memoryStore(clock));
  const url = 'https://id.example.com/oidc';
  const parts: ProviderParts = {
    settings: {
      issuers: { v1: { url }, v2: { url: `${url}/v2` } } as ProviderParts['settings']['issuers'],
      accessTokens: ACCESS_TOKENS,
    },
    store,
    system: { clock, random: systemRandom, log: silentLog },
    organizations: () => organizationMap(organization('acme')),
    stands: async () => true,
  };
  const pass = (seconds: number): void => {
    now += seconds;
  };
  return { tokens: makeProvider(parts).accessTokens, another: () => makeProvider(parts).accessTokens, pass, calls };
};

test('an access token is rpa_ and 40 base62 characters, the last six a checksum of what stands before them', () => {
  assert.equal(newAccessToken({ bytes: (length) => new Uint8Array(length) }), `rpa_${'0'.repeat(34)}${'35UZPo'}`);
  fc.assert(
    fc.property(fc.nat(39), fc.integer({ min: 1, max: 61 }), (at, step) => {
      const token = newAccessToken(systemRandom);
      assert.match(token, /^rpa_[0-9A-Za-z]{40}$/);
      assert.ok(isAccessToken(token));
      const place = 4 + at;
      const other = ALPHABET[(ALPHABET.indexOf(token[place] ?? '') + step) % 62];
      assert.ok(!isAccessToken(token.slice(0, place) + other + token.slice(place + 1)));
    }),
  );
});

/** The checksum, written down a second time. */
const withChecksum = (text: string): string => {
  const digits = Array.from({ length: 6 }, (_, place) => Math.floor(crc32(text) / 62 ** (5 - place)) % 62);
  return text + digits.map((digit) => ALPHABET[digit]).join('');
};

test('a right checksum alone makes no access token: prefix, length and characters must be right, too', () => {
  assert.ok(isAccessToken(withChecksum(`rpa_${'a'.repeat(34)}`)));
  for (const start of ['', 'rpa_', `rpb_${'a'.repeat(34)}`, `rpa_${'a'.repeat(33)}`, `rpa_${'a'.repeat(35)}`]) {
    assert.ok(!isAccessToken(withChecksum(start)));
  }
  for (const strange of ['-', '/', 'é', '\n'])
    assert.ok(!isAccessToken(withChecksum(`rpa_${strange}${'a'.repeat(33)}`)));
});

test('no byte favours a character: bytes that would are thrown away', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const counts = new Map<string, number>();
  // 8 × 31 = 248 usable bytes: every character exactly four times, over tokens that start where the last one ended.
  let at = 0;
  const bytes = (length: number): Uint8Array => {
    const part = all.slice(at, at + length);
    at += length;
    return part;
  };
  const wanted = Array.from({ length: 7 }, () => newAccessToken({ bytes }).slice(4, 38)).join('');
  for (const character of wanted) counts.set(character, (counts.get(character) ?? 0) + 1);
  assert.ok(Math.max(...counts.values()) <= 4);
  assert.equal(
    newAccessToken({ bytes: (length) => Uint8Array.of(...Array(length - 1).fill(255), 61) }).slice(4, 38),
    'z'.repeat(34),
  );
});

test('a token resolves to its holder on every replica until it is revoked on one of them', async () => {
  const { tokens, another } = open();
  const { token, entry } = await tokens.issue(CI, 600);
  assert.deepEqual(await tokens.holderOf(token.reveal()), CI);
  assert.deepEqual(await another().holderOf(token.reveal()), CI);
  assert.equal(await another().revoke('acme', entry.id), true);
  assert.equal(await tokens.holderOf(token.reveal()), undefined);
  assert.equal(await tokens.revoke('acme', entry.id), false);
});

test('a token ends at its expiry, and its lifetime never passes what the settings allow', async () => {
  const { tokens, pass } = open();
  const long = await tokens.issue(ALICE, 1e9);
  assert.equal(long.entry.expires, START + ACCESS_TOKENS.maxLifetime);
  const short = await tokens.issue(ALICE, 60.9);
  assert.equal(short.entry.expires, START + 60);
  pass(59);
  assert.deepEqual(await tokens.holderOf(short.token.reveal()), ALICE);
  pass(1);
  assert.equal(await tokens.holderOf(short.token.reveal()), undefined);
  for (const none of [0.5, 0, -5]) assert.equal((await tokens.issue(ALICE, none)).entry.expires, START + 61);
});

test('an expired token is worth nothing even while the store still keeps it', async () => {
  let now = START;
  const clock = { nowMs: () => now * 1000, monotonicMs: () => 0 };
  const behind = memoryStore({ nowMs: () => START * 1000, monotonicMs: () => 0 });
  const url = 'https://id.example.com/oidc';
  const { accessTokens: tokens } = makeProvider({
    settings: {
      issuers: { v1: { url }, v2: { url } } as ProviderParts['settings']['issuers'],
      accessTokens: ACCESS_TOKENS,
    },
    store: behind,
    system: { clock, random: systemRandom, log: silentLog },
    organizations: () => new Map(),
    stands: async () => true,
  });
  const { token } = await tokens.issue(ALICE, 60);
  now += 60;
  assert.equal(await tokens.holderOf(token.reveal()), undefined);
  assert.deepEqual(await tokens.list('acme'), []);
});

test('what cannot be a token is refused without a question to the store', async () => {
  const { tokens, calls } = open();
  const { token } = await tokens.issue(ALICE, 60);
  const before = calls.length;
  const text = token.reveal();
  const wrong = [text.slice(0, -1), `${text}0`, text.toUpperCase(), '', 'rpa_', fingerprint(text), '../tokens/acme'];
  for (const invented of wrong) assert.equal(await tokens.holderOf(invented), undefined);
  assert.equal(calls.length, before);
});

test('a list shows an organization its own living tokens, never the text of one', async () => {
  const { tokens, pass, calls } = open();
  const alice = await tokens.issue(ALICE, 100);
  const ci = await tokens.issue(CI, 200);
  await tokens.issue({ ...ALICE, organization: 'other' }, 200);
  const gone = await tokens.issue(ALICE, 300);
  await tokens.revoke('acme', gone.entry.id);
  assert.deepEqual(await tokens.list('acme'), [ci.entry, alice.entry]);
  assert.deepEqual(ci.entry, {
    id: fingerprint(ci.token.reveal()).slice(0, 16),
    holder: CI,
    created: START,
    expires: START + 200,
  });
  assert.ok(!JSON.stringify(calls).includes('rpa_'));
  pass(100);
  assert.deepEqual(await tokens.list('acme'), [ci.entry]);
});

test('a token is revoked by its whole id, within its own organization', async () => {
  const { tokens } = open();
  const { entry, token } = await tokens.issue(CI, 600);
  for (const [name, id] of [
    ['other', entry.id],
    ['acme', entry.id.slice(0, 15)],
    ['acme', ''],
    ['acme', 'x'.repeat(16)],
  ] as const) {
    assert.equal(await tokens.revoke(name, id), false);
  }
  assert.deepEqual(await tokens.holderOf(token.reveal()), CI);
});

test('the index of an organization forgets its expired tokens', async () => {
  const { tokens, pass, calls } = open();
  for (let round = 0; round < 3; round++) {
    await tokens.issue(ALICE, 60);
    pass(60);
  }
  await tokens.issue(ALICE, 60);
  const before = calls.length;
  await tokens.list('acme');
  assert.deepEqual(
    calls.slice(before).map(([name]) => name),
    ['page', 'get'],
  );
});

test('a token that the index does not hold is never stored', async () => {
  const { tokens, calls } = open();
  await tokens.issue(ALICE, 60);
  const order = calls.map(([name]) => name);
  assert.ok(order.indexOf('add') < order.indexOf('put'));
});

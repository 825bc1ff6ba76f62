import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openReplays } from '../../src/exchange/replay-records.ts';
import type { TrustedIssuer } from '../../src/issuers/trusted-issuer.ts';
import type { VerifiedToken } from '../../src/issuers/verified-token.ts';
import { StandingClock } from '../clock.ts';
import { countingStore, STORES } from './stores.ts';

const issuer = (replay: TrustedIssuer['replay'], id = 'issuer-1', url = 'https://a.example'): TrustedIssuer =>
  ({ id, organization: 'acme', issuer: url, replay }) as TrustedIssuer;

const opened = () => {
  const clock = new StandingClock();
  const { store, calls } = countingStore(clock);
  const token: VerifiedToken = { claims: {}, exp: clock.seconds + 300, jti: 'j1', contentHash: 'c1' };
  const replays = openReplays(store);
  const use = (of: TrustedIssuer, change: Partial<VerifiedToken> = {}, request = 'r1') =>
    replays.use(of, { ...token, ...change }, request, clock.seconds);
  const { jti: _, ...withoutJti } = token;
  const useWithoutJti = (of: TrustedIssuer, contentHash: string) =>
    replays.use(of, { ...withoutJti, contentHash }, 'r1', clock.seconds);
  return { clock, calls, use, useWithoutJti };
};

test('where tokens may be used again, each use is the first, and the store is not asked', async () => {
  const { calls, use } = opened();
  assert.deepEqual([await use(issuer('allow')), await use(issuer('allow'))], ['first', 'first']);
  assert.deepEqual(calls, []);
});

test('a token that counts once is used once, also by the identical request', async () => {
  const { use, calls } = opened();
  assert.equal(await use(issuer('once')), 'first');
  assert.deepEqual(calls, ['create'], 'one step decides');
  assert.equal(await use(issuer('once')), 'replayed');
  assert.equal(await use(issuer('once'), {}, 'r2'), 'replayed');
});

test('the identical request may come again for 60 seconds after the first, inclusive', async () => {
  const { clock, use } = opened();
  const retry = issuer('retry-window');
  assert.equal(await use(retry), 'first');
  clock.advance(30);
  assert.equal(await use(retry), 'retry');
  clock.advance(30);
  assert.equal(await use(retry), 'retry', 'the sixtieth second');
  clock.advance(1);
  assert.equal(await use(retry), 'replayed', 'a retry does not prolong the window');
});

test('another request, or another token under the same jti, is a second use', async () => {
  const { use } = opened();
  const retry = issuer('retry-window');
  assert.equal(await use(retry), 'first');
  assert.equal(await use(retry, {}, 'r2'), 'replayed');
  assert.equal(await use(retry, { contentHash: 'c2' }), 'replayed');
  assert.equal(await use(retry), 'retry', 'the first one is not disturbed');
});

test('a token is known by its jti, else by its content; by either only to its own trusted issuer', async () => {
  const { use, useWithoutJti } = opened();
  assert.equal(await use(issuer('once')), 'first');
  assert.equal(await use(issuer('once'), { contentHash: 'c2' }), 'replayed', 'one jti, however it is dressed');
  assert.equal(await use(issuer('once'), { jti: 'j2' }), 'first');
  assert.equal(await use(issuer('once', 'issuer-2')), 'first', 'another registration');
  const moved = issuer('once', 'issuer-1', 'https://a.examplej');
  assert.equal(await use(moved), 'first', 'the registration has moved to another issuer');
  assert.equal(await use(issuer('once'), { jti: 'j3' }), 'first');
  assert.equal(await use(moved, { jti: '3' }), 'first', 'issuer and jti do not run together');
  assert.equal(await useWithoutJti(issuer('once'), 'c9'), 'first');
  assert.equal(await useWithoutJti(issuer('once'), 'c9'), 'replayed');
  assert.equal(await useWithoutJti(issuer('once'), 'c8'), 'first');
});

test('a use is remembered 90 seconds past the end of the token: its leeway, and a margin', async () => {
  const { clock, use } = opened();
  const exp = clock.seconds + 300;
  assert.equal(await use(issuer('once'), { exp }), 'first');
  clock.advance(300 + 89);
  assert.equal(await use(issuer('once'), { exp }), 'replayed');
  clock.advance(1);
  assert.equal(await use(issuer('once'), { exp: exp + 1000 }), 'first', 'nothing is kept for ever');
});

for (const { name, skip, open } of STORES) {
  test(`of 100 uses at once on two replicas exactly one is the first, in each of ten rounds (${name})`, {
    skip,
  }, async (t) => {
    const replicas = (await open(t)).map(openReplays);
    const now = Math.floor(Date.now() / 1000);
    for (let round = 0; round < 10; round++) {
      const uses = Array.from({ length: 100 }, (_, index) => {
        // A copy with another signature has the same content.
        const token = { claims: {}, exp: now + 300, jti: `round ${round}`, contentHash: `c${round}` };
        return replicas[index % 2]!.use(issuer(round % 2 ? 'once' : 'retry-window'), token, `r${index}`, now);
      });
      const answers = await Promise.all(uses);
      assert.equal(answers.filter((answer) => answer === 'first').length, 1);
      assert.equal(answers.filter((answer) => answer === 'replayed').length, 99);
    }
  });
}

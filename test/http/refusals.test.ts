import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddress } from '../../src/http/address.ts';
import { RefusalLimit } from '../../src/http/refusal-limit.ts';
import { StandingClock } from '../clock.ts';

test('without a trusted proxy the peer counts, whatever a header says', () => {
  const addressOf = clientAddress([]);
  assert.equal(addressOf('203.0.113.9', '198.51.100.1'), '203.0.113.9');
  assert.equal(addressOf('::ffff:203.0.113.9', undefined), '203.0.113.9');
});

test('behind trusted proxies the last address that is not one of them counts', () => {
  const addressOf = clientAddress(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']);
  assert.equal(addressOf('10.1.2.3', '198.51.100.1'), '198.51.100.1');
  assert.equal(addressOf('10.1.2.3', '6.6.6.6, 198.51.100.1, 192.0.2.7'), '198.51.100.1');
  assert.equal(addressOf('2001:db8::1', '198.51.100.1'), '198.51.100.1');
  assert.equal(addressOf('203.0.113.9', '198.51.100.1'), '203.0.113.9', 'a stranger may write what it likes');
  assert.equal(addressOf('10.1.2.3', undefined), '10.1.2.3');
  assert.equal(addressOf('10.1.2.3', 'not an address'), '10.1.2.3');
});

test('refusals of one address are counted by the minute, and those of others do not matter', () => {
  const clock = new StandingClock();
  const limit = new RefusalLimit(clock, 3);
  for (let refusal = 0; refusal < 3; refusal++) assert.equal(limit.count('a'), undefined);
  clock.advance(20);
  assert.equal(limit.count('a'), 40);
  assert.equal(limit.count('b'), undefined);
  clock.advance(40);
  assert.equal(limit.count('a'), undefined);
});

test('only so many addresses are remembered, the newest', () => {
  const limit = new RefusalLimit(new StandingClock(), 1);
  limit.count('first');
  for (let other = 0; other < 10_000; other++) limit.count(`other ${other}`);
  assert.equal(limit.count('first'), undefined, 'it was forgotten');
  assert.equal(typeof limit.count('other 9999'), 'number');
});

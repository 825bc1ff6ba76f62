import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { breaker } from '../../src/store/breaker.ts';
import { movableClock } from './movable-clock.ts';

const failing = (count: number) => {
  const clock = movableClock();
  const guard = breaker(clock);
  for (let n = 0; n < count; n += 1) {
    const leave = guard.admit();
    assert.equal(leave, 'call');
    guard.settle('call', false);
  }
  return { clock, guard };
};

describe('the breaker', () => {
  it('opens with the fifth failure in a row, and not before', () => {
    assert.equal(failing(4).guard.admit(), 'call');
    assert.equal(failing(5).guard.admit(), undefined);
  });

  it('counts failures of the last second only', () => {
    const { clock, guard } = failing(4);
    clock.pass(1_000);
    guard.settle('call', false);
    assert.equal(guard.admit(), 'call');
  });

  it('starts the count anew with every success', () => {
    const { guard } = failing(4);
    guard.settle('call', true);
    guard.settle('call', false);
    assert.equal(guard.admit(), 'call');
  });

  it('lets exactly one caller try after half a second', () => {
    const { clock, guard } = failing(5);
    clock.pass(499);
    assert.equal(guard.admit(), undefined);
    clock.pass(1);
    assert.equal(guard.admit(), 'probe');
    assert.equal(guard.admit(), undefined);
  });

  it('closes when the try succeeds, and opens for another half second when it fails', () => {
    const { clock, guard } = failing(5);
    clock.pass(500);
    assert.equal(guard.admit(), 'probe');
    guard.settle('probe', false);
    clock.pass(499);
    assert.equal(guard.admit(), undefined);
    clock.pass(1);
    assert.equal(guard.admit(), 'probe');
    guard.settle('probe', true);
    assert.equal(guard.admit(), 'call');
    assert.equal(guard.admit(), 'call');
  });

  it('does not stay open longer because calls from before it opened fail late', () => {
    const { clock, guard } = failing(5);
    clock.pass(400);
    guard.settle('call', false);
    clock.pass(100);
    assert.equal(guard.admit(), 'probe');
  });
});

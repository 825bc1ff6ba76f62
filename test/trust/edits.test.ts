import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges } from '../../src/trust/edits.ts';

const DOCUMENT = { a: { b: 1, c: [1, 2] }, d: 'x' };

test('a value is written in its place, and the document stays as it was', () => {
  assert.deepEqual(applyChanges(DOCUMENT, [{ at: ['a', 'b'], value: 2 }]), { a: { b: 2, c: [1, 2] }, d: 'x' });
  assert.deepEqual(Object.keys(applyChanges(DOCUMENT, [{ at: ['a'], value: 2 }]) as object), ['a', 'd']);
  assert.deepEqual(DOCUMENT, { a: { b: 1, c: [1, 2] }, d: 'x' });
});

test('what is missing on the way is made', () => {
  assert.deepEqual(applyChanges({}, [{ at: ['a', 'b'], value: 1 }]), { a: { b: 1 } });
});

test('an element of a list is written or taken out', () => {
  assert.deepEqual(applyChanges(DOCUMENT, [{ at: ['a', 'c', 0] }]), { a: { b: 1, c: [2] }, d: 'x' });
  assert.deepEqual(applyChanges([1, 2], [{ at: [1], value: 3 }]), [1, 3]);
});

test('a mapping goes with its last member', () => {
  assert.deepEqual(applyChanges({ a: { b: 1 }, d: 2 }, [{ at: ['a', 'b'] }]), { d: 2 });
});

test('a member named like one of every object is a member like others', () => {
  const edited = applyChanges({}, [{ at: ['__proto__', 'x'], value: 1 }]);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
  assert.deepEqual(Object.keys(edited as object), ['__proto__']);
});

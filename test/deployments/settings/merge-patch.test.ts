import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isObject } from '../../../src/deployments/settings/fields.ts';
import { type JsonObject, mergePatch } from '../../../src/deployments/settings/merge-patch.ts';

describe('a merge patch', () => {
  const base = {
    tag: 'a',
    operationContext: { oidc: { aws: { roleArn: 'r', sessionName: 's' } }, preRunCommands: ['x'] },
  };

  test('removes what is null, merges objects, and replaces everything else', () => {
    const patch = {
      tag: null,
      operationContext: { oidc: { aws: { sessionName: 't' }, azure: {} }, preRunCommands: ['y', 'z'] },
    };
    assert.deepEqual(mergePatch(base, patch), {
      operationContext: { oidc: { aws: { roleArn: 'r', sessionName: 't' }, azure: {} }, preRunCommands: ['y', 'z'] },
    });
  });

  test('puts an object in the place of what was none, and none in the place of an object', () => {
    assert.deepEqual(mergePatch({ a: 'text', b: { c: 1 } }, { a: { x: 1, y: null }, b: 'text' }), {
      a: { x: 1 },
      b: 'text',
    });
  });

  test('touches nothing that a prototype has', () => {
    const patch = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}');
    const merged = mergePatch({}, patch);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    assert.equal(Object.getPrototypeOf(merged), Object.prototype);
    assert.deepEqual(Object.keys(merged), ['__proto__', 'constructor']);
  });

  const json = fc.object({
    maxDepth: 3,
    withNullPrototype: false,
    values: [fc.string(), fc.boolean(), fc.constant(null)],
  });

  test('over nothing is the settings without their nulls, at any depth; laid over itself it changes nothing', () => {
    const holdsNull = (value: unknown): boolean =>
      value === null || (isObject(value) && Object.values(value).some(holdsNull));
    fc.assert(
      fc.property(json, (patch) => {
        const alone = mergePatch({}, patch as JsonObject);
        assert.equal(holdsNull(alone), false);
        assert.deepEqual(mergePatch(alone, patch as JsonObject), alone);
      }),
    );
  });
});

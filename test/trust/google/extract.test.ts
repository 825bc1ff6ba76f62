import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { extract } from '../../../src/trust/google/extract.ts';

describe('extract()', () => {
  const cases: readonly (readonly [text: string, template: string, found: string])[] = [
    ['projects/_/buckets/acme/objects/orders/1.pdf', 'buckets/{bucket}/objects', 'acme'],
    ['projects/_/buckets/acme/objects/orders/1.pdf', '/objects/{rest}', 'orders/1.pdf'],
    ['projects/_/buckets/acme', '{start}/_/', 'projects'],
    ['projects/_/buckets/acme', '{all}', 'projects/_/buckets/acme'],
    ['a:1:a:2:', 'a:{first}:', '1'],
    ['a-b-a', 'a-{x}-a', 'b'],
    ['a-b', 'a-{x}-c', ''],
    ['a-b', 'c-{x}', ''],
  ];
  for (const [text, template, found] of cases) {
    test(`of ${text} with ${template} is ${JSON.stringify(found)}`, () => assert.equal(extract(text, template), found));
  }

  test('wants one name in braces', () => {
    for (const template of ['org', '{a}{b}', '{a', 'a}', '{{a}}']) {
      assert.throws(() => extract('x', template), /template/);
    }
  });
});

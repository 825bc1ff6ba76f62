import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayName, readReference } from '../../../src/environments/syntax/names.ts';

test('an import names an environment, with project and version or without', () => {
  assert.deepEqual(readReference('db'), { text: 'db', project: 'default', name: 'db' });
  assert.deepEqual(readReference('default/db'), { text: 'default/db', project: 'default', name: 'db' });
  assert.deepEqual(readReference('p/db@3'), { text: 'p/db@3', project: 'p', name: 'db', version: '3' });
  assert.deepEqual(readReference('db@stable'), {
    text: 'db@stable',
    project: 'default',
    name: 'db',
    version: 'stable',
  });
});

test('the project `default` is not shown', () => {
  assert.equal(displayName({ project: 'default', name: 'db' }), 'db');
  assert.equal(displayName({ project: 'p', name: 'db' }), 'p/db');
});

test('another organization cannot be named', () => {
  const problem =
    '"acme/p/db" names an organization; environments are imported from their own organization only, as [project/]environment[@version]';
  assert.deepEqual(readReference('acme/p/db'), { problem });
});

test('what is no name is refused, so that no part of a subject can hold a separator', () => {
  for (const text of [
    '',
    '/',
    'p/',
    '/e',
    'a b',
    'a:b',
    'a*',
    '.',
    '..',
    'p/..',
    'e@',
    'e@1@2',
    'e@a/b',
    '<yaml>',
    'ü',
    'x'.repeat(101),
  ]) {
    assert.ok('problem' in readReference(text), text);
  }
});

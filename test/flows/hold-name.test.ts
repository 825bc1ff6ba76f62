import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteStack } from '../../src/flows/delete-stack.ts';
import { openDirectory } from '../../src/runs/directory.ts';
import { systemRandom } from '../../src/system.ts';
import type { RememberedTrust } from '../../src/trust/remembered/remembered.ts';
import { ACME, makeWorld, PRINCIPALS, refuses, TARGET } from './world.ts';

const DOCUMENT: RememberedTrust = {
  id: '0123456789abcdef0123456789abcdef',
  target: 'aws',
  scope: { kind: 'runs', project: 'core', stack: 'dev', operations: [] },
  issuer: 'https://id.example.com/oidc',
  audience: 'acme',
  hash: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  created: 1,
  by: 'personal:alice',
};

test('deleting a stack tells who still trusts its name, in the answer and in the audit log, and holds it', async () => {
  const { parts, store, events } = makeWorld();
  const directory = openDirectory(store, systemRandom, 86_400);
  const trustDocuments = { naming: async () => [DOCUMENT] };
  const owner = await directory.organization('acme', ACME.id);
  await directory.stack(owner, TARGET.project, TARGET.stack);
  const left = await deleteStack({ ...parts, directory, trustDocuments }, PRINCIPALS.admin, ACME, TARGET);
  assert.deepEqual(left.documents, [DOCUMENT]);
  assert.ok(left.heldUntil);
  const granted = events.find(({ kind, outcome }) => kind === 'stack.delete' && outcome === 'granted');
  assert.match(JSON.stringify(granted?.detail), /"trustDocuments":"aws: stack core\/dev \(01234567\)"/);
  await assert.rejects(directory.stack(owner, TARGET.project, TARGET.stack), refuses('name_quarantined'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FactParts, factsOf } from '../../src/flows/organization-facts.ts';
import type { StackNames } from '../../src/runs/directory.ts';
import type { RunScope } from '../../src/trust/generate/scope.ts';
import { ACME, makeWorld, PRINCIPALS, refuses } from './world.ts';

const scoped = (stack: string): RunScope => ({ kind: 'runs', project: 'core', stack, operations: [] });

/** An organization with so many stacks, all of one project. */
const withStacks = (count: number): FactParts => {
  const { parts, v1, v2 } = makeWorld();
  const names: StackNames['stacks'] = Array.from({ length: count }, (_, at) => ({ project: 'core', stack: `s${at}` }));
  const directory: FactParts['directory'] = {
    ...parts.directory,
    listStacks: async (_owner, offset, size) => ({ stacks: names.slice(offset, offset + size), total: count }),
    findStack: async (_owner, project, name) => ({ name, id: name, project: { name: project, id: project }, runs: 1 }),
  };
  return { directory, runIssuers: { v1, v2 }, signer: () => undefined, environments: undefined as never };
};

test('all stacks in scope are known, from every page of their list', async () => {
  const parts = withStacks(2345);
  const { stacks } = await factsOf(parts, PRINCIPALS.admin, ACME, scoped('s2*'));
  assert.equal(stacks.length, 1 + 10 + 100 + 345);
  assert.deepEqual(await factsOf(parts, PRINCIPALS.admin, ACME, scoped('s7')).then((facts) => facts.stacks.length), 1);
  assert.deepEqual((await factsOf(parts, PRINCIPALS.bob, ACME, scoped('s2*'))).stacks, []);
});

test('more stacks than a document can be for are refused', async () => {
  assert.equal((await factsOf(withStacks(2000), PRINCIPALS.admin, ACME, scoped('*'))).stacks.length, 2000);
  await assert.rejects(factsOf(withStacks(2001), PRINCIPALS.admin, ACME, scoped('*')), refuses('trust_not_generated'));
});

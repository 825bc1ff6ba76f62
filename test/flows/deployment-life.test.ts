import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteStack } from '../../src/flows/delete-stack.ts';
import { renewRun } from '../../src/flows/end-run.ts';
import { issueRunToken } from '../../src/flows/issue-run-token.ts';
import { listDeployments, readDeployment } from '../../src/flows/read-deployments.ts';
import { readDeploymentStatus } from '../../src/flows/report-deployment.ts';
import { makeDeploymentWorld } from './deployment-world.ts';
import { ACME, PRINCIPALS, refuses, TARGET } from './world.ts';

const DAY = 86_400;

const taken = async () => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  const { id } = await world.create();
  const work = await world.take(pool);
  assert.ok(work);
  const requestToken = work.requestToken.reveal();
  const status = () =>
    readDeploymentStatus(world.parts, { kind: 'principal', principal: world.agentOf(pool), organization: ACME }, id);
  const mint = () => issueRunToken(world.parts, world.v1, { runId: id, requestToken });
  return { world, pool, id, requestToken, status, mint };
};

test('an agent that dies returns its deployment to failed after 60 seconds; renewing keeps it, tokens for its command do not', async () => {
  const { world, pool, id, requestToken, status, mint } = await taken();
  world.clock.advance(59);
  await renewRun(world.parts, { kind: 'run', requestToken }, 'acme', id);
  world.clock.advance(59);
  await mint();
  assert.equal(await status(), 'accepted');
  world.clock.advance(1);
  assert.equal(await status(), 'failed');
  await assert.rejects(mint(), refuses('run_over'));
  assert.equal(await world.take(pool), undefined);
});

test('a deployment that waits has no lease: it is there until its deadline, and then has failed', async () => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  const { id } = await world.create();
  world.clock.advance(DAY - 1);
  assert.equal(await world.statusOf(id), 'running');
  world.clock.advance(1);
  assert.equal(await world.statusOf(id), 'expired');
  assert.equal(await world.take(pool), undefined);
});

test('a deployment never outlives its deadline, whatever its agent renews', async () => {
  const { world, id, requestToken, status } = await taken();
  for (let seconds = 0; seconds < DAY; seconds += 50) {
    await renewRun(world.parts, { kind: 'run', requestToken }, 'acme', id);
    world.clock.advance(50);
  }
  assert.equal(await status(), 'failed');
});

test('everything of a deployment is gone when its run is kept no longer', async () => {
  const { world, id } = await taken();
  world.clock.advance(61);
  const read = () => readDeployment(world.parts, PRINCIPALS.admin, ACME, TARGET, { id });
  const list = async () =>
    (await listDeployments(world.parts, PRINCIPALS.admin, ACME, TARGET, { page: 1, pageSize: 10, ascending: false }))
      .total;
  assert.equal((await read()).run.status, 'failed');
  assert.equal(await list(), 1);
  world.clock.advance(91 * DAY);
  await assert.rejects(read(), refuses('deployment_not_found'));
  await list();
  assert.equal(await list(), 0);
  assert.equal(await world.store.get(`deployment/${id}`), undefined);
});

test('a stack is not deleted while a deployment waits; deleted, it leaves no list and no pause behind', async () => {
  const world = makeDeploymentWorld();
  await world.makePool();
  const { id, subject } = await world.create();
  const remove = () => deleteStack(world.parts, PRINCIPALS.admin, ACME, TARGET);
  await assert.rejects(remove(), refuses('stack_busy'));
  await world.cancel(id);
  await world.parts.deploymentQueue.pause(subject.stack.id);
  await remove();
  assert.equal(await world.parts.deploymentQueue.isPaused(subject.stack.id), false);
  assert.equal((await world.parts.deployments.list(subject.stack.id, 0, 10, false)).total, 0);
});

test('a deployment whose secrets open no more fails when its turn comes, and holds nobody up', async () => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  const settings = { operationContext: { environmentVariables: { PASSWORD: { secret: 's' } } } };
  const broken = await world.create({ settings });
  world.clock.advance(1);
  const whole = await world.create();
  await world.store.delete(`environment-key/${ACME.id}`);
  assert.equal((await world.take(pool))?.run.id, whole.id);
  assert.equal(await world.statusOf(broken.id), 'failed');
});

test('the store is asked for a remembered run only when the request token is not its own, and then once', async () => {
  const { world, id, requestToken, mint } = await taken();
  await mint();
  let loads = 0;
  const { get } = world.store;
  world.store.get = (key) => {
    loads += key === `run/${id}` ? 1 : 0;
    return get(key);
  };
  // The records were opened on this very store; they see what its `get` is now.
  const count = async (token: string): Promise<number> => {
    loads = 0;
    await issueRunToken(world.parts, world.v1, { runId: id, requestToken: token }).catch(
      refuses('invalid_request_token'),
    );
    return loads;
  };
  assert.equal(await count(requestToken), 0);
  assert.equal(await count('rpr_wrong'), 1);
  // A guess pushes nothing out of memory.
  assert.equal(await count(requestToken), 0);
});

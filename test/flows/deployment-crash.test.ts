import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTHING_YET } from '../../src/deployments/progress.ts';
import { reportLines } from '../../src/flows/report-deployment.ts';
import { makeDeploymentWorld } from './deployment-world.ts';
import { refuses } from './world.ts';

const killed = (reason: unknown): undefined => {
  assert.match(String(reason), /killed/);
};

/** How many writes a story makes when nobody dies. */
const writesOf = async (
  story: (world: ReturnType<typeof makeDeploymentWorld>, pool: string) => Promise<unknown>,
  prepare: (world: ReturnType<typeof makeDeploymentWorld>) => Promise<unknown> = async () => undefined,
): Promise<number> => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  await prepare(world);
  world.dieAfter(Number.POSITIVE_INFINITY);
  await story(world, pool);
  return world.writesMade();
};

test('whoever dies while a deployment is made leaves one that is taken, or one that fails within a minute', async () => {
  const writes = await writesOf((world) => world.create());
  assert.ok(writes >= 10, String(writes));
  for (const soon of [true, false]) {
    for (let left = 0; left < writes; left++) {
      const world = makeDeploymentWorld();
      const pool = await world.makePool();
      world.dieAfter(left);
      await world.create().catch(killed);
      world.revive();
      const taken = soon ? await world.take(pool) : undefined;
      // An agent that took it lives on what it was given, like any other.
      if (taken) assert.equal(await world.statusOf(taken.run.id), 'running');
      world.clock.advance(61);
      assert.deepEqual(await world.running(), [], `${left} writes, polled ${soon ? 'at once' : 'late'}`);
      assert.equal(await world.take(pool), undefined);
      assert.equal((await world.parts.deploymentQueue.page(pool, 0, 0)).total, 0);
    }
  }
});

test('whoever dies while a deployment is taken leaves it to another agent, or it fails within a minute', async () => {
  const writes = await writesOf(
    (world, pool) => world.take(pool),
    (world) => world.create(),
  );
  assert.ok(writes >= 5, String(writes));
  const outcomes = new Set<string>();
  for (let left = 0; left < writes; left++) {
    const world = makeDeploymentWorld();
    const pool = await world.makePool();
    const { id } = await world.create();
    world.dieAfter(left);
    await world.take(pool).catch(killed);
    world.revive();
    const isGivenAway = (await world.parts.runs.load(id))?.run.queued?.taken !== undefined;
    const again = await world.take(pool);
    assert.equal(
      again === undefined,
      isGivenAway,
      'what was given away is nobody else’s, what was not is the next one’s',
    );
    outcomes.add(again ? 'taken by another' : 'failed');
    world.clock.advance(61);
    assert.equal(await world.statusOf(id), 'failed', `${left} writes`);
    assert.equal(await world.take(pool), undefined);
    assert.equal((await world.parts.deploymentQueue.page(pool, 0, 0)).total, 0);
  }
  assert.deepEqual([...outcomes].sort(), ['failed', 'taken by another']);
});

test('whoever dies while cancelling leaves what can be cancelled, or is', async () => {
  const writes = await writesOf(
    async (world) => world.cancel((await world.running())[0]?.id ?? ''),
    (world) => world.create(),
  );
  for (let left = 0; left < writes; left++) {
    const world = makeDeploymentWorld();
    const pool = await world.makePool();
    const { id } = await world.create();
    world.dieAfter(left);
    await world.cancel(id).catch(killed);
    world.revive();
    await world.cancel(id);
    assert.equal(await world.statusOf(id), 'cancelled');
    assert.equal(await world.take(pool), undefined);
  }
});

test('whoever dies while a pool is deleted leaves one that does nothing, and deleting it again ends it', async () => {
  const writes = await writesOf(
    (world, pool) => world.deletePool(pool, true),
    (world) => world.create(),
  );
  for (let left = 0; left < writes; left++) {
    const world = makeDeploymentWorld();
    const pool = await world.makePool();
    const { id } = await world.create();
    world.dieAfter(left);
    await world.deletePool(pool, true).catch(killed);
    world.revive();
    if (left > 0) {
      await assert.rejects(world.take(pool), refuses('agent_pool_not_found'), `${left} writes`);
      await assert.rejects(world.create(), refuses('agent_pool_required'));
    }
    await world.deletePool(pool, true).catch((reason) => refuses('agent_pool_not_found')(reason));
    assert.equal(await world.statusOf(id), 'failed');
    assert.deepEqual([...world.accessTokens.held], []);
    assert.deepEqual(await world.running(), []);
  }
});

test('a pool that goes away while a deployment comes in leaves none that waits for nobody', async () => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  const { parts } = world;
  const enter = parts.deploymentQueue.enter;
  // Deleted when its queue was looked through, and before the deployment stood there.
  const late = {
    ...parts.deploymentQueue,
    enter: async (...args: Parameters<typeof enter>) => {
      await world.deletePool(pool);
      await enter(...args);
    },
  };
  Object.assign(parts, { deploymentQueue: late });
  await assert.rejects(world.create(), refuses('agent_pool_unknown'));
  assert.deepEqual(await world.running(), []);
});

test('without its audit record no deployment is made, and none is handed out', async () => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  world.state.auditFails = true;
  await assert.rejects(world.create(), /audit log is full/);
  world.state.auditFails = false;
  assert.equal(await world.take(pool), undefined);
  const { id } = await world.create();
  world.state.auditFails = true;
  await assert.rejects(world.take(pool), /audit log is full/);
  world.state.auditFails = false;
  world.clock.advance(61);
  assert.equal(await world.statusOf(id), 'failed');
});

test('while no key may sign, nothing is taken', async () => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  const { id } = await world.create();
  const { signer } = world.state;
  world.state.signer = undefined;
  await assert.rejects(world.take(pool), refuses('issuing_paused'));
  world.state.signer = signer;
  assert.equal((await world.take(pool))?.run.id, id);
});

test('whoever dies between taking room in a log and filling it leaves a log that goes on', async () => {
  const world = makeDeploymentWorld();
  const pool = await world.makePool();
  await world.create();
  const taken = await world.take(pool);
  assert.ok(taken);
  const { id } = taken.run;
  const tell = (line: string) =>
    reportLines(world.parts, taken.requestToken.reveal(), id, {
      step: 'one',
      lines: [{ timestamp: '2026-01-01T00:00:00Z', line }],
    });
  world.dieAfter(1);
  await tell('lost').catch(killed);
  world.revive();
  await tell('kept');
  const lines = await world.parts.deploymentLogs.read(id, 0, 0, 10);
  assert.deepEqual(
    lines.map(({ line }) => line),
    ['kept'],
  );
  assert.notDeepEqual(await world.parts.deploymentLogs.progress(id), NOTHING_YET);
});

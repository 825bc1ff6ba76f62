import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { BASE, type DeploymentDoor, openDeploymentDoor, type Pool } from '../deployment-door.ts';
import { onEachStore } from '../each-store.ts';
import { assertRefused } from './answers.ts';

onEachStore('agents', {}, (suite) => {
  let door: DeploymentDoor;
  let pool: Pool;
  before(async () => {
    door = openDeploymentDoor(suite.server);
    pool = await door.makePool('builders');
  });

  test('cancelled before it was taken, it was skipped, and nobody takes it', async () => {
    const [first, second] = [await door.create(), await door.create()];
    assert.equal((await door.cancel(first.id)).status, 200);
    const [{ waiting }] = (await suite.server.ask('GET', '/api/orgs/acme/agent-pools', { as: 'admin' })).json
      .agentPools;
    assert.equal(waiting, 1);
    const shown = (await door.get(first.id)).json;
    assert.deepEqual([shown.status, shown.runStatus], ['skipped', 'cancelled']);
    assert.equal((await door.take(pool)).deploymentID, second.id);
    assert.equal((await door.poll(pool)).status, 204);
    assert.equal((await door.cancel(first.id)).status, 200);
  });

  test('cancelled while at work, it has failed, gets no more tokens, and its agent hears of it', async () => {
    const { id } = await door.create();
    const { jobToken } = await door.take(pool);
    assert.equal((await door.log(id, jobToken, 'one', ['line'])).status, 204);
    assert.equal((await door.cancel(id)).status, 200);
    assert.equal(await door.status(id, jobToken), 'failed');
    assert.equal(await door.status(id, pool.token), 'failed');
    assertRefused(await door.mint(id, jobToken), 'run_over', /cancelled/);
    assertRefused(await door.log(id, jobToken, 'one', ['late']), 'run_over');
    assertRefused(await door.finish(id, jobToken, 'succeeded'), 'run_finished');
    const [job] = (await door.get(id)).json.jobs;
    assert.deepEqual([job.status, job.steps[0].status], ['failed', 'failed']);
  });

  test('what is over is not cancelled any more', async () => {
    const { id } = await door.create();
    const { jobToken } = await door.take(pool);
    await door.finish(id, jobToken, 'succeeded');
    assertRefused(await door.cancel(id), 'run_finished', /succeeded/);
  });

  test('a job token does what its job needs, and nothing else', async () => {
    const [mine, other] = [await door.create(), await door.create()];
    const { jobToken } = await door.take(pool);
    const headers = { authorization: `token ${jobToken}` };
    const { server } = suite;
    const may = [
      await door.log(mine.id, jobToken, 'one', ['line']),
      await door.mint(mine.id, jobToken),
      await server.ask('POST', `/api/orgs/acme/runs/${mine.id}/renew`, { headers }),
      await server.ask('GET', `/api/deployments/${mine.id}/status`, { headers }),
    ];
    assert.deepEqual(
      may.map(({ status }) => status),
      [204, 200, 200, 200],
    );
    // Of another deployment: neither what is its own, nor how it stands.
    assertRefused(await door.log(other.id, jobToken, 'one', ['line']), 'invalid_request_token');
    assertRefused(await door.mint(other.id, jobToken), 'invalid_request_token');
    assertRefused(await door.finish(other.id, jobToken, 'failed'), 'invalid_request_token');
    const step = { name: 'one', status: 'running' };
    for (const [method, path, json] of [
      ['GET', `/api/deployments/${other.id}/status`, undefined],
      ['POST', `/api/deployments/${other.id}/steps`, step],
    ] as const) {
      assertRefused(await server.ask(method, path, { headers, json }), 'invalid_request_token');
    }
    for (const [method, path] of [
      ['GET', '/api/deployments/poll'],
      ['GET', BASE],
      ['POST', BASE],
      ['GET', `${BASE}/${mine.id}`],
      ['GET', `${BASE}/${mine.id}/logs`],
      ['POST', `${BASE}/${mine.id}/cancel`],
      ['POST', `${BASE}/pause`],
      ['GET', `${BASE}/settings`],
      ['GET', '/api/orgs/acme/agent-pools'],
      ['GET', '/api/orgs/acme/runs'],
      ['POST', '/api/orgs/acme/runs'],
      ['GET', `/api/orgs/acme/runs/${mine.id}`],
      ['GET', '/api/user'],
      ['GET', '/api/esc/environments/acme'],
    ] as const) {
      assertRefused(
        await server.ask(method, path, { headers, ...(method === 'POST' && { json: {} }) }),
        'unauthenticated',
      );
    }
    await door.take(pool);
  });

  test('the token of a pool takes deployments and asks how they stand, and nothing else', async () => {
    const elsewhere = await door.makePool('elsewhere');
    const { id } = await door.create();
    const { server } = suite;
    assert.equal((await door.poll(elsewhere)).status, 204);
    assertRefused(
      await server.ask('GET', `/api/deployments/${id}/status`, door.bearing(elsewhere.token)),
      'deployment_not_found',
    );
    assert.equal(await door.status(id, pool.token), 'not-started');
    assertRefused(await door.log(id, pool.token, 'one', ['line']), 'not_permitted');
    assertRefused(await door.mint(id, pool.token), 'invalid_request_token');
    for (const [method, path, code] of [
      ['GET', `${BASE}/${id}`, 'deployment_not_found'],
      ['GET', `${BASE}/${id}/logs`, 'deployment_not_found'],
      ['POST', `${BASE}/${id}/cancel`, 'deployment_not_found'],
      ['GET', BASE, 'stack_not_found'],
      ['POST', `${BASE}/pause`, 'stack_not_found'],
      ['GET', '/api/orgs/acme/agent-pools', 'not_permitted'],
      ['GET', '/api/orgs/acme/runs', 'not_permitted'],
      ['GET', `/api/orgs/acme/runs/${id}`, 'run_not_found'],
    ] as const) {
      assertRefused(await server.ask(method, path, door.bearing(pool.token)), code);
    }
    const json = { operation: 'update' };
    assertRefused(await server.ask('POST', BASE, { ...door.bearing(pool.token), json }), 'run_not_permitted');
    await door.take(pool);
  });

  test('nobody else polls, tells, or asks how a deployment stands', async () => {
    const { id } = await door.create();
    const { server } = suite;
    const line = { step: 'one', lines: [{ line: 'x' }] };
    for (const as of ['admin', 'carol', 'bob', 'client', 'organizationAdmin', 'stranger'] as const) {
      assertRefused(await server.ask('GET', '/api/deployments/poll', { as }), 'not_permitted');
      assertRefused(await server.ask('GET', `/api/deployments/${id}/status`, { as }), 'not_permitted');
      assertRefused(await server.ask('POST', `/api/deployments/${id}/logs`, { as, json: line }), 'not_permitted');
    }
    for (const path of ['poll', `${id}/status`]) {
      assertRefused(await server.ask('GET', `/api/deployments/${path}`), 'unauthenticated');
    }
    assertRefused(await server.ask('POST', `/api/deployments/${id}/logs`, { json: line }), 'unauthenticated');
    const plain = await server.startRun({ project: 'core', stack: 'dev', operation: 'update' });
    assertRefused(await door.log(plain.id, plain.tokenRequest.token, 'one', ['line']), 'deployment_not_found');
    await door.take(pool);
  });

  test('what is paused waits, while other stacks go on; resumed, it is taken, the oldest first', async () => {
    const { server } = suite;
    const other = '/api/stacks/acme/core/prod/deployments';
    const first = await door.create();
    assert.equal((await server.ask('POST', `${BASE}/pause`, { as: 'admin' })).status, 200);
    const second = await door.create();
    const elsewhere = await door.create({}, 'admin', other);
    assert.equal((await door.take(pool)).deploymentID, elsewhere.id);
    assert.equal((await door.poll(pool)).status, 204);
    assert.equal((await server.ask('GET', BASE, { as: 'carol' })).json.deployments[0].paused, true);
    assert.equal((await server.ask('POST', `${BASE}/pause`, { as: 'admin' })).status, 200);
    assert.equal((await server.ask('POST', `${BASE}/resume`, { as: 'admin' })).status, 200);
    assert.equal((await door.take(pool)).deploymentID, first.id);
    assert.equal((await door.take(pool)).deploymentID, second.id);
  });
});

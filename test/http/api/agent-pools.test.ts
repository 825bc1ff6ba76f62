import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertPublishedBody, BASE, type DeploymentDoor, openDeploymentDoor } from '../deployment-door.ts';
import { onEachStore } from '../each-store.ts';
import { assertRefused } from './answers.ts';

const POOLS = '/api/orgs/acme/agent-pools';

onEachStore('agent pools', {}, (suite) => {
  let door: DeploymentDoor;
  const ask = (method: string, path: string, json?: object) =>
    suite.server.ask(method, path, { as: 'admin', ...(json && { json }) });
  const list = async () => (await ask('GET', POOLS)).json;
  before(() => {
    door = openDeploymentDoor(suite.server);
  });

  test('without any pool a deployment is refused, and told what to do', async () => {
    assertRefused(await ask('POST', BASE, { operation: 'update' }), 'agent_pool_required', /runpass agent-pool create/);
    const unknown = await ask('POST', BASE, { operation: 'update', agentPoolID: 'nobody' });
    assertRefused(unknown, 'agent_pool_unknown', /"nobody"/);
    assert.equal((await ask('GET', '/api/orgs/acme/runs')).json.total, 0);
  });

  test('a pool’s token is shown once, and kept as a hash; the first pool is the default', async () => {
    const made = await ask('POST', POOLS, { name: 'first', description: 'for the night' });
    assertPublishedBody('CreateAccessTokenResponse', made.json);
    assert.equal(made.headers['cache-control'], 'no-store');
    const { id, tokenValue } = made.json;
    const second = await door.makePool('second');
    const all = await list();
    assertPublishedBody('ListAgentPoolsResponse', all);
    assert.deepEqual(
      all.agentPools.map((pool: { name: string; isDefault: boolean }) => [pool.name, pool.isDefault]),
      [
        ['first', true],
        ['second', false],
      ],
    );
    assert.equal(all.defaultAgentPoolID, id);
    const one = await ask('GET', `${POOLS}/${id}`);
    assertPublishedBody('AgentPoolDetail', one.json);
    for (const { text } of [one, await ask('GET', POOLS)]) assert.ok(!text.includes(tokenValue));
    const { accessTokens, store } = suite.server.parts;
    const held = (await accessTokens.list('acme')).filter(({ holder }) => holder.kind === 'runner');
    assert.deepEqual(held.map(({ holder }) => holder.name).toSorted(), [id, second.id].toSorted());
    const stored = await store.get(`agent-pools/${(await store.get('organization/acme'))?.value.slice(7, 43)}`);
    assert.ok(stored && !stored.value.includes(tokenValue));
  });

  test('a deployment goes to the pool it names, by id or name, else to its stack’s, else to the default', async () => {
    const [first, second] = (await list()).agentPools;
    const poolOf = async (body: object) => (await door.get((await door.create(body)).id)).json.agentPool.id;
    assert.equal(await poolOf({}), first.id);
    assert.equal(await poolOf({ agentPoolID: second.id }), second.id);
    assert.equal(await poolOf({ agentPoolID: 'second' }), second.id);
    await ask('PUT', `${BASE}/settings`, { agentPoolID: second.id });
    assert.equal(await poolOf({}), second.id);
    assert.equal(await poolOf({ agentPoolID: null }), first.id);
    assert.equal(await poolOf({ inheritSettings: false }), first.id);
    await ask('DELETE', `${BASE}/settings`);
    const changed = await ask('PATCH', `${POOLS}/${second.id}`, { isDefault: true, description: 'now the default' });
    assertPublishedBody('PatchOrgAgentPoolResponse', changed.json);
    assert.equal(await poolOf({}), second.id);
    assert.equal((await list()).defaultAgentPoolID, second.id);
  });

  test('a pool that is heard is online, and tells when it last took something', async () => {
    const pool = await door.makePool('heard');
    const read = async () => (await ask('GET', `${POOLS}/${pool.id}`)).json;
    assert.deepEqual([(await read()).status, (await read()).lastSeen], ['offline', 0]);
    await door.poll(pool);
    const seen = await read();
    assert.equal(seen.status, 'online');
    assert.ok(Math.abs(seen.lastSeen - Date.now() / 1000) < 30);
    assert.equal(seen.lastDeployment, undefined);
    await door.create({ agentPoolID: pool.id });
    assert.equal((await read()).waiting, 1);
    await door.take(pool);
    assert.ok((await read()).lastDeployment > 0);
    assert.equal((await read()).waiting, 0);
  });

  test('another token works beside the first, and both end with the pool', async () => {
    const pool = await door.makePool('twice');
    const another = await ask('POST', `${POOLS}/${pool.id}/tokens`);
    const second = { id: pool.id, token: another.json.tokenValue };
    assert.notEqual(second.token, pool.token);
    for (const one of [pool, second]) assert.equal((await door.poll(one)).status, 204);
    assert.equal((await ask('DELETE', `${POOLS}/${pool.id}`)).status, 204);
    for (const one of [pool, second]) assertRefused(await door.poll(one), 'unauthenticated');
    assertRefused(await ask('GET', `${POOLS}/${pool.id}`), 'agent_pool_not_found');
    assertRefused(await ask('DELETE', `${POOLS}/${pool.id}`), 'agent_pool_not_found');
  });

  test('an exchanged token names its pool by name, and is worth nothing where there is none', async () => {
    const pool = await door.makePool('exchanged');
    const holder = { kind: 'runner', organization: 'acme', name: 'exchanged', tokenName: 'k8s' } as const;
    const { token } = await suite.server.parts.accessTokens.issue(holder, 3600);
    const agent = { id: pool.id, token: token.reveal() };
    const { id } = await door.create({ agentPoolID: pool.id });
    assert.equal((await door.take(agent)).deploymentID, id);
    const nowhere = await suite.server.parts.accessTokens.issue({ ...holder, name: 'nowhere' }, 3600);
    assertRefused(await door.poll({ id: '', token: nowhere.token.reveal() }), 'agent_pool_not_found');
    await ask('DELETE', `${POOLS}/${pool.id}`);
    assertRefused(await door.poll(agent), 'unauthenticated');
  });

  test('a pool in which deployments wait is not deleted; with force they fail, and what was taken goes on', async () => {
    const pool = await door.makePool('busy');
    const atWork = await door.create({ agentPoolID: pool.id });
    const { jobToken } = await door.take(pool);
    const waiting = await door.create({ agentPoolID: pool.id });
    assertRefused(await ask('DELETE', `${POOLS}/${pool.id}`), 'agent_pool_in_use', /^1 deployments wait/);
    assertRefused(await ask('DELETE', `${POOLS}/${pool.id}?force=maybe`), 'invalid_request');
    assert.equal((await ask('DELETE', `${POOLS}/${pool.id}?force=true`)).status, 204);
    assert.equal((await door.get(waiting.id)).json.status, 'failed');
    assert.equal(await door.status(atWork.id, jobToken), 'accepted');
    assert.equal((await door.finish(atWork.id, jobToken, 'succeeded')).status, 200);
    assertRefused(await ask('POST', BASE, { operation: 'update', agentPoolID: pool.id }), 'agent_pool_unknown');
  });

  test('what was cancelled does not keep a pool; the default that goes leaves none', async () => {
    const { agentPools, defaultAgentPoolID } = await list();
    const { id } = await door.create();
    for (const one of (await ask('GET', `${BASE}?pageSize=100`)).json.deployments) {
      if (one.status === 'not-started') await door.cancel(one.id);
    }
    assert.equal((await door.get(id)).json.status, 'skipped');
    assert.equal((await ask('DELETE', `${POOLS}/${defaultAgentPoolID}`)).status, 204);
    assert.equal((await list()).defaultAgentPoolID, undefined);
    assertRefused(await ask('POST', BASE, { operation: 'update' }), 'agent_pool_required');
    assert.equal((await list()).agentPools.length, agentPools.length - 1);
  });

  test('names are unique, and such as a scope may hold; nothing else is taken', async () => {
    await door.makePool('taken');
    const other = await door.makePool('other');
    assertRefused(await ask('POST', POOLS, { name: 'taken' }), 'agent_pool_exists');
    assertRefused(await ask('PATCH', `${POOLS}/${other.id}`, { name: 'taken' }), 'agent_pool_exists');
    assert.equal((await ask('PATCH', `${POOLS}/${other.id}`, { name: 'other' })).status, 200);
    for (const name of ['', '.', 'a b', 'a:b', 'x'.repeat(101), other.id]) {
      assertRefused(await ask('POST', POOLS, { name }), 'invalid_name');
    }
    for (const body of [{}, { name: 1 }, { name: 'x', more: 1 }, { name: 'x', description: 'y'.repeat(501) }, []]) {
      assertRefused(await ask('POST', POOLS, body), 'invalid_request');
    }
    assertRefused(await ask('PATCH', `${POOLS}/${other.id}`, { isDefault: false }), 'invalid_request');
    assertRefused(await ask('PATCH', `${POOLS}/nothing`, { name: 'x' }), 'agent_pool_not_found');
    assertRefused(await ask('PUT', `${POOLS}/${other.id}`, {}), 'method_not_allowed');
  });
});

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { OPERATIONS, type Operation } from '../../../src/access/organization.ts';
import type { RefusalCode } from '../../../src/errors.ts';
import { type Caller, startTestServer } from '../../server.ts';
import { BASE, type DeploymentDoor, openDeploymentDoor, type Pool } from '../deployment-door.ts';
import { onEachStore } from '../each-store.ts';
import { assertRefused } from './answers.ts';

const PROD = '/api/stacks/acme/core/prod/deployments';

/** Who may ask for what on core/dev; nobody but administrators on core/prod. */
const MAY: Readonly<Record<Caller, readonly Operation[]>> = {
  admin: OPERATIONS,
  organizationAdmin: OPERATIONS,
  bob: [],
  carol: ['update', 'preview'],
  ops: ['update', 'preview'],
  organization: ['update', 'preview'],
  client: ['update', 'preview'],
  stranger: [],
};
const CALLERS = Object.keys(MAY) as Caller[];
const isAdministrator = (caller: Caller): boolean => caller === 'admin' || caller === 'organizationAdmin';

onEachStore('who may do what with deployments', {}, (suite) => {
  let door: DeploymentDoor;
  let pool: Pool;
  const ask = (method: string, path: string, as: Caller, json?: object) =>
    suite.server.ask(method, path, { as, ...(json && { json }) });
  const runs = async (): Promise<number> => (await ask('GET', '/api/orgs/acme/runs?pageSize=1', 'admin')).json.total;
  before(async () => {
    door = openDeploymentDoor(suite.server);
    pool = await door.makePool('builders');
  });

  for (const caller of CALLERS) {
    const outside: RefusalCode | undefined = caller === 'stranger' ? 'organization_not_found' : undefined;
    const sees = MAY[caller].length > 0;

    test(`${caller} asks for what its roles allow, and for nothing else`, async () => {
      for (const operation of OPERATIONS) {
        const before = await runs();
        const created = await ask('POST', BASE, caller, { operation });
        if (MAY[caller].includes(operation)) {
          assert.equal(created.status, 202, created.text);
          continue;
        }
        assertRefused(created, outside ?? 'run_not_permitted');
        assert.equal(await runs(), before, 'a refused request changed something');
      }
      const elsewhere = await ask('POST', PROD, caller, { operation: 'update' });
      if (isAdministrator(caller)) assert.equal(elsewhere.status, 202);
      else assertRefused(elsewhere, outside ?? 'run_not_permitted');
    });

    test(`${caller} sees the deployments of the stacks that its roles cover; others are not there`, async () => {
      const { id, version } = await door.create();
      const hidden = await door.create({}, 'admin', PROD);
      for (const path of [
        `${BASE}/${id}`,
        `${BASE}/version/${version}`,
        `${BASE}/${id}/logs`,
        `${BASE}/${id}/logs?step=0`,
      ]) {
        const read = await ask('GET', path, caller);
        if (sees) assert.equal(read.status, 200, read.text);
        else assertRefused(read, outside ?? 'deployment_not_found');
      }
      const list = await ask('GET', BASE, caller);
      if (sees) assert.equal(list.status, 200);
      else assertRefused(list, outside ?? 'stack_not_found');
      if (isAdministrator(caller)) return;
      // What may not be seen, what is on another stack, and what was never there: one answer.
      const nothing = '019a0000-0000-7000-8000-000000000000';
      for (const path of [
        `${PROD}/${hidden.id}`,
        `${PROD}/version/${hidden.version}`,
        `${PROD}/${hidden.id}/logs`,
        `${PROD}/${nothing}`,
        `${BASE}/${hidden.id}`,
        `${BASE}/${nothing}`,
        `${BASE}/x`,
      ]) {
        assertRefused(await ask('GET', path, caller), outside ?? 'deployment_not_found');
      }
      for (const path of [PROD, '/api/stacks/acme/core/never/deployments']) {
        assertRefused(await ask('GET', path, caller), outside ?? 'stack_not_found');
      }
    });

    test(`${caller} cancels what it may run`, async () => {
      for (const operation of ['update', 'destroy'] as const) {
        const { id } = await door.create({ operation });
        const cancelled = await ask('POST', `${BASE}/${id}/cancel`, caller);
        if (MAY[caller].includes(operation)) assert.equal(cancelled.status, 200, cancelled.text);
        else assertRefused(cancelled, outside ?? (sees ? 'run_not_permitted' : 'deployment_not_found'));
        const { status } = (await door.get(id)).json;
        assert.equal(status, MAY[caller].includes(operation) ? 'skipped' : 'not-started');
      }
    });

    test(`${caller} ${isAdministrator(caller) ? 'pauses' : 'does not pause'} a stack, nor keeps pools otherwise`, async () => {
      for (const what of ['pause', 'resume']) {
        const answer = await ask('POST', `${BASE}/${what}`, caller);
        if (isAdministrator(caller)) assert.equal(answer.status, 200);
        else assertRefused(answer, outside ?? (sees ? 'run_not_permitted' : 'stack_not_found'));
      }
      const pools = '/api/orgs/acme/agent-pools';
      for (const [method, path, json, status] of [
        ['GET', pools, undefined, 200],
        ['POST', pools, { name: `of-${caller}` }, 200],
        ['GET', `${pools}/${pool.id}`, undefined, 200],
        ['PATCH', `${pools}/${pool.id}`, { description: 'x' }, 200],
        ['POST', `${pools}/${pool.id}/tokens`, {}, 200],
        ['DELETE', `${pools}/019a0000-0000-7000-8000-000000000000`, undefined, 404],
      ] as const) {
        const answer = await ask(method, path, caller, json);
        if (isAdministrator(caller)) assert.equal(answer.status, status, answer.text);
        else assertRefused(answer, outside ?? 'not_permitted');
      }
    });
  }

  test('whoever asked for a deployment may cancel it and see it, also without the role', async () => {
    const { id } = await door.create({}, 'carol');
    const { parts } = suite.server;
    const loaded = await parts.runs.load(id);
    assert.equal(loaded?.run.startedBy, 'personal:carol');
    // As if bob had asked when he had a role.
    const stored = await parts.store.get(`run/${id}`);
    const run = JSON.parse(stored?.value ?? '');
    await parts.store.replace(`run/${id}`, stored?.version ?? 0, JSON.stringify({ ...run, startedBy: 'personal:bob' }));
    assert.equal((await door.get(id, 'bob')).status, 200);
    assert.equal((await door.cancel(id, 'bob')).status, 200);
  });

  test('each grant and each refusal stands in the audit log, with who and what', async () => {
    const refused = await ask('POST', BASE, 'bob', { operation: 'update' });
    assertRefused(refused, 'run_not_permitted');
    const { id } = await door.create({}, 'carol');
    await ask('POST', `${BASE}/pause`, 'carol');
    await door.cancel(id);
    const audit = async (kind: string) =>
      (await ask('GET', `/api/orgs/acme/audit?kind=${kind}&pageSize=100`, 'admin')).json.records as {
        actor: string;
        outcome: string;
        code?: string;
        detail: Record<string, string>;
      }[];
    const [start] = (await audit('run.start')).filter(({ detail }) => detail['run'] === id);
    assert.deepEqual([start?.actor, start?.detail['pool']], ['personal:carol', pool.id]);
    assert.ok(
      (await audit('run.start')).some(({ actor, code }) => actor === 'personal:bob' && code === 'run_not_permitted'),
    );
    assert.ok(
      (await audit('deployment.cancel')).some(
        ({ actor, detail }) => actor === 'personal:admin' && detail['run'] === id,
      ),
    );
    assert.ok(
      (await audit('deployment.pause')).some(
        ({ actor, outcome }) => actor === 'personal:carol' && outcome === 'refused',
      ),
    );
    assert.ok((await audit('agent-pool.create')).some(({ detail }) => detail['pool'] === pool.id));
    const { deploymentID } = await door.take(pool);
    const [take] = (await audit('deployment.take')).filter(({ detail }) => detail['run'] === deploymentID);
    assert.deepEqual([take?.actor, take?.detail['name']], [`runner:${pool.id}`, 'builders']);
  });
});

test('without a token every door is shut, with a challenge', async (t) => {
  const server = await startTestServer({ store: 'memory' });
  t.after(() => server.stop());
  for (const [method, path] of [
    ['POST', BASE],
    ['GET', BASE],
    ['GET', `${BASE}/x`],
    ['GET', `${BASE}/version/1`],
    ['GET', `${BASE}/x/logs`],
    ['POST', `${BASE}/x/cancel`],
    ['POST', `${BASE}/pause`],
    ['POST', `${BASE}/resume`],
    ['GET', '/api/deployments/poll'],
    ['GET', '/api/deployments/x/status'],
    ['POST', '/api/deployments/x/logs'],
    ['POST', '/api/deployments/x/steps'],
    ['GET', '/api/orgs/acme/agent-pools'],
    ['POST', '/api/orgs/acme/agent-pools'],
    ['DELETE', '/api/orgs/acme/agent-pools/x'],
    ['POST', '/api/orgs/acme/agent-pools/x/tokens'],
  ] as const) {
    for (const headers of [{}, { authorization: 'token rpa_nobody' }]) {
      assertRefused(await server.ask(method, path, { headers }), 'unauthenticated');
    }
  }
});

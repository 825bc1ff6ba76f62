import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { startRedis, type TestRedis, until, withoutRedis } from '../redis.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { BASE, type DeploymentDoor, openDeploymentDoor, type Pool, type Work } from './deployment-door.ts';
import { patientAndHasty } from './each-store.ts';

const DEPLOYMENTS = 200;
const POLLERS = 8;

describe('deployments on two servers over one Redis', { skip: withoutRedis }, () => {
  let redis: TestRedis;
  let servers: readonly [TestServer, TestServer];
  let doors: readonly [DeploymentDoor, DeploymentDoor];
  let pool: Pool;
  before(async () => {
    redis = await startRedis();
    const first = await startTestServer({ store: redis.url as `redis://${string}`, change: patientAndHasty });
    servers = [first, await startTestServer({ beside: first, change: patientAndHasty })];
    for (const server of servers) await until(async () => (await server.ask('GET', '/readyz/issue')).status === 200);
    doors = [openDeploymentDoor(servers[0]), openDeploymentDoor(servers[1])];
    pool = await doors[0].makePool('builders');
  });
  after(async () => {
    for (const server of [...servers].reverse()) await server.stop();
    await redis.stop();
  });
  const doorAt = (at: number): DeploymentDoor => doors[at % 2 === 0 ? 0 : 1];

  test(`of ${DEPLOYMENTS} deployments, asked for on both, ${POLLERS} agents take each exactly once`, async () => {
    const created = await Promise.all(Array.from({ length: DEPLOYMENTS }, (_, at) => doorAt(at).create()));
    assert.deepEqual(
      created.map(({ version }) => version).sort((one, other) => one - other),
      Array.from({ length: DEPLOYMENTS }, (_, at) => at + 1),
    );
    const taken: Work[] = [];
    const work = async (door: DeploymentDoor): Promise<void> => {
      // Another agent may hold what is left just now: empty means three times nothing.
      for (let empty = 0; empty < 3; ) {
        const answer = await door.poll(pool);
        assert.ok([200, 204].includes(answer.status), answer.text);
        if (answer.status === 204) empty++;
        else taken.push(answer.json);
      }
    };
    await Promise.all(Array.from({ length: POLLERS }, (_, at) => work(doorAt(at))));

    const ids = taken.map(({ deploymentID }) => deploymentID);
    assert.equal(ids.length, DEPLOYMENTS);
    assert.deepEqual(ids.toSorted(), created.map(({ id }) => id).toSorted());
    assert.equal(new Set(taken.map(({ jobToken }) => jobToken)).size, DEPLOYMENTS);
    // Each agent has what is its own, and the other replica believes it at once.
    for (const [at, { deploymentID, jobToken, oidcToken, deployment }] of taken.entries()) {
      assert.equal(decodeJwt(oidcToken)['deployment'], String(deployment.version));
      if (at % 10 === 0) assert.equal((await doorAt(at).finish(deploymentID, jobToken, 'succeeded')).status, 200);
    }
    const list = await servers[1].ask('GET', `${BASE}?pageSize=1`, { as: 'admin' });
    assert.equal(list.json.total, DEPLOYMENTS);
  });

  test('a replica that remembers the run from before it was taken knows its new request token at once', async () => {
    const { id } = await doors[0].create();
    // Nobody holds the first one; asking with a wrong one is refused, before and after.
    for (const door of doors) assert.equal((await door.mint(id, 'rpr_wrong')).status, 401);
    const { jobToken } = await doors[0].take(pool);
    for (const door of doors) {
      assert.equal((await door.mint(id, jobToken)).status, 200);
      assert.equal((await door.mint(id, 'rpr_wrong')).status, 401);
    }
    assert.equal((await doors[1].finish(id, jobToken, 'failed')).status, 200);
    for (const door of doors) assert.equal((await door.mint(id, jobToken)).status, 403);
  });

  test('of a cancel and a poll at the same moment one is first, and both agree which', async () => {
    for (let round = 0; round < 20; round++) {
      const { id } = await doorAt(round).create();
      const [polled, cancelled] = await Promise.all([doors[0].poll(pool), doors[1].cancel(id)]);
      assert.equal(cancelled.status, 200, cancelled.text);
      const status = await doors[0].status(id, pool.token);
      if (polled.status === 204) assert.equal(status, 'skipped');
      else assert.ok([200, 403].includes(polled.status) && status === 'failed', `${polled.text} ${status}`);
      assert.equal((await doors[0].poll(pool)).status, 204);
    }
  });
});

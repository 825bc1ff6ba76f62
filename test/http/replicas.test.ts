import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startRedis, type TestRedis, until, withoutRedis } from '../redis.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../server.ts';
import { DOCUMENTS } from './ask.ts';

describe('two servers on one store', { skip: withoutRedis }, () => {
  let redis: TestRedis;
  let servers: readonly [TestServer, TestServer];
  const quick: Pick<TestServerOptions, 'change'> = {
    change: (all) => {
      const hasten = <T extends { timing: object }>(issuer: T): T => ({
        ...issuer,
        timing: { ...issuer.timing, staleness: 1 },
      });
      // Versions are the question here, not how fast a busy machine's disk is.
      const store = { ...all.store, timeoutMs: 10_000 };
      return { ...all, store, issuers: { v1: hasten(all.issuers.v1), v2: hasten(all.issuers.v2) } };
    },
  };
  before(async () => {
    redis = await startRedis();
    const first = await startTestServer({ store: redis.url as `redis://${string}`, ...quick });
    servers = [first, await startTestServer({ beside: first, ...quick })];
  });
  after(async () => {
    for (const server of [...servers].reverse()) await server.stop();
    await redis.stop();
  });

  test('every public document is byte for byte the same at one generation, before and after a rotation', async () => {
    const [first, second] = servers;
    const texts = (server: TestServer) =>
      Promise.all(
        DOCUMENTS.map(async (path) => {
          const { text, headers } = await server.ask('GET', path);
          return [text, headers['etag'], headers['cache-control']];
        }),
      );
    const same = async () => JSON.stringify(await texts(first)) === JSON.stringify(await texts(second));
    await until(same);
    const before = await texts(first);
    await first.rotateUnsafely('v1');
    await until(async () => JSON.stringify(await texts(second)) !== JSON.stringify(before) && same());
  });

  test('a hundred runs started at once on both get the versions 1 to 100, each once', async () => {
    const body = { project: 'core', stack: 'crowded', operation: 'update' };
    const runs = await Promise.all(
      Array.from({ length: 100 }, (_, at) => (servers[at % 2] as TestServer).startRun(body)),
    );
    assert.deepEqual(
      runs.map(({ version }) => version).sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, at) => at + 1),
    );
    assert.equal(new Set(runs.map(({ id }) => id)).size, 100);
    const seen: number[] = [];
    for (let page = 1; page <= 2; page++) {
      const answer = await servers[1].ask(
        'GET',
        `/api/orgs/acme/runs?project=core&stack=crowded&page=${page}&pageSize=50`,
        { as: 'admin' },
      );
      assert.equal(answer.json.total, 100);
      seen.push(...answer.json.runs.map(({ version }: { version: number }) => version));
    }
    assert.equal(new Set(seen).size, 100);
  });

  test('a run finished on one is over on the other', async () => {
    const run = await servers[0].startRun({ project: 'core', stack: 'dev', operation: 'update' });
    const path = `${new URL(run.tokenRequest.url).pathname}?v=1`;
    const headers = { authorization: `Bearer ${run.tokenRequest.token}` };
    await until(async () => (await servers[1].ask('GET', path, { headers })).status === 200);
    const finished = await servers[0].ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, {
      headers,
      json: { status: 'succeeded' },
    });
    assert.equal(finished.status, 200);
    const refused = await servers[1].ask('GET', path, { headers });
    assert.deepEqual([refused.status, refused.json.refusal], [403, 'run_over']);
  });
});

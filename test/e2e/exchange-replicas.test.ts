import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { JWKS, MAIN, makeToken } from '../flows/exchange-world.ts';
import { startRedis, type TestRedis, withoutRedis } from '../redis.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../server.ts';
import { exchange, runWithToken, stateOf, trust } from './exchange-doors.ts';

const now = (): number => Math.floor(Date.now() / 1000);

describe('exchanges at two servers on one store', { skip: withoutRedis }, () => {
  let redis: TestRedis;
  let servers: readonly [TestServer, TestServer];
  const quick: Pick<TestServerOptions, 'change'> = {
    change: (all) => {
      const hasten = <T extends { timing: object }>(issuer: T): T => ({
        ...issuer,
        timing: { ...issuer.timing, staleness: 1 },
      });
      return {
        ...all,
        store: { ...all.store, timeoutMs: 10_000 },
        issuers: { v1: hasten(all.issuers.v1), v2: hasten(all.issuers.v2) },
        exchange: { ...all.exchange, refusalsPerMinute: 1_000_000 },
      };
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
  const either = (at: number): TestServer => servers[at % 2] as TestServer;
  const registration = (name: string, more: object = {}) => ({
    ...{ name, url: `https://${name}.example.com`, issuer: `https://${name}.example.com` },
    ...{ jwks: JWKS, ...more },
  });
  const tokenOf = (name: string, claims: object = {}) =>
    makeToken(now(), { claims: { iss: `https://${name}.example.com`, ...claims } });

  test('one token a hundred times, where tokens count once: exactly one is granted, in every round', async () => {
    await trust(servers[0], registration('once', { replay: 'once' }), [MAIN]);
    for (let round = 0; round < 5; round++) {
      const token = await tokenOf('once', round % 2 ? { extra: round } : { jti: `round ${round}` });
      const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => exchange(either(at), token)));
      const statuses = answers.map(({ status }) => status);
      assert.equal(statuses.filter((status) => status === 200).length, 1, `round ${round}: ${new Set(statuses)}`);
      assert.equal(statuses.filter((status) => status === 400).length, 99);
    }
  });

  test('twenty jobs of one matrix at the same moment all succeed, also with their names pinned for the first time', async () => {
    for (const replay of ['allow', 'retry-window', 'once']) {
      await trust(servers[1], registration(`matrix-${replay}`, { replay }), [MAIN]);
      const tokens = await Promise.all(
        Array.from({ length: 20 }, (_, at) => tokenOf(`matrix-${replay}`, { jti: `job ${at}`, matrix: at })),
      );
      const answers = await Promise.all(tokens.map((token, at) => exchange(either(at), token)));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200], replay);
      assert.equal(new Set(answers.map(({ json }) => json.access_token)).size, 20);
    }
  });

  test('deleting an issuer at one ends its access tokens at the other at once, in use and in introspection', async () => {
    const id = await trust(servers[0], registration('deleted'), [MAIN]);
    const token = await tokenOf('deleted');
    const made = await Promise.all([exchange(servers[0], token), exchange(servers[1], token)]);
    const texts = made.map(({ json }) => json.access_token as string);
    for (const text of texts) {
      for (const server of servers) assert.equal(await stateOf(server, text), '200 true');
    }
    const path = `/api/orgs/acme/oidc/issuers/${id}`;
    assert.equal((await servers[0].ask('DELETE', path, { as: 'admin' })).status, 204);
    for (const text of texts) assert.equal(await stateOf(servers[1], text), '401 false');
    assert.equal((await exchange(servers[1], token)).status, 400);

    await trust(servers[1], registration('deleted'), [MAIN]);
    assert.equal((await exchange(servers[0], token)).status, 200, 'another registration is another trusted issuer');
    for (const text of texts) assert.equal(await stateOf(servers[0], text), '401 false', 'which gives nothing back');
  });

  test('what a changed policy denies is denied at the other at once', async () => {
    await trust(servers[0], registration('changed'), [MAIN]);
    const token = await tokenOf('changed');
    assert.equal((await exchange(servers[1], token)).status, 200);
    const { oidcIssuers } = (await servers[0].ask('GET', '/api/orgs/acme/oidc/issuers', { as: 'admin' })).json;
    const { id } = oidcIssuers.find(({ name }: { name: string }) => name === 'changed');
    const policy = await servers[0].ask('GET', `/api/orgs/acme/auth/policies/oidcissuers/${id}`, { as: 'admin' });
    const policies = [MAIN, { ...MAIN, decision: 'deny', rules: { ref: 'refs/heads/main' } }];
    const path = `/api/orgs/acme/auth/policies/${policy.json.id}`;
    assert.equal((await servers[0].ask('PATCH', path, { as: 'admin', json: { policies } })).status, 200);
    assert.equal((await exchange(servers[1], token)).status, 400);
  });

  for (const issuer of ['v1', 'v2'] as const) {
    test(`an access token that came from a run’s ID token of our own ${issuer} ends with the run, on both`, async () => {
      const { url } = servers[0].settings.issuers[issuer];
      const claim = issuer === 'v1' ? 'stackId' : '"https://pulumi.com/stack"';
      const expected = issuer === 'v1' ? 'acme/core/dev' : 'dev';
      const rules = { [claim]: expected, sub: 'pulumi:*', aud: 'acme' };
      await trust(servers[0], { name: `own ${issuer}`, url }, [{ ...MAIN, roleID: 'deployer', rules }]);
      const { run, idToken, finish } = await runWithToken(servers[0], issuer);
      const made = await exchange(servers[1], idToken);
      assert.equal(made.status, 200, made.text);
      const text = made.json.access_token as string;
      for (const server of servers) assert.equal(await stateOf(server, text), '200 true');
      assert.equal((await finish()).status, 200);
      for (const server of servers) assert.equal(await stateOf(server, text), '401 false');

      assert.equal((await exchange(servers[1], idToken)).status, 400, 'and its ID token gives no other');
      const { decisions } = (await servers[1].ask('GET', '/api/orgs/acme/decisions?pageSize=1', { as: 'admin' })).json;
      assert.deepEqual([decisions[0].code, decisions[0].claims.iss], ['run_over', url], run.id);
    });
  }
});

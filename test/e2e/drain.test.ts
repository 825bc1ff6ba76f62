import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { describe, test } from 'node:test';
import { startRedis, withoutRedis } from '../redis.ts';
import {
  ask,
  askForToken,
  haveRings,
  type Installation,
  install,
  pause,
  type Replica,
  SHORTEST,
  type StartedRun,
  serve,
  startRun,
  untilIssuing,
  waitFor,
} from './replica.ts';

const CONNECTIONS = 20;

/** Twenty connections that are kept alive, each asking again and again; a replica is left as soon as it leaves the list. */
const load = (replicas: () => readonly Replica[], run: StartedRun) => {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { pathname, search } = new URL(run.tokenRequest.urls.v1);
  const paths = ['/oidc/.well-known/jwks', `${pathname}${search}&audience=acme`];
  const found = { requests: 0, errors: [] as string[], statuses: new Map<number, number>() };
  let stopped = false;
  const one = (replica: Replica, path: string) =>
    new Promise<void>((resolve) => {
      const headers = { authorization: `Bearer ${run.tokenRequest.token}` };
      const failed = (error: NodeJS.ErrnoException): void => {
        found.errors.push(`${error.code} ${error.message}`);
        resolve();
      };
      const sent = request({ agent, host: '127.0.0.1', port: replica.port, path, headers }, (response) => {
        const status = response.statusCode ?? 0;
        found.statuses.set(status, (found.statuses.get(status) ?? 0) + 1);
        response.on('error', failed).on('end', resolve).resume();
      });
      sent.on('error', failed).end();
    });
  const connections = Array.from({ length: CONNECTIONS }, async (_, connection) => {
    for (let turn = connection; !stopped; turn++) {
      const choice = replicas();
      await one(choice[turn % choice.length] as Replica, paths[turn % paths.length] as string);
      found.requests++;
      await pause(2);
    }
  });
  return {
    found,
    async stop() {
      stopped = true;
      await Promise.all(connections);
      agent.destroy();
      return found;
    },
  };
};

describe('replicas that are replaced one after the other under load', { skip: withoutRedis }, () => {
  test('lose no request: no broken connection, no answer but 200', async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    // The drain is under test, not the deadline of the store on a busy machine.
    const place = await install(t, { store: redis.url, settings: `${SHORTEST}store: {timeoutMs: 2000}\n` });
    await haveRings(place);
    let inUse = [await serve(t, place, { data: 'data-1' }), await serve(t, place, { data: 'data-2' })];
    const everyone = [...inUse];
    for (const replica of inUse) await untilIssuing(replica);
    const run = await startRun(inUse[0]?.base ?? '', place.adminToken());
    const traffic = load(() => inUse, run);
    const rolls = process.env['NIGHTLY'] ? 10 : 1;
    for (let roll = 0; roll < rolls; roll++) {
      for (const at of [0, 1]) {
        const old = inUse[at] as Replica;
        const fresh = await serve(t, place, { data: `data-${at + 1}` });
        everyone.push(fresh);
        await untilIssuing(fresh);
        // The proxy learns of it a moment later than the replica itself.
        old.signal('SIGTERM');
        await pause(0);
        inUse = inUse.with(at, fresh);
        assert.deepEqual((({ status, signal }) => ({ status, signal }))(await old.ended), { status: 0, signal: null });
      }
    }
    const { requests, errors, statuses } = await traffic.stop();
    assert.deepEqual(errors, []);
    assert.deepEqual([...statuses.keys()], [200], failuresIn(everyone));
    assert.ok(requests > 300, `only ${requests} requests`);
  });
});

/** What the replicas say about requests that they could not grant. */
const failuresIn = (replicas: readonly Replica[]): string =>
  JSON.stringify(replicas.flatMap((one) => one.lines().filter(({ level }) => level === 'error' || level === 'warn')));

describe('a server that is told to stop', () => {
  const started = async (place: Installation, t: Parameters<typeof serve>[0]) => {
    const replica = await serve(t, place);
    return [replica, await startRun(replica.base, place.adminToken())] as const;
  };

  test('answers what it has begun, says so with "Connection: close", and ends with status 0', async (t) => {
    const place = await install(t, { settings: SHORTEST });
    const [replica, run] = await started(place, t);
    const slow = slowRequest(replica, place.adminToken());
    await pause(100);
    replica.signal('SIGTERM');
    await waitFor('the stop to be heard', () => replica.output().includes('"message":"server stops"'));
    const answer = await slow.finish();
    assert.equal(answer.status, 201);
    assert.equal(answer.connection, 'close');
    assert.equal((await replica.ended).status, 0);
    await assert.rejects(askForToken(replica.base, run), 'nobody listens any more');
    assert.ok(replica.lines().some(({ message }) => message === 'server stopped'));
  });

  test('ends at once when it is told twice', async (t) => {
    const place = await install(t, { settings: 'http: {drainSeconds: 60}\n' });
    const [replica] = await started(place, t);
    slowRequest(replica, place.adminToken());
    await pause(100);
    replica.signal('SIGINT');
    await waitFor('the stop to be heard', () => replica.output().includes('"message":"server stops"'));
    const before = performance.now();
    replica.signal('SIGINT');
    assert.equal((await replica.ended).status, 130);
    assert.ok(performance.now() - before < 1_000);
  });

  test('cuts off who still says nothing after http.drainSeconds', async (t) => {
    const place = await install(t, { settings: 'http: {drainSeconds: 1}\n' });
    const [replica] = await started(place, t);
    slowRequest(replica, place.adminToken());
    await pause(100);
    const before = performance.now();
    replica.signal('SIGTERM');
    assert.equal((await replica.ended).status, 0);
    assert.ok(performance.now() - before < 4_000);
  });
});

/** A request whose body waits for `finish`. */
const slowRequest = (replica: Replica, token: string) => {
  const body = JSON.stringify({ project: 'core', stack: 'slow', operation: 'update' });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const agent = new Agent({ keepAlive: true });
  const sent = request({
    agent,
    host: '127.0.0.1',
    port: replica.port,
    method: 'POST',
    path: '/api/orgs/acme/runs',
    headers,
  });
  sent.on('error', () => undefined);
  sent.write(body.slice(0, 10));
  return {
    finish: () =>
      new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
        sent.once('error', reject);
        sent.once('response', (response) => {
          response.resume();
          resolve({ status: response.statusCode, connection: response.headers.connection });
        });
        sent.end(body.slice(10));
      }),
  };
};

describe('SIGHUP reads the organization files again', () => {
  const WITH_ALICE =
    'name: acme\nusers:\n  - {login: admin, role: administrator}\n  - {login: alice, role: administrator}\n';

  test('good ones count at once, bad ones change nothing and are named in the log', async (t) => {
    const place = await install(t, { settings: SHORTEST });
    const replica = await serve(t, place);
    place.declare(WITH_ALICE);
    const made = await place.command(['token', 'create', '--org', 'acme', '--user', 'alice', '--name', 'hers']);
    const token = made.stdout.trim();
    const asAlice = async () => (await ask(replica.base, '/api/user', { token })).status;
    assert.equal(await asAlice(), 401, 'not known yet');

    replica.signal('SIGHUP');
    await waitFor('the new user', async () => (await asAlice()) === 200);

    place.declare(`${WITH_ALICE}  - {login: bob, role: emperor}\n`);
    replica.signal('SIGHUP');
    await waitFor('the refusal', () => replica.lines().some(({ level }) => level === 'error'));
    const refusal = replica.lines().find(({ level }) => level === 'error');
    assert.equal(refusal?.message, 'organization files are not valid; what was in force stays');
    assert.match(String(refusal?.['problems']), /acme\.yaml:5:\d+: users\[2\]\.role/);
    assert.equal(await asAlice(), 200);

    place.declare('name: acme\nusers:\n  - {login: admin, role: administrator}\n');
    replica.signal('SIGHUP');
    await waitFor('the user to be gone', async () => (await asAlice()) === 401);
  });
});

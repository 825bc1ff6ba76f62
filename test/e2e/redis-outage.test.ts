import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis, withoutRedis } from '../redis.ts';
import {
  type Answer,
  ask,
  askForRun,
  askForToken,
  haveRings,
  type Installation,
  install,
  pause,
  type Replica,
  SHORTEST,
  serve,
  startRun,
  untilIssuing,
  waitFor,
} from './replica.ts';

const JWKS = ['/oidc/.well-known/jwks', '/oidc/v2/.well-known/jwks'] as const;
const PUBLIC = [...JWKS, '/oidc/.well-known/openid-configuration', '/oidc/v2/.well-known/openid-configuration'];

const redisOf = async (t: TestContext): Promise<TestRedis> => {
  const redis = await startRedis();
  t.after(async () => {
    redis.resume();
    await redis.stop();
  });
  return redis;
};

const issuing = async (t: TestContext, redis: TestRedis): Promise<readonly [Replica, Installation]> => {
  const place = await install(t, { store: redis.url, settings: SHORTEST });
  await haveRings(place);
  const replica = await serve(t, place, { data: 'data-1' });
  await untilIssuing(replica);
  const keys = async () => (await ask(replica.base, JWKS[0])).body.keys.length;
  await waitFor('a spare key', async () => (await keys()) === 2);
  return [replica, place];
};

/** Keeps asking one thing, four requests at a time, until stopped. */
const keepAsking = (one: () => Promise<Answer>) => {
  let stopped = false;
  const answers: (Answer & { readonly at: number })[] = [];
  const askers = Array.from({ length: 4 }, async () => {
    while (!stopped) {
      const at = performance.now();
      answers.push({ ...(await one()), at });
      await pause(5);
    }
  });
  return {
    answers,
    async stop() {
      stopped = true;
      await Promise.all(askers);
      return answers;
    },
  };
};

const percentile = (answers: readonly Answer[], share: number): number => {
  const sorted = answers.map(({ ms }) => ms).sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

const statusesOf = (answers: readonly Answer[]): readonly number[] =>
  [...new Set(answers.map(({ status }) => status))].sort();

describe('without its Redis, a server under load', { skip: withoutRedis }, () => {
  const faults = {
    'that stands still': {
      begin: async (redis: TestRedis) => redis.pause(),
      end: async (redis: TestRedis) => redis.resume(),
    },
    'that was killed': { begin: (redis: TestRedis) => redis.kill(), end: (redis: TestRedis) => redis.restart() },
  };
  for (const [how, fault] of Object.entries(faults)) {
    test(`${how} serves keys, refuses the rest in time, and recovers by itself`, async (t) => {
      const redis = await redisOf(t);
      const [replica, place] = await issuing(t, redis);
      const token = place.adminToken();
      const run = await startRun(replica.base, token);
      let at = 0;
      const documents = keepAsking(() => ask(replica.base, PUBLIC[at++ % PUBLIC.length] ?? ''));
      const tokens = keepAsking(() => askForToken(replica.base, run));
      const runs = keepAsking(() => askForRun(replica.base, token));
      await pause(300);

      await fault.begin(redis);
      const lost = performance.now();
      await pause(process.env['NIGHTLY'] ? 60_000 : 3_000);
      const healthz = await ask(replica.base, '/healthz');
      const keys = await ask(replica.base, '/readyz/keys');
      const issue = await ask(replica.base, '/readyz/issue');
      const heal = performance.now();
      await fault.end(redis);
      await waitFor(
        'a token again',
        () => tokens.answers.some(({ status, at: when }) => when > heal && status === 200),
        5,
      );
      const recovered = performance.now() - heal;
      const all = { documents: await documents.stop(), tokens: await tokens.stop(), runs: await runs.stop() };

      assert.deepEqual([healthz.status, keys.status, issue.status], [200, 200, 503]);
      assert.match(issue.text, /store does not answer/);
      assert.deepEqual(statusesOf(all.documents), [200]);
      assert.deepEqual(statusesOf(all.tokens), [200, 503]);
      assert.deepEqual(statusesOf(all.runs), [201, 503]);
      const during = [...all.tokens, ...all.runs].filter((one) => one.at > lost && one.at < heal - 400);
      assert.deepEqual(statusesOf(during), [503], 'nothing is granted without the store');
      assert.ok(during.length > 100, `only ${during.length} refusals were measured`);
      // What a document from memory takes at the same time is the machine's share.
      const machine = percentile(
        all.documents.filter((one) => one.at > lost && one.at < heal),
        0.99,
      );
      const late = percentile(during, 0.99) - machine;
      assert.ok(late <= 300, `503 came after ${late} ms (p99), beside ${machine} ms for a document`);
      assert.ok(recovered <= 2_000, `recovered after ${recovered} ms`);
      for (const one of during.slice(0, 5)) {
        assert.equal(one.headers.get('retry-after'), '1');
        assert.equal(one.body.refusal, 'store_unavailable');
      }

      await recorded(replica, token, run.id, all.tokens);
    });
  }

  /** Every token that left stands in the record of its run. */
  const recorded = async (replica: Replica, token: string, id: string, tokens: readonly Answer[]): Promise<void> => {
    await untilIssuing(replica);
    const kept = (await ask(replica.base, `/api/orgs/acme/runs/${id}`, { token })).body;
    const known = new Set((kept.tokens as { jti: string }[]).map(({ jti }) => jti));
    const left = tokens.filter(({ status }) => status === 200).map(({ body }) => jtiOf(body.value));
    assert.deepEqual(
      left.filter((jti) => !known.has(jti)),
      [],
    );
  };

  test('starts, serves keys from its snapshot, says why it does not issue, and goes on when Redis comes', async (t) => {
    const redis = await redisOf(t);
    const [first, place] = await issuing(t, redis);
    const before = await ask(first.base, JWKS[0]);
    first.signal('SIGTERM');
    assert.equal((await first.ended).status, 0);
    await redis.kill();

    const second = await serve(t, place, { data: 'data-1' });
    const after = await ask(second.base, JWKS[0]);
    assert.equal(after.status, 200);
    assert.equal(after.text, before.text);
    assert.equal((await ask(second.base, '/readyz/keys')).status, 200);
    const issue = await ask(second.base, '/readyz/issue');
    assert.equal(issue.status, 503);
    assert.match(issue.text, /Redis/);
    assert.equal((await askForRun(second.base, place.adminToken())).status, 503);

    await redis.restart();
    await waitFor('issuing', async () => (await ask(second.base, '/readyz/issue')).status === 200, 10);
    await askForToken(second.base, await startRun(second.base, place.adminToken()));
  });

  test('refuses a snapshot that somebody changed', async (t) => {
    const redis = await redisOf(t);
    const [first, place] = await issuing(t, redis);
    first.signal('SIGTERM');
    await first.ended;
    await redis.kill();
    for (const name of ['v1', 'v2']) {
      const file = join(place.folder, 'data-1', `keys-${name}.json`);
      const snapshot = JSON.parse(readFileSync(file, 'utf8')) as { ring: string };
      const ring = JSON.parse(snapshot.ring) as { gen: number };
      writeFileSync(file, JSON.stringify({ ...snapshot, ring: JSON.stringify({ ...ring, gen: ring.gen + 1 }) }));
    }
    const second = await serve(t, place, { data: 'data-1' });
    assert.equal((await ask(second.base, JWKS[0])).status, 503);
    assert.equal((await ask(second.base, '/readyz/keys')).status, 503);
    const refused = second.lines().filter(({ message }) => message === 'the key snapshot is not used');
    assert.deepEqual(
      refused.map(({ problem }) => problem),
      ['it was changed', 'it was changed'],
    );
  });

  test('emptied while it runs: the key rings come back from memory, runs and access tokens do not', async (t) => {
    const redis = await redisOf(t);
    const [replica, place] = await issuing(t, redis);
    const token = place.adminToken();
    const run = await startRun(replica.base, token);
    const before = (await ask(replica.base, JWKS[0])).body as { keys: { kid: string }[] };

    const client = new Redis({ port: redis.port });
    await client.flushall();
    const answers = [await askForToken(replica.base, run), await askForRun(replica.base, token)];
    await waitFor('both rings in the store', async () => (await client.exists(ring('v1'), ring('v2'))) === 2, 10);
    client.disconnect();
    answers.push(await askForToken(replica.base, run), await askForRun(replica.base, token));
    for (const { status } of answers) assert.ok([401, 403, 503].includes(status), `${status}`);

    const after = (await ask(replica.base, JWKS[0])).body as { keys: { kid: string }[] };
    assert.deepEqual(
      before.keys.filter(({ kid }) => !after.keys.some((key) => key.kid === kid)),
      [],
    );
    assert.match((await ask(replica.base, '/metrics')).text, /runpass_store_rollback_total\{issuer="v1"\} 1/);
    await waitFor('a line in the log', () =>
      replica.lines().some(({ message }) => message.includes('the store lost a key ring')),
    );
    // The installation goes on: its operator makes a new access token.
    const made = await place.command(['token', 'create', '--org', 'acme', '--user', 'admin', '--name', 'second']);
    assert.equal(made.status, 0, made.stderr);
    await untilIssuing(replica);
    const next = await startRun(replica.base, made.stdout.trim());
    assert.equal((await askForToken(replica.base, next)).status, 200);
  });
});

const ring = (name: string): string => `runpass:d:{ring/${name}}`;

const jtiOf = (jwt: string): string =>
  (JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti;

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { startRedis, withoutRedis } from '../redis.ts';
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
  type StartedRun,
  serve,
  startRun,
  untilIssuing,
  waitFor,
} from './replica.ts';

const JWKS = { v1: '/oidc/.well-known/jwks', v2: '/oidc/v2/.well-known/jwks' } as const;
const PATIENT = `${SHORTEST}store: {timeoutMs: 2000}\n`;

interface Pair {
  readonly place: Installation;
  readonly one: Replica;
  readonly other: Replica;
}

const twoReplicas = async (t: TestContext, swift = false): Promise<Pair> => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const place = await install(t, { store: redis.url, settings: PATIENT });
  if (!swift) await haveRings(place);
  const start = (data: string) => serve(t, place, { data, swift });
  const [one, other] = await Promise.all([start('data-1'), start('data-2')]);
  for (const replica of [one, other]) await untilIssuing(replica);
  return { place, one, other };
};

/** One that keeps the key set as long as it may, and never looks again because of an unknown key. */
const cachingVerifier = (issuer: string, fetchKeys: () => Promise<Answer>) => {
  let [until, keys] = [0, undefined as ReturnType<typeof createLocalJWKSet> | undefined];
  return async (jwt: string): Promise<string | undefined> => {
    if (!keys || performance.now() >= until) {
      const answer = await fetchKeys();
      until = performance.now() + Number(/max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '')?.[1]) * 1000;
      keys = createLocalJWKSet(answer.body as JSONWebKeySet);
    }
    return jwtVerify(jwt, keys, { issuer, clockTolerance: 1 }).then(
      () => undefined,
      (error: Error) => `${error.message} ${jwt.split('.')[0]}`,
    );
  };
};

/** Each request to the next replica that is in use; the ones whose connection broke are tried once more. */
const roundRobin = (inUse: () => readonly Replica[]) => {
  let turn = 0;
  const next = (): string => {
    const replicas = inUse();
    return (replicas[turn++ % replicas.length] as Replica).base;
  };
  return async (one: (base: string) => Promise<Answer>): Promise<Answer> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await one(next());
      } catch (error) {
        if (attempt === 3) throw error;
        await pause(20);
      }
    }
  };
};

describe('two replicas on one Redis', { skip: withoutRedis }, () => {
  test('are one server: what is done on one counts on the other', async (t) => {
    const { place, one, other } = await twoReplicas(t);
    const admin = place.adminToken();

    for (const path of Object.values(JWKS)) {
      await waitFor('the spare on both', async () => {
        const [here, there] = await Promise.all([ask(one.base, path), ask(other.base, path)]);
        return here.body.keys.length === 2 && here.text === there.text;
      });
    }
    for (const path of Object.values(JWKS)) {
      const [here, there] = [await ask(one.base, path), await ask(other.base, path)];
      assert.equal(here.text, there.text);
      assert.equal(here.headers.get('etag'), there.headers.get('etag'));
    }

    const run = await startRun(one.base, admin);
    for (const issuer of ['v1', 'v2'] as const) {
      const answer = await askForToken(other.base, run, issuer);
      assert.equal(answer.status, 200, answer.text);
      const keys = createLocalJWKSet((await ask(one.base, JWKS[issuer])).body as JSONWebKeySet);
      await jwtVerify(answer.body.value as string, keys);
    }

    const finish = { token: run.tokenRequest.token, json: { status: 'succeeded' } };
    assert.equal((await ask(other.base, `/api/orgs/acme/runs/${run.id}/finish`, finish)).status, 200);
    const refused = await askForToken(one.base, run);
    assert.deepEqual([refused.status, refused.body.refusal], [403, 'run_over'], 'at once, so within the second');

    const versions = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => (await startRun((at % 2 ? one : other).base, admin, 'busy')).version),
    );
    assert.deepEqual(
      versions.sort((left, right) => left - right),
      Array.from({ length: 40 }, (_, at) => at + 1),
    );

    const made = await place.command(['token', 'create', '--org', 'acme', '--user', 'admin', '--name', 'x', '--json']);
    const { id, token } = JSON.parse(made.stdout) as { id: string; token: string };
    for (const { base } of [one, other]) assert.equal((await ask(base, '/api/user', { token })).status, 200);
    assert.equal((await place.command(['token', 'revoke', '--org', 'acme', '--', id])).status, 0);
    for (const { base } of [one, other]) assert.equal((await ask(base, '/api/user', { token })).status, 401);
  });

  test('survive "keys rotate --unsafe" and kill -9 of one under load: every token verifies, no record is lost', async (t) => {
    const { place, one, other } = await twoReplicas(t);
    const admin = place.adminToken();
    await waitFor('the spare on both', async () =>
      (await Promise.all([one, other].map(async ({ base }) => (await ask(base, JWKS.v1)).body.keys.length))).every(
        (count) => count === 2,
      ),
    );
    let inUse: readonly Replica[] = [one, other];
    const send = roundRobin(() => inUse);
    const granted: { run: StartedRun; jwt: string }[] = [];
    const [failures, documents] = [[] as string[], [] as number[]];
    let stopped = false;
    const verify = cachingVerifier(`${place.url}/oidc`, () => send((base) => ask(base, JWKS.v1)));
    const workers = Array.from({ length: 6 }, async (_, worker) => {
      while (!stopped) {
        documents.push((await send((base) => ask(base, JWKS.v1))).status);
        const started = await send((base) => askForRun(base, admin, `stack-${worker}`));
        if (started.status !== 201) {
          failures.push(`start ${started.status} ${started.text}`);
          continue;
        }
        const run = started.body as StartedRun;
        const answer = await send((base) => askForToken(base, run));
        if (answer.status !== 200) failures.push(`mint ${answer.status} ${answer.text}`);
        else {
          const jwt = answer.body.value as string;
          granted.push({ run, jwt });
          const problem = await verify(jwt);
          if (problem) failures.push(problem);
        }
      }
    });
    await pause(500);
    const rotated = await place.command(['keys', 'rotate', '--issuer', 'v1', '--unsafe', '--reason', 'a test']);
    assert.equal(rotated.status, 0, rotated.stderr);
    await waitFor('tokens of the new key', () => new Set(granted.map(({ jwt }) => jwt.split('.')[0])).size === 2);
    other.process.kill('SIGKILL');
    await other.ended;
    const dead = granted.length;
    inUse = [one];
    await waitFor('the survivor to go on', () => granted.length > dead + 50);
    stopped = true;
    await Promise.all(workers);

    assert.deepEqual(failures, []);
    assert.deepEqual([...new Set(documents)], [200]);
    const lost = await Promise.all(
      granted.map(async ({ run, jwt }) => {
        const kept = await ask(one.base, `/api/orgs/acme/runs/${run.id}`, { token: admin });
        const { jti } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
        return kept.status === 200 && kept.text.includes(jti) ? [] : [run.id];
      }),
    );
    assert.deepEqual(lost.flat(), []);
    const audit = await place.command(['audit', 'verify', '--org', 'acme'], {
      RUNPASS_URL: one.base,
      RUNPASS_ACCESS_TOKEN: admin,
    });
    assert.equal(audit.status, 0, audit.stdout + audit.stderr);
  });

  test('rotate on schedule under load: no verifier that honours max-age ever refuses a token', async (t) => {
    const { place, one, other } = await twoReplicas(t, true);
    const run = await startRun(one.base, place.adminToken());
    const send = roundRobin(() => [one, other]);
    const verifiers = Array.from({ length: 20 }, () =>
      cachingVerifier(`${place.url}/oidc`, () => send((base) => ask(base, JWKS.v1))),
    );
    const [kids, failures] = [new Set<string>(), [] as string[]];
    let [checks, stopped] = [0, false];
    const check = async (jwt: string, at: number): Promise<void> => {
      const problem = await verifiers[at % verifiers.length]?.(jwt);
      checks++;
      if (problem) failures.push(problem);
    };
    const workers = Array.from({ length: 4 }, async (_, worker) => {
      for (let turn = worker; !stopped; turn += 4) {
        const answer = await send((base) => askForToken(base, run));
        if (answer.status !== 200) failures.push(`${answer.status} ${answer.text}`);
        else {
          const jwt = answer.body.value as string;
          kids.add(jwt.split('.')[0] ?? '');
          await check(jwt, turn);
          // And once more near the end of its life.
          setTimeout(() => void check(jwt, turn * 7), 4_000);
        }
        await pause(20);
      }
    });
    const [switches, seconds] = process.env['NIGHTLY'] ? [10, 180] : [1, 45];
    await waitFor(`${switches} switches of the signing key`, () => kids.size > switches, seconds);
    await pause(1_000);
    stopped = true;
    await Promise.all(workers);
    await pause(4_500);
    assert.deepEqual(failures, []);
    assert.ok(checks > 300, `only ${checks} checks`);
  });
});

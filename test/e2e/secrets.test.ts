import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { fingerprint } from '../../src/secret.ts';
import { startRedis, withoutRedis } from '../redis.ts';
import {
  type Answer,
  ask,
  askForToken,
  haveRings,
  install,
  pause,
  SHORTEST,
  serve,
  startRun,
  untilIssuing,
} from './replica.ts';

const PASSWORD = 'canary-of-the-redis-password';
const CLIENT_SECRET = 'canary-of-the-client-secret-0123456789';
const DEPLOYMENT_SECRET = 'canary-in-the-environment-of-a-deployment';
const STRANGE = 'canary-sent-where-no-secret-belongs';

test('no secret ever stands in a log, an answer, a metric, the audit log or the store', {
  skip: withoutRedis,
}, async (t) => {
  const redis = await startRedis({ password: PASSWORD });
  t.after(() => redis.stop());
  const place = await install(t, {
    store: redis.url,
    settings: `${SHORTEST}log: {level: debug}\nstore: {timeoutMs: 1000}\n`,
  });
  place.declare(
    `name: acme\nusers: [{login: admin, role: administrator}]\nclients:\n  - id: jenkins\n    role: administrator\n    secretHash: sha256:${fingerprint(CLIENT_SECRET)}\n`,
  );
  await haveRings(place);
  let replica = await serve(t, place, { data: 'data-1' });
  await untilIssuing(replica);
  const admin = place.adminToken();
  /** What must never be seen again, by what it is. */
  const canaries = new Map<string, string>([
    ['redis password', PASSWORD],
    ['client secret', CLIENT_SECRET],
    ['administrator token', admin],
    ['strange', STRANGE],
  ]);
  for (const file of readdirSync(join(place.folder, 'keys'))) {
    const text = readFileSync(join(place.folder, 'keys', file), 'utf8');
    for (const [at, word] of text
      .split(/[^A-Za-z0-9_+/=-]+/)
      .filter((one) => one.length >= 32)
      .entries()) {
      canaries.set(`sealing key ${at}`, word);
    }
  }
  assert.ok(canaries.size > 4, 'the sealing key was found');
  const seen: [string, string][] = [];
  const see = (what: string, { status, text, headers }: Answer): Answer => {
    seen.push([`${what}: ${status}`, `${text} ${JSON.stringify([...headers])}`]);
    return { status, text, headers, ms: 0, body: text.startsWith('{') ? JSON.parse(text) : undefined };
  };
  const get = async (path: string, sent: Parameters<typeof ask>[2] = {}) =>
    see(path.split('?')[0] ?? '', await ask(replica.base, path, sent));
  const command = async (...args: string[]) => {
    const ended = await place.command(args, { RUNPASS_URL: replica.base, RUNPASS_ACCESS_TOKEN: admin });
    seen.push([args.join(' '), ended.stderr + (args[1] === 'create' ? '' : ended.stdout)]);
    assert.equal(ended.status, 0, args.join(' ') + ended.stderr);
    return ended.stdout;
  };

  // 1. A full life: a run, its tokens, a client, its access token, keys.
  const run = await startRun(replica.base, admin);
  canaries.set('request token', run.tokenRequest.token);
  for (const issuer of ['v1', 'v2'] as const) {
    canaries.set(`ID token of ${issuer}`, (await askForToken(replica.base, run, issuer)).body.value);
  }
  const client = { client_id: 'jenkins', client_secret: CLIENT_SECRET };
  const granted = await ask(replica.base, '/oidc/token', { form: { ...client, grant_type: 'client_credentials' } });
  assert.equal(granted.status, 200, granted.text);
  const token = granted.body.access_token as string;
  canaries.set('access token of a client', token);
  canaries.set(
    'created token',
    (await command('token', 'create', '--org', 'acme', '--user', 'admin', '--name', 'x')).trim(),
  );
  assert.equal((await get('/oidc/introspect', { form: { ...client, token } })).body.active, true);
  assert.equal(
    (await get('/oidc/introspect', { form: { ...client, token: run.tokenRequest.token } })).body.active,
    false,
  );
  await get('/oidc/revoke', { form: { ...client, token } });
  await command('keys', 'rotate', '--issuer', 'v1', '--unsafe', '--reason', 'a test');
  const kid = (JSON.parse(await command('keys', 'list', '--json')).issuers[0].keys[0] as { kid: string }).kid;
  await command('keys', 'revoke', '--reason', 'a test', '--', kid);
  for (const shown of [
    ['keys', 'list'],
    ['token', 'list', '--org', 'acme'],
    ['config', 'show'],
    ['run', 'list'],
  ]) {
    await command(...shown);
  }

  //    And a deployment: asked for with a secret, taken by an agent, told of.
  const stack = '/api/stacks/acme/core/dev/deployments';
  canaries.set('secret of a deployment', DEPLOYMENT_SECRET);
  const pool = await ask(replica.base, '/api/orgs/acme/agent-pools', { token: admin, json: { name: 'builders' } });
  canaries.set('token of a pool', pool.body.tokenValue);
  const variables = { environmentVariables: { PASSWORD: { secret: DEPLOYMENT_SECRET } } };
  const asked = await get(stack, { token: admin, json: { operation: 'update', operationContext: variables } });
  const work = await ask(replica.base, '/api/deployments/poll', { token: pool.body.tokenValue });
  assert.equal(work.body.deployment.operationContext.environmentVariables.PASSWORD, DEPLOYMENT_SECRET);
  canaries.set('job token', work.body.jobToken);
  canaries.set('ID token of a deployment', work.body.oidcToken);
  const line = { step: 'one', lines: [{ line: 'a line' }] };
  await get(`/api/deployments/${asked.body.id}/logs`, { token: work.body.jobToken, json: line });
  for (const shown of ['', `/${asked.body.id}`, `/${asked.body.id}/logs`]) await get(stack + shown, { token: admin });
  await get('/api/orgs/acme/agent-pools', { token: admin });

  // 2. Secrets where they do not belong, and requests that are refused with one in them.
  const path = new URL(run.tokenRequest.urls.v1).pathname;
  const secrets = [...canaries.values()];
  for (const secret of secrets) {
    const text = encodeURIComponent(secret);
    await get(`/api/orgs/acme/runs?project=core&access_token=${text}`, { token: 'rpa_nobody' });
    await get(`/nowhere?token=${text}`);
    await get(`${path}?audience=acme`, { token: `${secret}x` });
    await get('/oidc/introspect', { form: { token: secret, client_id: 'jenkins', client_secret: `${secret}x` } });
    await get('/oidc/token', {
      form: { grant_type: 'client_credentials', client_id: 'jenkins', client_secret: `${secret}y` },
    });
    await get('/oidc/token', {
      headers: { authorization: `Basic ${Buffer.from(`x:${text}`).toString('base64')}` },
      form: { grant_type: 'x' },
    });
    await get('/api/orgs/acme/runs', {
      token: admin,
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '1.2.3.4', cookie: `a=${text}` },
      method: 'POST',
      json: { project: 1, requestedBy: secret },
    });
    await get(`/api/orgs/acme/runs/${run.id}/finish`, { token: `${secret}z`, json: { status: 'failed' } });
  }

  // 3. The store goes away in the middle, and comes back; the server is killed, and starts again.
  redis.pause();
  for (let round = 0; round < 3; round++) {
    see('minting without the store', await askForToken(replica.base, run));
    await get('/api/orgs/acme/runs', { token: admin });
    await get('/oidc/introspect', { form: { ...client, token } });
  }
  redis.resume();
  await redis.kill();
  see('minting without the store', await askForToken(replica.base, run));
  await get('/readyz/issue');
  await pause(200);
  await redis.restart();
  await untilIssuing(replica);
  const printed = [replica.output];
  replica.process.kill('SIGKILL');
  await replica.ended;
  replica = await serve(t, place, { data: 'data-1' });
  printed.push(replica.output);
  await untilIssuing(replica);
  await get('/api/orgs/acme/runs', { token: admin });
  await get(`/api/orgs/acme/runs/${run.id}`, { token: admin });
  await get('/metrics');
  await get('/api/orgs/acme/audit', { token: admin });
  seen.push(['audit export', await command('audit', 'export')]);

  // 4. What was written: the audit log as a whole, for the organization and the installation.
  const ended = replica.ended;
  replica.signal('SIGTERM');
  assert.equal((await ended).status, 0);
  const log = printed.map((output) => output()).join('\n');
  const logFile = join(place.folder, 'server.log');
  writeFileSync(logFile, log);
  const verified = await place.command(['audit', 'verify', '--installation', '--log', logFile]);
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);

  // 5. Nothing of it is to be found anywhere.
  seen.push(['log', log]);
  const reader = new Redis({ port: redis.port, password: PASSWORD });
  t.after(() => reader.disconnect());
  seen.push(['store', await contentOf(reader)]);
  const found = seen.flatMap(([where, text]) =>
    [...canaries].filter(([, canary]) => text.includes(canary)).map(([what]) => `${what} in ${where}`),
  );
  assert.deepEqual(found, []);
  assert.doesNotMatch(log, /eyJ[A-Za-z0-9_-]{10,}/);
  assert.doesNotMatch(log, /"d":"/);
  const store = seen.at(-1)?.[1] ?? '';
  assert.match(store, /ring\/v1/);
  assert.doesNotMatch(store, /"d":|rpa_[A-Za-z0-9]{20}|rpr_[A-Za-z0-9]{20}/);
});

/** Everything that Redis holds, as one text. */
const contentOf = async (client: Redis): Promise<string> => {
  const all: string[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    const read: Record<string, () => Promise<unknown>> = {
      string: () => client.get(key),
      hash: () => client.hgetall(key),
      stream: () => client.xrange(key, '-', '+'),
      zset: () => client.zrange(key, '0', '-1'),
    };
    const content = await (read[type] ?? (() => Promise.reject(new Error(`${key} is a ${type}`))))();
    // Records are JSON in JSON: without the backslashes a search finds what they hide.
    all.push(`${key} ${JSON.stringify(content)}`.replaceAll('\\', ''));
  }
  return all.join('\n');
};

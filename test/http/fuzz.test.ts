import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { CLIENT_SECRET, type StartedRun, startTestServer, type TestServer } from '../server.ts';
import { type Answer, type Ask, ask } from './ask.ts';

/** Requests of one run of the test. */
const REQUESTS = process.env['NIGHTLY'] === '1' ? 100_000 : 3000;

/** Every route with a method that it takes: the patterns from which requests are made. */
const ROUTES = [
  'GET /oidc/.well-known/openid-configuration',
  'GET /oidc/v2/.well-known/jwks',
  'GET /.well-known/oauth-authorization-server/oidc',
  'POST /oidc/token',
  'POST /oidc/introspect',
  'POST /oidc/revoke',
  'GET /oidc/authorize',
  'GET /oidc/v2/authorize',
  'GET /oidc/runs/:run/token',
  'GET /oidc/v2/runs/:run/token',
  ...Array.from({ length: 3 }, () => 'POST /api/orgs/:org/runs'),
  'GET /api/orgs/:org/runs',
  'GET /api/orgs/:org/runs/:run',
  'POST /api/orgs/:org/runs/:run/finish',
  'POST /api/orgs/:org/runs/:run/renew',
  'POST /api/orgs/:org/claims/preview',
  'GET /api/orgs/:org/audit',
  'GET /api/orgs/:org/audit/verify',
  'GET /api/orgs/:org/audit/export',
  'DELETE /api/stacks/:org/:name/:name',
  'POST /api/stacks/:org/:name/:name/deployments',
  'GET /api/stacks/:org/:name/:name/deployments',
  'GET /api/stacks/:org/:name/:name/deployments/:run',
  'GET /api/stacks/:org/:name/:name/deployments/version/:name',
  'GET /api/stacks/:org/:name/:name/deployments/:run/logs',
  'POST /api/stacks/:org/:name/:name/deployments/:run/cancel',
  'POST /api/stacks/:org/:name/:name/deployments/pause',
  'GET /api/deployments/poll',
  'GET /api/deployments/:run/status',
  'POST /api/deployments/:run/logs',
  'POST /api/deployments/:run/steps',
  'GET /api/orgs/:org/agent-pools',
  'POST /api/orgs/:org/agent-pools',
  'PATCH /api/orgs/:org/agent-pools/:run',
  'DELETE /api/orgs/:org/agent-pools/:run',
  'GET /api/user',
  'GET /api/user/organizations/default',
  'GET /api/capabilities',
  'GET /healthz',
  'GET /readyz/keys',
  'GET /readyz/issue',
  'GET /metrics',
];

const METHODS = ['GET', 'POST', 'DELETE', 'HEAD', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH'];
const ODD = [
  '',
  '.',
  '..',
  '%00',
  '%',
  '%2f',
  '%2e%2e%2f',
  '%F0%9F%98%80',
  '%E0%A4%A',
  '\\',
  ';',
  'x'.repeat(300),
  '__proto__',
  'constructor',
  '*',
  "'",
  '{}',
];
/** What Node's own client would not send in a target. */
const sendable = (text: string): string =>
  text.replace(/[^\x21-\x7e]/g, (character) => encodeURIComponent(character.isWellFormed() ? character : '?'));

/** No token, key or secret of ours, in any form that one could have. */
const SECRETS = /\brp[ar]_[A-Za-z0-9_-]{8,}|\beyJ[A-Za-z0-9_-]{8,}\.|"(?:d|p|q|dp|dq|qi)":"|BEGIN [A-Z ]*PRIVATE/;

describe('fuzzing', () => {
  let server: TestServer;
  let run: StartedRun;
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  before(async () => {
    server = await startTestServer();
    run = await server.startRun({ project: 'core', stack: 'dev', operation: 'update' });
  });
  after(async () => {
    agent.destroy();
    await server.stop();
  });

  /** Half of what is made is almost right: only so does a request get past the first check. */
  const requests = (): fc.Arbitrary<Ask> => {
    const odd = fc.oneof(
      fc.constantFrom(...ODD),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ maxLength: 40 }),
    );
    const org = fc.oneof({ weight: 6, arbitrary: fc.constant('acme') }, fc.constantFrom('umbrella', 'nobody'), odd);
    const runId = fc.oneof({ weight: 4, arbitrary: fc.constant(run.id) }, odd);
    const route = fc
      .tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom(...ROUTES) },
          odd.map((text) => `GET /${text}`),
        ),
        org,
        runId,
        odd,
        odd,
      )
      .map(([pattern, o, r, a, b]) =>
        pattern
          .replace(':org', () => o)
          .replace(':run', () => r)
          .replace(':name', () => a)
          .replace(':name', () => b),
      );
    const names = fc.constantFrom(
      'audience',
      'lifetime',
      'page',
      'pageSize',
      'status',
      'project',
      'stack',
      'since',
      'until',
      'kind',
      'v',
    );
    const value = fc.oneof(
      odd,
      fc.constantFrom(
        '1',
        '0',
        '-1',
        '99999999',
        'running',
        'core',
        'dev',
        '2026-01-01T00:00:00Z',
        'token.issue',
        'acme',
        '600',
      ),
    );
    const query = fc
      .array(fc.tuple(fc.oneof({ weight: 5, arbitrary: names }, odd), value), { maxLength: 4 })
      .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([name, text]) => `${name}=${text}`).join('&')}`));
    const authorization = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...Object.values(server.tokens).map((token) => `Bearer ${token}`)) },
      { weight: 2, arbitrary: fc.constant(`token ${run.tokenRequest.token}`) },
      fc.constantFrom(
        '',
        'Bearer',
        'Basic e30=',
        `Basic ${Buffer.from(`jenkins:${encodeURIComponent(CLIENT_SECRET)}`).toString('base64')}`,
      ),
      fc.string({ maxLength: 60 }).map((text) => `Bearer ${text}`),
    );
    const types = [
      ...Array.from({ length: 8 }, () => 'application/json'),
      'application/json; charset=utf-16',
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
      '',
    ];
    const headers = fc.record(
      {
        authorization,
        'content-type': fc.constantFrom(...types),
        accept: fc.constantFrom('*/*', 'text/html', 'application/json;q=0', ''),
        'if-none-match': fc.constantFrom('', '*', '"x"'),
        origin: fc.constantFrom('', 'null', 'https://x.example'),
        'content-encoding': fc.constantFrom('', 'gzip'),
        'x-forwarded-for': fc.constantFrom('', '1.2.3.4', 'garbage, ::1'),
      },
      { requiredKeys: ['authorization', 'content-type'] },
    );
    const start = fc.record(
      {
        project: fc.oneof(fc.constant('core'), fc.anything()),
        stack: fc.oneof(fc.constant('dev'), fc.anything()),
        operation: fc.oneof(fc.constant('update'), fc.anything()),
        deadline: fc.oneof(fc.constant('2026-01-01T00:00:00Z'), fc.anything()),
        lease: fc.oneof(fc.constant(60), fc.anything()),
        status: fc.oneof(fc.constant('failed'), fc.anything()),
        run: fc.record({ project: fc.constant('core'), stack: fc.anything(), operation: fc.constant('update') }),
        environment: fc.record({ root: odd, current: odd }, { requiredKeys: ['root'] }),
      },
      { requiredKeys: [] },
    );
    const deep = fc.constantFrom(
      '['.repeat(5000),
      '{"a":'.repeat(5000),
      `${'['.repeat(40)}${']'.repeat(40)}`,
      '{"__proto__":{"a":1}}',
      'x'.repeat(70_000),
    );
    const right = { project: 'core', stack: 'dev', operation: 'update' };
    const body = fc.oneof(
      {
        weight: 8,
        arbitrary: fc
          .constantFrom(right, right, { run: right }, { issuer: 'v2', run: right })
          .map((value) => JSON.stringify(value)),
      },
      { weight: 4, arbitrary: start.map((value) => JSON.stringify(value) ?? '') },
      { weight: 2, arbitrary: fc.json() },
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      deep,
      fc.constantFrom(
        '',
        'grant_type=client_credentials',
        'grant_type=x&grant_type=y',
        `token=${server.tokens.bob}`,
        'token=%00',
      ),
    );
    const other = fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.constantFrom(...METHODS));
    return fc.tuple(route, other, query, headers, body).map(([pattern, otherMethod, search, all, content]) => {
      const space = pattern.indexOf(' ');
      const method = otherMethod ?? pattern.slice(0, space);
      return {
        method,
        path: sendable(pattern.slice(space + 1) + search),
        headers: sendableHeaders(all),
        agent,
        ...(method !== 'GET' && method !== 'HEAD' && { body: content }),
      };
    });
  };

  test(`${REQUESTS} requests over all routes: no 5xx but 503, no hang, no secret in an answer or the log`, {
    timeout: 3_600_000,
  }, async () => {
    const address = `http://127.0.0.1:${server.running.address.port}`;
    const statuses = new Map<number, number>();
    let left = REQUESTS;
    let seen = 0;
    while (left > 0) {
      const batch = Math.min(left, 500);
      left -= batch;
      const all = fc.sample(requests(), batch);
      for (let at = 0; at < all.length; at += 16) {
        const some = all.slice(at, at + 16);
        const answers = await Promise.all(some.map((what) => ask(address, what).catch((reason: Error) => reason)));
        for (const [index, answer] of answers.entries()) check(some[index] as Ask, answer, statuses);
      }
      for (const line of server.log.slice(seen)) assert.doesNotMatch(line, SECRETS);
      seen = server.log.length;
    }
    // The requests must get past the first check, else this test shows nothing.
    for (const status of [200, 201, 204, 400, 401, 403, 404, 405, 415])
      assert.ok(statuses.has(status), `nothing was answered ${status}`);
    const alive = await server.ask('GET', '/readyz/issue');
    assert.equal(alive.status, 200, alive.text);
  });

  const check = (what: Ask, answer: Answer | Error, statuses: Map<number, number>): void => {
    const request = JSON.stringify({ ...what, agent: undefined, body: String(what.body ?? '').slice(0, 300) });
    if (answer instanceof Error) throw new Error(`${answer.message}: ${request}`);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    assert.ok(answer.status < 500 || answer.status === 503, `${answer.status}: ${request}\n${server.log.at(-1)}`);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.doesNotMatch(String(answer.headers['content-type']), /html/);
    const text = isMeantToShow(what, answer) ? '' : answer.text.replaceAll(/[^\x20-\x7e]/g, '');
    const sent = `${what.path} ${String(what.body ?? '')}`;
    for (const [found] of text.matchAll(new RegExp(SECRETS, 'g')))
      assert.ok(sent.includes(found), `${found} in the answer to ${request}`);
  };

  /** The answers whose purpose is a secret, also where what the server reads of the path ends in a slash or before a `#`: a started run, a run's ID token, a client's and a pool's access token. */
  const isMeantToShow = ({ method, path }: Ask, { status }: Answer): boolean =>
    (method === 'POST' && /^\/api\/orgs\/[^/]+\/runs\/?(?:[?#]|$)/.test(path) && status === 201) ||
    (method === 'POST' && /\/agent-pools\/?(?:[?#]|$)/.test(path) && status === 200) ||
    (method === 'GET' && /\/token\/?(?:[?#]|$)/.test(path) && status === 200) ||
    (method === 'POST' && /^\/oidc\/token\/?(?:[?#]|$)/.test(path) && status === 200);
});

/** Without what Node's client refuses to send, and without empty values. */
const sendableHeaders = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value ? [[name, value.replace(/[^\x20-\x7e]/g, '?')]] : [])),
  );

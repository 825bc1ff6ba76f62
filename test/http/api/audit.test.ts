import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { verifyExport } from '../../../src/audit/export.ts';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, targetOf } from './answers.ts';

interface Entry {
  readonly time: string;
  readonly kind: string;
  readonly organization: string;
  readonly actor: string;
  readonly outcome: string;
  readonly code?: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

describe('/api/orgs/{org}/audit', () => {
  let server: TestServer;
  let jwt: string;
  let requestToken: string;
  before(async () => {
    server = await startTestServer();
    const run = await server.startRun({ project: 'core', stack: 'dev', operation: 'update', requestedBy: 'someone' });
    requestToken = run.tokenRequest.token;
    const headers = { authorization: `Bearer ${requestToken}` };
    jwt = (await server.ask('GET', targetOf(run.tokenRequest.url), { headers })).json.value;
    await server.ask('GET', `${targetOf(run.tokenRequest.url)}&audience=sigstore`, { headers });
    await server.ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, { headers, json: { status: 'succeeded' } });
    await server.ask('GET', targetOf(run.tokenRequest.url), { headers });
    await server.ask('POST', '/api/orgs/umbrella/runs', {
      as: 'stranger',
      json: { project: 'p', stack: 's', operation: 'update' },
    });
  });
  after(() => server.stop());
  const list = (query = '', as: Caller = 'admin') => server.ask('GET', `/api/orgs/acme/audit${query}`, { as });

  test('everything that a run did stands there, newest first, granted and refused', async () => {
    const { records, total, complete, itemsPerPage } = (await list('?pageSize=100')).json as {
      records: Entry[];
      total: number;
      complete: boolean;
      itemsPerPage: number;
    };
    assert.deepEqual([records.length, complete, itemsPerPage], [total, true, 100]);
    const lines = records.map(({ kind, outcome, code }) => [kind, outcome, ...(code ? [code] : [])].join(' '));
    for (const line of [
      'run.start granted',
      'token.issue granted',
      'token.issue refused audience_not_allowed',
      'run.finish granted',
      'token.issue refused run_over',
      'access-token.create granted',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    const times = records.map(({ time }) => time);
    assert.deepEqual(times, times.toSorted().reverse());
    for (const { organization, time } of records) {
      assert.equal(organization, 'acme');
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    const issued = records.find(({ kind, outcome }) => kind === 'token.issue' && outcome === 'granted') as Entry;
    assert.deepEqual(Object.keys(issued.detail).sort(), ['aud', 'exp', 'issuer', 'jti', 'kid', 'sub']);
  });

  test('no token stands in any record', async () => {
    const exported = await server.ask('GET', '/api/orgs/acme/audit/export', { as: 'admin' });
    for (const secret of [jwt, requestToken, ...Object.values(server.tokens)])
      assert.ok(!exported.text.includes(secret));
    assert.doesNotMatch(exported.text, /eyJ|rp[ar]_/);
  });

  test('it is filtered by kind and time, and paged', async () => {
    const issued = await list('?kind=token.issue');
    assert.ok(issued.json.total >= 3 && issued.json.records.every(({ kind }: Entry) => kind === 'token.issue'));
    const second = await list('?kind=token.issue&page=2&pageSize=1');
    assert.deepEqual(second.json.records, issued.json.records.slice(1, 2));
    const at = (seconds: number) => encodeURIComponent(new Date(Date.now() + seconds * 1000).toISOString());
    assert.equal((await list(`?until=${at(-3600)}`)).json.total, 0);
    assert.equal((await list(`?since=${at(3600)}&until=${at(7200)}`)).json.total, 0);
    assert.ok((await list(`?since=${at(-3600)}`)).json.total > 0);
  });

  test('what makes no sense is refused by name', async () => {
    const queries: Record<string, RegExp> = {
      '?kind=run.stop': /^kind: /,
      '?kind=run.start&kind=run.finish': /^kind: /,
      '?since=yesterday': /^since: /,
      '?until=1700000000': /^until: /,
      '?since=2026-01-01T00:00:00Z&since=2026-01-01T00:00:00Z': /^since: /,
      '?page=0': /^page: /,
      '?pageSize=1000': /^pageSize: /,
    };
    for (const [query, message] of Object.entries(queries))
      assertRefused(await list(query), 'invalid_request', message);
  });

  test('administrators of the organization read it, nobody else', async () => {
    for (const path of ['', '/verify', '/export']) {
      for (const caller of ['admin', 'organizationAdmin'] as const)
        assert.equal((await list(path, caller)).status, 200);
      for (const caller of ['bob', 'carol', 'ops', 'organization', 'client'] as const)
        assertRefused(await list(path, caller), 'not_permitted');
      assertRefused(await list(path, 'stranger'), 'organization_not_found');
    }
    const other = await server.ask('GET', '/api/orgs/umbrella/audit?pageSize=100', { as: 'stranger' });
    assert.ok(
      other.json.total > 0 && other.json.records.every(({ organization }: Entry) => organization === 'umbrella'),
    );
  });

  test('the chain verifies on the server, and the export verifies without it; one changed byte is found', async () => {
    await server.parts.audit.signHeads();
    const verified = await server.ask('GET', '/api/orgs/acme/audit/verify', { as: 'admin' });
    assert.deepEqual(verified.json.broken, []);
    assert.ok(verified.json.records >= 6 && verified.json.keys.length === 1);
    const exported = await server.ask('GET', '/api/orgs/acme/audit/export', { as: 'admin' });
    assert.match(String(exported.headers['content-type']), /^application\/x-ndjson/);
    const lines = exported.text.trimEnd().split('\n');
    const sound = await verifyExport(lines);
    assert.deepEqual([sound.broken.length, sound.records], [0, verified.json.records]);
    const forged = lines.map((line) => line.replace('"run.finish"', '"run.renewX"'));
    assert.ok((await verifyExport(forged)).broken.length > 0);
  });
});

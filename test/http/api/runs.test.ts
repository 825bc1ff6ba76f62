import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, targetOf } from './answers.ts';

const DEV = { project: 'core', stack: 'dev', operation: 'update' };

describe('/api/orgs/{org}/runs', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());
  const list = (query: string, as: Parameters<TestServer['startRun']>[1] = 'admin') =>
    server.ask('GET', `/api/orgs/acme/runs${query}`, { as });

  test('a started run is 201 with id, version, status, deadline, and where to ask for tokens; never to be stored', async () => {
    const answer = await server.ask('POST', '/api/orgs/acme/runs', { as: 'admin', json: { ...DEV, stack: 'first' } });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const { id, version, status, deadline, tokenRequest, ...rest } = answer.json;
    assert.deepEqual([version, status, rest], [1, 'running', {}]);
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.match(deadline, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(Math.abs(Date.parse(deadline) - Date.now() - 86_400_000) < 10_000);
    assert.equal(tokenRequest.url, tokenRequest.urls.v1);
    assert.equal(tokenRequest.urls.v2, `${server.url}/oidc/v2/runs/${id}/token?v=1`);
    assert.match(tokenRequest.token, /^rpr_[\w-]{43}$/);
  });

  test('versions count per stack, from 1', async () => {
    const versions: number[] = [];
    for (const stack of ['one', 'one', 'two', 'one']) versions.push((await server.startRun({ ...DEV, stack })).version);
    assert.deepEqual(versions, [1, 2, 1, 3]);
  });

  test('a deadline must lie in the future, seven days at most; a lease is 10 to 600 seconds', async () => {
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    const soon = await server.startRun({ ...DEV, deadline: at(120) });
    assert.ok(Math.abs(Date.parse(soon.deadline) - Date.now() - 120_000) < 5000);
    for (const deadline of [at(-1), at(8 * 86_400), 'tomorrow', '2026-02-31T00:00:00Z', '2027', '']) {
      assertRefused(
        await server.ask('POST', '/api/orgs/acme/runs', { as: 'admin', json: { ...DEV, deadline } }),
        'invalid_request',
        /^deadline: /,
      );
    }
    for (const lease of [9, 601, 10.5, '60', null, -1]) {
      assertRefused(
        await server.ask('POST', '/api/orgs/acme/runs', { as: 'admin', json: { ...DEV, lease } }),
        'invalid_request',
        /^lease: /,
      );
    }
    assert.equal((await server.startRun({ ...DEV, lease: 10 })).status, 'running');
  });

  test('a list is newest first, paged, filtered by project, stack and status', async () => {
    const stack = 'listed';
    const runs = [];
    for (let at = 0; at < 5; at++) runs.push(await server.startRun({ project: 'paged', stack, operation: 'preview' }));
    await server.startRun({ project: 'paged', stack: 'other', operation: 'preview' });
    const first = runs[0] as (typeof runs)[number];
    await server.ask('POST', `/api/orgs/acme/runs/${first.id}/finish`, { as: 'admin', json: { status: 'failed' } });
    const ids = (answer: Awaited<ReturnType<typeof list>>) => answer.json.runs.map(({ id }: { id: string }) => id);

    const page = await list(`?project=paged&stack=${stack}&page=2&pageSize=2`);
    assert.deepEqual([page.json.total, page.json.itemsPerPage], [5, 2]);
    assert.deepEqual(ids(page), [runs[2]?.id, runs[1]?.id]);
    assert.equal((await list('?project=paged')).json.total, 6);
    assert.deepEqual(ids(await list('?project=paged&status=failed')), [first.id]);
    assert.equal((await list(`?project=paged&stack=${stack}&status=running`)).json.total, 4);
    assert.deepEqual((await list('?project=paged&page=99')).json.runs, []);
    assert.deepEqual((await list('?project=nowhere')).json, { runs: [], total: 0, itemsPerPage: 10 });
    const { created, ...shown } = page.json.runs[0];
    assert.match(created, /Z$/);
    const { deadline } = runs[2] as (typeof runs)[number];
    assert.deepEqual(shown, {
      id: runs[2]?.id,
      version: 3,
      project: 'paged',
      stack,
      operation: 'preview',
      status: 'running',
      deadline,
    });
  });

  test('a query that makes no sense is refused by name', async () => {
    const queries: Record<string, RegExp> = {
      '?page=0': /^page: /,
      '?page=1.5': /^page: /,
      '?page=1&page=2': /^page: /,
      '?pageSize=101': /^pageSize: /,
      '?pageSize=-1': /^pageSize: /,
      '?status=done': /^status: /,
      '?status=running&status=failed': /^status: /,
      '?stack=dev': /^stack: /,
    };
    for (const [query, message] of Object.entries(queries))
      assertRefused(await list(query), 'invalid_request', message);
    for (const query of [
      '?project=a/b',
      '?project=a&project=b',
      '?project=core&stack=..',
      `?project=${'x'.repeat(101)}`,
      '?project=%00',
    ]) {
      assertRefused(await list(query), 'invalid_name');
    }
  });

  test('a run shows every token that it was given, and never the token', async () => {
    const run = await server.startRun({ ...DEV, requestedBy: 'somebody', lease: 60 });
    const headers = { authorization: `Bearer ${run.tokenRequest.token}` };
    const jwts = [];
    for (const url of [run.tokenRequest.urls.v1, `${run.tokenRequest.urls.v2}&audience=vault`]) {
      jwts.push((await server.ask('GET', targetOf(url), { headers })).json.value as string);
    }
    const answer = await server.ask('GET', `/api/orgs/acme/runs/${run.id}`, { as: 'admin' });
    const { tokens, startedBy, requestedBy, lease } = answer.json;
    assert.deepEqual([startedBy, requestedBy, lease], ['personal:admin', 'somebody', 60]);
    assert.deepEqual(
      tokens.map(({ aud }: { aud: string }) => aud),
      ['acme', 'vault'],
    );
    assert.deepEqual(Object.keys(tokens[0]).sort(), ['aud', 'exp', 'iat', 'jti', 'kid']);
    for (const secret of [...jwts, run.tokenRequest.token]) assert.ok(!answer.text.includes(secret));
  });

  test('a run is unknown under another id, and odd ids are no mistake of ours', async () => {
    for (const id of [
      '00000000-0000-7000-8000-000000000000',
      'x',
      '%00',
      '%2e%2e',
      '..%2f..',
      'a'.repeat(500),
      '%F0%9F%98%80',
      '%',
    ]) {
      const answer = await server.ask('GET', `/api/orgs/acme/runs/${id}`, { as: 'admin' });
      assert.equal(answer.status, 404, `${id}: ${answer.text}`);
      const finish = await server.ask('POST', `/api/orgs/acme/runs/${id}/finish`, {
        as: 'admin',
        json: { status: 'failed' },
      });
      assert.equal(finish.status, 404, `${id}: ${finish.text}`);
    }
  });

  test('finish: the same again is 200, anything else 409, and the run gets no more tokens', async () => {
    for (const [status, other] of [
      ['succeeded', 'failed'],
      ['failed', 'cancelled'],
      ['cancelled', 'succeeded'],
    ]) {
      const run = await server.startRun(DEV);
      const headers = { authorization: `token ${run.tokenRequest.token}` };
      const finish = (how: string | undefined) =>
        server.ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, { headers, json: { status: how } });
      const done = await finish(status);
      assert.deepEqual([done.status, done.json.status], [200, status]);
      assert.match(done.json.finished, /Z$/);
      assert.equal((await finish(status)).status, 200);
      assertRefused(await finish(other), 'run_finished');
      assertRefused(await server.ask('POST', `/api/orgs/acme/runs/${run.id}/renew`, { headers }), 'run_finished');
      assertRefused(await server.ask('GET', targetOf(run.tokenRequest.url), { headers }), 'run_over');
    }
  });

  test('finish and renew take the run’s request token, its starter’s and an administrator’s, nobody else’s', async () => {
    const run = await server.startRun(DEV, 'carol');
    const other = await server.startRun(DEV);
    const renew = (headers: Record<string, string>) =>
      server.ask('POST', `/api/orgs/acme/runs/${run.id}/renew`, { headers });
    for (const token of [
      run.tokenRequest.token,
      server.tokens.carol,
      server.tokens.admin,
      server.tokens.organizationAdmin,
    ]) {
      assert.equal((await renew({ authorization: `Bearer ${token}` })).status, 200);
    }
    for (const caller of ['bob', 'ops', 'organization', 'client'] as const) {
      assertRefused(await renew({ authorization: `token ${server.tokens[caller]}` }), 'not_permitted');
    }
    assertRefused(await renew({ authorization: `token ${server.tokens.stranger}` }), 'organization_not_found');
    assertRefused(await renew({ authorization: `Bearer ${other.tokenRequest.token}` }), 'invalid_request_token');
    assertRefused(await renew({ authorization: 'Bearer rpr_invented' }), 'invalid_request_token');
    assertRefused(await renew({ authorization: 'Bearer rpa_invented' }), 'unauthenticated');
    assertRefused(await renew({}), 'unauthenticated');
    const bad = await server.ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, {
      as: 'carol',
      json: { status: 'expired' },
    });
    assertRefused(bad, 'invalid_request', /^status: /);
  });

  test('DELETE /api/stacks forgets a stack: refused while it runs, for others, and for what is not there', async () => {
    const run = await server.startRun({ project: 'gone', stack: 'soon', operation: 'destroy' });
    const remove = (path = 'acme/gone/soon', as: Parameters<TestServer['startRun']>[1] = 'admin') =>
      server.ask('DELETE', `/api/stacks/${path}`, { as });
    assertRefused(await remove(), 'stack_busy');
    await server.ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, { as: 'admin', json: { status: 'succeeded' } });
    for (const caller of ['bob', 'carol', 'ops', 'client', 'organization'] as const)
      assertRefused(await remove(undefined, caller), 'not_permitted');
    assertRefused(await remove(undefined, 'stranger'), 'organization_not_found');
    assertRefused(await remove('umbrella/gone/soon'), 'organization_not_found');
    assertRefused(await remove('acme/gone/never'), 'stack_not_found');
    assertRefused(await remove('acme/g%20ne/soon'), 'invalid_name');
    const deleted = await remove();
    assert.deepEqual([deleted.status, deleted.text], [204, '']);
    assertRefused(await remove(), 'stack_not_found');

    // The name is held: nobody gets it, until an administrator says why.
    const json = { project: 'gone', stack: 'soon', operation: 'update' };
    const start = (as: 'admin' | 'carol', query = '') =>
      server.ask('POST', `/api/orgs/acme/runs${query}`, { as, json });
    assertRefused(await start('admin'), 'name_quarantined', /"gone\/soon" was deleted and is held until 20/);
    const preview = (issuer: string) =>
      server.ask('POST', '/api/orgs/acme/claims/preview', {
        as: 'admin',
        json: { issuer, audience: 'acme', run: json },
      });
    assertRefused(await preview('v2'), 'name_quarantined');
    assert.equal((await preview('v1')).status, 200);
    assertRefused(await start('carol', '?overrideQuarantine=because'), 'not_permitted');
    assertRefused(await start('admin', '?overrideQuarantine='), 'invalid_request', /^overrideQuarantine: /);
    const again = await start('admin', '?overrideQuarantine=moved%20to%20v2');
    assert.deepEqual([again.status, again.json.version], [201, 1]);
    const { json: audit } = await server.ask('GET', '/api/orgs/acme/audit?kind=name.release', { as: 'admin' });
    const granted = audit.records.find((record: { outcome: string }) => record.outcome === 'granted');
    assert.deepEqual([granted.detail.name, granted.detail.reason], ['gone/soon', 'moved to v2']);
  });

  test('administrators see the names that are held, and release one with a reason', async () => {
    const run = await server.startRun({ project: 'held', stack: 'back', operation: 'update' });
    await server.ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, { as: 'admin', json: { status: 'succeeded' } });
    await server.ask('DELETE', '/api/stacks/acme/held/back', { as: 'admin' });
    const path = '/api/orgs/acme/trust/held-names';
    const held = async () =>
      (await server.ask('GET', path, { as: 'admin' })).json.heldNames.filter(
        ({ name }: { readonly name: string }) => name === 'held/back',
      );
    const [{ until, ...shown }] = await held();
    assert.deepEqual(shown, { kind: 'stack', name: 'held/back', trustDocuments: [] });
    assert.match(until, /^20/);
    const release = (change: object = {}, as: Caller = 'admin') =>
      server.ask('POST', `${path}/release`, {
        as,
        json: { kind: 'stack', name: 'held/back', reason: 'moved back', ...change },
      });
    for (const caller of ['bob', 'carol', 'ops', 'client', 'organization'] as const) {
      assertRefused(await server.ask('GET', path, { as: caller }), 'not_permitted');
      assertRefused(await release({}, caller), 'not_permitted');
    }
    assertRefused(await release({}, 'stranger'), 'organization_not_found');
    for (const reason of [undefined, '', 'ab', '   ', 'a\nb c', 'x'.repeat(201), 3]) {
      assertRefused(await release({ reason }), 'invalid_request', /reason/);
    }
    assertRefused(await release({ kind: 'project' }), 'invalid_request', /kind/);
    for (const name of ['held', 'held/back/x', 'he ld/back', '/back', 'held/']) {
      assertRefused(await release({ name }), 'invalid_name');
    }
    assertRefused(await release({ kind: 'environment' }), 'not_found');
    assert.equal((await held()).length, 1);
    assert.deepEqual((await release()).json, { kind: 'stack', name: 'held/back' });
    assert.deepEqual(await held(), []);
    assertRefused(await release(), 'not_found');
    assert.equal((await server.startRun({ project: 'held', stack: 'back', operation: 'update' })).version, 1);
  });
});

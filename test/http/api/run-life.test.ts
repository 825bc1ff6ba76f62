import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { StandingClock } from '../../clock.ts';
import { type StartedRun, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, targetOf } from './answers.ts';

const DEV = { project: 'core', stack: 'dev', operation: 'update' };

describe('a run ends by itself', () => {
  let clock: StandingClock;
  let server: TestServer;
  beforeEach(async () => {
    clock = new StandingClock(Date.now());
    server = await startTestServer({ store: 'memory', clock });
  });
  afterEach(() => server.stop());

  const headers = (run: StartedRun) => ({ authorization: `Bearer ${run.tokenRequest.token}` });
  const mint = (run: StartedRun) => server.ask('GET', targetOf(run.tokenRequest.url), { headers: headers(run) });
  const renew = (run: StartedRun) =>
    server.ask('POST', `/api/orgs/acme/runs/${run.id}/renew`, { headers: headers(run) });
  const statusOf = async (run: StartedRun) =>
    (await server.ask('GET', `/api/orgs/acme/runs/${run.id}`, { as: 'admin' })).json.status;

  test('at its deadline it is expired, and gets no more tokens', async () => {
    const run = await server.startRun({ ...DEV, deadline: new Date(clock.nowMs() + 5000).toISOString() });
    clock.advance(4);
    assert.equal((await mint(run)).status, 200);
    clock.advance(1);
    assertRefused(await mint(run), 'run_over', /expired/);
    assertRefused(await renew(run), 'run_finished', /expired/);
    assert.equal(await statusOf(run), 'expired');
    const listed = await server.ask('GET', '/api/orgs/acme/runs?status=expired', { as: 'admin' });
    assert.equal(listed.json.total, 1);
  });

  test('with a lease it fails when it neither renews nor mints; either keeps it alive', async () => {
    const run = await server.startRun({ ...DEV, lease: 10 });
    clock.advance(6);
    assert.equal((await renew(run)).status, 200);
    clock.advance(6);
    assert.equal((await mint(run)).status, 200);
    clock.advance(9);
    assert.equal(await statusOf(run), 'running');
    clock.advance(1);
    assert.equal(await statusOf(run), 'failed');
    assertRefused(await mint(run), 'run_over', /failed/);
    assertRefused(await renew(run), 'run_finished', /failed/);
  });

  test('with renewedOnly a token keeps nothing alive: the command may ask for them when its runner is gone', async () => {
    const run = await server.startRun({ ...DEV, lease: 10, renewedOnly: true });
    clock.advance(6);
    assert.equal((await renew(run)).status, 200);
    clock.advance(6);
    assert.equal((await mint(run)).status, 200);
    clock.advance(4);
    assert.equal(await statusOf(run), 'failed');
    assertRefused(await mint(run), 'run_over', /failed/);
  });
});

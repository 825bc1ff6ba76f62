import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { OPERATIONS } from '../../src/access/organization.ts';
import { finishRun, renewRun } from '../../src/flows/end-run.ts';
import { issueRunToken } from '../../src/flows/issue-run-token.ts';
import { readRun } from '../../src/flows/read-runs.ts';
import { startRun } from '../../src/flows/start-run.ts';
import { ACME, makeWorld, PRINCIPALS, refuses, started, TARGET } from './world.ts';

test('who may start a run is decided by project, stack and operation', async () => {
  const { parts, events } = makeWorld();
  const start = (principal: keyof typeof PRINCIPALS, change: Partial<typeof TARGET>) =>
    startRun(parts, PRINCIPALS[principal], ACME, { ...TARGET, ...change });
  await start('carol', {});
  await start('admin', { project: 'anything', stack: 'prod' });
  await assert.rejects(start('bob', {}), refuses('run_not_permitted'));
  await assert.rejects(start('carol', { stack: 'prod' }), refuses('run_not_permitted'));
  await assert.rejects(start('carol', { project: 'cor' }), refuses('run_not_permitted'));
  await assert.rejects(start('carol', { operation: 'destroy' as 'update' }), refuses('run_not_permitted'));
  assert.deepEqual(
    events.map(({ kind, outcome, code }) => [kind, outcome, code]),
    [
      ['run.start', 'granted', undefined],
      ['run.start', 'granted', undefined],
      ...Array.from({ length: 4 }, () => ['run.start', 'refused', 'run_not_permitted']),
    ],
  );
});

test('names that no subject may hold are refused before anything is stored', async () => {
  const { parts, store } = makeWorld();
  for (const [field, value] of [
    ['project', 'a:b'],
    ['project', 'yaml'],
    ['project', '..'],
    ['stack', '*'],
    ['stack', ''],
    ['stack', 'x'.repeat(101)],
  ]) {
    const request = { ...TARGET, [field as string]: value };
    await assert.rejects(startRun(parts, PRINCIPALS.admin, ACME, request), refuses('invalid_name'));
  }
  assert.equal((await store.page(`runs/${ACME.id}`, 0, 1)).total, 0);
});

test('a deadline lies in the future and at most the longest duration away', async () => {
  const { parts, clock } = makeWorld();
  const start = (deadline: number) => startRun(parts, PRINCIPALS.admin, ACME, { ...TARGET, deadline });
  await assert.rejects(start(clock.seconds), refuses('invalid_request'));
  await assert.rejects(start(clock.seconds + 7 * 86_400 + 1), refuses('invalid_request'));
  assert.equal((await start(clock.seconds + 7 * 86_400)).run.deadline, clock.seconds + 7 * 86_400);
});

test('when the audit record of a start cannot be written, no request token leaves', async () => {
  const { parts, state } = makeWorld();
  state.auditFails = true;
  await assert.rejects(startRun(parts, PRINCIPALS.admin, ACME, TARGET), /audit log is full/);
});

test('a run gets its token, and what was issued is written down on the run and in the audit log', async () => {
  const { ask, run, parts, events, clock } = await started();
  const claims = decodeJwt((await ask()).reveal());
  assert.equal(claims.sub, 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write');
  assert.equal(claims.aud, 'acme');
  assert.equal(claims.exp, clock.seconds + 3600);
  const { tokens } = await readRun(parts, PRINCIPALS.carol, 'acme', run.id);
  assert.deepEqual(tokens, [{ jti: claims.jti, kid: 'k1', aud: 'acme', iat: claims.iat, exp: claims.exp }]);
  assert.deepEqual(events.at(-1)?.detail, {
    issuer: 'v1',
    sub: claims.sub,
    aud: 'acme',
    kid: 'k1',
    jti: claims.jti,
    exp: claims.exp,
  });
});

test('the claims of all six operations carry the operation in the subject and beside it', async () => {
  const world = makeWorld();
  for (const operation of OPERATIONS) {
    const { run, requestToken } = await startRun(world.parts, PRINCIPALS.admin, ACME, { ...TARGET, operation });
    const { jwt } = await issueRunToken(world.parts, world.v1, { runId: run.id, requestToken: requestToken.reveal() });
    const claims = decodeJwt(jwt.reveal());
    assert.equal(claims.sub, `pulumi:deploy:org:acme:project:core:stack:dev:operation:${operation}:scope:write`);
    assert.equal(claims.operation, operation);
    assert.equal(claims.deployment, String(run.subject.version));
  }
});

test('a wrong request token, a token of another run and an unknown run are refused alike', async () => {
  const world = makeWorld();
  const one = await started(world);
  const two = await started(world);
  const ask = (runId: string, requestToken: string) => issueRunToken(world.parts, world.v1, { runId, requestToken });
  await assert.rejects(ask(one.run.id, `${one.requestToken.reveal()}x`), refuses('invalid_request_token'));
  await assert.rejects(ask(one.run.id, two.requestToken.reveal()), refuses('invalid_request_token'));
  await assert.rejects(
    ask('01900000-0000-7000-8000-000000000000', one.requestToken.reveal()),
    refuses('invalid_request_token'),
  );
  await ask(one.run.id, one.requestToken.reveal());
});

test('on v1 a caller may choose the organization or what the operator lists, and nothing else', async () => {
  const { ask, events } = await started();
  const audienceOf = async (audience: string) => decodeJwt((await ask({ audience })).reveal()).aud;
  assert.equal(await audienceOf('acme'), 'acme');
  assert.equal(await audienceOf('sts.amazonaws.com'), 'sts.amazonaws.com');
  await assert.rejects(ask({ audience: 'other' }), (reason: unknown) => {
    refuses('audience_not_allowed')(reason);
    assert.match(String(reason), /"organizations\.acme\.audiences" in config\/runpass\.yaml/);
    return true;
  });
  assert.deepEqual([events.at(-1)?.outcome, events.at(-1)?.code], ['refused', 'audience_not_allowed']);
});

test('on v2 the audience is free, and has to be there', async () => {
  const { ask, v2 } = await started();
  const claims = decodeJwt((await ask({ audience: 'anything://at-all' }, v2)).reveal());
  assert.equal(claims.aud, 'anything://at-all');
  assert.equal(claims.iss, 'https://id.example.com/oidc/v2');
  assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 900);
  await assert.rejects(ask({}, v2), refuses('audience_required'));
  await assert.rejects(ask({ audience: 'x'.repeat(513) }, v2), refuses('invalid_audience'));
});

test('a lifetime is 60 to 3600 seconds, and no token outlives its run', async () => {
  const { ask, clock } = await started(makeWorld(), {});
  const lifetimeOf = async (lifetime?: string) => {
    const { exp = 0, iat = 0 } = decodeJwt((await ask(lifetime === undefined ? {} : { lifetime })).reveal());
    return exp - iat;
  };
  assert.deepEqual([await lifetimeOf('60'), await lifetimeOf('3600'), await lifetimeOf()], [60, 3600, 3600]);
  for (const bad of ['59', '3601', '-60', '60.5', '1e3', 'x', ' 60', '0x64', '999999']) {
    await assert.rejects(ask({ lifetime: bad }), refuses('invalid_lifetime'));
  }
  clock.advance(86_400 - 100);
  assert.equal(await lifetimeOf(), 100);
});

test('after finish, cancel, deadline or a lost lease there is no token, on any issuer', async () => {
  for (const status of ['succeeded', 'failed', 'cancelled'] as const) {
    const { ask, run, parts, requestToken, v2 } = await started();
    await finishRun(parts, { kind: 'run', requestToken: requestToken.reveal() }, 'acme', run.id, status);
    await assert.rejects(ask(), refuses('run_over'));
    await assert.rejects(ask({ audience: 'x' }, v2), refuses('run_over'));
  }
  const late = await started();
  late.clock.advance(86_400);
  await assert.rejects(late.ask(), refuses('run_over'));
  const lost = await started(makeWorld(), { lease: 10 });
  lost.clock.advance(10);
  await assert.rejects(lost.ask(), refuses('run_over'));
});

test('a run that ends while its token is being made gets no token', async () => {
  const { ask, run, parts, requestToken, events } = await started();
  const racing = { ...parts.runs };
  racing.recall = async (id, fits) => {
    const recalled = await parts.runs.recall(id, fits);
    await finishRun(parts, { kind: 'run', requestToken: requestToken.reveal() }, 'acme', run.id, 'cancelled');
    return recalled;
  };
  const issue = issueRunToken({ ...parts, runs: racing }, (await started()).v1, {
    runId: run.id,
    requestToken: requestToken.reveal(),
  });
  await assert.rejects(issue, refuses('run_over'));
  assert.equal(events.at(-1)?.code, 'run_over');
  await assert.rejects(ask(), refuses('run_over'));
});

test('no audit record, no token', async () => {
  const { ask, state } = await started();
  state.auditFails = true;
  await assert.rejects(ask(), /audit log is full/);
});

test('while no key may sign, issuing is paused', async () => {
  const { ask, state } = await started();
  state.signer = undefined;
  await assert.rejects(ask(), refuses('issuing_paused'));
});

test('when the organization is gone, so are its tokens', async () => {
  const { ask, state } = await started();
  state.organization = undefined;
  await assert.rejects(ask(), refuses('run_over'));
});

test('only the run itself, its starter and an administrator may finish or renew it', async () => {
  const world = makeWorld();
  const other = await started(world);
  for (const verb of ['finish', 'renew'] as const) {
    const { run, requestToken, parts } = await started(world);
    const act = (caller: Parameters<typeof renewRun>[1], organization = 'acme') =>
      verb === 'finish'
        ? finishRun(parts, caller, organization, run.id, 'failed')
        : renewRun(parts, caller, organization, run.id);
    await assert.rejects(
      act({ kind: 'run', requestToken: other.requestToken.reveal() }),
      refuses('invalid_request_token'),
    );
    await assert.rejects(act({ kind: 'principal', principal: PRINCIPALS.bob }), refuses('not_permitted'));
    await assert.rejects(act({ kind: 'principal', principal: PRINCIPALS.admin }, 'other'), refuses('run_not_found'));
    await act({ kind: 'run', requestToken: requestToken.reveal() });
    if (verb === 'renew') await act({ kind: 'principal', principal: PRINCIPALS.carol });
    if (verb === 'renew') await act({ kind: 'principal', principal: PRINCIPALS.admin });
  }
});

test('finishing alike twice is no mistake; otherwise it is', async () => {
  const { run, parts } = await started();
  const finish = (status: 'succeeded' | 'failed') =>
    finishRun(parts, { kind: 'principal', principal: PRINCIPALS.admin }, 'acme', run.id, status);
  assert.equal((await finish('succeeded')).status, 'succeeded');
  assert.equal((await finish('succeeded')).status, 'succeeded');
  await assert.rejects(finish('failed'), refuses('run_finished'));
  await assert.rejects(
    renewRun(parts, { kind: 'principal', principal: PRINCIPALS.admin }, 'acme', run.id),
    refuses('run_finished'),
  );
});

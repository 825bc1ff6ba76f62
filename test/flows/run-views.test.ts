import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { deleteStack } from '../../src/flows/delete-stack.ts';
import { finishRun } from '../../src/flows/end-run.ts';
import { previewClaims } from '../../src/flows/preview-claims.ts';
import { listRuns, readRun } from '../../src/flows/read-runs.ts';
import { startRun } from '../../src/flows/start-run.ts';
import { ACME, makeWorld, PRINCIPALS, refuses, started, TARGET } from './world.ts';

test('a caller sees the runs that its roles cover', async () => {
  const { run, parts } = await started();
  const list = (principal: keyof typeof PRINCIPALS, filter: { project?: string; stack?: string }) =>
    listRuns(parts, PRINCIPALS[principal], ACME, { page: 1, pageSize: 10, ...filter });
  assert.equal((await list('admin', {})).total, 1);
  assert.equal((await list('carol', { project: 'core', stack: 'dev' })).total, 1);
  await assert.rejects(list('carol', {}), refuses('not_permitted'));
  await assert.rejects(list('carol', { project: 'core' }), refuses('not_permitted'));
  await assert.rejects(list('bob', { project: 'core', stack: 'dev' }), refuses('not_permitted'));
  await assert.rejects(list('admin', { stack: 'dev' }), refuses('invalid_request'));
  assert.equal((await list('admin', { project: 'unknown' })).total, 0);
  await assert.rejects(readRun(parts, PRINCIPALS.bob, 'acme', run.id), refuses('run_not_found'));
  await assert.rejects(readRun(parts, PRINCIPALS.admin, 'other', run.id), refuses('run_not_found'));
});

test('a stack with a running run is not deleted; afterwards its name is another stack', async () => {
  const { run, parts } = await started();
  const remove = (principal: keyof typeof PRINCIPALS) => deleteStack(parts, PRINCIPALS[principal], ACME, TARGET);
  await assert.rejects(remove('carol'), refuses('not_permitted'));
  await assert.rejects(remove('admin'), refuses('stack_busy'));
  await finishRun(parts, { kind: 'principal', principal: PRINCIPALS.admin }, 'acme', run.id, 'succeeded');
  await remove('admin');
  await assert.rejects(remove('admin'), refuses('stack_not_found'));
  const again = await startRun(parts, PRINCIPALS.admin, ACME, TARGET);
  assert.equal(again.run.subject.version, 1);
  assert.notEqual(again.run.subject.stack.id, run.subject.stack.id);
});

test('a preview shows exactly what the next token says, minus times and jti', async () => {
  const world = makeWorld();
  for (const issuer of [world.v1, world.v2]) {
    const audience = 'sts.amazonaws.com';
    const preview = await previewClaims(world.parts, issuer, PRINCIPALS.carol, ACME, { audience, run: TARGET });
    const { ask } = await started(world);
    const {
      iat: _iat,
      nbf: _nbf,
      exp: _exp,
      jti: _jti,
      ...claims
    } = decodeJwt((await ask({ audience }, issuer)).reveal());
    assert.deepEqual(preview.claims, claims);
    assert.deepEqual(preview.header, { alg: 'RS256', kid: 'k1', typ: 'JWT' });
  }
});

test('a preview brings a stack or an environment into being on v2 alone, whose subjects are made of their ids', async () => {
  const { parts, v1, v2 } = makeWorld();
  const { directory } = parts;
  const owner = await directory.organization(ACME.name, ACME.id);
  const asked = [{ run: TARGET }, { environment: { root: 'p/e' } }];
  const there = async () => [
    await directory.findStack(owner, TARGET.project, TARGET.stack),
    await directory.findEnvironment(owner, 'p', 'e'),
  ];
  for (const request of asked) await previewClaims(parts, v1, PRINCIPALS.admin, ACME, { audience: 'acme', ...request });
  assert.deepEqual(await there(), [undefined, undefined]);
  const shown = [];
  for (const request of asked)
    shown.push(await previewClaims(parts, v2, PRINCIPALS.admin, ACME, { audience: 'a', ...request }));
  for (const [at, found] of (await there()).entries())
    assert.match(String(shown[at]?.claims.sub), new RegExp(`${found?.id}`));
});

test('a preview is for those who may start the run, and of environments for administrators', async () => {
  const { parts, v1 } = makeWorld();
  const preview = (principal: keyof typeof PRINCIPALS, request: Parameters<typeof previewClaims>[4]) =>
    previewClaims(parts, v1, PRINCIPALS[principal], ACME, request);
  await assert.rejects(preview('bob', { run: TARGET }), refuses('run_not_permitted'));
  await assert.rejects(preview('carol', { environment: { root: 'p/e' } }), refuses('not_permitted'));
  const shown = await preview('admin', {
    audience: 'aws:acme',
    environment: { root: 'p/root', current: 'p/base', subjectAttributes: ['currentEnvironment.name'] },
  });
  assert.equal(shown.claims.sub, 'pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:p/base');
  await assert.rejects(
    preview('admin', { audience: 'aws:other', environment: { root: 'p/e' } }),
    refuses('audience_not_allowed'),
  );
  await assert.rejects(preview('admin', { environment: { root: 'a/b/c' } }), refuses('invalid_name'));
  await assert.rejects(
    preview('admin', { environment: { root: 'p/e', subjectAttributes: ['pulumi.token.name'] } }),
    refuses('invalid_request'),
  );
});

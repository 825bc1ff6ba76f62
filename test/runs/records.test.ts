import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDirectory } from '../../src/runs/directory.ts';
import { newRunId } from '../../src/runs/identifier.ts';
import { openRunRecords } from '../../src/runs/records.ts';
import type { Run } from '../../src/runs/run.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { realRandom, StandingClock } from '../clock.ts';

const RETENTION = 90 * 86_400;

const world = async (wrap: (store: Store) => Store = (store) => store) => {
  const clock = new StandingClock();
  const whole = memoryStore(clock);
  const store = wrap(whole);
  const directory = openDirectory(store, realRandom);
  const runs = openRunRecords(store, clock, RETENTION);
  const organization = await directory.organization('acme', undefined);
  const start = async (
    options: { lease?: number; renewedOnly?: true; stack?: string; deadline?: number } = {},
  ): Promise<Run> => {
    const stack = await directory.stack(organization, 'core', options.stack ?? 'dev');
    return runs.start({
      id: newRunId(clock, realRandom),
      subject: {
        organization,
        project: stack.project,
        stack: { id: stack.id, name: stack.name },
        operation: 'update',
        actor: 'admin',
      },
      startedBy: 'personal:admin',
      created: clock.seconds,
      deadline: clock.seconds + (options.deadline ?? 3600),
      requestTokenHash: 'hash',
      ...(options.lease !== undefined && { lease: options.lease }),
      ...(options.renewedOnly && { renewedOnly: true }),
    });
  };
  const token = () => ({ jti: 'j', kid: 'k', aud: 'acme', iat: clock.seconds, exp: clock.seconds + 60 });
  const status = async (run: Run) => (await runs.load(run.id))?.run.status;
  return { clock, whole, directory, runs, organization, start, token, status };
};

test('the runs of a stack are numbered 1, 2, 3, … without gap or repeat under 100 concurrent starts', async () => {
  const { start } = await world();
  const started = await Promise.all(Array.from({ length: 100 }, () => start()));
  const versions = started.map((run) => run.subject.version).sort((left, right) => left - right);
  assert.deepEqual(
    versions,
    Array.from({ length: 100 }, (_, at) => at + 1),
  );
});

test('each stack counts for itself', async () => {
  const { start } = await world();
  await start();
  assert.equal((await start({ stack: 'prod' })).subject.version, 1);
  assert.equal((await start()).subject.version, 2);
});

test('names get one id, also when many ask at once, and another one after a stack was deleted', async () => {
  const { directory, organization } = await world();
  const known = await Promise.all(Array.from({ length: 20 }, () => directory.stack(organization, 'core', 'dev')));
  assert.equal(new Set(known.map(({ id }) => id)).size, 1);
  assert.equal(await directory.deleteStack(organization, 'core', 'dev'), true);
  assert.notEqual((await directory.stack(organization, 'core', 'dev')).id, known[0]?.id);
});

test('a run takes tokens until it is finished, and never after', async () => {
  const { runs, start, token, status } = await world();
  const run = await start();
  assert.equal(await runs.addToken(run, token()), 'recorded');
  const loaded = await runs.load(run.id);
  assert.ok(loaded);
  assert.notEqual(await runs.finish(loaded, 'succeeded'), 'conflict');
  assert.equal(await runs.addToken(run, token()), 'closed');
  assert.equal(await status(run), 'succeeded');
  assert.equal((await runs.tokens(run.id)).length, 1);
});

test('of two who finish a run at once, one is told of the conflict', async () => {
  const { runs, start } = await world();
  const run = await start();
  const loaded = await runs.load(run.id);
  assert.ok(loaded);
  const answers = await Promise.all([runs.finish(loaded, 'failed'), runs.finish(loaded, 'succeeded')]);
  assert.equal(answers.filter((answer) => answer === 'conflict').length, 1);
});

test('a run expires at its deadline, to the second', async () => {
  const { clock, runs, start, token, status } = await world();
  const run = await start({ deadline: 100 });
  clock.advance(99.999);
  assert.equal(await runs.addToken(run, token()), 'recorded');
  assert.equal(await status(run), 'running');
  clock.advance(0.001);
  assert.equal(await runs.addToken(run, token()), 'closed');
  assert.equal(await status(run), 'expired');
  assert.equal((await runs.load(run.id))?.run.finished, run.deadline);
});

test('a run with a lease fails when it neither renews nor mints, and lives while it does either', async () => {
  const { clock, runs, start, token, status } = await world();
  const run = await start({ lease: 10, deadline: 100 });
  clock.advance(9);
  assert.equal(await runs.renew(run), 'recorded');
  clock.advance(9);
  assert.equal(await runs.addToken(run, token()), 'recorded');
  clock.advance(9);
  assert.equal(await status(run), 'running');
  clock.advance(1);
  assert.equal(await status(run), 'failed');
  assert.equal(await runs.renew(run), 'closed');
  assert.equal(await runs.addToken(run, token()), 'closed');
});

test('a run that is kept by renewing alone fails although it mints: whoever mints may have outlived its runner', async () => {
  const { clock, runs, start, token, status } = await world();
  const run = await start({ lease: 10, renewedOnly: true });
  clock.advance(9);
  assert.equal(await runs.renew(run), 'recorded');
  clock.advance(9);
  assert.equal(await runs.addToken(run, token()), 'recorded');
  assert.equal(await status(run), 'running');
  clock.advance(1);
  assert.equal(await status(run), 'failed');
  assert.equal(await runs.addToken(run, token()), 'closed');
});

test('a lease never reaches beyond the deadline', async () => {
  const { clock, runs, start, status } = await world();
  const run = await start({ lease: 60, deadline: 70 });
  clock.advance(50);
  assert.equal(await runs.renew(run), 'recorded');
  clock.advance(20);
  assert.equal(await status(run), 'expired');
});

test('lists are newest first, paged, and by what time has made of the runs', async () => {
  const { clock, runs, start, organization } = await world();
  const first = await start({ deadline: 10 });
  clock.advance(0.001);
  const second = await start();
  clock.advance(0.001);
  const third = await start({ stack: 'prod' });
  clock.advance(10);
  const all = await runs.list({ id: organization.id }, 0, 2);
  assert.deepEqual([all.total, all.runs.map((run) => run.id)], [3, [third.id, second.id]]);
  const expired = await runs.list({ id: organization.id, status: 'expired' }, 0, 10);
  assert.deepEqual(
    expired.runs.map((run) => run.id),
    [first.id],
  );
  const running = await runs.list({ id: second.subject.stack.id, status: 'running' }, 0, 10);
  assert.deepEqual([running.total, running.runs.map((run) => run.id)], [1, [second.id]]);
});

/** A store that dies at its n-th write, as a process does. */
const dyingAfter =
  (writes: number) =>
  (store: Store): Store => {
    let left = writes;
    const mortal = <T extends (...args: never[]) => Promise<unknown>>(write: T): T =>
      ((...args: never[]) => (left-- > 0 ? write(...args) : Promise.reject(new Error('killed')))) as T;
    return {
      ...store,
      create: mortal(store.create),
      append: mortal(store.append),
      replace: mortal(store.replace),
      add: mortal(store.add),
    };
  };

test('a start that dies at any write leaves a whole run, a failed one with its ordinal, or none', async () => {
  for (let writes = 3; writes < 15; writes++) {
    const { clock, whole, start, organization } = await world(dyingAfter(writes));
    const started = await start().catch(() => undefined);
    clock.advance(11);
    const runs = openRunRecords(whole, clock, RETENTION);
    const { runs: listed } = await runs.list({ id: organization.id }, 0, 10);
    if (started)
      assert.deepEqual(
        listed.map(({ status }) => status),
        ['running'],
      );
    else assert.ok(listed.every(({ status, subject }) => status === 'failed' && subject.version === 1));
    const running = await runs.list({ id: organization.id, status: 'running' }, 0, 10);
    assert.equal(running.total, started ? 1 : 0);
  }
});

test('ids of runs sort by the time at which they were made', () => {
  const clock = new StandingClock();
  const ids = Array.from({ length: 50 }, () => {
    clock.advance(0.001);
    return newRunId(clock, realRandom);
  });
  assert.deepEqual([...ids].sort(), ids);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/system.ts';
import { type DeploymentDoor, openDeploymentDoor } from '../http/deployment-door.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { type Desk, makeDesk } from './trust-stub.ts';

const STACK = ['--project', 'core', '--stack', 'dev'];

describe('runpass deployment and runpass agent-pool, against a server', () => {
  let server: TestServer;
  let door: DeploymentDoor;
  let desk: Desk;
  const run = async (...args: readonly string[]) => {
    const end = await desk.run(args);
    assert.equal(end.status, 0, `${args.join(' ')}: ${end.stderr}`);
    return end;
  };
  const json = async (...args: readonly string[]) => JSON.parse((await run(...args, '--json')).stdout);
  const create = (...more: readonly string[]) =>
    json('deployment', 'create', ...STACK, '--operation', 'update', ...more);
  before(async () => {
    server = await startTestServer({ store: 'memory' });
    door = openDeploymentDoor(server);
    desk = makeDesk({ RUNPASS_URL: server.url, RUNPASS_ACCESS_TOKEN: server.tokens.admin }, systemClock);
  });
  after(async () => {
    desk.remove();
    await server.stop();
  });

  test('a pool is made, listed, made the default and removed; its token is printed once', async () => {
    const made = await run('agent-pool', 'create', 'night', '--description', 'of the night');
    assert.match(made.stdout, /^token +rpa_[0-9A-Za-z]{40}$/m);
    assert.match(made.stderr, /not shown again/);
    const day = await json('agent-pool', 'create', 'day');
    assert.match(day.tokenValue, /^rpa_/);
    const list = await run('agent-pool', 'list');
    assert.doesNotMatch(list.stdout, /rpa_/);
    assert.match(list.stdout, /^[0-9a-f-]{36} +night +yes +offline +- +0 +of the night$/m);
    await run('agent-pool', 'set-default', 'day');
    assert.match((await run('agent-pool', 'list')).stdout, /^[0-9a-f-]{36} +day +yes /m);
    const another = await json('agent-pool', 'token', day.id);
    assert.equal((await door.poll({ id: day.id, token: another.tokenValue })).status, 204);
    await run('agent-pool', 'set-default', 'night');
    await create('--pool', 'day');
    const refused = await desk.run(['agent-pool', 'rm', 'day']);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /\(agent_pool_in_use\)/);
    await run('agent-pool', 'rm', 'day', '--force');
    assert.equal((await json('agent-pool', 'list')).agentPools.length, 1);
    const gone = await desk.run(['agent-pool', 'rm', 'day']);
    assert.match(gone.stderr, /There is no agent pool "day"\. \(agent_pool_not_found\)\nhint: /);
  });

  test('a deployment is asked for with settings from a file, watched, and read', async () => {
    const pool = await door.makePool('builders');
    writeFileSync(join(desk.folder, 'more.yaml'), 'operationContext:\n  environmentVariables:\n    PLAIN: x\n');
    const { id, version } = await create('--pool', 'builders', '--settings', 'more.yaml', '--requested-by', 'a test');
    assert.match(
      (await run('deployment', 'list', ...STACK)).stdout,
      new RegExp(`^${id} +${version} +update +not-started +builders +admin `, 'm'),
    );
    const { jobToken, deployment } = await door.take(pool);
    assert.deepEqual(deployment.operationContext.environmentVariables, { PLAIN: 'x' });
    await door.log(id, jobToken, 'Start run', ['hello', '\u001b[2Jbell']);
    await door.finish(id, jobToken, 'succeeded');
    for (const name of [id, String(version)]) {
      const shown = (await run('deployment', 'get', name, ...STACK)).stdout;
      assert.match(shown, /^status +succeeded$/m);
      assert.match(shown, /^Start run +succeeded /m);
    }
    for (const follow of [[], ['--follow']]) {
      const { stdout } = await run('deployment', 'logs', id, ...STACK, ...follow);
      assert.equal(stdout, '\n# Start run\n2026-01-31T12:00:00.5Z  hello\n2026-01-31T12:00:00.5Z  ?[2Jbell\n');
    }
    const { lines } = await json('deployment', 'logs', id, ...STACK);
    assert.deepEqual(lines[2], { timestamp: '2026-01-31T12:00:00.5Z', line: '\u001b[2Jbell' });
  });

  test('logs of what still runs end where nothing more is there, unless followed', async () => {
    const pool = await door.makePool('slow');
    const { id } = await create('--pool', 'slow');
    assert.equal((await run('deployment', 'logs', id, ...STACK)).stdout, '');
    const { jobToken } = await door.take(pool);
    await door.log(id, jobToken, 'one', ['first']);
    assert.match((await run('deployment', 'logs', id, ...STACK)).stdout, /first\n$/);
    const following = run('deployment', 'logs', id, ...STACK, '--follow');
    await door.log(id, jobToken, 'one', ['second']);
    await door.finish(id, jobToken, 'failed');
    assert.match((await following).stdout, /first\n.*second\n$/);
  });

  test('a stack is paused and resumed, a deployment cancelled', async () => {
    assert.match((await run('deployment', 'pause', ...STACK)).stdout, /core\/dev are paused/);
    const { id } = await create();
    assert.match((await run('deployment', 'list', ...STACK)).stderr, /paused/);
    await run('deployment', 'resume', ...STACK);
    await run('deployment', 'cancel', id, ...STACK);
    assert.equal((await json('deployment', 'get', id, ...STACK)).status, 'skipped');
  });

  test('what cannot be used is said before anything is asked', async () => {
    writeFileSync(join(desk.folder, 'list.yaml'), '- one\n');
    for (const [args, message] of [
      [['--settings', 'list.yaml'], /list\.yaml cannot be used/],
      [['--settings', 'nowhere.yaml'], /nowhere\.yaml cannot be read/],
    ] as const) {
      const end = await desk.run(['deployment', 'create', ...STACK, '--operation', 'update', ...args]);
      assert.equal(end.status, 2);
      assert.match(end.stderr, message);
    }
    const missing = await desk.run(['deployment', 'get', 'x', ...STACK]);
    assert.deepEqual([missing.status, /\(deployment_not_found\)/.test(missing.stderr)], [1, true]);
  });
});

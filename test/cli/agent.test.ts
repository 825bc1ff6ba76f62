import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { openOutsideIssuer } from '../interop/outside-issuer.ts';
import { trust } from '../interop/trust.ts';
import { until } from '../redis.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { type AgentDesk, makeAgentDesk, type RunningAgent } from './agent-desk.ts';
import { saveClouds } from './exec-desk.ts';

const AZURE = {
  azure: { clientId: '22222222-1111-4111-8111-222222222222', tenantId: '11111111-1111-4111-8111-111111111111' },
};
const ENDLESS = 'echo up; trap "" HUP; while :; do sleep 0.05; done';

describe('an agent as a process', { timeout: 180_000 }, () => {
  let server: TestServer;
  let desk: AgentDesk;
  const running: RunningAgent[] = [];
  before(async () => {
    server = await startTestServer();
    desk = await makeAgentDesk(server, 'builders');
    await saveClouds(server, AZURE);
  });
  afterEach(async () => {
    for (const agent of running.splice(0)) await agent.end('SIGKILL');
  });
  after(async () => {
    desk.remove();
    await server.stop();
  });
  const start = async (...args: Parameters<AgentDesk['start']>): Promise<RunningAgent> => {
    const agent = await desk.start(...args);
    running.push(agent);
    return agent;
  };

  test('does what is asked for with its credentials, and tells how it goes, without a secret', async () => {
    const command = [
      'echo "$RUNPASS_ORGANIZATION/$RUNPASS_PROJECT/$RUNPASS_STACK $RUNPASS_OPERATION $PULUMI_CI_BUILD_NUMBER $REGION"',
      'echo "$PASSWORD" >&2; cat "$AZURE_FEDERATED_TOKEN_FILE"; echo; cat "$RUNPASS_DEPLOYMENT_FILE"; echo',
      'env | grep -c -e rpa_ -e RUNPASS_AGENT; printf "no end of a line"',
    ].join('; ');
    await start(['--command', command]);
    const id = await desk.deploy({
      operationContext: { environmentVariables: { REGION: 'eu', PASSWORD: { secret: 'hunter-two' } } },
      sourceContext: { git: { repoUrl: 'https://git.test/core', gitAuth: { accessToken: { secret: 'ghp_hidden' } } } },
    });
    const { status, steps, log } = await desk.ended(id);
    assert.equal(status, 'succeeded', log);
    assert.deepEqual(steps, [
      ['Fetch credentials via OIDC', 'succeeded'],
      ['Pulumi operation', 'succeeded'],
    ]);
    const lines = log.split('\n');
    assert.ok(lines.includes('acme/core/dev update 1 eu'), log);
    assert.ok(lines.includes('azure: token file for client 22222222-1111-4111-8111-222222222222'));
    assert.ok(
      lines.some((line) => line.includes('"repoUrl":"https://git.test/core"') && line.includes('"secret":"[secret]"')),
      log,
    );
    // Standard error is another stream: when its line comes among those of standard output, nobody knows.
    assert.deepEqual(lines.filter((line) => line !== '[secret]').slice(-2), ['0', 'no end of a line']);
    assert.equal(lines.filter((line) => line === '[secret]').length, 2);
    assert.doesNotMatch(log, /hunter|eyJ|ghp_|rpr_/);
    await until(async () => desk.leftovers().length === 0);
  });

  test('a command that fails fails the deployment; each operation has its own command, or none', async () => {
    const agent = await start(['--command-update', 'exit 3', '--command-preview', 'echo preview']);
    const update = await desk.ended(await desk.deploy());
    assert.deepEqual([update.status, update.steps.at(-1)], ['failed', ['Pulumi operation', 'failed']]);
    assert.equal((await desk.ended(await desk.deploy({ operation: 'preview' }))).status, 'succeeded');
    const destroy = await desk.ended(await desk.deploy({ operation: 'destroy' }));
    assert.equal(destroy.status, 'failed');
    assert.match(destroy.log, /error: This agent does nothing for the operation destroy\.$/);
    assert.match(agent.stderr(), /acme\/core\/dev update \d+: Pulumi operation\n/);
  });

  test('what others say is run only where the agent was started for that', async () => {
    const preRunCommands = ['echo one', 'echo two'];
    const closed = await start(['--command', 'echo main']);
    const refused = await desk.ended(await desk.deploy({ operationContext: { preRunCommands } }));
    assert.equal(refused.status, 'failed');
    assert.match(refused.log, /was not started with --allow-pre-run-commands/);
    for (const name of [
      'LD_PRELOAD',
      'BASH_ENV',
      'NODE_OPTIONS',
      'PATH',
      'GIT_SSH_COMMAND',
      'PYTHONPATH',
      'RUNPASS_URL',
    ]) {
      const sneaky = await desk.ended(
        await desk.deploy({ operationContext: { environmentVariables: { [name]: 'x' } } }),
      );
      assert.equal(sneaky.status, 'failed', name);
      assert.match(sneaky.log, new RegExp(`sets ${name}, which can make programs run others`));
    }
    await closed.end('SIGKILL');
    await start(['--command', 'echo main', '--allow-pre-run-commands']);
    const { status, steps, log } = await desk.ended(await desk.deploy({ operationContext: { preRunCommands } }));
    assert.equal(status, 'succeeded', log);
    assert.deepEqual(
      steps.map(([name]) => name),
      ['Fetch credentials via OIDC', 'Pre-run command 1', 'Pre-run command 2', 'Pulumi operation'],
    );
    const failing = await desk.ended(await desk.deploy({ operationContext: { preRunCommands: ['exit 1'] } }));
    assert.deepEqual([failing.status, failing.steps.at(-1)], ['failed', ['Pre-run command 1', 'failed']]);
  });

  test('a cancel ends the command and all that it started within five seconds', async () => {
    await start(['--command', `(${ENDLESS}) & wait`]);
    const id = await desk.deploy();
    await desk.ended(id, ({ log }) => log.endsWith('up'));
    const began = performance.now();
    await desk.cancel(id);
    await until(async () => desk.leftovers().length === 0);
    assert.ok(performance.now() - began < 5_000, `${performance.now() - began} ms`);
    const { status, runStatus } = await desk.show(id);
    assert.deepEqual([status, runStatus], ['failed', 'cancelled']);
  });

  test('SIGTERM: what was taken is finished, nothing more is taken', async () => {
    const go = join(desk.folder, 'go');
    const agent = await start(['--command', `echo up; while [ ! -e ${go} ]; do sleep 0.05; done; echo done`]);
    const [taken, waiting] = [await desk.deploy(), await desk.deploy()];
    await desk.ended(taken, ({ log }) => log.includes('up'));
    agent.child.kill('SIGTERM');
    await until(async () => agent.stderr().includes('draining'));
    const ended = once(agent.child, 'exit');
    writeFileSync(go, '');
    assert.deepEqual(await ended, [0, null]);
    const shown = await desk.show(taken);
    assert.deepEqual([shown.status, shown.log.endsWith('done')], ['succeeded', true]);
    assert.equal((await desk.show(waiting)).status, 'not-started');
    assert.match(agent.stderr(), /draining[\s\S]*has finished\n$/);
    await desk.cancel(waiting);
  });

  test('a second signal goes on to the commands', async () => {
    const agent = await start(['--command', ENDLESS]);
    const id = await desk.deploy();
    await desk.ended(id, ({ log }) => log.endsWith('up'));
    agent.child.kill('SIGTERM');
    await until(async () => agent.stderr().includes('draining'));
    assert.equal(await agent.end('SIGTERM'), 0);
    assert.equal((await desk.show(id)).runStatus, 'cancelled');
  });

  test('kill -9: nothing of it is done twice, and the next agent removes what was left', async () => {
    const marker = join(desk.folder, 'marker');
    const first = await start(['--command', `echo $$ >> ${marker}; exec sleep 60`]);
    const id = await desk.deploy();
    await until(async () => existsSync(marker));
    await first.end('SIGKILL');
    process.kill(Number(readFileSync(marker, 'utf8')), 'SIGKILL');
    assert.ok(desk.leftovers().some((file) => file.endsWith('azure-token')));
    const { json } = await server.ask('GET', `/api/orgs/acme/runs/${id}`, { as: 'admin' });
    assert.deepEqual([json.status, json.lease], ['running', 60]);
    await start(['--command', 'echo next']);
    await until(async () => desk.leftovers().length === 0);
    assert.equal((await desk.ended(await desk.deploy())).status, 'succeeded');
    assert.equal(readFileSync(marker, 'utf8').split('\n').length, 2);
    await desk.cancel(id);
  });

  test('any number of agents, each with several at a time: every deployment is done once', async () => {
    const marker = join(desk.folder, 'done');
    const command = `echo "$RUNPASS_DEPLOYMENT" >> ${marker}`;
    await Promise.all([1, 2, 3].map(() => start(['--max-parallel', '3', '--command', command])));
    const ids: string[] = [];
    for (let index = 0; index < 24; index++) ids.push(await desk.deploy());
    for (const id of ids) {
      const { status, log } = await desk.ended(id);
      assert.equal(status, 'succeeded', log);
    }
    assert.deepEqual(readFileSync(marker, 'utf8').trim().split('\n').sort(), [...ids].sort());
  });

  test('an agent without the token of its pool exchanges the one that its platform gives', async () => {
    const issuer = await openOutsideIssuer();
    await trust(server, issuer, [
      {
        decision: 'allow',
        tokenType: 'runner',
        runnerID: 'builders',
        authorizedPermissions: [],
        rules: { sub: 'repo:acme/core:*' },
      },
    ]);
    const token = await issuer.token();
    const agent = await start(['--org', 'acme', '--command', 'env | grep -c eyJ; true'], {
      RUNPASS_AGENT_TOKEN: '',
      RUNPASS_ID_TOKEN: token,
    });
    const { status, log } = await desk.ended(await desk.deploy());
    assert.equal(status, 'succeeded', agent.stderr() + log);
  });

  test('a token that is none ends the agent, and says so; without any, or a command, it does not begin', async () => {
    const wrong = await start(['--command', 'true'], { RUNPASS_AGENT_TOKEN: 'rpa_wrong' });
    await until(async () => wrong.child.exitCode !== null);
    assert.equal(wrong.child.exitCode, 1);
    assert.match(wrong.stderr(), /error: The agent cannot go on: .*\nhint: check the token of the pool\n$/);
    for (const [args, says] of [
      [['--command', 'true'], /This agent has no token\./],
      [[], /It is not said what a deployment runs\./],
    ] as const) {
      const agent = await start(args, { RUNPASS_AGENT_TOKEN: '' });
      await until(async () => agent.child.exitCode !== null);
      assert.equal(agent.child.exitCode, 2);
      assert.match(agent.stderr(), says);
    }
  });
});

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { decodeJwt } from 'jose';
import {
  assertPublishedBody,
  BASE,
  type DeploymentDoor,
  openDeploymentDoor,
  type Pool,
  skipSchemas,
} from '../deployment-door.ts';
import { onEachStore } from '../each-store.ts';
import { assertRefused } from './answers.ts';

const ROLE = 'arn:aws:iam::123456789012:role/deploy';
// biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of a session name
const SESSION = '${stack.name}-${deployment.version}';

test('answers are compared with the published schemas', { skip: skipSchemas }, () => {
  assert.throws(() => assertPublishedBody('CreateDeploymentResponse', { id: 'x' }));
});

onEachStore('deployments', {}, (suite) => {
  let door: DeploymentDoor;
  let pool: Pool;
  before(async () => {
    door = openDeploymentDoor(suite.server);
    pool = await door.makePool('builders');
  });

  test('one is asked for, waits, is taken, told of, and finished: one deployment, one run, one id', async () => {
    const created = await suite.server.ask('POST', BASE, {
      as: 'carol',
      json: { operation: 'update', requestedBy: 'Carol of the night shift' },
      headers: { 'x-pulumi-deployment-initiator': 'cli' },
    });
    assert.equal(created.status, 202);
    assertPublishedBody('CreateDeploymentResponse', created.json);
    const { id, version } = created.json;
    assert.equal(created.json.consoleUrl, `${suite.server.url}${BASE}/${id}`);

    const waiting = await door.get(id, 'carol');
    assertPublishedBody('GetDeploymentResponse', waiting.json);
    assert.deepEqual(
      [waiting.json.status, waiting.json.runStatus, waiting.json.jobs, waiting.json.initiator],
      ['not-started', 'running', undefined, 'cli'],
    );
    assert.deepEqual(waiting.json.requestedBy, { name: 'carol', githubLogin: 'carol', avatarUrl: '' });
    assert.match(waiting.json.created, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);

    const taken = await door.poll(pool);
    assert.equal(taken.headers['cache-control'], 'no-store');
    assertPublishedBody('AgentWorkflowDefinition', taken.json);
    const { jobToken, oidcToken, deployment, ...ids } = taken.json;
    assert.deepEqual(ids, { typeSpecificID: id, deploymentID: id, jobID: id, runID: id });
    const { project, stack, operation, organization } = deployment;
    assert.deepEqual([organization, project, stack, operation], ['acme', 'core', 'dev', 'update']);
    assert.deepEqual([deployment.version, deployment.lease], [version, 60]);
    assert.equal(deployment.tokenRequest.token, jobToken);
    assert.equal(
      decodeJwt(oidcToken).sub,
      'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write',
    );
    assert.equal(decodeJwt(oidcToken)['deployment'], String(version));
    assert.equal(await door.status(id, pool.token), 'accepted');

    assert.equal((await door.log(id, jobToken, 'Start run', ['hello'])).status, 204);
    assert.equal(await door.status(id, jobToken), 'running');
    const step = { name: 'Start run', status: 'succeeded' };
    const steps = `/api/deployments/${id}/steps`;
    assert.equal((await suite.server.ask('POST', steps, { ...door.bearing(jobToken), json: step })).status, 204);
    assert.equal((await door.mint(id, jobToken)).status, 200);
    assert.equal((await door.finish(id, jobToken, 'succeeded')).status, 200);

    const done = await door.get(id);
    assertPublishedBody('GetDeploymentResponse', done.json);
    const [job] = done.json.jobs;
    assert.deepEqual([done.json.status, job.status, job.steps.length], ['succeeded', 'succeeded', 1]);
    assert.deepEqual([job.steps[0].name, job.steps[0].status], ['Start run', 'succeeded']);
    const run = await suite.server.ask('GET', `/api/orgs/acme/runs/${id}`, { as: 'admin' });
    assert.deepEqual([run.json.status, run.json.version, run.json.tokens.length], ['succeeded', version, 2]);
    assert.equal(run.json.requestedBy, 'Carol of the night shift');
    assert.equal(await door.status(id, pool.token), 'succeeded');
  });

  test('the queue is first in, first out, and empty is 204', async () => {
    const asked = [await door.create(), await door.create(), await door.create()];
    const took: string[] = [];
    for (const _ of asked) took.push((await door.take(pool)).deploymentID);
    assert.deepEqual(
      took,
      asked.map(({ id }) => id),
    );
    const empty = await door.poll(pool);
    assert.deepEqual([empty.status, empty.text], [204, '']);
  });

  test('lists are in the form of the contract, paged, newest or oldest first', async () => {
    const base = '/api/stacks/acme/core/listed/deployments';
    const ids: string[] = [];
    for (let at = 0; at < 3; at++) ids.push((await door.create({}, 'admin', base)).id);
    const list = async (query: string) => (await suite.server.ask('GET', `${base}${query}`, { as: 'admin' })).json;
    const all = await list('');
    assertPublishedBody('ListDeploymentResponseV2', all);
    assert.deepEqual([all.total, all.itemsPerPage, all.deployments[0].paused], [3, 10, false]);
    assert.deepEqual(
      all.deployments.map((one: { id: string }) => one.id),
      [...ids].reverse(),
    );
    assert.deepEqual(all.deployments[0].agentPool, { id: pool.id, name: 'builders' });
    const oldest = await list('?pageSize=1&page=2&asc=true&sort=version');
    assert.deepEqual([oldest.deployments.length, oldest.deployments[0].id], [1, ids[1]]);
    for (const query of ['?page=0', '?pageSize=101', '?asc=yes', '?sort=colour']) {
      assertRefused(await suite.server.ask('GET', `${base}${query}`, { as: 'admin' }), 'invalid_request');
    }
    while ((await door.poll(pool)).status === 200);
  });

  test('a version names the deployment that has it, and no other run', async () => {
    const { id, version } = await door.create();
    const found = await suite.server.ask('GET', `${BASE}/version/${version}`, { as: 'carol' });
    assert.deepEqual([found.json.id, found.json.latestVersion], [id, version]);
    assertPublishedBody('GetDeploymentResponse', found.json);
    const plain = await suite.server.startRun({ project: 'core', stack: 'dev', operation: 'update' });
    for (const missing of [plain.version, plain.version + 1, 0, 'x', '-1', '1e1'])
      assertRefused(
        await suite.server.ask('GET', `${BASE}/version/${missing}`, { as: 'admin' }),
        'deployment_not_found',
      );
    assertRefused(await door.get(plain.id), 'deployment_not_found');
    assert.equal((await door.get(id)).json.latestVersion, plain.version);
    await door.take(pool);
  });

  test('the stack’s settings and those of the request meet by merge patch; without inheriting they do not', async () => {
    const settings = {
      operationContext: {
        oidc: { aws: { roleArn: ROLE, sessionName: SESSION } },
        environmentVariables: { REGION: 'eu', PASSWORD: { secret: 'of the stack' } },
        preRunCommands: ['make'],
      },
      sourceContext: { git: { repoUrl: 'https://me:token@git.example.com/r', branch: 'main' } },
    };
    const saved = await suite.server.ask('PUT', `${BASE}/settings`, { as: 'admin', json: settings });
    assert.equal(saved.status, 200, saved.text);
    const patch = {
      operationContext: {
        environmentVariables: { REGION: null, PLAIN: 'x', TOKEN: { secret: 'of the request' } },
        preRunCommands: null,
      },
      sourceContext: { git: { branch: 'next', gitAuth: { accessToken: { secret: 'of git' } } } },
    };
    const merged = await door.create(patch);
    const work = await door.take(pool);
    assert.deepEqual(work.deployment.operationContext.oidc.aws, {
      roleArn: ROLE,
      sessionName: SESSION,
      resolvedSessionName: `dev-${merged.version}`,
    });
    assert.deepEqual(work.deployment.operationContext.environmentVariables, {
      PASSWORD: 'of the stack',
      PLAIN: 'x',
      TOKEN: 'of the request',
    });
    assert.deepEqual(work.deployment.operationContext.secrets.toSorted(), ['PASSWORD', 'TOKEN']);
    assert.deepEqual(work.deployment.operationContext.preRunCommands, []);
    assert.deepEqual(work.deployment.sourceContext.git.gitAuth, { accessToken: { secret: 'of git' } });

    const shown = await door.get(merged.id);
    const { environmentVariables, source } = shown.json.configuration;
    assert.deepEqual(source, { git: { repoURL: 'https://git.example.com/r', branch: 'next' } });
    assert.deepEqual(
      environmentVariables.toSorted((one: { name: string }, other: { name: string }) =>
        one.name < other.name ? -1 : 1,
      ),
      [
        { name: 'PASSWORD', secret: true },
        { name: 'PLAIN', value: 'x', secret: false },
        { name: 'TOKEN', secret: true },
      ],
    );
    for (const secret of ['of the stack', 'of the request', 'of git', 'token@']) {
      assert.doesNotMatch(shown.text, new RegExp(secret));
    }

    await door.create({ inheritSettings: false });
    const alone = (await door.take(pool)).deployment;
    assert.deepEqual(
      [alone.operationContext.oidc, alone.operationContext.environmentVariables, alone.sourceContext],
      [{}, {}, undefined],
    );
    await suite.server.ask('DELETE', `${BASE}/settings`, { as: 'admin' });
  });

  test('what a deployment began with stays, whatever becomes of the settings', async () => {
    const oidc = { aws: { roleArn: ROLE, sessionName: 'one' } };
    await suite.server.ask('PUT', `${BASE}/settings`, { as: 'admin', json: { operationContext: { oidc } } });
    await door.create();
    await suite.server.ask('DELETE', `${BASE}/settings`, { as: 'admin' });
    assert.equal((await door.take(pool)).deployment.operationContext.oidc.aws.sessionName, 'one');
  });
});

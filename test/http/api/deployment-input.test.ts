import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../../server.ts';
import { BASE, type DeploymentDoor, openDeploymentDoor } from '../deployment-door.ts';
import { assertRefused } from './answers.ts';

const GOOD = { operation: 'update' };

/** One thing wrong with a request for a deployment. */
const WRONG: Readonly<Record<string, readonly [body: unknown, message: RegExp]>> = {
  'no operation': [{}, /"operation" is missing/],
  'an unknown operation': [{ operation: 'deploy' }, /^operation: must be one of update, /],
  'a list': [[GOOD], /object/],
  'inheritSettings of another type': [{ ...GOOD, inheritSettings: 'no' }, /^inheritSettings: /],
  'a deadline that is no time': [{ ...GOOD, deadline: 'tomorrow' }, /^deadline: must be an RFC 3339 time/],
  'a deadline in the past': [{ ...GOOD, deadline: '2020-01-01T00:00:00Z' }, /^deadline: must lie in the future/],
  'a deadline too far away': [{ ...GOOD, deadline: '2099-01-01T00:00:00Z' }, /^deadline: must be at most/],
  'a long requestedBy': [{ ...GOOD, requestedBy: 'x'.repeat(201) }, /^requestedBy: /],
};

/** What is wrong with its settings: told field by field. */
const WRONG_SETTINGS: Readonly<Record<string, readonly [settings: object, path: string]>> = {
  'an unknown member': [{ operationContexts: {} }, 'operationContexts'],
  'an operation in the operation context': [
    { operationContext: { operation: 'update' } },
    'operationContext.operation',
  ],
  'half a role': [{ operationContext: { oidc: { aws: { sessionName: 'x' } } } }, 'operationContext.oidc.aws.roleArn'],
  'a variable with a bad name': [
    { operationContext: { environmentVariables: { 'a=b': 'x' } } },
    'operationContext.environmentVariables.a=b',
  ],
  'a ciphertext of somewhere else': [
    { operationContext: { environmentVariables: { A: { ciphertext: 'AAAA' } } } },
    'operationContext.environmentVariables.A',
  ],
  'a pool of another type': [{ agentPoolID: 5 }, 'agentPoolID'],
};

describe('a deployment that is asked for wrongly', () => {
  let server: TestServer;
  let door: DeploymentDoor;
  const ask = (json: unknown, base = BASE) => server.ask('POST', base, { as: 'admin', json });
  before(async () => {
    server = await startTestServer({ store: 'memory' });
    door = openDeploymentDoor(server);
    await door.makePool('builders');
  });
  after(async () => {
    const runs = await server.ask('GET', '/api/orgs/acme/runs', { as: 'admin' });
    await server.stop();
    assert.equal(runs.json.total, 0, 'a refused request started a run');
  });

  for (const [what, [body, message]] of Object.entries(WRONG)) {
    test(`is refused for ${what}`, async () => assertRefused(await ask(body), 'invalid_request', message));
  }

  for (const [what, [settings, path]] of Object.entries(WRONG_SETTINGS)) {
    test(`is refused for ${what}, with the field named`, async () => {
      const answer = await ask({ ...GOOD, ...settings });
      assert.deepEqual([answer.status, answer.json.refusal], [400, 'invalid_settings'], answer.text);
      assert.equal(answer.json.errors[0].attribute, path);
      assert.ok(answer.json.message.startsWith(`${path}: `), answer.json.message);
    });
  }

  test('is refused for names that cannot stand in a subject', async () => {
    for (const target of ['core/a:b', 'yaml/dev', 'co*re/dev', '%2e%2e/dev', `core/${'x'.repeat(101)}`]) {
      assertRefused(await ask(GOOD, `/api/stacks/acme/${target}/deployments`), 'invalid_name');
    }
  });

  test('is refused for a body that is too large', async () => {
    assertRefused(await ask({ ...GOOD, tag: 'x'.repeat(512 * 1024) }), 'body_too_large');
  });

  test('is refused where the queue of its pool is full', async (t) => {
    const { deploymentQueue } = server.parts.deployments;
    t.mock.method(deploymentQueue, 'page', async () => ({ deployments: [], total: 5000 }));
    assertRefused(await ask(GOOD), 'limit_reached', /deployments waiting/);
  });

  test('other methods are told which there are', async () => {
    assertRefused(await server.ask('PATCH', BASE, { as: 'admin', json: {} }), 'method_not_allowed', /GET/);
    assertRefused(await server.ask('POST', '/api/deployments/poll', { as: 'admin' }), 'method_not_allowed');
    assertRefused(await server.ask('GET', `${BASE}/x/cancel`, { as: 'admin' }), 'method_not_allowed');
  });
});

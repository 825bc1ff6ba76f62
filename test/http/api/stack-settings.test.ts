// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the contract, not of this language
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, stateOf } from './answers.ts';
import { assertSettings } from './settings-schemas.ts';

const AWS = { roleArn: 'arn:aws:iam::123456789012:role/deploy', sessionName: 'pulumi-${stack.name}-${deployment.id}' };
const OIDC = { operationContext: { oidc: { aws: AWS } } };

describe('/api/stacks/{org}/{project}/{stack}/deployments/settings', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());

  const pathOf = (stack: string, more = '') => `/api/stacks/acme/core/${stack}/deployments/settings${more}`;
  const send = (method: string, stack: string, json?: object, as: Caller = 'admin') =>
    server.ask(method, pathOf(stack), { as, ...(json && { json }) });
  const audited = async (kind: string, outcome: 'granted' | 'refused', stack: string) => {
    const answer = await server.ask('GET', `/api/orgs/acme/audit?kind=${kind}&pageSize=100`, { as: 'admin' });
    const found = answer.json.records.find(
      (record: { outcome: string; detail: { stack: string } }) =>
        record.outcome === outcome && record.detail.stack === stack,
    );
    assert.ok(found, `${kind} ${outcome} of ${stack}`);
    return found;
  };

  test('are saved by a merge patch and read back, counted, in the shape of the contract', async () => {
    assertRefused(await send('GET', 'merged'), 'stack_not_found');
    const made = await send('POST', 'merged', OIDC);
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(made.json, { ...OIDC, version: 1, warnings: [] });
    const patch = { tag: 'x', operationContext: { oidc: { aws: { duration: '90m' } }, preRunCommands: ['make'] } };
    const changed = await send('POST', 'merged', patch);
    const whole = {
      tag: 'x',
      operationContext: { oidc: { aws: { ...AWS, duration: '1h30m0s' } }, preRunCommands: ['make'] },
    };
    assert.deepEqual(changed.json, { ...whole, version: 2, warnings: [] });
    const read = await send('GET', 'merged');
    assert.deepEqual(read.json, changed.json);
    assertSettings(read.json);
    assert.deepEqual((await send('POST', 'merged', { operationContext: { oidc: { aws: null } } })).json, {
      tag: 'x',
      operationContext: { preRunCommands: ['make'] },
      version: 3,
      warnings: [],
    });
  });

  test('are replaced whole by PUT, and what was answered may be sent again', async () => {
    await send('POST', 'replaced', { ...OIDC, tag: 'x' });
    const { json } = await send('PUT', 'replaced', OIDC);
    assert.deepEqual(json, { ...OIDC, version: 2, warnings: [] });
    assert.deepEqual((await send('PUT', 'replaced', json)).json, { ...json, version: 3 });
  });

  test('are deleted, and then there are none', async () => {
    await send('POST', 'deleted', OIDC);
    const answer = await send('DELETE', 'deleted');
    assert.deepEqual([answer.status, answer.text], [200, 'true']);
    assertRefused(await send('GET', 'deleted'), 'settings_not_found', /acme\/core\/deleted/);
    assertRefused(await send('DELETE', 'deleted'), 'settings_not_found');
    assert.equal((await send('POST', 'deleted', OIDC)).json.version, 3);
  });

  test('that are wrong are refused field by field, and change nothing', async () => {
    await send('POST', 'wrong', OIDC);
    const before = await stateOf(server);
    const wrong = { aws: { roleArn: 'x', policyArns: null }, gcp: { projectId: 'my-project' } };
    const answer = await send('POST', 'wrong', { operationContext: { oidc: wrong } });
    const { code, message, refusal, requestId, errors } = answer.json;
    assert.deepEqual([answer.status, code, refusal], [400, 400, 'invalid_settings']);
    assert.equal(requestId, answer.headers['x-request-id']);
    assert.match(message, /^operationContext\.oidc\.aws\.roleArn: must be the ARN of a role/);
    assert.deepEqual(
      (errors as { attribute: string; errorType: string }[]).map(({ attribute, errorType }) => [attribute, errorType]),
      [
        ['operationContext.oidc.aws.roleArn', 'invalid'],
        ['operationContext.oidc.gcp.projectId', 'invalid'],
        ['operationContext.oidc.gcp.workloadPoolId', 'required'],
        ['operationContext.oidc.gcp.providerId', 'required'],
        ['operationContext.oidc.gcp.serviceAccount', 'required'],
      ],
    );
    for (const { resource, customMessage } of errors) {
      assert.deepEqual([resource, typeof customMessage], ['deployment settings', 'string']);
    }
    assert.equal((await send('GET', 'wrong')).json.version, 1);
    assert.equal(await stateOf(server), before);
    for (const json of [[], 'x', 1]) {
      assertRefused(
        await server.ask('POST', pathOf('wrong'), { as: 'admin', json: json as unknown as object }),
        'invalid_request',
      );
    }
  });

  test('hold secrets that are in no answer, nor in the store or the log', async () => {
    const variables = { A: { secret: 'hunter2' }, B: 'plain' };
    const made = await send('POST', 'sealed', { operationContext: { environmentVariables: variables } });
    assertSettings(made.json);
    const { A, B } = made.json.operationContext.environmentVariables;
    assert.deepEqual([A.secret, B], ['', 'plain']);
    assert.match(A.ciphertext, /^[A-Za-z0-9+/=]{40,}$/);
    // What was answered may be sent again: it is the same secret.
    const again = await send('PUT', 'sealed', made.json);
    assert.deepEqual(again.json.operationContext, made.json.operationContext);
    const elsewhere = await send('PUT', 'elsewhere', made.json);
    assert.deepEqual([elsewhere.status, elsewhere.json.refusal], [400, 'invalid_settings']);
    const encrypted = await server.ask('POST', pathOf('sealed', '/encrypt'), {
      as: 'admin',
      json: { secret: 'hunter2' },
    });
    assert.deepEqual([encrypted.status, encrypted.json.secret], [200, '']);
    const taken = await send('POST', 'sealed', { operationContext: { environmentVariables: { C: encrypted.json } } });
    assert.equal(taken.status, 200);
    assertRefused(
      await server.ask('POST', pathOf('sealed', '/encrypt'), { as: 'admin', json: { secret: '' } }),
      'invalid_request',
      /^secret: /,
    );
    const owner = await server.parts.directory.organization('acme', undefined);
    const stack = await server.parts.directory.findStack(owner, 'core', 'sealed');
    const stored = await server.parts.store.get(`stack-settings/${stack?.id}`);
    assert.match(stored?.value ?? '', /"ciphertext"/);
    for (const text of [made.text, again.text, taken.text, stored?.value ?? '', server.log.join('\n')]) {
      assert.doesNotMatch(text, /hunter2/);
    }
  });

  test('are seen by those who may run something, without commands and ciphertexts; changed by those who may run everything', async () => {
    const json = {
      operationContext: {
        ...OIDC.operationContext,
        preRunCommands: ['make'],
        environmentVariables: { A: { secret: 'x' } },
      },
    };
    await send('POST', 'dev', json);
    for (const caller of ['carol', 'ops', 'organization', 'client'] as const) {
      const read = await send('GET', 'dev', undefined, caller);
      assert.deepEqual(read.json.operationContext, { oidc: { aws: AWS }, environmentVariables: { A: { secret: '' } } });
      assertSettings(read.json);
    }
    const before = await stateOf(server);
    for (const caller of ['carol', 'ops', 'organization', 'client', 'bob'] as const) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        assertRefused(
          await send(method, 'dev', method === 'DELETE' ? undefined : OIDC, caller),
          'not_permitted',
          /every operation/,
        );
      }
      const encrypt = await server.ask('POST', pathOf('dev', '/encrypt'), { as: caller, json: { secret: 'x' } });
      assertRefused(encrypt, 'not_permitted');
    }
    assertRefused(await send('GET', 'dev', undefined, 'bob'), 'not_permitted', /covers an operation/);
    assertRefused(await send('GET', 'nowhere', undefined, 'bob'), 'not_permitted');
    assertRefused(await send('GET', 'dev', undefined, 'stranger'), 'organization_not_found');
    assert.equal(await stateOf(server), before, 'a refused request changed something');
    assert.equal((await send('GET', 'dev')).json.version, 1);
    assert.equal((await send('POST', 'dev', { tag: 'x' }, 'organizationAdmin')).status, 200);
  });

  test('leave a trace when they are changed, deleted, or refused to be', async () => {
    await send('POST', 'traced', OIDC);
    const { actor, detail } = await audited('stack-settings.change', 'granted', 'traced');
    assert.deepEqual([actor, detail.clouds, detail.replaces], ['personal:admin', 'aws', 0]);
    assert.match(detail.settings, /^[\w-]{43}$/);
    await send('DELETE', 'traced');
    assert.equal((await audited('stack-settings.delete', 'granted', 'traced')).detail.replaces, 1);
    await send('POST', 'traced', OIDC, 'carol');
    await send('DELETE', 'traced', undefined, 'carol');
    for (const kind of ['stack-settings.change', 'stack-settings.delete']) {
      const refused = await audited(kind, 'refused', 'traced');
      assert.deepEqual([refused.actor, refused.code], ['personal:carol', 'not_permitted']);
    }
  });

  test('end with their stack: one of the same name that comes later has none', async () => {
    await send('POST', 'reborn', OIDC);
    const owner = await server.parts.directory.organization('acme', undefined);
    const stack = await server.parts.directory.findStack(owner, 'core', 'reborn');
    assert.equal((await server.ask('DELETE', '/api/stacks/acme/core/reborn', { as: 'admin' })).status, 204);
    assert.equal(await server.parts.store.get(`stack-settings/${stack?.id}`), undefined);
    assertRefused(await send('POST', 'reborn', OIDC), 'name_quarantined');
    const json = { project: 'core', stack: 'reborn', operation: 'update' };
    await server.ask('POST', '/api/orgs/acme/runs?overrideQuarantine=tested', { as: 'admin', json });
    assertRefused(await send('GET', 'reborn'), 'settings_not_found');
    assert.equal((await send('POST', 'reborn', OIDC)).json.version, 1);
  });

  test('of a name that no stack can have are refused', async () => {
    assertRefused(await server.ask('POST', pathOf('a%20b'), { as: 'admin', json: OIDC }), 'invalid_name', /^stack: /);
    assertRefused(await server.ask('GET', pathOf('a%20b'), { as: 'admin' }), 'invalid_name');
    assertRefused(await server.ask('DELETE', pathOf('a%20b'), { as: 'admin' }), 'invalid_name');
    assertRefused(
      await server.ask('POST', pathOf('a%20b', '/encrypt'), { as: 'admin', json: { secret: 'x' } }),
      'invalid_name',
    );
  });
});

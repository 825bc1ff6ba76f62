import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused } from './answers.ts';

const SCOPE = { project: 'core', stack: 'dev', operations: ['update', 'preview'] };
const INPUTS = { awsAccount: '123456789012' };

describe('POST /api/orgs/{org}/trust/generate and /verify', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.startRun({ project: 'core', stack: 'dev', operation: 'update' });
    await server.startRun({ project: 'core', stack: 'prod', operation: 'update' });
  });
  after(() => server.stop());
  const ask = (what: string, json: object, as: Caller = 'admin') =>
    server.ask('POST', `/api/orgs/acme/trust/${what}`, { as, json });
  const generate = (json: object, as?: Caller) =>
    ask('generate', { target: 'aws', scope: SCOPE, inputs: INPUTS, ...json }, as);

  for (const issuer of ['v1', 'v2']) {
    test(`${issuer}: what is generated is explained as admitting its scope, verified, and refuses the stack beside it`, async () => {
      const { status, json, text } = await generate({ issuer });
      assert.equal(status, 200, text);
      const { document, audience } = json;
      const explain = async (stack: string) =>
        (await ask('explain', { document, audience, run: { project: 'core', stack, operation: 'update' } })).json
          .allowed;
      assert.deepEqual([await explain('dev'), await explain('prod')], [true, false]);
      const verified = await ask('verify', { document, scope: SCOPE, issuer });
      assert.equal(verified.json.proved, true, verified.text);
      assert.equal(verified.json.party, 'aws');
      const narrower = await ask('verify', { document, scope: { ...SCOPE, operations: ['update'] }, issuer });
      assert.deepEqual(
        [narrower.json.proved, narrower.json.findings[0].rule],
        [false, 'admits_other_operation'],
        narrower.text,
      );
    });
  }

  test('what was generated is told to whoever deletes what it names', async () => {
    const run = await server.startRun({ project: 'core', stack: 'leaving', operation: 'update' });
    await server.ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, { as: 'admin', json: { status: 'succeeded' } });
    await generate({ scope: { ...SCOPE, stack: 'leaving' } });
    const { status, json } = await server.ask('DELETE', '/api/stacks/acme/core/leaving', { as: 'admin' });
    assert.equal(status, 200);
    const [document, ...others] = json.trustDocuments;
    assert.deepEqual([document.target, document.scope.stack, others], ['aws', 'leaving', []]);
    assert.match(json.heldUntil, /^20/);
  });

  test('administrators see what was generated, and forget what they took out of a cloud', async () => {
    await generate({ scope: { ...SCOPE, stack: 'forgotten' } });
    const list = async () =>
      (await server.ask('GET', '/api/orgs/acme/trust/documents', { as: 'admin' })).json.trustDocuments as {
        readonly id: string;
        readonly scope: { readonly stack: string };
      }[];
    const [newest] = await list();
    assert.equal(newest?.scope.stack, 'forgotten');
    const path = `/api/orgs/acme/trust/documents/${newest?.id}`;
    assertRefused(await server.ask('GET', '/api/orgs/acme/trust/documents', { as: 'carol' }), 'not_permitted');
    assertRefused(await server.ask('DELETE', path, { as: 'carol' }), 'not_permitted');
    assertRefused(await server.ask('DELETE', path, { as: 'stranger' }), 'organization_not_found');
    assert.equal((await server.ask('DELETE', path, { as: 'admin' })).status, 204);
    assertRefused(await server.ask('DELETE', path, { as: 'admin' }), 'not_found');
    assert.ok(!(await list()).some(({ id }) => id === newest?.id));
    const { json } = await server.ask('GET', '/api/orgs/acme/audit?kind=trust-document.forget', { as: 'admin' });
    assert.ok(json.records.some(({ outcome }: { outcome: string }) => outcome === 'granted'));
  });

  test('a pattern of stacks is for administrators; one stack is for whoever may start all that it admits', async () => {
    assert.equal((await generate({}, 'carol')).status, 200);
    assertRefused(await generate({ scope: { project: 'core', stack: 'dev' } }, 'carol'), 'run_not_permitted');
    assertRefused(await generate({ scope: { ...SCOPE, stack: '*' } }, 'carol'), 'not_permitted');
    assertRefused(await generate({ scope: { environment: 'infra/aws' } }, 'carol'), 'not_permitted');
    assertRefused(await generate({}, 'bob'), 'run_not_permitted');
    assertRefused(await generate({}, 'stranger'), 'organization_not_found');
    assert.equal((await generate({ scope: { ...SCOPE, stack: '*' } })).status, 200);
    assert.equal((await generate({ scope: { environment: 'infra/aws' } })).status, 200);
  });

  test('what is missing or impossible is said by name', async () => {
    const { json } = await generate({ inputs: {} });
    assert.match(json.message, /--aws-account/);
    assertRefused(await generate({ inputs: {} }), 'trust_not_generated');
    assertRefused(await generate({ scope: { ...SCOPE, project: 'a:b' } }), 'invalid_name');
    assertRefused(await generate({ scope: { environment: 'a/b/c' } }), 'invalid_name');
    const opened = (attribute: string, value: string) =>
      generate({ scope: { environment: 'infra/aws', attributes: [{ attribute, value }] } });
    assertRefused(await opened('pulumi.user.login', 'a,b'), 'invalid_name');
    assertRefused(await opened('pulumi.token.team', '$(id)'), 'invalid_name');
    assertRefused(await opened('pulumi.token.type', 'weird'), 'invalid_name');
    assertRefused(await opened('rootEnvironment.name', 'infra/\n'), 'invalid_name');
    assert.equal((await opened('pulumi.token.type', 'team')).status, 200);
    for (const wrong of [{ target: 'mars' }, { scope: {} }, { scope: { project: 'core' } }, { inputs: { a: 'b' } }]) {
      assertRefused(await generate(wrong), 'invalid_request');
    }
    assertRefused(await ask('verify', { document: '[', scope: SCOPE }), 'trust_document_unusable');
    assertRefused(await ask('verify', { document: '{}' }), 'invalid_request');
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RefusalCode } from '../../../src/errors.ts';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused } from './answers.ts';

const SCOPE = { project: 'core', stack: 'dev', operations: ['update', 'preview'] };
interface AuditLine {
  readonly outcome: string;
  readonly code?: string;
  readonly detail: { readonly scope: string; readonly target: string };
}

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
  const generate = (json: object = {}, as?: Caller) =>
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

  test('who generated what for whom stands in the audit log, and who was refused', async () => {
    const scope = { ...SCOPE, stack: 'audited' };
    await generate({ scope });
    await generate({ scope }, 'bob');
    const { json } = await server.ask('GET', '/api/orgs/acme/audit?kind=trust-document.generate', { as: 'admin' });
    const found = (json.records as readonly AuditLine[]).filter(({ detail }) => detail.scope.includes('audited'));
    assert.deepEqual(found.map(({ outcome, code, detail }) => [outcome, code, detail.target]).sort(), [
      ['granted', undefined, 'aws'],
      ['refused', 'run_not_permitted', 'aws'],
    ]);
  });

  test('the same document for two targets is remembered twice, and forgotten one by one', async () => {
    const scope = { ...SCOPE, stack: 'twofold' };
    const inputs = { vaultPolicies: 'deploy' };
    const asked = [{ target: 'vault' }, { target: 'terraform', cloud: 'vault' }];
    for (const target of asked) assert.equal((await generate({ ...target, scope, inputs })).status, 200);
    const list = async () =>
      (await server.ask('GET', '/api/orgs/acme/trust/documents', { as: 'admin' })).json.trustDocuments.filter(
        (one: { readonly scope: { readonly stack: string } }) => one.scope.stack === 'twofold',
      );
    const [newest, other] = await list();
    assert.equal(newest.hash, other.hash);
    await server.ask('DELETE', `/api/orgs/acme/trust/documents/${newest.id}`, { as: 'admin' });
    assert.deepEqual(await list(), [other]);
  });

  test('an audience that no token can have, or the value of an attribute, is refused before anything is written', async () => {
    const environment = { environment: 'infra/aws' };
    for (const what of ['generate', 'verify']) {
      const rest = what === 'generate' ? { target: 'aws', inputs: INPUTS } : { document: '{}' };
      const refused = async (json: object, code: RefusalCode, says?: RegExp) =>
        assertRefused(await ask(what, { ...rest, scope: SCOPE, ...json }), code, says);
      await refused({ audience: 'other' }, 'audience_not_allowed');
      await refused({ audience: 'aws:acme' }, 'audience_not_allowed');
      await refused({ audience: 'aws:other', scope: environment }, 'audience_not_allowed');
      await refused({ audience: 'a b', issuer: 'v2' }, 'invalid_audience');
      for (const [attribute, value] of [
        ['pulumi.user.login', 'a*'],
        ['pulumi.token.team', 'a:b'],
        ['pulumi.organization.login', 'A'],
        ['pulumi.token.type', 'any'],
        ['rootEnvironment.name', 'infra/\n'],
        ['currentEnvironment.name', 'a/b/c'],
      ]) {
        const scope = { ...environment, attributes: [{ attribute, value }] };
        await refused({ scope }, 'invalid_name', new RegExp(`^${attribute}: must be `));
      }
    }
    assert.equal((await generate({ audience: 'anything', issuer: 'v2' })).status, 200);
    assert.equal((await generate({ audience: 'gcp:acme', scope: environment })).status, 200);
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

  test('verify asks the same rights, and says when it has nothing to go by', async () => {
    const { document } = (await generate()).json;
    const verify = (json: object, as?: Caller) => ask('verify', { document, scope: SCOPE, ...json }, as);
    assert.equal((await verify({}, 'carol')).status, 200);
    assertRefused(await verify({}, 'bob'), 'run_not_permitted');
    assertRefused(await verify({ scope: { ...SCOPE, stack: '*' } }, 'carol'), 'not_permitted');
    assertRefused(await verify({ scope: { environment: 'infra/aws' } }, 'carol'), 'not_permitted');
    assertRefused(await verify({}, 'stranger'), 'organization_not_found');
    const unborn = { issuer: 'v2', scope: { environment: 'infra/unborn' } };
    assertRefused(await verify(unborn), 'trust_not_generated', /^Nothing that is known/);
    const opened = { environment: 'infra/aws', attributes: [{ attribute: 'pulumi.user.login', value: 'carol' }] };
    assertRefused(await verify({ issuer: 'v2', scope: opened }), 'invalid_request', /^scope\.attributes: /);
    const own = 'policies: [{decision: allow, tokenType: organization, rules: {sub: x}}]';
    assertRefused(await verify({ document: own, issuer: 'v2' }), 'audience_required');
  });

  test('a pattern on v2 admits the stacks that exist by their ids, and no others', async () => {
    for (const stack of ['one', 'two']) await server.startRun({ project: 'listed', stack, operation: 'update' });
    const scope = { project: 'listed', stack: '*', operations: ['update'] };
    const asked = async () => (await generate({ scope, issuer: 'v2' })).json.admits;
    assert.deepEqual(await asked(), ['acme/listed/one update', 'acme/listed/two update']);
    await server.startRun({ project: 'listed', stack: 'three', operation: 'update' });
    assert.equal((await asked()).length, 3);
    const narrow = { ...scope, stack: 't*' };
    const { admits } = (await generate({ scope: narrow, issuer: 'v2' })).json;
    assert.deepEqual(admits, ['acme/listed/three update', 'acme/listed/two update']);
  });

  test('what is missing or impossible is said by name', async () => {
    const { json } = await generate({ inputs: {} });
    assert.match(json.message, /--aws-account/);
    assertRefused(await generate({ inputs: {} }), 'trust_not_generated');
    assertRefused(await generate({ scope: { ...SCOPE, project: 'a:b' } }), 'invalid_name');
    assertRefused(await generate({ scope: { environment: 'a/b/c' } }), 'invalid_name');
    for (const environment of ['a b/c', 'a/b c'])
      assertRefused(await generate({ scope: { environment } }), 'invalid_name');
    assertRefused(
      await generate({ scope: {} }),
      'invalid_request',
      /^scope: one of "project", .*"environment" is missing/,
    );
    for (const wrong of [{ target: 'mars' }, { scope: {} }, { scope: { project: 'core' } }, { inputs: { a: 'b' } }]) {
      assertRefused(await generate(wrong), 'invalid_request');
    }
    assertRefused(await ask('verify', { document: '[', scope: SCOPE }), 'trust_document_unusable');
    assertRefused(await ask('verify', { document: '{}' }), 'invalid_request');
  });
});

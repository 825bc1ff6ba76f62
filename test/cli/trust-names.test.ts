import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Desk, makeDesk, type Stub, startStub, TOKEN } from './trust-stub.ts';

const DOCUMENT = {
  id: 'd/1',
  target: 'aws',
  scope: { kind: 'runs', project: 'core', stack: 'prod', operations: ['update'] },
  audience: 'acme',
  created: '2026-01-01T00:00:00Z',
  by: 'user:alice',
};

const HELD = { kind: 'stack', name: 'core/old', until: '2026-02-01T00:00:00Z', trustDocuments: ['aws: \u001b[2J'] };

describe('what the commands about generated documents and held names send and print', () => {
  let stub: Stub;
  let desk: Desk;
  before(async () => {
    stub = await startStub(({ method, path }) => {
      if (path === '/api/user/organizations/default') return { status: 200, body: { GitHubLogin: 'acme' } };
      if (method === 'DELETE') return { status: 204 };
      return { status: 200, body: { trustDocuments: [DOCUMENT], heldNames: [HELD] } };
    });
    desk = makeDesk({ RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN });
  });
  after(() => {
    stub.stop();
    desk.remove();
  });

  /** Runs a command that must succeed, and gives what it printed with its last request. */
  const done = async (...args: readonly string[]) => {
    const { stdout, stderr, status } = await desk.run(['trust', ...args]);
    assert.equal(status, 0, stderr);
    const heard = stub.heard.at(-1);
    assert.ok(heard);
    return { request: `${heard.method} ${heard.path}`, body: heard.body, stdout };
  };

  test('generated documents are listed and forgotten', async () => {
    const listed = await done('document', 'list');
    assert.equal(listed.request, 'GET /api/orgs/acme/trust/documents');
    assert.match(listed.stdout, /^d\/1 +aws +stack core\/prod update +acme +2026-01-01T00:00:00Z +user:alice$/m);
    const removed = await done('document', 'remove', 'd/1');
    assert.equal(removed.request, 'DELETE /api/orgs/acme/trust/documents/d%2F1');
    assert.equal(removed.stdout, 'Trust document d/1 is forgotten.\n');
    assert.deepEqual(JSON.parse((await done('document', 'list', '--json')).stdout).trustDocuments, [DOCUMENT]);
  });

  test('held names are listed, and released with a reason', async () => {
    const { request, stdout } = await done('name', 'list');
    assert.equal(request, 'GET /api/orgs/acme/trust/held-names');
    assert.match(stdout, /^stack +core\/old +2026-02-01T00:00:00Z +aws: /m);
    assert.ok(!stdout.includes('\u001b'));
    assert.deepEqual(JSON.parse((await done('name', 'list', '--json')).stdout).heldNames, [HELD]);
    const released = await done('name', 'release', 'core/old', '--reason', 'moved back', '--kind', 'environment');
    assert.equal(released.request, 'POST /api/orgs/acme/trust/held-names/release');
    assert.deepEqual(JSON.parse(released.body), { kind: 'environment', name: 'core/old', reason: 'moved back' });
    const { status, stderr } = await desk.run(['trust', 'name', 'release', 'core/old']);
    assert.equal(status, 2);
    assert.match(stderr, /--reason/);
  });
});

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { type Desk, makeDesk, type Stub, startStub, TOKEN } from './trust-stub.ts';

const WARNING = {
  target: 'google',
  issuer: 'v1',
  operation: 'update',
  field: 'subject',
  problem: 'has 151 bytes; Google takes 127\u001b[2J',
  subject: 'pulumi:deploy:org:acme',
};
const SETTINGS = {
  operationContext: {
    oidc: { vault: { address: 'https://vault.example.com', role: 'r', mount: 'jwt' } },
    environmentVariables: { A: { secret: '', ciphertext: 'AAAA' } },
  },
};
const TARGET = ['--project', 'core', '--stack', 'dev'];
const PATH = '/api/stacks/acme/core/dev/deployments/settings';

describe('runpass stack settings', () => {
  let stub: Stub;
  let desk: Desk;
  let there = true;
  /** Does somebody else change the settings all the time? */
  let isBusy = false;
  before(async () => {
    stub = await startStub(({ method, path, body }) => {
      if (path === '/api/user/organizations/default') return { status: 200, body: { GitHubLogin: 'acme' } };
      if (!there && method === 'GET') return { status: 404, body: { message: 'None.', refusal: 'settings_not_found' } };
      if (body.includes('wrong')) {
        const errors = ['a.b', 'a.c'].map((attribute) => ({
          resource: 'x',
          attribute,
          errorType: 'invalid',
          customMessage: 'is wrong',
        }));
        return { status: 400, body: { code: 400, message: 'a.b: is wrong', refusal: 'invalid_settings', errors } };
      }
      if (method === 'DELETE') return { status: 200, body: true };
      const version = isBusy ? stub.heard.length : 3;
      return { status: 200, body: { ...SETTINGS, version, warnings: [WARNING] } };
    });
    desk = makeDesk({ RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN });
    writeFileSync(
      join(desk.folder, 'settings.yaml'),
      'tag: x\noperationContext:\n  oidc:\n    aws: null\n    gcp: { region: global }\n',
    );
    writeFileSync(join(desk.folder, 'list.yaml'), '[]\n');
  });
  afterEach(() => {
    (stub.heard as unknown[]).length = 0;
    [there, isBusy] = [true, false];
  });
  after(() => {
    stub.stop();
    desk.remove();
  });

  const last = async (args: readonly string[], env = {}) => {
    const { stdout, stderr, status } = await desk.run(['stack', 'settings', ...args, ...TARGET], { env });
    assert.equal(status, 0, stderr);
    const heard = stub.heard.at(-1);
    assert.ok(heard);
    const body: unknown = heard.body === '' ? undefined : JSON.parse(heard.body);
    return { request: `${heard.method} ${heard.path}`, body, stdout, stderr };
  };
  const refused = async (args: readonly string[], expected: 1 | 2, says: RegExp, env = {}): Promise<string> => {
    const { stderr, status } = await desk.run(['stack', 'settings', ...args, ...TARGET], { env });
    assert.equal(status, expected, stderr);
    assert.match(stderr, says);
    return stderr;
  };
  /** An editor that replaces the text by this one. */
  const editor = (text: string) => {
    const path = join(desk.folder, 'editor.sh');
    writeFileSync(path, `#!/bin/sh\ncat > "$1" <<'END'\n${text}\nEND\n`);
    chmodSync(path, 0o700);
    return { EDITOR: path };
  };

  test('get prints what set takes again, and warnings beside it', async () => {
    const { request, stdout, stderr } = await last(['get']);
    assert.equal(request, `GET ${PATH}`);
    assert.match(stdout, /^operationContext:\n {2}oidc:\n {4}vault:\n/);
    assert.doesNotMatch(stdout, /version|warnings/);
    assert.equal(
      stderr,
      'warning: google, v1, update: subject has 151 bytes; Google takes 127?[2J (subject: pulumi:deploy:org:acme)\n',
    );
    assert.equal(JSON.parse((await last(['get', '--json'])).stdout).version, 3);
  });

  test('set sends what the flags say and nothing else', async () => {
    const aws = ['--aws-role-arn', 'arn:x', '--aws-policy-arn', 'p1', '--aws-policy-arn', 'p2', '--aws-pin-role'];
    const tags = ['--aws-tag', 'a=b=org', '--aws-tag', 'Stack=stackId', '--aws-transitive-tag', 'Stack'];
    const others = ['--gcp-project-number', '1', '--no-gcp-maps-subject', '--azure-clear', '--vault-mount', 'auth/jwt'];
    const { request, body, stderr } = await last(['set', ...aws, ...tags, ...others]);
    assert.equal(request, `POST ${PATH}`);
    assert.deepEqual(body, {
      operationContext: {
        oidc: {
          aws: {
            roleArn: 'arn:x',
            policyArns: ['p1', 'p2'],
            pinRole: true,
            tags: { 'a=b': 'org', Stack: 'stackId' },
            transitiveTags: ['Stack'],
          },
          azure: null,
          gcp: { projectId: '1', mapsSubject: false },
          vault: { mount: 'auth/jwt' },
        },
      },
    });
    assert.match(stderr, /acme\/core\/dev: settings saved, version 3\.\nwarning: google/);
  });

  test('set sends a file, with the flags over it; what is null removes', async () => {
    const { body } = await last(['set', 'settings.yaml', '--gcp-region', 'x']);
    assert.deepEqual(body, { tag: 'x', operationContext: { oidc: { aws: null, gcp: { region: 'x' } } } });
    const flagOverNull = await last(['set', 'settings.yaml', '--aws-role-arn', 'r']);
    assert.deepEqual(flagOverNull.body, {
      tag: 'x',
      operationContext: { oidc: { aws: { roleArn: 'r' }, gcp: { region: 'global' } } },
    });
    const replaced = await last(['set', 'settings.yaml', '--replace']);
    assert.deepEqual(
      [replaced.request, replaced.body],
      [`PUT ${PATH}`, { tag: 'x', operationContext: { oidc: { gcp: { region: 'global' } } } }],
    );
  });

  test('set without anything to set, a tag that is none, and a file that is none are said before anything is asked', async () => {
    await refused(['set'], 2, /It is not said what to change/);
    await refused(['set', '--aws-tag', 'Stack'], 2, /It must be KEY=CLAIM/);
    await refused(['set', 'list.yaml'], 2, /list\.yaml:1:1/);
    assert.equal(stub.heard.length, 0);
  });

  test('everything that the server finds wrong is told, a line each', async () => {
    const said = await refused(['set', '--aws-role-arn', 'wrong'], 1, /^error: 2 fields are not what they must be\./);
    assert.match(said, /\n {2}a\.b: is wrong\n {2}a\.c: is wrong \(invalid_settings\)/);
  });

  test('edit replaces the settings by what was written', async () => {
    const { request, body } = await last(['edit'], editor('tag: edited'));
    assert.deepEqual([request, body], [`PUT ${PATH}`, { tag: 'edited' }]);
    there = false;
    assert.deepEqual((await last(['edit'], editor('tag: first'))).body, { tag: 'first' });
  });

  test('edit keeps a text that was not saved, and writes over nobody else', async () => {
    const said = await refused(
      ['edit'],
      1,
      /a\.c: is wrong.*\nhint: nothing was changed; your text is kept in /s,
      editor('tag: wrong'),
    );
    const kept = said.trim().split(' kept in ')[1] ?? '';
    assert.equal(readFileSync(kept, 'utf8'), 'tag: wrong\n');
    rmSync(dirname(kept), { recursive: true });
    (stub.heard as unknown[]).length = 0;
    isBusy = true;
    await refused(['edit'], 1, /Somebody else changed the settings meanwhile/, editor('tag: mine'));
    assert.ok(stub.heard.every(({ method }) => method === 'GET'));
  });

  test('rm deletes them', async () => {
    const { request, stderr } = await last(['rm']);
    assert.deepEqual([request, stderr], [`DELETE ${PATH}`, 'acme/core/dev: settings deleted.\n']);
  });
});

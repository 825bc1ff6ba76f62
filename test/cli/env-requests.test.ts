import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { diagnostic, type EnvStub, startEnvStub, told } from './env-stub.ts';
import { type Desk, makeDesk, TOKEN } from './trust-stub.ts';

const DEFINITION = '# about\nimports:\n  - base # why\nvalues:\n  region: eu # here\n  n: 1.50\n';
const VALUES = { region: 'eu', pass: 'hunter2', list: [1, 'a'], environmentVariables: { A: 'x', P: 'hunter2' } };

describe('what the commands about environments send and print', () => {
  let stub: EnvStub;
  let desk: Desk;
  before(async () => {
    stub = await startEnvStub();
    desk = makeDesk({ RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN, PATH: process.env['PATH'] ?? '' });
  });
  beforeEach(() => {
    stub.heard.length = 0;
    stub.diagnostics = [];
    stub.values = (told(VALUES, new Set(['pass', 'P'])) as { readonly value: object }).value;
    stub.session = undefined;
    stub.environments.clear();
    stub.environments.set('core/dev', { revisions: ['values: {}\n', DEFINITION], tags: new Map([['stable', 1]]) });
    stub.environments.set('default/db', { revisions: ['values: {}\n'], tags: new Map() });
    stub.environments.set('core/prod', { revisions: ['values: {}\n'], tags: new Map() });
  });
  after(() => {
    stub.stop();
    desk.remove();
  });

  const env = async (...args: readonly string[]) => {
    const end = await desk.run(['env', ...args]);
    assert.equal(end.status, 0, end.stderr);
    assert.ok(stub.heard.every(({ headers }) => headers.authorization === `token ${TOKEN}`));
    return end;
  };
  const requests = (): readonly string[] =>
    stub.heard
      .filter(({ path }) => path.includes('/esc/'))
      .map(({ method, path }) => `${method} ${path.replace('/api/esc/environments/acme', '')}`);
  const newest = (name = 'core/dev'): string => stub.environments.get(name)?.revisions.at(-1) ?? '';

  test('ls follows the pages to their end', async () => {
    const { stdout } = await env('ls');
    assert.match(stdout, /^PROJECT +NAME +CREATED +MODIFIED\ncore +dev +2026.*\ncore +prod .*\ndefault +db /);
    const { environments } = JSON.parse((await env('ls', '--org', 'acme', '--json')).stdout);
    assert.equal(environments.length, 3);
    assert.equal(requests().at(-1), 'GET ?continuationToken=core%2Fprod');
  });

  for (const [given, path] of [
    ['core/dev', '/core/dev'],
    ['acme/core/dev', '/core/dev'],
    ['db', '/default/db'],
    ['core/dev@1', '/core/dev/versions/1'],
    ['core/dev:stable', '/core/dev/versions/stable'],
    ['core/dev@latest', '/core/dev'],
  ] as const) {
    test(`${given} is ${path}`, async () => {
      await env('get', given, '--definition');
      assert.deepEqual(requests(), [`GET ${path}`]);
    });
  }

  test('get prints the values as far as they are known, without secrets', async () => {
    const { stdout } = await env('get', 'core/dev');
    assert.deepEqual(JSON.parse(stdout).pass, '[secret]');
    assert.deepEqual(requests(), ['GET /core/dev', 'POST /yaml/check?showSecrets=false']);
    assert.equal(stub.heard.at(-1)?.body, DEFINITION);
    assert.equal((await env('get', 'core/dev', 'list[1]', '--value', 'string')).stdout, 'a\n');
    assert.equal((await env('get', 'core/dev', '--value', 'shell')).stdout, "export A='x'\nexport P='[secret]'\n");
    const detailed = await env('get', 'core/dev', '--value', 'detailed');
    assert.ok(!detailed.stdout.includes('hunter2'));
  });

  test('get --show-secrets asks for the decrypted definition', async () => {
    const { stdout } = await env('get', 'core/dev', 'pass', '--show-secrets', '--value', 'string');
    assert.equal(stdout, 'hunter2\n');
    assert.deepEqual(requests(), ['GET /core/dev/decrypt', 'POST /yaml/check?showSecrets=true']);
    assert.match(stub.heard.at(-1)?.body ?? '', /^# decrypted/);
  });

  test('get --definition prints it byte for byte, or a part of it', async () => {
    assert.equal((await env('get', 'core/dev', '--definition')).stdout, DEFINITION);
    assert.equal((await env('get', 'core/dev', 'n', '--definition')).stdout, '1.50\n');
    assert.equal((await env('get', 'core/dev', 'imports[0]', '--definition')).stdout, 'base # why\n');
  });

  test('open says for how long and what, reads the session, and shows secrets', async () => {
    const { stdout } = await env(
      'open',
      'core/dev@stable',
      'pass',
      '--format',
      'string',
      '--lifetime',
      '90m',
      '--eager',
    );
    assert.equal(stdout, 'hunter2\n');
    assert.deepEqual(requests(), [
      'POST /core/dev/versions/stable/open?duration=5400s&property=pass&eager=true',
      'GET /core/dev/open/session_1',
    ]);
    await env('open', 'core/dev');
    assert.equal(requests().at(-2), 'POST /core/dev/open?duration=7200s');
  });

  test('open and run with --override-env say which imports are replaced, as stock clients do', async () => {
    const flags = ['--override-env', 'core/base=core/base@2', '--override-env', 'db=core/prod'];
    const named = { 'core/base': 'core/base@2', 'default/db': 'core/prod' };
    const sent = Buffer.from(JSON.stringify(named)).toString('base64url');
    await env('open', 'core/dev', ...flags);
    assert.equal(requests().at(-2), `POST /core/dev/open?duration=7200s&environmentOverrides=${sent}`);
    await env('run', 'core/dev', ...flags, '--', 'true');
    assert.equal(requests().at(-2), `POST /core/dev/open?duration=7200s&environmentOverrides=${sent}`);
  });

  for (const [given, problem] of [
    ['core/base', /^error: "core\/base" does not say what overrides what\.\nhint: write --override-env/],
    ['=core/x', /does not say what overrides what/],
    ['core/base=', /does not say what overrides what/],
    ['core/base=a/b/c', /names an organization/],
    ['core/base=a=b', /is not the name of an environment/],
  ] as const) {
    test(`--override-env ${given} is refused before anybody is asked`, async () => {
      const { status, stderr } = await desk.run(['env', 'open', 'core/dev', '--override-env', given]);
      assert.equal(status, 2);
      assert.match(stderr, problem);
      assert.deepEqual(stub.heard, []);
    });
  }

  test('open of what is not there prints null, and an empty line as a string', async () => {
    assert.equal((await env('open', 'core/dev', 'no.thing')).stdout, 'null\n');
    assert.equal((await env('open', 'core/dev', 'no.thing', '--format', 'string')).stdout, '\n');
  });

  test('open keeps every digit of a number', async () => {
    stub.session = '{"properties":{"n":{"value":12345678901234567890.10,"trace":{}},"m":{"value":1e400,"trace":{}}}}';
    assert.equal((await env('open', 'core/dev')).stdout, '{\n  "m": 1e400,\n  "n": 12345678901234567890.10\n}\n');
    assert.equal((await env('open', 'core/dev', 'n', '--format', 'yaml')).stdout, '12345678901234567890.10\n');
  });

  test('open --tokens-only prints what the server would sign, and reads no session', async () => {
    const { stdout } = await env('open', 'core/dev', '--tokens-only');
    assert.deepEqual(JSON.parse(stdout), [{ environment: 'core/dev', provider: 'aws-login', token: 'a.b.c' }]);
    assert.deepEqual(requests(), ['POST /core/dev/open?duration=7200s&tokensOnly=true']);
  });

  test('set sends the definition with its comments, and the mark of the revision it is built upon', async () => {
    const { stderr } = await env('set', 'core/dev', 'region', 'us');
    assert.equal(newest(), DEFINITION.replace('region: eu', 'region: us'));
    assert.equal(stub.heard.at(-1)?.headers['etag'], '"2"');
    assert.equal(stub.heard.at(-1)?.headers['content-type'], 'application/x-yaml');
    assert.equal(stderr, 'core/dev: revision 3 saved.\n');
  });

  test('set --secret encrypts exactly what was given; "-" is standard input', async () => {
    await env('set', 'core/dev', 'key', '0123', '--secret');
    assert.ok(newest().endsWith('  key:\n    fn::secret: "0123"\n'));
    const { status } = await desk.run(['env', 'set', 'core/dev', 'key', '-', '--secret'], { stdin: '$a: "b"\n' });
    assert.equal(status, 0);
    assert.ok(newest().endsWith('  key:\n    fn::secret: "$a: \\"b\\""\n'));
  });

  test('set does not put what looks like a secret in the clear unless it is told to', async () => {
    const { status, stderr } = await desk.run(['env', 'set', 'core/dev', 'dbPassword', 'correcthorse']);
    assert.equal(status, 2);
    assert.match(stderr, /looks like a secret[\s\S]*--secret[\s\S]*--plaintext/);
    assert.ok(!stderr.includes('correcthorse'));
    await env('set', 'core/dev', 'dbPassword', 'correcthorse', '--plaintext');
    await env('set', 'core/dev', 'dbPassword', `\${other.password}`);
    await env('set', 'core/dev', 'dbPasswordLength', '12');
  });

  test('a change that somebody else was faster with is refused, and says so', async () => {
    stub.meanwhile = () => void stub.environments.get('core/dev')?.revisions.push('values: {other: 1}\n');
    const { status, stderr } = await desk.run(['env', 'set', 'core/dev', 'a', '1']);
    assert.deepEqual([status, newest()], [1, 'values: {other: 1}\n']);
    assert.match(stderr, /Somebody else has changed the environment\. \(conflict\)/);
  });

  test('edit --file replaces the definition, and makes an environment that is not there only when it is right', async () => {
    writeFileSync(join(desk.folder, 'new.yaml'), 'values: {a: 1}\n');
    await env('edit', 'core/dev', '--file', 'new.yaml');
    assert.equal(newest(), 'values: {a: 1}\n');
    assert.equal(stub.heard.at(-1)?.headers['etag'], '"2"');

    stub.diagnostics = [diagnostic('wrong', 1, 9, 10)];
    const refused = await desk.run(['env', 'edit', 'core/fresh', '--file', 'new.yaml']);
    assert.equal(refused.status, 1);
    assert.ok(!stub.environments.has('core/fresh'));
    stub.diagnostics = [];
    await env('edit', 'core/fresh', '--file', 'new.yaml');
    assert.deepEqual(stub.environments.get('core/fresh')?.revisions, ['', 'values: {a: 1}\n']);
  });

  test('rm takes a value out, and a whole environment only with --yes', async () => {
    await env('rm', 'core/dev', 'region');
    assert.equal(newest(), DEFINITION.replace('  region: eu # here\n', ''));
    const { status, stderr } = await desk.run(['env', 'rm', 'core/dev']);
    assert.equal(status, 2);
    assert.match(stderr, /gone with all its revisions[\s\S]*--yes/);
    assert.ok(stub.environments.has('core/dev'));
    await env('rm', 'core/dev', '--yes');
    assert.ok(!stub.environments.has('core/dev'));
  });

  test('versions come page by page, newest first, up to the limit', async () => {
    const revisions = Array.from({ length: 250 }, () => 'values: {}\n');
    stub.environments.set('core/dev', { revisions, tags: new Map([['stable', 249]]) });
    const { stdout } = await env('versions', 'core/dev', '--limit', '1000', '--json');
    const { versions } = JSON.parse(stdout);
    assert.equal(versions.length, 250);
    assert.deepEqual([versions[0].revision, versions[1].tags, versions[249].revision], [250, ['stable'], 1]);
    assert.equal(JSON.parse((await env('versions', 'core/dev', '--json')).stdout).versions.length, 50);
    assert.match((await env('versions', 'core/dev', '--limit', '2')).stdout, /^REVISION.*\n250 .*\n249 .*stable\n$/);
  });

  test('a tag is made, moved, listed and removed', async () => {
    const { tags } = stub.environments.get('core/dev') ?? assert.fail();
    await env('tag', 'core/dev@1', 'old');
    await env('tag', 'core/dev', 'new');
    await env('tag', 'core/dev@old', 'new');
    assert.deepEqual(
      [...tags],
      [
        ['stable', 1],
        ['old', 1],
        ['new', 1],
      ],
    );
    assert.deepEqual(stub.heard.at(-1)?.method, 'PATCH');
    assert.match((await env('tag', 'ls', 'core/dev')).stdout, /^TAG .*\nstable +1 .*\nold +1 .*\nnew +1 .*\n$/);
    await env('tag', 'rm', 'core/dev@old');
    await env('tag', 'rm', 'core/dev', 'new');
    assert.deepEqual([...tags.keys()], ['stable']);
  });

  test('nothing of all this leaves a file behind', () => {
    assert.deepEqual(readdirSync(desk.folder).sort(), ['new.yaml']);
  });
});

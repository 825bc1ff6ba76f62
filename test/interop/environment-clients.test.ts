import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { type FakeCloud, startFakeCloud } from '../clouds/fake-cloud.ts';
import { assertEsc } from '../http/environment-openapi.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { sendAsWritten, type WireAnswer } from './wire.ts';

/** The answer as the published description has it, wherever the machine has that description. */
const shaped = (schema: string, answer: WireAnswer, status = 200): WireAnswer => {
  assert.equal(answer.status, status, answer.text);
  assertEsc(schema, answer.json);
  return answer;
};

const LOGIN = `values:
  region: eu-west-1
  aws:
    login:
      fn::open::aws-login:
        oidc: { roleArn: "arn:aws:iam::123456789012:role/deploy", sessionName: runpass, duration: 1h }
`;
const IMPORTING = `# Kept.
imports: [core/base]
values:
  greeting: hello
  password:
    fn::secret: hunter-two
  environmentVariables:
    AWS_ACCESS_KEY_ID: \${aws.login.accessKeyId}
`;
const CREDENTIALS = { AccessKeyId: 'ASIAREPLAY', SecretAccessKey: 'replay/secret', SessionToken: 'replay/session' };

/**
 * `esc env …` and `pulumi env …`: the requests that esc v0.26.0 put on the wire, header by header (`npm run interop` runs the
 * programs themselves). What is in a body is JSON to the client, YAML too.
 */
describe('the stock command lines live with environments', () => {
  let server: TestServer;
  let cloud: FakeCloud;
  before(async () => {
    cloud = await startFakeCloud();
    cloud.answer(200, {
      AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials: CREDENTIALS } },
    });
    server = await startTestServer({ lines: ['clouds:', '  endpoints:', `    awsSts: ${cloud.url}`] });
    for (const name of ['base', 'prod']) {
      const body = JSON.stringify({ project: 'core', name });
      assert.equal((await esc('POST', '/acme', { body })).status, 204);
    }
    shaped('EnvironmentDiagnostics', await esc('PATCH', '/acme/core/base', { body: LOGIN }));
    shaped('EnvironmentDiagnostics', await esc('PATCH', '/acme/core/prod', { body: IMPORTING }));
  });
  after(async () => {
    await server.stop();
    await cloud.stop();
  });

  /** Go sends a length with every method but GET, and the tag of what was read as `Etag`. */
  const esc = (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    { body = '', etag }: { readonly body?: string; readonly etag?: string } = {},
  ): Promise<WireAnswer> =>
    sendAsWritten(
      server.url,
      [
        `${method} /api/esc/environments${path} HTTP/1.1`,
        `Host: ${new URL(server.url).host}`,
        'User-Agent: esc-cli/1 (v0.26.0; linux)',
        ...(method === 'GET' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
        'Accept: application/vnd.pulumi+8',
        `Authorization: token ${server.tokens.admin}`,
        'Content-Type: application/json',
        ...(etag === undefined ? [] : [`Etag: ${etag}`]),
        'Accept-Encoding: gzip',
      ],
      body,
    );
  const read = async (path = '/acme/core/prod') => {
    const { status, headers, text } = await esc('GET', path);
    assert.equal(status, 200, text);
    return { text, etag: headers['etag'] ?? '', revision: Number(headers['pulumi-esc-revision']) };
  };
  const open = async (path: string, body = ''): Promise<string> =>
    shaped('OpenEnvironment', await esc('POST', path, { body })).json.id;

  test('a definition comes back as it went in, but for its secrets, with its revision in both headers', async () => {
    const { text, etag, revision } = await read();
    assert.match(text, /^# Kept\.\nimports: \[core\/base\]\n/);
    assert.match(text, /fn::secret: *\{ ?ciphertext: |fn::secret:\s+ciphertext: /);
    assert.doesNotMatch(text, /hunter-two/);
    assert.match(etag, /^".+"$/);
    assert.equal(revision, 2);
    assert.equal((await read('/acme/core/prod/decrypt')).text, IMPORTING);
  });

  test('env set sends the tag of what it read; after somebody else it is refused with 409', async () => {
    const { text, etag } = await read();
    const body = text.replace('hello', 'good day');
    const saved = shaped('EnvironmentDiagnostics', await esc('PATCH', '/acme/core/prod', { body, etag }));
    assert.equal(Number(saved.headers['pulumi-esc-revision']), 3);
    const late = shaped('Error', await esc('PATCH', '/acme/core/prod', { body, etag }), 409);
    assert.equal(late.json.code, 409);
    assert.equal((await read()).revision, 3);
  });

  test('what is wrong with a definition is told with its place, and nothing is saved', async () => {
    const { revision } = await read();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the environment language
    const body = 'values:\n  a: ${nothing}\n';
    for (const answer of [
      await esc('PATCH', '/acme/core/prod', { body }),
      await esc('POST', '/acme/yaml/check?showSecrets=false', { body }),
      await esc('POST', '/acme/yaml/open?duration=2h0m0s', { body }),
    ]) {
      const { json } = shaped('EnvironmentDiagnostics', answer, 400);
      assert.equal(json.code, 400);
      assert.equal(typeof json.message, 'string');
      assert.match(json.diagnostics[0].summary, /unknown property "nothing"/);
      assert.deepEqual([json.diagnostics[0].range.begin.line, json.diagnostics[0].path], [2, 'values.a']);
    }
    assert.equal((await read()).revision, revision);
  });

  test('env get: a check gives the redacted values, and where in the text each one is defined', async () => {
    const { text } = await read();
    const { json } = shaped(
      'CheckEnvironment',
      await esc('POST', '/acme/yaml/check?showSecrets=false', { body: text }),
    );
    assert.equal(json.properties.aws.value.login.unknown, true);
    assert.equal(json.properties.password.value, '[secret]');
    assert.equal(json.exprs.greeting.range.begin.line, 4);
    assert.equal(typeof json.exprs.greeting.literal, 'string');
    assert.equal(json.exprs.password.builtin.name, 'fn::secret');
    assert.ok(json.exprs.environmentVariables.object.AWS_ACCESS_KEY_ID.range);
    const plain = await esc('POST', '/acme/yaml/check?showSecrets=false', { body: IMPORTING });
    assert.doesNotMatch(plain.text, /hunter-two/);
  });

  for (const duration of ['2h0m0s', '15m0s', '1h30m0s', '45s']) {
    test(`env open with --lifetime as Go writes it: ${duration}`, async () => {
      await open(`/acme/core/prod/open?duration=${duration}`);
    });
  }

  test('env open: the login of an import is opened with the subject of what was opened', async () => {
    const id = await open('/acme/core/prod/open?duration=2h0m0s');
    const { json } = shaped('Environment', await esc('GET', `/acme/core/prod/open/${id}`));
    assert.equal(json.properties.environmentVariables.value.AWS_ACCESS_KEY_ID.value, 'ASIAREPLAY');
    assert.equal(json.properties.environmentVariables.value.AWS_ACCESS_KEY_ID.secret, true);
    const form = new URLSearchParams(cloud.asked.at(-1)?.body);
    const claims = decodeJwt(form.get('WebIdentityToken') ?? '');
    assert.deepEqual(
      [claims.sub, claims['current_env'], claims['root_env'], claims['trigger_user']],
      ['pulumi:environments:org:acme:env:core/prod', 'core/base', 'core/prod', 'admin'],
    );
  });

  test('a session gives one property, also under the path with the doubled slash of the published description', async () => {
    const id = await open('/acme/core/prod/open?duration=2h0m0s');
    for (const slashes of ['/', '//']) {
      const path = `/acme/core/prod/open${slashes}${id}?property=environmentVariables%5B%22AWS_ACCESS_KEY_ID%22%5D`;
      const { json } = shaped('Value', await esc('GET', path));
      assert.deepEqual([json.value, json.secret], ['ASIAREPLAY', true], slashes);
    }
  });

  test('pulumi up --override-env sends the imports to replace; a warning stands where the description has it', async () => {
    const overrides = Buffer.from(JSON.stringify({ 'core/prod': 'core/base' })).toString('base64url');
    const path = `/acme/yaml/open?duration=2h0m0s&environmentOverrides=${overrides}`;
    const answer = shaped('OpenEnvironment', await esc('POST', path, { body: 'imports:\n  - core/prod\nodd: 1\n' }));
    assert.equal(answer.json.diagnostics.diagnostics.length, 1);
    const { json } = shaped('Environment', await esc('GET', `/acme/yaml/open/${answer.json.id}`));
    assert.deepEqual(Object.keys(json.properties), ['aws', 'region']);
  });

  test('pulumi up opens a document without a name that imports what the stack lists', async () => {
    const id = await open('/acme/yaml/open?duration=2h0m0s', 'imports:\n  - core/prod\n');
    const { json } = shaped('Environment', await esc('GET', `/acme/yaml/open/${id}`));
    assert.equal(json.properties.region.value, 'eu-west-1');
  });

  test('env ls, with and without an organization', async () => {
    for (const path of ['', '/acme', '/acme?continuationToken=core%2Fbase']) {
      const { json } = shaped('OrgEnvironments', await esc('GET', path));
      assert.ok(
        json.environments.some(({ name }: { name: string }) => name === 'prod'),
        path,
      );
      assert.equal(json.nextToken, '');
    }
  });

  test('env version: history page by page, a tag that is moved before it is made, and the version it names', async () => {
    const first = await esc('GET', '/acme/core/prod/versions?before=0&count=500');
    assert.equal(first.json.at(-1).number, 1);
    assert.deepEqual((await esc('GET', '/acme/core/prod/versions?before=1&count=500')).json, []);
    for (const revision of first.json) shaped('EnvironmentRevision', { ...first, json: revision });

    const body = JSON.stringify({ revision: 2 });
    const tags = '/acme/core/prod/versions/tags';
    shaped('Error', await esc('PATCH', `${tags}/stable`, { body }), 404);
    const made = await esc('POST', tags, { body: JSON.stringify({ name: 'stable', revision: 2 }) });
    assert.equal(made.status, 204, made.text);
    assert.equal((await esc('PATCH', `${tags}/stable`, { body })).status, 204);
    assert.equal(shaped('EnvironmentRevisionTag', await esc('GET', `${tags}/stable`)).json.revision, 2);
    shaped('EnvironmentRevisionTags', await esc('GET', tags));
    assert.equal((await read('/acme/core/prod/versions/stable')).revision, 2);
    await open('/acme/core/prod/versions/stable/open?duration=2h0m0s');
    assert.equal((await esc('DELETE', `${tags}/stable`)).status, 204);
  });

  test('env tag: made, listed, renamed and removed', async () => {
    const tags = '/acme/core/prod/tags';
    const body = JSON.stringify({ name: 'team', value: 'ops' });
    shaped('EnvironmentTag', await esc('POST', tags, { body }));
    assert.equal(shaped('ListEnvironmentTags', await esc('GET', tags)).json.tags.team.value, 'ops');
    const change = { currentTag: { name: '', value: 'ops' }, newTag: { name: 'owner', value: 'ops' } };
    shaped('EnvironmentTag', await esc('PATCH', `${tags}/team`, { body: JSON.stringify(change) }));
    assert.equal((await esc('DELETE', `${tags}/owner`)).status, 204);
  });

  test('env clone, then env rm: 204 without a body, and afterwards 404 in the form of the API', async () => {
    const body = JSON.stringify({ project: 'core', name: 'copy' });
    assert.equal((await esc('POST', '/acme/core/prod/clone', { body })).status, 204);
    assert.equal((await read('/acme/core/copy/decrypt')).text.includes('hunter-two'), true);
    assert.equal((await esc('DELETE', '/acme/core/copy')).status, 204);
    shaped('Error', await esc('GET', '/acme/core/copy'), 404);
    shaped('Error', await esc('POST', '/acme/core/copy/open?duration=2h0m0s'), 404);
  });
});

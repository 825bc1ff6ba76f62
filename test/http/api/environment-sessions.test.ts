// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { Holder } from '../../../src/access/principal.ts';
import { type FakeCloud, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { AWS, AWS_GRANTS, AZURE } from '../../flows/opening-world.ts';
import { startTestServer, type TestServer } from '../../server.ts';
import { assertEsc } from '../environment-openapi.ts';
import { assertRefused } from './answers.ts';

const BASE = '/api/esc/environments/acme';

describe('open environments', () => {
  let cloud: FakeCloud;
  let server: TestServer;
  before(async () => {
    cloud = await startFakeCloud();
    cloud.answer(200, AWS_GRANTS);
    server = await startTestServer({ store: 'memory', lines: ['clouds:', '  endpoints:', `    awsSts: ${cloud.url}`] });
    const folder = join(server.folder, 'config', 'environments', 'acme', 'files');
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'base.yaml'),
      `values: {azure: ${AZURE}, aws: ${AWS}, list: [1, {b: 12345678901234567890}]}\n`,
    );
    await access('none');
    await define('p', 'app', 'imports: [files/base]\nvalues: {"a b": x, password: {fn::secret: hunter2}}');
    await define('p', 'empty', '');
  });
  after(async () => {
    await server.stop();
    await cloud.stop();
  });

  const define = async (project: string, name: string, text: string): Promise<void> => {
    const { id } = server.parts.organizations.current().get('acme') ?? assert.fail();
    const organization = await server.parts.directory.organization('acme', id);
    const author = { login: 'admin', name: 'admin' };
    const { environments } = server.parts.environments;
    const made = await environments.create({ organization, project, name }, author);
    assert.ok(typeof made !== 'string');
    await environments.update(made, { yaml: text, author });
  };
  /** What the organization lets its people do with every environment, from now on. */
  const access = async (level: string): Promise<void> => {
    const file = join(server.folder, 'config', 'organizations', 'acme.yaml');
    const text = (await readFile(file, 'utf8')).replace(/^environments:.*\n/m, '');
    await writeFile(file, `${text}environments: { defaultAccess: ${level} }\n`);
    await server.running.reload();
  };
  const open = async (path = 'p/app', query = '', as: 'admin' | 'bob' = 'admin'): Promise<string> => {
    const answer = await server.ask('POST', `${BASE}/${path}/open?duration=2h0m0s${query}`, { as });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assertEsc('OpenEnvironment', answer.json);
    return answer.json.id;
  };
  const read = (id: string, property = '', as: 'admin' | 'bob' = 'admin', path = 'p/app') =>
    server.ask('GET', `${BASE}/${path}/open/${id}${property && `?property=${encodeURIComponent(property)}`}`, { as });

  test('give values with traces, secrets marked, and tokens of both the import and the root', async () => {
    const answer = await read(await open());
    assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'no-store']);
    assertEsc('Environment', answer.json);
    const { properties } = answer.json;
    assert.deepEqual(Object.keys(properties).sort(), ['a b', 'aws', 'azure', 'list', 'password']);
    assert.deepEqual([properties.password.value, properties.password.secret], ['hunter2', true]);
    assert.equal(properties.aws.value.accessKeyId.value, 'ASIA1');
    assert.equal(properties['a b'].trace.def.environment, 'p/app');
    const keys = createLocalJWKSet((await server.ask('GET', '/oidc/.well-known/jwks')).json);
    const { payload } = await jwtVerify(properties.azure.value.oidc.value.token.value, keys, {
      issuer: `${server.url}/oidc`,
      audience: 'azure:acme',
      subject: 'pulumi:environments:org:acme:env:p/app',
    });
    assert.deepEqual([payload['current_env'], payload['root_env']], ['files/base', 'p/app']);
    assert.equal(cloud.asked.length, 1);
  });

  test('give one property by its path, numbers to the last digit, and null where there is nothing', async () => {
    const id = await open();
    for (const [path, value] of [
      ['list[1].b', '12345678901234567890'],
      ['["a b"]', '"x"'],
      ['password', '"hunter2"'],
      ['list[7]', 'null'],
      ['no.such', 'null'],
      ['list[1].b.c', 'null'],
    ]) {
      const answer = await read(id, path);
      assertEsc('Value', answer.json);
      assert.ok(answer.text.endsWith(`"value":${value}}`), answer.text);
    }
    assertRefused(await read(id, 'a..b['), 'invalid_request', /^property: /);
  });

  test('opened for one property hold that one, where it stands', async () => {
    const asked = cloud.asked.length;
    const id = await open('p/app', '&property=list[1].b');
    assert.equal(cloud.asked.length, asked);
    assert.match((await read(id, 'list[1].b')).text, /"value":12345678901234567890\}$/);
    const whole = (await read(id)).json;
    assertEsc('Environment', whole);
    assert.deepEqual(Object.keys(whole.properties), ['list']);
  });

  test('of a definition that says nothing hold nothing', async () => {
    const answer = await read(await open('p/empty'), '', 'admin', 'p/empty');
    assert.deepEqual(answer.json, { properties: {} });
  });

  test('are opened by version', async () => {
    const id = await open('p/app/versions/2');
    assert.equal((await read(id)).status, 200);
    assertRefused(await server.ask('POST', `${BASE}/p/app/versions/9/open`, { as: 'admin' }), 'revision_not_found');
  });

  test('of a document without a name are read at a path of their own', async () => {
    const answer = await server.ask('POST', `${BASE}/yaml/open?duration=1h`, {
      as: 'admin',
      body: 'imports: [files/base]',
    });
    assert.equal(answer.status, 200, answer.text);
    const session = await server.ask('GET', `${BASE}/yaml/open/${answer.json.id}`, { as: 'admin' });
    assertEsc('Environment', session.json);
    assert.ok(session.json.properties.azure.value.oidc.value.token.value);
    assertRefused(await read(answer.json.id), 'not_found');
  });

  test('may nest as deep as a definition may', async () => {
    const levels = 60;
    const body = `values: {a: ${'['.repeat(levels)}1${']'.repeat(levels)}}`;
    const opened = await server.ask('POST', `${BASE}/yaml/open`, { as: 'admin', body });
    assert.equal(opened.status, 200, opened.text);
    const session = await server.ask('GET', `${BASE}/yaml/open/${opened.json.id}`, { as: 'admin' });
    assert.equal(session.status, 200, session.text);
  });

  test('checks show secrets only where they are asked for', async () => {
    const body = 'values: {pw: {fn::secret: hunter2}}';
    const check = async (query: string) =>
      (await server.ask('POST', `${BASE}/yaml/check${query}`, { as: 'admin', body })).json.properties.pw.value;
    assert.equal(await check(''), '[secret]');
    assert.equal(await check('?showSecrets=true'), 'hunter2');
  });

  test('refuse a duration that is none, or longer than a day', async () => {
    for (const duration of ['x', '-1h', '0s', '25h', '1.5h', '1h&duration=2h']) {
      assertRefused(
        await server.ask('POST', `${BASE}/p/app/open?duration=${duration}`, { as: 'admin' }),
        'invalid_request',
        /^duration: /,
      );
    }
  });

  test('with anything wrong are refused with all of it, and its places', async () => {
    const body = 'values:\n  a: {fn::open::aws-login: {}}\n  b: ${nothing}\n  c: {fn::open::nope: {}}\n';
    const answer = await server.ask('POST', `${BASE}/yaml/open`, { as: 'admin', body });
    assert.deepEqual([answer.status, answer.json.code, answer.json.refusal], [400, 400, 'definition_invalid']);
    assertEsc('EnvironmentDiagnostics', { diagnostics: answer.json.diagnostics });
    const lines = (answer.json.diagnostics as { range: { begin: { line: number } } }[]).map(
      ({ range }) => range.begin.line,
    );
    assert.deepEqual([...new Set(lines)].sort(), [2, 3, 4]);
  });

  test('with nothing but warnings are opened, and the warnings stand beside, for tokens too', async () => {
    const body = 'values: {a: 1}\nunknown: 2\n';
    const { status, json } = await server.ask('POST', `${BASE}/yaml/open`, { as: 'admin', body });
    assert.equal(status, 200);
    assertEsc('OpenEnvironment', json);
    const [warning, ...more] = json.diagnostics.diagnostics;
    assert.deepEqual([more, warning.severity, warning.range.begin.line], [[], 'warning', 2]);
    const tokens = await server.ask('POST', `${BASE}/yaml/open?tokensOnly=true`, { as: 'admin', body });
    assert.deepEqual(tokens.json, { tokens: [], diagnostics: json.diagnostics });
  });

  test('end where a cloud refuses', async () => {
    cloud.answer(403, { Error: { Code: 'AccessDenied', Message: 'no' } });
    const answer = await server.ask('POST', `${BASE}/p/app/open`, { as: 'admin' });
    cloud.answer(200, AWS_GRANTS);
    assert.equal(answer.status, 400);
    assert.match(answer.json.diagnostics[0].summary, /AccessDenied/);
    assert.deepEqual(answer.json.diagnostics[0].range.environment, 'files/base');
  });

  test('are for those who may open, and for their opener alone', async () => {
    assertRefused(await server.ask('POST', `${BASE}/p/app/open`, { as: 'bob' }), 'environment_not_found');
    for (const door of ['open', 'check']) {
      const anonymous = await server.ask('POST', `${BASE}/yaml/${door}`, { as: 'bob', body: 'values: {a: 1}' });
      assertRefused(anonymous, 'environment_not_permitted');
    }
    await access('read');
    assertRefused(await server.ask('POST', `${BASE}/p/app/open`, { as: 'bob' }), 'environment_not_permitted');
    await access('open');
    const id = await open('p/app', '', 'bob');
    assert.equal((await read(id, '', 'bob')).status, 200);
    assertRefused(await read(id), 'not_found');
    assertRefused(await read(id, '', 'bob', 'p/empty'), 'not_found');
    assertRefused(await server.ask('GET', `${BASE}/p/app/open/nonsense`, { as: 'bob' }), 'not_found');
    assertRefused(
      await server.ask('POST', `${BASE}/p/app/open?tokensOnly=true`, { as: 'bob' }),
      'environment_not_permitted',
      /write/,
    );
    await access('none');
    assertRefused(await read(id, '', 'bob'), 'not_found');
  });

  test('of an organization’s token are not there for its next one; those of a user are, for every token of theirs', async () => {
    const another = async (holder: Pick<Holder, 'kind' | 'name' | 'administrator'>): Promise<string> => {
      const made = await server.parts.accessTokens.issue({ ...holder, organization: 'acme', tokenName: 'next' }, 600);
      return `token ${made.token.reveal()}`;
    };
    const readAs = (id: string, authorization: string) =>
      server.ask('GET', `${BASE}/p/empty/open/${id}`, { headers: { authorization } });
    const machine = await server.ask('POST', `${BASE}/p/empty/open`, { as: 'organizationAdmin' });
    const own = `token ${server.tokens.organizationAdmin}`;
    assert.equal((await readAs(machine.json.id, own)).status, 200);
    const next = await another({ kind: 'organization', name: 'acme', administrator: true });
    assertRefused(await readAs(machine.json.id, next), 'not_found');
    const user = await open('p/empty');
    assert.equal((await readAs(user, await another({ kind: 'personal', name: 'admin' }))).status, 200);
  });

  test('are nobody’s of another organization, or without a token', async () => {
    assertRefused(await server.ask('POST', `${BASE}/p/app/open`, { as: 'stranger' }), 'organization_not_found');
    assertRefused(await server.ask('POST', `${BASE}/p/app/open`), 'unauthenticated');
    assertRefused(await server.ask('GET', `${BASE}/p/app/open/x`), 'unauthenticated');
  });

  test('for their tokens only call no cloud', async () => {
    const asked = cloud.asked.length;
    const answer = await server.ask('POST', `${BASE}/p/app/open?tokensOnly=true`, { as: 'admin' });
    assert.deepEqual(Object.keys(answer.json), ['tokens']);
    const providers = (answer.json.tokens as { environment: string; provider: string }[]).map(
      ({ environment, provider }) => `${environment} ${provider}`,
    );
    assert.deepEqual(providers.sort(), ['files/base aws-login', 'files/base azure-login']);
    assert.equal(cloud.asked.length, asked);
  });

  test('leave no token and no secret in the log', () => {
    assert.doesNotMatch(server.log.join('\n'), /eyJ|hunter2/);
  });

  test('are checked without being opened', async () => {
    const body = 'imports: [files/base]\nvalues: {password: {fn::secret: hunter2}}';
    const answer = await server.ask('POST', `${BASE}/yaml/check`, { as: 'admin', body });
    assert.equal(answer.status, 200, answer.text);
    assertEsc('CheckEnvironment', answer.json);
    assert.equal(answer.json.properties.azure.unknown, true);
    assert.doesNotMatch(answer.text, /hunter2|eyJ/);
    const stranger = await server.ask('POST', `${BASE}/yaml/check`, { as: 'bob', body });
    assertRefused(stranger, 'environment_not_permitted');
  });
});

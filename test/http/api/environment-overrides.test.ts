// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../../server.ts';
import { assertRefused } from './answers.ts';

const BASE = '/api/esc/environments/acme';
const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe('openings with overrides', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ store: 'memory' });
    const folder = join(server.folder, 'config', 'environments', 'acme', 'p');
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries({
      dev: 'values: {who: "${context.currentEnvironment.name}"}',
      prod: 'values: {who: "${context.currentEnvironment.name}"}',
      app: 'imports: [p/dev]',
    })) {
      await writeFile(join(folder, `${name}.yaml`), text);
    }
    await server.running.reload();
  });
  after(() => server.stop());
  const open = (overrides: string, door = 'yaml', more = '') =>
    server.ask('POST', `${BASE}/${door}/open?duration=2h0m0s&environmentOverrides=${overrides}${more}`, {
      as: 'admin',
      ...(door === 'yaml' && { body: 'imports: [p/app]' }),
    });
  const who = async (overrides: string, door = 'yaml'): Promise<string> => {
    const { status, json, text } = await open(overrides, door);
    assert.equal(status, 200, text);
    const session = await server.ask('GET', `${BASE}/${door.replace(/\/versions.*/, '')}/open/${json.id}`, {
      as: 'admin',
    });
    return session.json.properties.who.value;
  };

  test('read them as clients of the contract write them, at every door that opens', async () => {
    // As `pulumi up --override-env p/dev=p/prod` sends it.
    assert.equal(encode({ 'p/dev': 'p/prod' }), 'eyJwL2RldiI6InAvcHJvZCJ9');
    for (const door of ['yaml', 'p/app', 'p/app/versions/1']) {
      assert.equal(await who('eyJwL2RldiI6InAvcHJvZCJ9', door), 'p/prod', door);
    }
    assert.equal(await who(''), 'p/dev');
    assert.equal(await who(encode({})), 'p/dev');
  });

  for (const [what, text, problem] of [
    ['no base64url', '{"p/dev":"p/prod"}', /must be a JSON object of names of environments, in base64url$/],
    ['plain base64', 'eyJwL2RldiI6InA+cHJvZCJ9', /in base64url$/],
    ['no UTF-8', Buffer.from([0xff]).toString('base64url'), /in base64url$/],
    ['no JSON', encode('{'), /in base64url$/],
    ['a list', encode([]), /must be a JSON object/],
    ['null', encode(null), /must be a JSON object/],
    ['a name twice', encode('{"p/dev":"p/prod","p/dev":"p/x"}'), /must be a JSON object/],
    ['an object inside', encode({ 'p/dev': { a: 1 } }), /must be a JSON object/],
    ['a number', encode({ 'p/dev': 1 }), /^environmentOverrides: What overrides "p\/dev" must be the name/],
    ['another organization', encode({ 'p/dev': 'umbrella/p/prod' }), /names an organization/],
    ['no name', encode({ 'p/dev': '' }), /is not the name of an environment/],
    ['too many', encode(Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`p/${at}`, 'p/x']))), /more than 64/],
    ['too much', encode('x'.repeat(3100)), /in at most 4096 characters$/],
    ['nothing that is imported', encode({ 'p/x': 'p/prod' }), /^Nothing that is opened imports p\/x/],
  ] as const) {
    test(`refuse ${what}`, async () => {
      assertRefused(await open(encodeURIComponent(text)), 'invalid_request', problem);
    });
  }

  test('refuse them given twice', async () => {
    const text = encode({ 'p/dev': 'p/prod' });
    assertRefused(await open(text, 'yaml', `&environmentOverrides=${text}`), 'invalid_request', /must be given once/);
  });
});

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { parseEnvironment } from '../../src/environments/syntax/parse-environment.ts';
import { type FakeCloud, startFakeCloud } from '../clouds/fake-cloud.ts';
import { startTestServer, type TestServer } from '../server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLES = join(ROOT, 'examples', 'environments');
const page = readFileSync(join(ROOT, 'docs', 'environments-api.md'), 'utf8');

const blocks = (language: string): readonly string[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === language ? [text] : [],
  );
const pathOf = (text: string): string => /^# (config\/\S+\.yaml)\n/.exec(text)?.[1] ?? assert.fail(text);
const FILES = new Map(blocks('yaml').map((text) => [pathOf(text), text]));

describe('the files of docs/environments-api.md and examples/environments', () => {
  test('every definition is read without a finding', () => {
    const definitions = [...FILES].filter(([path]) => path.startsWith('config/environments/'));
    assert.equal(definitions.length, 4);
    const examples = readdirSync(EXAMPLES).map((name) => [name, readFileSync(join(EXAMPLES, name), 'utf8')] as const);
    for (const [path, text] of [...definitions, ...examples]) {
      const { definition, diagnostics } = parseEnvironment(path, text);
      assert.deepEqual(diagnostics, [], path);
      assert.ok(definition, path);
    }
  });

  test('the examples are what the page shows, but for comments', () => {
    const withoutComments = (text: string | undefined): string => text?.replaceAll(/^#.*\n/gm, '') ?? '';
    for (const name of readdirSync(EXAMPLES)) {
      const text = readFileSync(join(EXAMPLES, name), 'utf8');
      assert.equal(withoutComments(text), withoutComments(FILES.get(pathOf(text))), name);
    }
  });
});

describe('an installation with these files', () => {
  let server: TestServer;
  let cloud: FakeCloud;
  let alice: string;
  before(async () => {
    cloud = await startFakeCloud();
    const Credentials = { AccessKeyId: 'ASIADOCS', SecretAccessKey: 'docs/secret', SessionToken: 'docs/session' };
    cloud.answer(200, {
      AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials } },
    });
    server = await startTestServer({
      lines: ['clouds:', '  endpoints:', `    awsSts: ${cloud.url}`],
      change(settings) {
        const folder = dirname(dirname(settings.folders.environments));
        for (const [path, text] of FILES) {
          mkdirSync(join(folder, dirname(path)), { recursive: true });
          writeFileSync(join(folder, path), text);
        }
        return settings;
      },
    });
    const holder = { kind: 'personal', organization: 'acme', name: 'alice', tokenName: 'laptop' } as const;
    alice = (await server.parts.accessTokens.issue(holder, 3600)).token.reveal();
  });
  after(async () => {
    await server.stop();
    await cloud.stop();
  });

  const ask = (method: string, path: string) =>
    server.ask(method, `/api/esc/environments/acme/${path}`, { headers: { authorization: `token ${alice}` } });
  const open = async (path: string) => {
    const opened = await ask('POST', `${path}/open`);
    assert.equal(opened.status, 200, opened.text);
    return (await ask('GET', `${path}/open/${opened.json['id']}`)).json['properties'] as unknown as Detailed;
  };
  type Detailed = Record<string, { readonly value: unknown }>;
  const plain = (values: Detailed): object =>
    Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));

  test('opening core/prod gives the credentials, and its token says what the page says', async () => {
    const { environmentVariables } = await open('core/prod');
    const variables = environmentVariables?.value as Detailed | undefined;
    assert.equal(variables?.['AWS_ACCESS_KEY_ID']?.value, 'ASIADOCS');
    assert.equal(cloud.asked.length, 1);
    const token = new URLSearchParams(cloud.asked[0]?.body).get('WebIdentityToken') ?? '';
    const { iss, iat, nbf, exp, jti, ...claims } = decodeJwt(token);
    assert.deepEqual(claims, JSON.parse(blocks('json')[0] ?? ''));
  });

  test('opening core/environment-b gives the names that the page says', async () => {
    assert.deepEqual(plain(await open('core/environment-b')), JSON.parse(blocks('json')[1] ?? ''));
  });

  test('Alice, who may open and not write, gets no token, may not change, and sees no more than her role says', async () => {
    const refused = await ask('POST', 'core/prod/open?tokensOnly=true');
    assert.deepEqual([refused.status, refused.json['refusal']], [403, 'environment_not_permitted']);
    assert.equal((await ask('DELETE', 'core/prod')).status, 403);
    assert.equal((await ask('GET', 'other/prod')).status, 404);
  });
});

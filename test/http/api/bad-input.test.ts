import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RefusalCode } from '../../../src/errors.ts';
import { CLIENT_SECRET, startTestServer, type TestServer } from '../../server.ts';
import { type Ask, sendRaw } from '../ask.ts';
import { assertRefused, stateOf } from './answers.ts';

const GOOD = { project: 'core', stack: 'dev', operation: 'update' };
const json = (body: string | Buffer): Partial<Ask> => ({ body, headers: { 'content-type': 'application/json' } });

/** One thing wrong with a request that would start a run. */
const WRONG: Readonly<Record<string, readonly [what: Partial<Ask>, code: RefusalCode, message: RegExp]>> = {
  'no body': [{}, 'invalid_request', /Send a JSON object/],
  'white space only': [json(' \n '), 'invalid_request', /Send a JSON object/],
  'not JSON': [json('{"project":'), 'invalid_request', /not valid JSON/],
  'two JSON texts': [json('{}{}'), 'invalid_request', /not valid JSON/],
  'not UTF-8': [json(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 'invalid_request', /not UTF-8/],
  'an array': [{ json: [GOOD] }, 'invalid_request', /object/],
  null: [{ json: null }, 'invalid_request', /object/],
  'a text': [{ json: 'x' }, 'invalid_request', /object/],
  'a missing member': [{ json: { project: 'core', stack: 'dev' } }, 'invalid_request', /"operation" is missing/],
  'an unknown member': [{ json: { ...GOOD, operations: 'update' } }, 'invalid_request', /"operations" is not a member/],
  'a member of another type': [{ json: { ...GOOD, project: 5 } }, 'invalid_request', /^project: /],
  'a null member': [{ json: { ...GOOD, stack: null } }, 'invalid_request', /^stack: /],
  'an unknown operation': [
    { json: { ...GOOD, operation: 'Update' } },
    'invalid_request',
    /^operation: must be one of update, /,
  ],
  'a name with a colon': [{ json: { ...GOOD, stack: 'dev:operation:update' } }, 'invalid_name', /^stack: /],
  'a name with a star': [{ json: { ...GOOD, project: '*' } }, 'invalid_name', /^project: /],
  'a name with a slash': [{ json: { ...GOOD, project: 'a/b' } }, 'invalid_name', /^project: /],
  'an empty name': [{ json: { ...GOOD, stack: '' } }, 'invalid_name', /^stack: /],
  'a dot name': [{ json: { ...GOOD, stack: '..' } }, 'invalid_name', /^stack: /],
  'a name in other letters': [{ json: { ...GOOD, stack: 'dеv' } }, 'invalid_name', /^stack: /],
  'a name of 101 characters': [{ json: { ...GOOD, stack: 'a'.repeat(101) } }, 'invalid_name', /^stack: /],
  'the project yaml': [{ json: { ...GOOD, project: 'yaml' } }, 'invalid_name', /route/],
  'a long requestedBy': [{ json: { ...GOOD, requestedBy: 'x'.repeat(201) } }, 'invalid_request', /^requestedBy: /],
  'nesting of 17 levels': [json(`${'['.repeat(18)}${']'.repeat(18)}`), 'invalid_request', /deeper than 16/],
  'nesting of 5,000 levels': [json(`${'['.repeat(5000)}${']'.repeat(5000)}`), 'invalid_request', /deeper than 16/],
  'a prototype': [
    json('{"__proto__":{"administrator":true},"project":"core","stack":"dev","operation":"update"}'),
    'invalid_request',
    /not a member/,
  ],
  'a body of 16 KiB and a byte': [
    json(JSON.stringify({ ...GOOD, requestedBy: 'x'.repeat(16_384) })),
    'body_too_large',
    /larger than 16384 bytes/,
  ],
  'a form': [{ form: GOOD }, 'unsupported_media_type', /application\/json/],
  'plain text': [
    { body: JSON.stringify(GOOD), headers: { 'content-type': 'text/plain' } },
    'unsupported_media_type',
    /application\/json/,
  ],
  'a multipart body': [
    { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    'unsupported_media_type',
    /application\/json/,
  ],
};

describe('bad input is a clear 4xx, and changes nothing', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.startRun(GOOD);
  });
  after(() => server.stop());
  const address = () => `http://127.0.0.1:${server.running.address.port}`;

  for (const [name, [what, code, message]] of Object.entries(WRONG)) {
    test(`a start with ${name}`, async () => {
      const before = await stateOf(server);
      assertRefused(await server.ask('POST', '/api/orgs/acme/runs', { as: 'admin', ...what }), code, message);
      assert.equal(await stateOf(server), before);
    });
  }

  test('a body that comes in chunks is bounded like any other', async () => {
    const head = `POST /api/orgs/acme/runs HTTP/1.1\r\nHost: x\r\nAuthorization: token ${server.tokens.admin}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const answer = await sendRaw(address(), `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}0\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 413 /);
  });

  test('a body that announces too much is refused before it is sent, and the connection ends', async () => {
    const head = `POST /api/orgs/acme/runs HTTP/1.1\r\nHost: x\r\nAuthorization: token ${server.tokens.admin}\r\n`;
    const answer = await sendRaw(
      address(),
      `${head}Content-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{`,
    );
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /^Connection: close\r$/im);
  });

  const RAW: Readonly<Record<string, readonly [bytes: string, status: RegExp]>> = {
    'two lengths': [
      'POST /oidc/token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
      /^HTTP\/1\.1 400 /,
    ],
    'a length and chunks': [
      'POST /oidc/token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    'a folded header': [
      'GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    'a space before the colon': ['GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n', /^HTTP\/1\.1 400 /],
    'headers of more than 8 KiB': [
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(9000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    'no HTTP at all': ['hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    'an unknown method': ['BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400 /],
  };
  for (const [name, [bytes, status]] of Object.entries(RAW)) {
    test(`the parser refuses ${name}, in JSON`, async () => {
      const answer = await sendRaw(address(), bytes);
      assert.match(answer, status);
      assert.match(answer, /"refusal":"invalid_request"\}$/);
    });
  }

  test('a form parameter given twice is refused at every endpoint of clients', async () => {
    for (const [path, form] of [
      ['/oidc/token', 'grant_type=client_credentials&grant_type=client_credentials'],
      ['/oidc/introspect', 'token=a&token=b'],
      ['/oidc/revoke', 'token=a&token=b'],
    ] as const) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await server.ask('POST', path, {
        body: `${form}&client_id=jenkins&client_secret=${encodeURIComponent(CLIENT_SECRET)}`,
        headers,
      });
      assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request']);
    }
  });

  test('a caller who may not is told so before the body is looked at', async () => {
    const answer = await server.ask('POST', '/api/orgs/acme/runs', { as: 'stranger', ...json('{') });
    assertRefused(answer, 'organization_not_found');
  });
});

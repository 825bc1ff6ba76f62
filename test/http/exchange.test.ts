import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../src/errors.ts';
import { StoreError } from '../../src/store/store.ts';
import { sendRaw } from './ask.ts';
import { FORM, FORM_TYPE, openDoor } from './exchange-door.ts';

const TOKEN = FORM.subject_token;
const ASKED = {
  organization: 'acme',
  tokenType: 'organization',
  admin: false,
  scope: '',
  requestedTokenType: FORM.requested_token_type,
  subjectToken: TOKEN,
};
const GRANTED = {
  access_token: 'rpa_granted',
  issued_token_type: FORM.requested_token_type,
  token_type: 'token',
  expires_in: 7200,
  scope: '',
};

/** Requests of stock clients, byte for byte. Contract sections 5.1, 5.4 and 5.6; the documented curl. */
const CLIENTS = {
  'the command line: a form with all seven fields, sorted': {
    headers: {
      'user-agent': 'pulumi-cli/1 (v3.217.0; linux; cmd=login)',
      'content-type': 'application/x-www-form-urlencoded',
      'accept-encoding': 'gzip',
    },
    body: `audience=urn%3Apulumi%3Aorg%3Aacme&expiration=7200&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&requested_token_type=urn%3Apulumi%3Atoken-type%3Aaccess_token%3Aorganization&scope=&subject_token=${TOKEN}&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token`,
    asked: { ...ASKED, expiration: 7200 },
  },
  'the action: JSON without scope': {
    headers: {
      accept: 'application/json, text/plain, */*',
      'content-type': 'application/json',
      'user-agent': 'axios/1.7.2',
      'accept-encoding': 'gzip, compress, deflate, br',
    },
    body: `{"audience":"urn:pulumi:org:acme","grant_type":"urn:ietf:params:oauth:grant-type:token-exchange","subject_token_type":"urn:ietf:params:oauth:token-type:id_token","requested_token_type":"urn:pulumi:token-type:access_token:organization","subject_token":"${TOKEN}"}`,
    asked: ASKED,
  },
  'External Secrets: JSON with a number and an empty scope': {
    headers: { 'content-type': 'application/json', 'user-agent': 'Go-http-client/1.1', 'accept-encoding': 'gzip' },
    body: `{"audience":"urn:pulumi:org:acme","grant_type":"urn:ietf:params:oauth:grant-type:token-exchange","subject_token_type":"urn:ietf:params:oauth:token-type:id_token","requested_token_type":"urn:pulumi:token-type:access_token:organization","subject_token":"${TOKEN}","expiration":3600,"scope":""}`,
    asked: { ...ASKED, expiration: 3600 },
  },
  'the documented curl: five -d, nothing encoded': {
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'curl/8.5.0', accept: '*/*' },
    body: `audience=urn:pulumi:org:acme&grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=urn:ietf:params:oauth:token-type:id_token&requested_token_type=urn:pulumi:token-type:access_token:organization&subject_token=${TOKEN}`,
    asked: ASKED,
  },
} as const;

for (const [client, { headers, body, asked }] of Object.entries(CLIENTS)) {
  test(`${client}: is taken as it comes`, async (t) => {
    const door = await openDoor(t);
    for (const path of ['/api/oauth/token', '//api/oauth/token']) {
      const answer = await door.send({ path, headers, body });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json, GRANTED);
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers.pragma, 'no-cache');
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
    assert.deepEqual(door.questions, [asked, asked]);
    assert.deepEqual(door.observed, ['POST /api/oauth/token 200', 'POST /api/oauth/token 200']);
  });
}

test('the scope and the requested type are answered as they were asked', async (t) => {
  const door = await openDoor(t);
  const asked = { scope: 'team:ops', requested_token_type: 'urn:pulumi:token-type:access_token:team' };
  const { json } = await door.send({ form: { ...FORM, ...asked } });
  assert.deepEqual([json.scope, json.issued_token_type], [asked.scope, asked.requested_token_type]);
});

test('a credential in the request means nothing here', async (t) => {
  const door = await openDoor(t);
  for (const authorization of ['token rpa_x', 'Bearer x', 'Basic eDp5', 'nonsense']) {
    assert.equal((await door.send({ form: FORM, headers: { authorization } })).status, 200);
  }
});

test('other methods are refused in OAuth form, with what the path takes', async (t) => {
  const door = await openDoor(t);
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers, json } = await door.send({ method });
    assert.equal(status, 405, method);
    assert.equal(headers.allow, 'POST');
    assert.deepEqual(json, { error: 'invalid_request', error_description: 'This path takes POST.' });
  }
});

test('paths beside the door are not the door', async (t) => {
  const door = await openDoor(t);
  for (const path of [
    '/api/oauth/token/',
    '/API/oauth/token',
    '///api/oauth/token',
    '/api//oauth/token',
    '/api/oauth',
  ]) {
    assert.equal((await door.send({ path, form: FORM })).status, 404, path);
  }
  assert.equal((await door.send({ path: '/api/oauth/token?audience=x', form: FORM })).status, 200);
  assert.deepEqual(
    door.questions.map(({ organization }) => organization),
    ['acme'],
  );
});

const body = new URLSearchParams(FORM).toString();

test('the two media types may name their charset; every other is refused as unsupported', async (t) => {
  const door = await openDoor(t);
  const send = async (type: string, sent = body) =>
    (await door.send({ body: sent, headers: { 'content-type': type } })).status;
  for (const charset of ['', ';charset=utf-8', '; charset=UTF-8', '; charset="utf-8"', ' ;']) {
    assert.equal(await send(`application/x-www-form-urlencoded${charset}`), 200, charset);
    assert.equal(await send(`Application/JSON${charset}`, JSON.stringify(FORM)), 200, charset);
  }
  for (const type of [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/json5',
    'application/problem+json',
    'application/x-www-form-urlencoded; charset=latin1',
    'application/x-www-form-urlencoded, application/json',
    'constructor',
  ]) {
    assert.equal(await send(type), 415, type);
  }
  const none = await door.send({ body });
  assert.equal(none.status, 415, 'and so is none');
  assert.equal(none.json.error, 'invalid_request');
});

test('a parameter that is sent twice is refused, known or not, however it is written', async (t) => {
  const door = await openDoor(t);
  for (const again of [
    'scope=admin&scope=',
    'audience=urn%3Apulumi%3Aorg%3Aevil',
    'subject%5ftoken=x',
    'x=1&x=1',
    'a+b=1&a+b=2',
    '=1&=1',
  ]) {
    const { status, json } = await door.send({ body: `${body}&${again}`, headers: FORM_TYPE });
    assert.equal(status, 400, again);
    assert.equal(json.error, 'invalid_request');
    assert.match(json.error_description, /^(?:[a-z_]+|a parameter): must not be sent twice$/);
  }
  const twice = JSON.stringify(FORM).replace('{', '{"audience":"urn:pulumi:org:evil",');
  for (const json of [
    twice,
    twice.replace('audience', '\\u0061udience'),
    `{"x":{"a":1,"a":2},${JSON.stringify(FORM).slice(1)}`,
  ]) {
    const answer = await door.send({ body: json, headers: { 'content-type': 'application/json' } });
    assert.equal(answer.status, 400, json);
    assert.match(answer.json.error_description, /^The body is not acceptable JSON: /);
  }
  assert.deepEqual(door.questions, []);
});

test('a body that is too large, no object, no JSON, too deep or not UTF-8 is refused', async (t) => {
  const door = await openDoor(t);
  const json = async (sent: string | Buffer) =>
    (await door.send({ body: sent, headers: { 'content-type': 'application/json' } })).status;
  const large = JSON.stringify({ ...FORM, padding: 'x'.repeat(64 * 1024) });
  assert.equal(await json(large), 413);
  assert.equal((await door.send({ form: { ...FORM, padding: 'x'.repeat(64 * 1024) } })).status, 413);
  for (const sent of [
    '',
    '[]',
    'null',
    '"x"',
    '{',
    `{"a":${'['.repeat(9)}${']'.repeat(9)}}`,
    Buffer.from('{"a":"\xff"}', 'latin1'),
  ]) {
    assert.equal(await json(sent), 400, String(sent));
  }
  assert.equal((await door.send({ body: Buffer.from('a=\xff', 'latin1'), headers: FORM_TYPE })).status, 400);
});

test('a body that does not say how long it is ends where it becomes too large', async (t) => {
  const door = await openDoor(t);
  const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
  const head = 'POST /api/oauth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n';
  const type = 'Content-Type: application/x-www-form-urlencoded\r\n\r\n';
  const answer = await sendRaw(door.address, `${head}${type}${chunk}${chunk}1\r\nx\r\n0\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 /);
});

test('a malformed request is told what to send, with the code of its own', async (t) => {
  const door = await openDoor(t);
  const errors: [Record<string, string>, string][] = [
    [{ grant_type: 'password' }, 'unsupported_grant_type'],
    [{ grant_type: '' }, 'invalid_request'],
    [{ audience: 'acme' }, 'invalid_target'],
    [{ scope: 'everything' }, 'invalid_scope'],
    [{ subject_token: '' }, 'invalid_request'],
    [{ expiration: 'soon' }, 'invalid_request'],
  ];
  for (const [change, error] of errors) {
    const { status, json, headers } = await door.send({ form: { ...FORM, ...change } });
    assert.deepEqual([status, json.error], [400, error], JSON.stringify(change));
    assert.deepEqual(Object.keys(json), ['error', 'error_description']);
    assert.equal(headers['cache-control'], 'no-store');
  }
  assert.deepEqual(door.questions, []);
});

test('every refusal that depends on the token is the same answer, byte for byte, but for the id', async (t) => {
  const ids = ['20261121093045-0123456789abcdef', '20261121093046-fedcba9876543210'];
  let next = 0;
  const door = await openDoor(t, {
    story: async () => {
      throw new Refusal('exchange_refused', { decision: ids[next++] ?? '' });
    },
  });
  const answers = [await door.send({ form: FORM }), await door.send({ json: { ...FORM, subject_token: 'no token' } })];
  for (const [index, answer] of answers.entries()) {
    assert.equal(answer.status, 400);
    assert.deepEqual(Object.keys(answer.json), ['error', 'error_description', 'correlation_id']);
    assert.equal(answer.json.error, 'invalid_grant');
    assert.equal(answer.json.correlation_id, ids[index]);
    assert.ok(answer.json.error_description.endsWith(`runpass trust decision ${ids[index]}`));
  }
  const masked = answers.map(({ text, headers }, index) => {
    const { date: _, 'x-request-id': __, ...rest } = headers;
    return { text: text.replaceAll(ids[index] ?? '', 'ID'), rest };
  });
  assert.deepEqual(masked[0], masked[1]);
});

test('no part of a subject token or an access token reaches the log', async (t) => {
  const door = await openDoor(t);
  await door.send({ form: FORM });
  await door.send({ body: `${TOKEN}&${TOKEN}`, headers: FORM_TYPE });
  await door.send({ body: `{"${TOKEN}":1,"${TOKEN}":2}`, headers: { 'content-type': 'application/json' } });
  assert.doesNotMatch(door.log(), /eyJ|rpa_/);
});

test('while the store is away the answer is 503, and worth trying again', async (t) => {
  const door = await openDoor(t, {
    story: async () => {
      throw new StoreError('unavailable', 'away');
    },
  });
  const { status, json, headers } = await door.send({ form: FORM });
  assert.deepEqual([status, json.error, headers['retry-after']], [503, 'temporarily_unavailable', '1']);
});

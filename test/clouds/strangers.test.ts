import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { postThrough } from '../../src/clouds/strangers.ts';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import { type HttpsHost, startHttpsHost, TEST_CERTIFICATE } from '../issuers/https-host.ts';
import { assertCloudProblem } from './refused.ts';

describe('a question to an address that an author wrote', () => {
  let host: HttpsHost;
  const outbound = openOutbound({ ca: TEST_CERTIFICATE });
  const got: string[] = [];
  before(async () => {
    host = await startHttpsHost();
  });
  after(() => host.stop());
  beforeEach(() => {
    got.length = 0;
  });
  const ask = (url = `${host.origin}/login`, hosts: readonly string[] = [host.host], door = outbound) =>
    postThrough(door, hosts)({ url, headers: { 'x-vault-namespace': 'admin' }, body: '{"jwt":"t"}' });
  const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}) =>
    host.on('/login', async (request, response) => {
      got.push(`${request.method} ${await text(request)}`);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });

  test('is one POST of JSON, and a refusal is an answer, too', async () => {
    for (const status of [200, 400, 403, 500]) {
      answer(status, `{"status":${status}}`);
      assert.deepEqual(await ask(), { status, text: `{"status":${status}}` });
    }
    assert.deepEqual(new Set(got), new Set(['POST {"jwt":"t"}']));
    const { connection: _connection, ...sent } = host.requests[0]?.headers ?? {};
    assert.deepEqual(sent, {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-length': '11',
      'content-type': 'application/json',
      host: host.host,
      'user-agent': 'runpass',
      'x-vault-namespace': 'admin',
    });
  });

  test('gets no text of an answer that is not JSON', async () => {
    answer(502, '<html>', { 'content-type': 'text/html' });
    assert.deepEqual(await ask(), { status: 502, text: '' });
  });

  test('leaves the network only by permission, for this host and port', async () => {
    const before = host.connections();
    for (const hosts of [[], ['localhost'], [`127.0.0.1:${host.port}`], ['localhost:443']]) {
      await assertCloudProblem(ask(`${host.origin}/login`, hosts), /is not on port 443; an operator can permit it/);
    }
    const inside = openOutbound({ resolve: async () => [{ address: '10.0.0.7', family: 4 }] });
    await assertCloudProblem(ask('https://vault.example.com/', [], inside), /an address that is not public/);
    const metadata = openOutbound({ resolve: async () => [{ address: '169.254.169.254', family: 4 }] });
    await assertCloudProblem(
      ask('https://vault.example.com/', ['vault.example.com'], metadata),
      /has an address where/,
    );
    for (const url of ['http://localhost/', 'https://user@localhost/', `${host.origin}/#a`]) {
      await assertCloudProblem(ask(url), /https:\/\/ URL only|user name|fragment/);
    }
    assert.equal(host.connections(), before);
  });

  test('sends nothing before the certificate was found good', async () => {
    const before = host.requests.length;
    await assertCloudProblem(ask(`${host.origin}/login`, [host.host], openOutbound({})), /No public authority vouches/);
    assert.equal(host.requests.length, before);
  });

  test('follows no redirect, takes nothing compressed, and no more than its limit', async () => {
    answer(307, '{}', { location: `${host.origin}/elsewhere` });
    await assertCloudProblem(ask(), /redirects are not followed/);
    answer(200, '{}', { 'content-encoding': 'gzip' });
    await assertCloudProblem(ask(), /compresses its answer/);
    answer(200, `"${'x'.repeat(530_000)}"`);
    await assertCloudProblem(ask(), /answers with more than 524288 bytes/);
    answer(400, `"${'x'.repeat(530_000)}"`, { 'content-type': 'text/plain' });
    await assertCloudProblem(ask(), /answers with more than 524288 bytes/);
    assert.ok(!host.requests.some(({ path }) => path === '/elsewhere'));
  });

  test('ends in time, and when the door is closed', async () => {
    host.on('/mute', () => {});
    const hasty = openOutbound({ ca: TEST_CERTIFICATE, limits: { totalMs: 60 } });
    await assertCloudProblem(ask(`${host.origin}/mute`, [host.host], hasty), /took longer than 0\.06 seconds/);
    await hasty.close();
    await assertCloudProblem(ask(`${host.origin}/login`, [host.host], hasty), /is stopping/);
  });

  test('cannot be given a header that is two', async () => {
    answer(200, '{}');
    const before = host.requests.length;
    const post = postThrough(outbound, [host.host]);
    const headers = { 'x-vault-namespace': 'a\r\nx-other: b' };
    await assertCloudProblem(post({ url: `${host.origin}/login`, headers, body: '{}' }), /could not be asked/);
    assert.equal(host.requests.length, before);
  });
});

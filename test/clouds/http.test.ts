import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type CloudHttpLimits, openCloudHttp } from '../../src/clouds/http.ts';
import { startHttpsHost, TEST_CERTIFICATE } from '../issuers/https-host.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { assertCloudProblem } from './refused.ts';

const MIB = 1024 * 1024;

describe('a question to a cloud', () => {
  let cloud: FakeCloud;
  before(async () => {
    cloud = await startFakeCloud();
  });
  after(() => cloud.stop());
  beforeEach(() => {
    cloud.asked.length = 0;
  });
  const ask = async (limits: Partial<CloudHttpLimits> = {}, url = `${cloud.url}/login?v=1`) => {
    const http = openCloudHttp({ limits });
    try {
      return await http.post({ url, headers: { accept: 'application/json', 'x-own': '1' }, body: '{"a":1}' });
    } finally {
      await http.close();
    }
  };

  test('is one POST with the given headers and body; the answer comes whole, whatever its status', async () => {
    for (const status of [200, 201, 400, 403, 404, 500, 503]) {
      cloud.answer(status, { status });
      assert.deepEqual(await ask(), { status, text: JSON.stringify({ status }) });
    }
    const [{ method, path, headers, body } = assert.fail()] = cloud.asked;
    const { connection: _connection, host: _host, ...sent } = headers;
    assert.deepEqual([method, path, body, cloud.asked.length], ['POST', '/login?v=1', '{"a":1}', 7]);
    assert.deepEqual(sent, {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-length': '7',
      'user-agent': 'runpass',
      'x-own': '1',
    });
  });

  test('goes where it was sent, through no proxy of the environment', async () => {
    const { HTTP_PROXY, http_proxy } = process.env;
    Object.assign(process.env, { HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9' });
    try {
      cloud.answer(200, {});
      assert.equal((await ask()).status, 200);
    } finally {
      for (const [name, value] of Object.entries({ HTTP_PROXY, http_proxy })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  test('follows no redirect', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      cloud.answer(status, {}, { location: `${cloud.url}/elsewhere` });
      await assertCloudProblem(ask(), /^127\.0\.0\.1:\d+ redirects, and redirects are not followed\.$/);
    }
    assert.ok(cloud.asked.every(({ path }) => path === '/login?v=1'));
  });

  test('takes no compressed answer', async () => {
    cloud.handle((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 * MIB)));
    });
    await assertCloudProblem(ask(), /compresses its answer/);
  });

  test('takes 1 MiB and no byte more, with or without a stated length', async () => {
    const body = (length: number, stated: boolean) =>
      cloud.handle((_request, response) => {
        if (stated) response.setHeader('content-length', length);
        response.write('x'.repeat(length - 1));
        response.end('x');
      });
    for (const stated of [true, false]) {
      body(MIB, stated);
      assert.equal((await ask()).text.length, MIB);
      body(MIB + 1, stated);
      await assertCloudProblem(ask(), /answers with more than 1048576 bytes/);
    }
  });

  test('hangs up on an answer without end', async () => {
    cloud.handle((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    await assertCloudProblem(ask(), /more than 1048576 bytes/);
  });

  test('takes 16 KiB of headers', async () => {
    cloud.answer(200, {}, { 'x-long': 'a'.repeat(15_000) });
    assert.equal((await ask()).status, 200);
    cloud.answer(200, {}, { 'x-long': 'a'.repeat(17_000) });
    await assertCloudProblem(ask(), /could not be asked \(UND_ERR_HEADERS_OVERFLOW\)/);
  });

  test('ends after the whole time, however slowly headers or body come', async () => {
    const started = performance.now();
    cloud.handle(() => {});
    await assertCloudProblem(ask({ totalMs: 50 }), /^127\.0\.0\.1:\d+ took longer than 0\.05 seconds to answer\.$/);
    cloud.handle((_request, response) => {
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    });
    await assertCloudProblem(ask({ totalMs: 50 }), /took longer/);
    assert.ok(performance.now() - started < 2000);
  });

  test('says by its code what the network said', async () => {
    const server = createServer((socket) => socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await assertCloudProblem(
      ask({}, `http://127.0.0.1:${port}/`),
      /could not be asked \(UND_ERR_SOCKET|could not be asked \(ECONNRESET/,
    );
    server.close();
    await once(server, 'close');
    await assertCloudProblem(
      ask({}, `http://127.0.0.1:${port}/`),
      /^127\.0\.0\.1:\d+ could not be asked \(ECONNREFUSED\)\.$/,
    );
  });

  test('trusts public authorities, and the one that it is given', async () => {
    const host = await startHttpsHost();
    host.json('/', {});
    const [stock, knowing] = [openCloudHttp(), openCloudHttp({ ca: TEST_CERTIFICATE })];
    const question = { url: `${host.origin}/`, headers: {}, body: '' };
    await assertCloudProblem(stock.post(question), /could not be asked \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
    assert.equal((await knowing.post(question)).status, 200);
    await Promise.all([stock.close(), knowing.close(), host.stop()]);
  });
});

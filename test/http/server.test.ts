import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { PublicDocument } from '../../src/http/public-documents.ts';
import { publicDocumentsListener } from '../../src/http/public-documents.ts';
import { type HttpServer, listen } from '../../src/http/server.ts';

const DOCUMENT: PublicDocument = { bytes: Buffer.from('{"keys":[]}'), etag: '"abc"', maxAge: 300 };

const serve = async (app: Parameters<typeof listen>[0]['app'] = (_, response) => response.writeHead(404).end()) => {
  const documents = new Map<string, () => PublicDocument | undefined>([
    ['/oidc/.well-known/jwks', () => DOCUMENT],
    ['/later', () => undefined],
  ]);
  return listen({ host: '127.0.0.1', port: 0, publicDocuments: publicDocumentsListener(documents), app });
};

/** Sends bytes as they are and gives everything that comes back until the connection ends or falls silent. */
const raw = (server: HttpServer, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(server.address.port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });

const get = (server: HttpServer, path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${server.address.port}${path}`, init);

test('a public document is answered with validator, max-age, CORS and its length; HEAD without the body', async () => {
  const server = await serve();
  const full = await get(server, '/oidc/.well-known/jwks');
  assert.equal(full.status, 200);
  assert.deepEqual(
    ['cache-control', 'etag', 'content-type', 'access-control-allow-origin', 'content-length'].map((name) =>
      full.headers.get(name),
    ),
    ['public, max-age=300', '"abc"', 'application/json', '*', '11'],
  );
  assert.equal(await full.text(), '{"keys":[]}');
  const head = await get(server, '/oidc/.well-known/jwks', { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text(), head.headers.get('content-length')], [200, '', '11']);
  await server.drain(0);
});

test('who holds the current bytes gets 304 and no body', async () => {
  const server = await serve();
  for (const tag of ['"abc"', 'W/"abc"', '"x", "abc"', '*']) {
    const answer = await get(server, '/oidc/.well-known/jwks', { headers: { 'if-none-match': tag } });
    assert.deepEqual([answer.status, await answer.text(), answer.headers.get('etag')], [304, '', '"abc"']);
  }
  const other = await get(server, '/oidc/.well-known/jwks', { headers: { 'if-none-match': '"x"' } });
  assert.equal(other.status, 200);
  await server.drain(0);
});

test('Host, X-Forwarded-Host, an absolute-form target and a query never change a byte', async () => {
  const server = await serve();
  const bodyOf = async (bytes: string) => (await raw(server, bytes)).split('\r\n\r\n')[1];
  const end = 'Connection: close\r\n\r\n';
  for (const request of [
    `GET /oidc/.well-known/jwks HTTP/1.1\r\nHost: evil.example\r\n${end}`,
    `GET /oidc/.well-known/jwks HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher\r\n${end}`,
    `GET http://evil.example/oidc/.well-known/jwks HTTP/1.1\r\nHost: evil.example\r\n${end}`,
    `GET /oidc/.well-known/jwks?x=http://evil HTTP/1.1\r\nHost: [garbage\r\n${end}`,
    `GET /oidc/.well-known/jwks HTTP/1.0\r\n${end}`,
  ]) {
    assert.equal(await bodyOf(request), '{"keys":[]}', request);
  }
  await server.drain(0);
});

test('a public document takes no other method, and says 503 while it is not there yet', async () => {
  const server = await serve();
  assert.equal((await get(server, '/oidc/.well-known/jwks', { method: 'POST' })).status, 405);
  assert.equal((await get(server, '/oidc/.well-known/jwks', { method: 'OPTIONS' })).status, 204);
  assert.equal((await get(server, '/later')).status, 503);
  await server.drain(0);
});

test('what the parser refuses is answered clearly and the connection ends', async () => {
  const server = await serve();
  const statusOf = async (bytes: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(await raw(server, bytes))?.[1]);
  assert.equal(await statusOf(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(9000)}\r\n\r\n`), 431);
  assert.equal(
    await statusOf('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'),
    400,
  );
  assert.equal(await statusOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'), 400);
  assert.equal(await statusOf('GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n'), 400);
  assert.equal(await statusOf('nonsense\r\n\r\n'), 400);
  await server.drain(0);
});

test('a draining server answers each open connection once more, with Connection: close, and loses nothing', async () => {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = await serve((request, response) => {
    void (request.url === '/slow' ? held : Promise.resolve()).then(() => response.end('done'));
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const ask = (path: string): Promise<{ status: number | undefined; connection: string | undefined }> =>
    new Promise((resolve, reject) => {
      httpRequest({ agent, port: server.address.port, host: '127.0.0.1', path }, (response) => {
        response
          .resume()
          .on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
      })
        .on('error', reject)
        .end();
    });
  const [first] = await Promise.all([ask('/quick'), ask('/quick')]);
  assert.equal(first.connection, 'keep-alive');
  const slow = ask('/slow');
  while (server.inFlight() === 0) await new Promise((resolve) => setImmediate(resolve));
  const drained = server.drain(10);
  const onIdleConnection = await ask('/quick');
  assert.deepEqual(onIdleConnection, { status: 200, connection: 'close' });
  release();
  assert.deepEqual(await slow, { status: 200, connection: 'close' });
  await drained;
  await assert.rejects(ask('/quick'), /ECONNREFUSED/);
  agent.destroy();
});

test('a draining server does not wait for a connection on which nothing was ever asked', async () => {
  const server = await serve();
  const silent = connect(server.address.port, '127.0.0.1');
  const ended = new Promise((resolve) => silent.once('close', resolve));
  await new Promise((resolve) => silent.once('connect', resolve));
  const started = performance.now();
  await server.drain(60);
  await ended;
  assert.ok(performance.now() - started < 30_000);
});

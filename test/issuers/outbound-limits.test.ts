import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type OutboundLimits, openOutbound } from '../../src/issuers/outbound/open.ts';
import { startBusyHost } from './busy-host.ts';
import { type Answer, type HttpsHost, startHttpsHost, TEST_CERTIFICATE } from './https-host.ts';
import { assertProblem } from './outbound-refused.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const LIMIT = 512 * 1024;

/** Writes the same piece for as long as somebody takes it. */
const flood = (socket: NodeJS.WritableStream & { readonly destroyed?: boolean }, piece: string | Buffer): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
};

/** Writes a piece every few milliseconds. */
const drip = (socket: NodeJS.WritableStream, piece: string): void => {
  const timer = setInterval(() => socket.write(piece), 5);
  socket.on('close', () => clearInterval(timer));
};

describe('a fetch from a host that means no good', () => {
  let host: HttpsHost;
  before(async () => {
    host = await startHttpsHost();
  });
  after(() => host.stop());
  let started = 0;
  beforeEach(() => {
    started = performance.now();
  });

  const get = (answer: Answer, limits: Partial<OutboundLimits> = {}) => {
    host.on('/', answer);
    return openOutbound({ ca: TEST_CERTIFICATE, limits }).getJson(`${host.origin}/`, {
      hosts: [host.host],
      thumbprints: [],
    });
  };
  const raw =
    (write: (socket: import('node:net').Socket) => void): Answer =>
    ({ socket }) =>
      write(socket);
  test('ends after the whole time, however slowly headers or body come', async () => {
    const limits = { totalMs: 100 };
    const slow = /took longer than 0\.1 seconds/;
    await assertProblem(
      get(
        raw(() => {}),
        limits,
      ),
      slow,
    );
    await assertProblem(
      get(
        raw((socket) => drip(socket, 'H')),
        limits,
      ),
      /took longer|could not be asked/,
    );
    await assertProblem(
      get(
        raw((socket) =>
          drip(
            socket.on('error', () => {}),
            `${HEAD}x: `,
          ),
        ),
        limits,
      ),
      slow,
    );
    await assertProblem(
      get(
        raw((socket) => socket.write(HEAD) && drip(socket, 'a: b\r\n')),
        limits,
      ),
      slow,
    );
    await assertProblem(
      get(
        raw((socket) => socket.write(`${HEAD}\r\n`) && drip(socket, ' ')),
        limits,
      ),
      slow,
    );
    const slowBody: Answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      drip(response, ' ');
    };
    await assertProblem(get(slowBody, limits), slow);
    await host.disconnected();
  });

  test('ends after three seconds when nothing else is set', async () => {
    await assertProblem(get(raw(() => {})), /took longer than 3 seconds/);
    const took = performance.now() - started;
    assert.ok(took >= 2900 && took < 3500, String(took));
  });

  test('ends when nobody takes up the connection', async () => {
    const busy = await startBusyHost();
    const permissions = { hosts: [`localhost:${busy.port}`], thumbprints: [] };
    const outbound = openOutbound({ limits: { connectMs: 30 } });
    await assertProblem(outbound.getJson(`https://localhost:${busy.port}/`, permissions), /connected to in time/);
    await busy.stop();
  });

  test('has its time for the connection, and the whole time for what comes after it', async () => {
    const late: Answer = (_request, response) => {
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'), 300);
    };
    assert.ok(await get(late, { connectMs: 200 }));
  });

  test('ends when the handshake does not, and when the resolver does not', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const permissions = { hosts: [`localhost:${port}`], thumbprints: [] };
    const limits = { totalMs: 50 };
    await assertProblem(openOutbound({ limits }).getJson(`https://localhost:${port}/`, permissions), /took longer/);
    mute.close();
    const resolve = () => new Promise<never>(() => {});
    await assertProblem(openOutbound({ limits, resolve }).getJson('https://issuer.test/', permissions), /took longer/);
  });

  test('reads 512 KiB of body, and not a byte more', async () => {
    const of =
      (length: number, chunked: boolean): Answer =>
      (_request, response) => {
        response.writeHead(200, {
          'content-type': 'application/json',
          ...(chunked ? {} : { 'content-length': String(length) }),
        });
        response.end(Buffer.alloc(length, ' '));
      };
    for (const chunked of [true, false]) {
      assert.equal((await get(of(LIMIT, chunked))).bytes.length, LIMIT);
      await assertProblem(get(of(LIMIT + 1, chunked)), /more than 524288 bytes/);
    }
  });

  test('hangs up on a body of a gigabyte, long before it is there', async () => {
    let wrote = 0;
    const endless: Answer = ({ socket }, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(2 ** 30) });
      flood(response, Buffer.alloc(65_536, ' '));
      socket.on('close', () => {
        wrote = socket.bytesWritten;
      });
    };
    await assertProblem(get(endless), /more than 524288 bytes/);
    await host.disconnected();
    assert.ok(wrote < 32 * 2 ** 20, `${wrote} bytes`);
  });

  test('hangs up on what appears in no body: interim answers, chunk extensions, trailers', async () => {
    const interim = `HTTP/1.1 103 Early Hints\r\nlink: ${'a'.repeat(4000)}\r\n\r\n`;
    await assertProblem(get(raw((socket) => flood(socket, interim))), /more than 524288 bytes/);
    const chunked = `${HEAD}transfer-encoding: chunked\r\n\r\n`;
    const extension = raw((socket) => {
      socket.write(`${chunked}1;a=`);
      flood(socket, 'a'.repeat(65_536));
    });
    await assertProblem(get(extension), /more than 524288 bytes/);
    const tiny = raw((socket) => {
      socket.write(chunked);
      flood(socket, '1;aaaaaaaaaaaaaaaaaaaaaaaa\r\n \r\n'.repeat(1000));
    });
    await assertProblem(get(tiny), /more than 524288 bytes/);
    const trailers = raw((socket) => {
      socket.write(`${chunked}2\r\n{}\r\n0\r\n`);
      flood(socket, `a: ${'a'.repeat(1000)}\r\n`);
    });
    await assertProblem(get(trailers), /more than 16384 bytes of headers/);
    await host.disconnected();
  });

  test('takes 16 KiB of headers', async () => {
    const of =
      (length: number): Answer =>
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'x-long': 'a'.repeat(length) }).end('{}');
      };
    assert.ok(await get(of(15_000)));
    await assertProblem(get(of(17_000)), /more than 16384 bytes of headers/);
  });

  test('takes no answer that is cut short, has two lengths, or is no HTTP', async () => {
    for (const text of [
      `${HEAD}content-length: 10\r\n\r\n{}`,
      `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
      `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      'SSH-2.0-OpenSSH_9.9\r\n',
      '',
    ]) {
      await assertProblem(get(raw((socket) => socket.end(text))), /could not be asked|closed the connection/);
    }
  });

  test('holds up at most 16 places, and a queue for them', async () => {
    const held: (() => void)[] = [];
    host.on('/held', (_request, response) => {
      held.push(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    const outbound = openOutbound({ ca: TEST_CERTIFICATE, limits: { parallel: 2, waiting: 1 } });
    const ask = () => outbound.getJson(`${host.origin}/held`, { hosts: [host.host], thumbprints: [] });
    const fetches = [ask(), ask(), ask()];
    await assertProblem(ask(), /Too many issuers/);
    while (held.length < 2) await wait(1);
    await wait(20);
    assert.equal(held.length, 2, 'the third waits');
    held[0]?.();
    while (held.length < 3) await wait(1);
    for (const answer of held.slice(1)) answer();
    assert.equal((await Promise.all(fetches)).length, 3);
    // All places were given back.
    const again = [ask(), ask(), ask()];
    while (held.length < 5) await wait(1);
    for (const answer of held.slice(3)) answer();
    while (held.length < 6) await wait(1);
    held[5]?.();
    await Promise.all(again);
  });

  test('the time of waiting counts: who waited for nothing leaves the queue', async () => {
    host.on('/mute', () => {});
    const outbound = openOutbound({ ca: TEST_CERTIFICATE, limits: { parallel: 1, waiting: 1, totalMs: 60 } });
    const ask = (path: string) => outbound.getJson(`${host.origin}${path}`, { hosts: [host.host], thumbprints: [] });
    await Promise.all([assertProblem(ask('/mute'), /took longer/), assertProblem(ask('/mute'), /took longer/)]);
    host.json('/fine', {});
    assert.ok(await ask('/fine'));
  });

  test('a question that the resolver still has keeps its place: slow names do not pile up', async () => {
    const answers: ((reason: Error) => void)[] = [];
    const resolve = () => new Promise<never>((_, reject) => answers.push(reject));
    const outbound = openOutbound({ resolve, limits: { parallel: 1, waiting: 1, totalMs: 30 } });
    const ask = () => outbound.getJson('https://issuer.test/', { hosts: [], thumbprints: [] });
    await assertProblem(ask(), /took longer/);
    await assertProblem(ask(), /took longer/);
    assert.equal(answers.length, 1);
    answers[0]?.(new Error('no such name'));
    await assertProblem(ask(), /took longer/);
    assert.equal(answers.length, 2);
  });

  test('ends at once when the door is closed, and does not open any more', async () => {
    host.on('/mute', () => {});
    const outbound = openOutbound({ ca: TEST_CERTIFICATE });
    const ask = () => outbound.getJson(`${host.origin}/mute`, { hosts: [host.host], thumbprints: [] });
    const fetched = ask();
    await outbound.close();
    await assertProblem(fetched, /is stopping/);
    await assertProblem(ask(), /is stopping/);
    // Before the resolver is asked, which might never answer.
    const lost = openOutbound({ resolve: () => new Promise(() => {}) });
    const asked = lost.getJson('https://issuer.test/', { hosts: [], thumbprints: [] });
    await lost.close();
    await assertProblem(asked, /is stopping/);
  });
});

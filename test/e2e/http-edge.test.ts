import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask, install, type Replica, serve, startRun } from './replica.ts';

interface Exchange {
  /** Status of every answer on the connection. */
  readonly statuses: readonly number[];
  readonly text: string;
  /** Whether the server closed the connection. */
  readonly closed: boolean;
  readonly ms: number;
}

const JWKS = '/oidc/.well-known/jwks';

describe('at the edge of HTTP', { concurrency: true }, () => {
  let replica: Replica;
  let token: string;
  let ends: (() => unknown)[] = [];

  before(async () => {
    // One server for all of these: each keeps to a connection of its own.
    const context = { after: (end: () => unknown) => void ends.push(end) } as unknown as Parameters<typeof serve>[0];
    const place = await install(context, { settings: 'http: {refusalsPerMinute: 100000}\n' });
    replica = await serve(context, place);
    token = place.adminToken();
  });
  after(async () => {
    for (const end of ends.reverse()) await end();
    ends = [];
  });

  /** Sends bytes as they are; `quietMs` after the last byte came, what was heard is what there is. */
  const send = (parts: readonly (string | number)[], quietMs = 400): Promise<Exchange> =>
    new Promise((resolve) => {
      const started = performance.now();
      let [text, closed, timer] = ['', false, undefined as NodeJS.Timeout | undefined];
      const socket = connect({ port: replica.port, host: '127.0.0.1', allowHalfOpen: true });
      const finish = (): void => {
        clearTimeout(timer);
        socket.destroy();
        const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
        resolve({ statuses, text, closed, ms: performance.now() - started });
      };
      const quiet = (): void => {
        clearTimeout(timer);
        timer = setTimeout(finish, quietMs);
      };
      socket.setEncoding('latin1');
      socket.on('data', (chunk: string) => {
        text += chunk;
        quiet();
      });
      socket.on('error', () => undefined);
      const over = (): void => {
        closed = true;
        finish();
      };
      socket.once('end', over).once('close', over);
      const write = async (): Promise<void> => {
        for (const part of parts) {
          if (typeof part === 'string') socket.write(part);
          else await new Promise((next) => setTimeout(next, part));
        }
        quiet();
      };
      void write();
    });

  const head = (line: string, ...headers: readonly string[]): string =>
    `${[line, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
  const SMUGGLED = head(`GET ${JWKS}?smuggled HTTP/1.1`);

  const corpus: Readonly<Record<string, readonly [number, readonly (string | number)[]]>> = {
    'Content-Length with Transfer-Encoding': [
      400,
      [head('POST /oidc/token HTTP/1.1', 'Content-Length: 6', 'Transfer-Encoding: chunked'), `0\r\n\r\n${SMUGGLED}`],
    ],
    'Transfer-Encoding with Content-Length': [
      400,
      [head('POST /oidc/token HTTP/1.1', 'Transfer-Encoding: chunked', 'Content-Length: 4'), `5c\r\n${SMUGGLED}`],
    ],
    'two lengths that differ': [
      400,
      [head('POST /oidc/token HTTP/1.1', 'Content-Length: 0', 'Content-Length: 5'), SMUGGLED],
    ],
    'two lengths that agree': [
      400,
      [head('POST /oidc/token HTTP/1.1', 'Content-Length: 5', 'Content-Length: 5'), SMUGGLED],
    ],
    'a length that is no number': [400, [head('POST /oidc/token HTTP/1.1', 'Content-Length: +5'), SMUGGLED]],
    'an unknown transfer encoding': [400, [head('POST /oidc/token HTTP/1.1', 'Transfer-Encoding: xchunked'), SMUGGLED]],
    'chunked that is not last': [
      400,
      [head('POST /oidc/token HTTP/1.1', 'Transfer-Encoding: chunked, identity'), SMUGGLED],
    ],
    'a folded header': [400, [head(`GET ${JWKS} HTTP/1.1`, 'X-A: b\r\n c'), SMUGGLED]],
    'a space before the colon': [400, [head('POST /oidc/token HTTP/1.1', 'Content-Length : 5'), SMUGGLED]],
    'a bare line feed in a header': [400, [head(`GET ${JWKS} HTTP/1.1`, 'X-A: b\nX-C: d'), SMUGGLED]],
    'a NUL in a header': [400, [head(`GET ${JWKS} HTTP/1.1`, 'X-A: b\0c'), SMUGGLED]],
    'a chunk size that is no number': [
      400,
      [head('POST /oidc/token HTTP/1.1', 'Transfer-Encoding: chunked'), `zz\r\n${SMUGGLED}`],
    ],
    'a hundred kilobytes of headers': [431, [head(`GET ${JWKS} HTTP/1.1`, `X-Long: ${'a'.repeat(100_000)}`)]],
    'a hundred kilobytes of path': [431, [head(`GET /${'a'.repeat(100_000)} HTTP/1.1`)]],
    'something that is not HTTP': [400, ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 hello\r\n\r\n']],
    'HTTP/2 without asking': [400, ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
  };
  for (const [what, [status, bytes]] of Object.entries(corpus)) {
    test(`${what}: ${status}, the connection ends, and nothing behind it is read as a request`, async () => {
      const { statuses, closed, text } = await send(bytes);
      assert.deepEqual(statuses, [status], text);
      assert.ok(closed, 'closed');
      assert.doesNotMatch(text, /"keys"/);
    });
  }

  test('two Host headers change nothing of what is served', async () => {
    const { statuses, text } = await send([head(`GET ${JWKS} HTTP/1.1`, 'Host: evil.example')]);
    assert.ok(statuses[0] === 400 || (statuses[0] === 200 && !text.includes('evil')), text);
  });

  test('requests that come at once are answered in their order', async () => {
    const one = head(`GET ${JWKS} HTTP/1.1`);
    const { statuses } = await send([one + head('GET /healthz HTTP/1.1') + head('GET /nowhere HTTP/1.1') + one]);
    assert.deepEqual(statuses, [200, 200, 404, 200]);
  });

  test('a refused request before a good one on the same connection: the good one is answered, or the connection ends', async () => {
    const body = '{"project":1}';
    const start = head(
      'POST /api/orgs/acme/runs HTTP/1.1',
      `Authorization: Bearer ${'x'.repeat(20)}`,
      `Content-Length: ${body.length}`,
    );
    const { statuses } = await send([start + body + SMUGGLED]);
    assert.equal(statuses[0], 401);
    assert.ok(statuses.length === 1 || statuses[1] === 200, `${statuses}`);
  });

  for (const path of ['/api/orgs/acme/runs', '/oidc/token', '/oidc/introspect']) {
    for (const framing of ['declared', 'chunked'] as const) {
      test(`a ${framing} body of 1 MiB at ${path} is refused, and the connection ends`, async () => {
        const size = 1024 * 1024;
        const type = path.startsWith('/api') ? 'application/json' : 'application/x-www-form-urlencoded';
        const length = framing === 'declared' ? `Content-Length: ${size}` : 'Transfer-Encoding: chunked';
        const begin = head(`POST ${path} HTTP/1.1`, `Authorization: Bearer ${token}`, `Content-Type: ${type}`, length);
        const body =
          framing === 'declared' ? 'a'.repeat(size) : `${size.toString(16)}\r\n${'a'.repeat(size)}\r\n0\r\n\r\n`;
        const { statuses, closed, text } = await send([begin, body, SMUGGLED], 1_000);
        // A client that is still sending when the connection ends may lose the answer: none is better than two.
        assert.ok(statuses.length <= 1, text);
        // The library behind the OAuth doors calls it a request that it cannot parse.
        for (const status of statuses) assert.equal(status, path.startsWith('/api') ? 413 : 400, text.slice(0, 600));
        assert.ok(closed, 'closed');
      });
    }
  }

  test('headers that do not end are cut off with 408', async () => {
    const { statuses, closed, ms } = await send([`GET ${JWKS} HTTP/1.1\r\nHost: a\r\n`, 2_000, 'X-A: b\r\n'], 40_000);
    assert.deepEqual([statuses, closed], [[408], true]);
    assert.ok(ms < 8_000, `after ${ms} ms`);
  });

  test('a body that drips is cut off with 408', async () => {
    const begin = head(
      'POST /api/orgs/acme/runs HTTP/1.1',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      'Content-Length: 1000',
    );
    const { statuses, closed, ms } = await send([begin, '{', 1_000, '"', 1_000, 'a', 1_000, 'b'], 40_000);
    assert.deepEqual([statuses, closed], [[408], true]);
    assert.ok(ms < 13_000, `after ${ms} ms`);
  });

  test('a client that has sent all and closed its half still gets its answer', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ port: replica.port, host: '127.0.0.1', allowHalfOpen: true }, () => {
        socket.end(head(`GET ${JWKS} HTTP/1.1`));
      });
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.once('end', () => resolve(text)).once('error', reject);
    });
    assert.match(answer, /^HTTP\/1\.1 200 /);
  });

  test('after all that the server goes on', async () => {
    assert.equal((await ask(replica.base, '/readyz/issue')).status, 200);
    await startRun(replica.base, token);
  });
});

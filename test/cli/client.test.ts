import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import { secretTarget } from '../../src/cli/access.ts';
import { apiPath, type Client, makeClient } from '../../src/cli/client.ts';
import { CommandFailure } from '../../src/cli/failure.ts';
import { escapeControls, printFailure, printTable } from '../../src/cli/output.ts';
import { Refusal } from '../../src/errors.ts';

const withServer = async (listener: RequestListener, work: (client: Client, seen: string[]) => Promise<void>) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  try {
    await work(makeClient(`http://127.0.0.1:${address.port}`, 'rpa_secret', 'a test'), seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

const failure = (sentence: RegExp, code?: string) => (reason: unknown) => {
  assert.ok(reason instanceof CommandFailure);
  assert.match(reason.message, sentence);
  assert.deepEqual([reason.code, reason.exit], [code, 1]);
  assert.ok(!reason.message.includes('rpa_secret'));
  return true;
};

describe('the client of the API', () => {
  test('sends its access token, and reads the answer', () =>
    withServer(
      (_request, response) => response.end('{"a":1}'),
      async (client, seen) => {
        assert.deepEqual(await client.get('/x', { page: 2, kind: undefined }), { a: 1 });
        assert.deepEqual(seen, ['GET /x?page=2 token rpa_secret']);
      },
    ));

  test('follows no redirect: the token stays where it was sent', () =>
    withServer(
      (_request, response) => response.writeHead(307, { location: '/elsewhere' }).end(),
      async (client, seen) => {
        await assert.rejects(client.get('/x'), failure(/answered with a redirect, which is not followed/));
        assert.equal(seen.length, 1);
      },
    ));

  test('keeps the sentence and the code of a refusal', () =>
    withServer(
      (_request, response) => response.writeHead(403).end('{"code":403,"message":"No.","refusal":"not_permitted"}'),
      (client) => assert.rejects(client.post('/x', {}), failure(/^No\.$/, 'not_permitted')),
    ));

  test('says so when somebody else answers', () =>
    withServer(
      (_request, response) => response.end('<html>'),
      (client) => assert.rejects(client.get('/x'), failure(/did not answer with JSON/)),
    ));

  test('reads no answer without end', () =>
    withServer(
      (_request, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024)));
        };
        response.on('drain', more);
        more();
      },
      (client) => assert.rejects(client.get('/x'), failure(/is larger than 33554432 bytes/)),
    ));

  test('reads an export of any length line by line', () =>
    withServer(
      (_request, response) => response.end('{"one":1}\n{"two":2}\n'),
      async (client) => {
        const lines: string[] = [];
        for await (const line of client.lines('/x')) lines.push(line);
        assert.deepEqual(lines, ['{"one":1}', '{"two":2}']);
      },
    ));

  test('a name from the command line cannot change the path', () => {
    assert.equal(apiPath`/api/orgs/${'../admin?x'}/runs`, '/api/orgs/..%2Fadmin%3Fx/runs');
  });
});

describe('where a secret may go', () => {
  for (const url of ['https://runpass.example.com', 'http://localhost:8080', 'http://127.0.0.2', 'http://[::1]:1']) {
    test(`${url}: yes`, () => assert.equal(secretTarget(url), url));
  }
  test('a slash at the end is left out', () => assert.equal(secretTarget('https://a.example/'), 'https://a.example'));
  for (const url of [
    'http://example.com',
    'http://[::2]',
    'ftp://localhost',
    'localhost:8080',
    '',
    'https://a.example/b',
  ]) {
    test(`${url || 'nothing'}: no`, () => assert.throws(() => secretTarget(url), { exit: 2 }));
  }
});

describe('what is printed', () => {
  const sink = () => {
    const written: string[] = [];
    return { isTerminal: true, write: (text: string) => void written.push(text), text: () => written.join('') };
  };

  test('a table has columns as wide as they must be, and nothing in it moves the cursor', () => {
    const to = sink();
    printTable(
      to,
      ['id', 'name'],
      [
        ['1', 'a\u001b[31mb'],
        ['222', undefined],
      ],
    );
    assert.equal(to.text(), 'ID   NAME\n1    a?[31mb\n222  -\n');
  });

  test('JSON stays the same JSON where control characters are escaped', () => {
    const value = { text: 'a\u007f\u009bb\u001b' };
    const json = escapeControls(JSON.stringify(value));
    assert.ok(!/\p{Cc}/u.test(json));
    assert.deepEqual(JSON.parse(json), value);
  });

  test('a refusal is its sentence and its code, with exit 1', () => {
    const to = sink();
    assert.equal(printFailure({ stderr: to }, new Refusal('run_not_found', { run: 'x\ny' })), 1);
    assert.equal(to.text(), 'error: There is no run "x?y" in this organization. (run_not_found)\n');
  });
});

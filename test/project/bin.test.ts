import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin', import.meta.url));
const NODE_20 = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})';

const SAYS_WHERE = (place: string) =>
  `console.log(${JSON.stringify(place)}, ...process.argv.slice(2)); process.exitCode = 7;`;
const WAITS_FOR_SIGNALS = `
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(name, () => { console.log(name); if (name !== 'SIGHUP') process.exit(3); });
  setInterval(() => {}, 1000);
  console.log('ready');`;

interface Package {
  readonly source?: string;
  readonly dist?: string;
  readonly withNode?: boolean;
}

describe('bin/runpass.js', () => {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const makePackage = ({ source, dist, withNode }: Package): string => {
    const folder = mkdtempSync(join(tmpdir(), 'runpass-bin-'));
    folders.push(folder);
    const write = (path: string, content: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    };
    cpSync(BIN, join(folder, 'bin'), { recursive: true });
    write('package.json', '{ "type": "module" }');
    if (source !== undefined) write('src/main.ts', source);
    if (dist !== undefined) write('dist/main.js', dist);
    if (withNode) {
      mkdirSync(join(folder, 'node_modules/node/bin'), { recursive: true });
      symlinkSync(process.execPath, join(folder, 'node_modules/node/bin/node'));
    }
    return folder;
  };

  const start = (folder: string, options: { readonly onNode20?: boolean; readonly file?: string } = {}): ChildProcess =>
    spawn(
      process.execPath,
      [
        ...(options.onNode20 ? ['--import', NODE_20] : []),
        join(folder, 'bin', options.file ?? 'runpass.js'),
        'keys',
        'list',
      ],
      // A test run has a place of its own for what is compiled.
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_COMPILE_CACHE: undefined } },
    );

  const finish = async (child: ChildProcess) => {
    assert.ok(child.stdout && child.stderr);
    const [stdout, stderr, [status, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { stdout, stderr, status, signal };
  };

  test('runs the sources where nothing is built, with the arguments as they were given', async () => {
    const { stdout, status } = await finish(start(makePackage({ source: SAYS_WHERE('sources') })));
    assert.deepEqual([stdout, status], ['sources keys list\n', 7]);
  });

  test('keeps what was compiled beside the code, on an older Node as well, and runs where that cannot be', async () => {
    for (const onNode20 of [false, true]) {
      const folder = makePackage({ source: SAYS_WHERE('sources'), withNode: true });
      assert.equal((await finish(start(folder, { onNode20 }))).status, 7);
      assert.ok(existsSync(join(folder, '.cache/compiled')), `onNode20: ${onNode20}`);
    }
    const closed = makePackage({ source: SAYS_WHERE('sources') });
    writeFileSync(join(closed, '.cache'), 'a file');
    assert.deepEqual((await finish(start(closed))).stdout, 'sources keys list\n');
  });

  test('runs dist/ where the package has one', async () => {
    const folder = makePackage({ source: SAYS_WHERE('sources'), dist: SAYS_WHERE('dist') });
    assert.equal((await finish(start(folder))).stdout, 'dist keys list\n');
  });

  test('on an older Node, hands over to the one in node_modules: same arguments, same status', async () => {
    const folder = makePackage({ source: SAYS_WHERE('sources'), withNode: true });
    const { stdout, status } = await finish(start(folder, { onNode20: true }));
    assert.deepEqual([stdout, status], ['sources keys list\n', 7]);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`passes ${signal} on, and its child's answer back`, async () => {
      const child = start(makePackage({ source: WAITS_FOR_SIGNALS, withNode: true }), { onNode20: true });
      child.stdout?.once('data', () => child.kill(signal));
      const { stdout, status } = await finish(child);
      assert.deepEqual([stdout, status], [`ready\n${signal}\n`, 3]);
    });
  }

  test('passes SIGHUP on and stays', async () => {
    const child = start(makePackage({ source: WAITS_FOR_SIGNALS, withNode: true }), { onNode20: true });
    child.stdout?.once('data', () => {
      child.kill('SIGHUP');
      child.stdout?.once('data', () => child.kill('SIGTERM'));
    });
    assert.deepEqual((await finish(child)).stdout, 'ready\nSIGHUP\nSIGTERM\n');
  });

  test('ends with 128 + n when a signal ended its child', async () => {
    const source = `process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`;
    const { status } = await finish(start(makePackage({ source, withNode: true }), { onNode20: true }));
    assert.equal(status, 128 + 9);
  });

  test('on an older Node with none beside it, says what it found and what to do, and exits 2', async () => {
    const { stdout, stderr, status } = await finish(start(makePackage({ source: '' }), { onNode20: true }));
    assert.deepEqual([stdout, status], ['', 2]);
    assert.match(stderr, /needs Node 24\.15 or newer; this is 20\.20\.2[\s\S]*npm ci/);
  });

  test('the guard of the npm scripts lets Node 24 through and stops an older one with status 1', async () => {
    const folder = makePackage({});
    assert.equal((await finish(start(folder, { file: 'require-node.js' }))).status, 0);
    const stopped = await finish(start(folder, { file: 'require-node.js', onNode20: true }));
    assert.equal(stopped.status, 1);
    assert.match(stopped.stderr, /this is 20\.20\.2/);
  });
});

describe('bin/node-version.js', async () => {
  const { isNewEnough } = await import(new URL('../../bin/node-version.js', import.meta.url).href);
  for (const [version, answer] of [
    ['20.20.2', false],
    ['24.14.9', false],
    ['24.15.0', true],
    ['24.21.0', true],
    ['26.0.0', true],
  ] as const) {
    test(`${version} ${answer ? 'is' : 'is not'} new enough`, () => assert.equal(isNewEnough(version), answer));
  }
});

describe('bin/healthcheck.js', () => {
  const check = async (status: number): Promise<number> => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/healthz' ? status : 404;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address && typeof address === 'object');
    const child = spawn(process.execPath, [join(BIN, 'healthcheck.js')], {
      env: { RUNPASS_PORT: String(address.port) },
    });
    const [exit] = await once(child, 'exit');
    server.close();
    return exit;
  };

  test('is healthy while /healthz answers 200', async () => assert.equal(await check(200), 0));
  test('is unhealthy when it answers anything else', async () => assert.equal(await check(503), 1));
  test('is unhealthy when nobody answers', async () => {
    const child = spawn(process.execPath, [join(BIN, 'healthcheck.js')], { env: { RUNPASS_PORT: '1' } });
    assert.deepEqual(await once(child, 'exit'), [1, null]);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makePlace, type Place } from './runpass.ts';

const TOKEN = 'rpa_thisMustNeverBePrintedAnywhereByAnything';

describe('a command that cannot be understood ends with 2 and says so on standard error only', () => {
  let place: Place;
  before(async () => {
    place = await makePlace();
  });
  after(() => place.remove());

  const RUN = ['--project', 'core', '--stack', 'dev', '--operation', 'update'];
  for (const [what, args, says] of [
    ['an unknown command', ['runn'], /unknown command 'runn'\n.*run\?/],
    ['a group without a command', ['run'], /Usage: runpass run/],
    ['an unknown flag', ['whoami', '--jsn'], /unknown option '--jsn'[\s\S]*hint: add --help/],
    ['a run without its operation', ['run', 'start', ...RUN.slice(0, 4)], /'--operation <operation>' not specified/],
    ['an operation that is none', ['run', 'start', ...RUN.slice(0, 5), 'deploy'], /Allowed choices are update/],
    ['a lease out of its bounds', ['run', 'start', ...RUN, '--lease', '9'], /whole number from 10 to 600/],
    ['an unsafe rotation without a reason', ['keys', 'rotate', '--issuer', 'v1', '--unsafe'], /add --reason/],
    ['a reason without a need', ['keys', 'rotate', '--issuer', 'v1', '--reason', 'x'], /leave out --reason/],
    ['a revocation without a reason', ['keys', 'revoke', 'kid'], /'--reason <text>' not specified/],
    ['a token of nobody', ['token', 'create', '--org', 'acme', '--name', 'x'], /give one of --user/],
    [
      'a token of two',
      ['token', 'create', '--org', 'acme', '--name', 'x', '--user', 'a', '--team', 'b'],
      /A token has one owner/,
    ],
    [
      'a personal token with rights of its own',
      ['token', 'create', '--org', 'acme', '--name', 'x', '--user', 'admin', '--admin'],
      /leave out --admin/,
    ],
    ['claims of nothing', ['claims'], /not said what the token would be for/],
    ['claims of two things', ['claims', ...RUN, '--environment', 'p/e'], /not for both/],
    ['an attribute without an environment', ['claims', ...RUN, '--current', 'p/e'], /add --environment/],
    ['the installation as an organization', ['audit', 'list', '--installation', '--org', 'acme'], /no organization/],
    ['a file and a range', ['audit', 'verify', 'a.jsonl', '--org', 'acme'], /exported file says itself/],
    ['login without a terminal', ['login'], /no terminal to ask/],
    ['login with a file that is not there', ['login', '--token-file', 'none'], /none cannot be read/],
  ] as const) {
    test(what, async () => {
      const { stdout, stderr, status } = await place.run(args);
      assert.deepEqual([stdout, status], ['', 2], stderr);
      assert.match(stderr, says);
    });
  }

  const full = existsSync('/dev/full') ? false : 'there is no device here that is always full';
  test('an answer that cannot be written is a failure that says so: 1', { skip: full }, () => {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const { status, stderr } = spawnSync('/bin/sh', ['-c', '"$0" "$1" --version > /dev/full', process.execPath, main]);
    assert.equal(status, 1);
    assert.equal(String(stderr), 'error: Standard output cannot be written (ENOSPC).\n');
  });

  test('--help and --version are answers, not errors', async () => {
    const help = await place.run(['keys', '--help']);
    assert.deepEqual([help.stderr, help.status], ['', 0]);
    assert.match(help.stdout, /rotate .*Let the next key sign/);
    assert.match((await place.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe('no token goes where it could be read on the way', () => {
  let place: Place;
  before(async () => {
    place = await makePlace();
    writeFileSync(join(place.folder, 'token'), TOKEN);
  });
  after(() => place.remove());

  for (const url of ['http://example.com', 'http://10.0.0.1:8080', 'http://localhost.example.com']) {
    test(`${url} is refused with 2`, async () => {
      const env = { RUNPASS_URL: url, RUNPASS_ACCESS_TOKEN: TOKEN };
      for (const args of [['whoami'], ['login', '--token-file', 'token']]) {
        const { stdout, stderr, status } = await place.run(args, { env });
        assert.deepEqual([stdout, status], ['', 2]);
        assert.match(stderr, /A token is not sent to http:/);
        assert.ok(!stderr.includes(TOKEN));
      }
      assert.deepEqual(readdirSync(join(place.folder, 'home')), [], 'nothing was kept');
    });
  }

  test('a URL with a user in it is refused without repeating it', async () => {
    const env = { RUNPASS_URL: 'https://me:hunter2@example.com', RUNPASS_ACCESS_TOKEN: TOKEN };
    const { stderr, status } = await place.run(['whoami'], { env });
    assert.equal(status, 2);
    assert.ok(!stderr.includes('hunter2'));
  });

  test('what is no token is not sent', async () => {
    const { stderr, status } = await place.run(['whoami'], { env: { RUNPASS_ACCESS_TOKEN: 'two words' } });
    assert.equal(status, 2);
    assert.match(stderr, /RUNPASS_ACCESS_TOKEN holds no access token/);
  });

  test('nobody logged in: 2, with the way out', async () => {
    const { stderr, status } = await place.run(['whoami'], { env: { RUNPASS_URL: '' } });
    assert.equal(status, 2);
    assert.match(stderr, /error: Nobody is logged in here\.\nhint: run "runpass login"/);
  });

  test('nothing listens: 1, with the way out', async () => {
    const { stderr, status } = await place.run(['whoami'], { env: { RUNPASS_ACCESS_TOKEN: TOKEN } });
    assert.equal(status, 1);
    assert.match(stderr, /error: Nothing listens at http:\/\/127\.0\.0\.1:\d+\.\nhint: start the server/);
    assert.ok(!stderr.includes(TOKEN));
  });
});

describe('an installation before its first start', () => {
  let place: Place;
  before(async () => {
    place = await makePlace();
  });
  after(() => place.remove());

  test('config check says that the shipped settings are sound', async () => {
    const { stdout, stderr, status } = await place.run(['config', 'check']);
    assert.deepEqual([stdout, stderr, status], ['config/runpass.yaml is sound; 1 organization.\n', '', 0]);
  });

  test('config show hides the password of Redis, and --json is the same for programs', async () => {
    const env = { RUNPASS_STORE: 'rediss://me:hunter2@redis.example.com' };
    const yaml = await place.run(['config', 'show'], { env });
    assert.match(yaml.stdout, /rediss:\/\/me:\[secret\]@redis\.example\.com/);
    const json = await place.run(['config', 'show', '--json'], { env });
    assert.equal(JSON.parse(json.stdout).url, place.url);
    assert.ok(!`${yaml.stdout}${json.stdout}`.includes('hunter2'));
  });

  test('every problem of the settings is told at once, and serve starts nothing', async () => {
    writeFileSync(join(place.folder, 'bad.yaml'), 'url: http://example.com/\nhttp:\n  prt: 1\nlog: {level: loud}\n');
    for (const args of [['config', 'check', 'bad.yaml'], ['serve']]) {
      const { stdout, stderr, status } = await place.run(args, {
        env: { RUNPASS_CONFIG: 'bad.yaml', RUNPASS_URL: '' },
      });
      assert.deepEqual([stdout, status], ['', 2]);
      assert.match(stderr, /^error: The settings cannot be used: \d problems\./);
      for (const place of ['bad.yaml:3:3', 'bad.yaml:4:14']) assert.ok(stderr.includes(place), stderr);
    }
    assert.ok(!existsSync(join(place.folder, 'data')));
    assert.ok(!existsSync(join(place.folder, 'keys')));
  });

  test('an operator command makes no store', async () => {
    for (const args of [
      ['keys', 'list'],
      ['token', 'list', '--org', 'acme'],
      ['store', 'backup', 'b.db'],
      ['audit', 'list', '--installation'],
    ]) {
      const { stderr, status } = await place.run(args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, /There is no store at/);
    }
    assert.ok(!existsSync(join(place.folder, 'data')));
    assert.ok(!existsSync(join(place.folder, 'b.db')));
  });

  test('a backup of Redis is for Redis, and a memory store cannot be reached', async () => {
    const redis = await place.run(['store', 'backup', 'b.db'], { env: { RUNPASS_STORE: 'redis://127.0.0.1:1' } });
    assert.equal(redis.status, 2);
    assert.match(redis.stderr, /backed up by Redis itself\.\nhint: copy the files of BGSAVE/);
    const memory = await place.run(['keys', 'list'], { env: { RUNPASS_STORE: 'memory:' } });
    assert.equal(memory.status, 2);
    assert.match(memory.stderr, /lives inside its server/);
  });

  test('keys init makes the sealing key for its owner only, and never overwrites it', async () => {
    const file = join(place.folder, 'keys/sealing.key');
    assert.equal((await place.run(['keys', 'init', '--add'])).status, 1);
    const made = await place.run(['keys', 'init']);
    assert.equal(made.status, 0);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, 'utf8');
    const key = text.trim().split('\n').at(-1) ?? '';
    assert.ok(!`${made.stdout}${made.stderr}`.includes(key));

    const again = await place.run(['keys', 'init']);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /exists already; nothing was changed/);
    assert.equal(readFileSync(file, 'utf8'), text);

    assert.equal((await place.run(['keys', 'init', '--add'])).status, 0);
    const [first, ...rest] = readFileSync(file, 'utf8').split('\n');
    assert.notEqual(first, key);
    assert.equal(rest.join('\n'), text);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(place.folder, 'keys')), ['sealing.key']);
  });
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { makePlace, type Place, type Served } from './runpass.ts';

const RUN = ['--project', 'core', '--stack', 'dev', '--operation', 'update'];
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe('the commands on the host of a running server', () => {
  let place: Place;
  let server: Served;
  let adminToken: string;
  before(async () => {
    place = await makePlace();
    server = await place.serve();
    adminToken = readFileSync(join(place.folder, 'data/admin.token'), 'utf8').trim();
  });
  after(() => place.remove());

  const answer = async (...args: readonly string[]) => {
    const { stdout, stderr, status } = await place.run(args);
    assert.equal(status, 0, stderr);
    return { stdout, stderr, json: () => JSON.parse(stdout) };
  };

  test('serve says where everything is and what to try, and its log is JSON lines without a secret', () => {
    const [stdout, stderr] = [server.said.stdout(), server.said.stderr()];
    for (const text of [
      `issuer v1      ${place.url}/oidc\n`,
      'runpass.db',
      'sealing.key',
      'admin.token',
      'Try: runpass run start',
    ]) {
      assert.ok(stderr.includes(text), text);
    }
    for (const line of stdout.trim().split('\n')) JSON.parse(line);
    assert.ok(!`${stdout}${stderr}`.includes(adminToken));
  });

  test('whoami finds admin.token', async () => {
    const { stdout } = await answer('whoami');
    assert.match(stdout, /^user +admin\norganization +acme \(admin\)\ntoken +personal\n/);
    assert.deepEqual((await answer('whoami', '--json')).json(), {
      user: 'admin',
      organizations: ['acme'],
      url: place.url,
    });
  });

  test('run start shows the request token only when asked, and the token that it gives is verified', async () => {
    const plain = await answer('run', 'start', ...RUN);
    assert.match(plain.stdout, /^id +\S+\nversion +1\nstatus +running\ndeadline +\S+Z\n$/);
    assert.match(plain.stderr, /--show-token prints it/);
    assert.match((await answer('run', 'start', ...RUN, '--show-token')).stdout, /^request token +rpr_\S+$/m);

    const { id, version, tokenRequest } = (await answer('run', 'start', ...RUN, '--json')).json();
    assert.equal(version, 3);
    const headers = { authorization: `Bearer ${tokenRequest.token}` };
    const { value } = (await (await fetch(`${tokenRequest.url}&audience=acme`, { headers })).json()) as {
      value: string;
    };
    const keys = createRemoteJWKSet(new URL(`${place.url}/oidc/.well-known/jwks`));
    await jwtVerify(value, keys, { issuer: `${place.url}/oidc`, audience: 'acme' });

    assert.equal((await answer('run', 'finish', id, '--status', 'succeeded')).stdout, `${id} succeeded\n`);
    const again = await place.run(['run', 'finish', id, '--status', 'failed']);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /^error: This run has already finished as "succeeded"\. \(run_finished\)\n$/);
    const listed = await answer('run', 'list', '--status', 'succeeded', '--json');
    assert.deepEqual(
      listed.json().runs.map((run: { id: string }) => run.id),
      [id],
    );
    assert.match((await answer('run', 'list')).stdout, /^ID +STACK +VERSION .*\n\S+ +core\/dev +3 +update +succeeded/);
  });

  test('a refusal of the server keeps its sentence and code', async () => {
    const { stdout, stderr, status } = await place.run(['run', 'start', '--org', 'other', ...RUN]);
    assert.deepEqual([stdout, status], ['', 1]);
    assert.equal(stderr, 'error: There is no organization "other" that you may use. (organization_not_found)\n');
  });

  test('claims shows what would be signed, and warns of long subjects', async () => {
    const { header, claims } = (await answer('claims', ...RUN, '--json')).json();
    assert.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
    assert.equal(claims.sub, 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write');
    const table = await answer('claims', '--environment', 'core/dev', '--subject-attribute', 'currentEnvironment.name');
    assert.match(
      table.stdout,
      /sub +pulumi:environments:pulumi\.organization\.login:acme:currentEnvironment\.name:core\/dev\n/,
    );
    assert.equal(table.stderr, '');
    const long = (length: number) =>
      answer('claims', '--project', 'p'.repeat(length), '--stack', 's'.repeat(100), '--operation', 'update');
    assert.match((await long(1)).stderr, /warning: sub is 168 bytes; Google Cloud takes 127/);
    assert.match((await long(100)).stderr, /warning: sub is 267 bytes; the standard allows 255/);
  });

  test('login keeps a token that works, for its owner only; logout forgets it', async () => {
    const file = join(place.folder, 'home/.config/runpass/login.json');
    const bad = await place.run(['login', '--token-file', '-'], { stdin: 'rpa_wrong\n' });
    assert.equal(bad.status, 1);
    assert.ok(!existsSync(file));
    const good = await place.run(['login', '--token-file', '-'], { stdin: `${adminToken}\n` });
    assert.deepEqual([good.stdout, good.status], ['', 0]);
    assert.ok(!good.stderr.includes(adminToken));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const elsewhere = { RUNPASS_URL: 'http://127.0.0.1:1', RUNPASS_CONFIG: '/nonexistent' };
    assert.match((await place.run(['whoami'], { env: elsewhere })).stderr, /There is no access token for http:\/\/127/);
    const here = await place.run(['whoami'], { env: { RUNPASS_URL: '', RUNPASS_CONFIG: '/nonexistent' } });
    assert.match(here.stdout, /token from +.*login\.json/);
    assert.equal((await place.run(['logout'])).status, 0);
    assert.ok(!existsSync(file));
  });

  test('token create prints the token alone; it works until it is revoked', async () => {
    const lines = (text: string) => text.trim().split('\n');
    const made = await answer(
      'token',
      'create',
      '--org',
      'acme',
      '--user',
      'admin',
      '--name',
      'ci',
      '--lifetime',
      '600',
    );
    assert.match(made.stdout, /^rpa_[A-Za-z0-9]{40}\n$/);
    const id = /^Token (\S+) \(personal admin, acme\) until \S+Z\.\n$/.exec(made.stderr)?.[1] ?? '';
    const env = { RUNPASS_ACCESS_TOKEN: made.stdout.trim() };
    assert.equal((await place.run(['whoami'], { env })).status, 0);
    const listed = await answer('token', 'list', '--org', 'acme');
    assert.equal(lines(listed.stdout).length, 3);
    assert.ok(listed.stdout.includes(id) && !listed.stdout.includes(made.stdout.trim()));
    assert.equal((await answer('token', 'revoke', id, '--org', 'acme')).stdout, `Token ${id} is revoked.\n`);
    const { stderr, status } = await place.run(['whoami'], { env });
    assert.equal(status, 1);
    assert.match(stderr, /\(unauthenticated\)\nhint: the access token is from RUNPASS_ACCESS_TOKEN\n$/);
  });

  for (const [what, args, says] of [
    ['a user whom the file does not know', ['--user', 'bob'], /no user "bob".* \(not_found\)/],
    [
      'a role that the file does not know',
      ['--organization-token', '--role', 'king'],
      /no role "king".* \(not_found\)/,
    ],
    [
      'a life beyond the limit',
      ['--user', 'admin', '--lifetime', '7776001'],
      /from 60 to 7776000.* \(invalid_request\)/,
    ],
  ] as const) {
    test(`token create makes none for ${what}`, async () => {
      const { stdout, stderr, status } = await place.run(['token', 'create', '--org', 'acme', '--name', 'x', ...args]);
      assert.deepEqual([stdout, status], ['', 1]);
      assert.match(stderr, says);
    });
  }

  test('keys list shows what signs now, what signs next and when each leaves, alike for people and programs', async () => {
    const { issuers } = (await answer('keys', 'list', '--json')).json();
    assert.deepEqual(
      issuers.map(({ name }: { name: string }) => name),
      ['v1', 'v2'],
    );
    const [{ signsNow, signsNext, keys, timeline }] = issuers;
    assert.match(signsNext.at, RFC_3339);
    for (const { at } of timeline) assert.match(at, RFC_3339);
    const table = (await answer('keys', 'list', '--issuer', 'v1')).stdout;
    for (const { kid } of keys) assert.ok(table.includes(kid));
    assert.ok(table.includes(`${signsNow.slice(0, 10)}… signs; next is ${signsNext.kid.slice(0, 10)}…`));
    assert.ok(!table.includes('v2'));
    assert.ok(!/"(?:d|sealed|p|q)"/.test(JSON.stringify(issuers)));
  });

  test('doctor finds nothing wrong, finishes its test run, and shows no token', async () => {
    const { stdout, json } = await answer('doctor', '--json');
    const findings: readonly { readonly check: string; readonly level: string }[] = json().findings;
    assert.deepEqual(
      findings.filter(({ level }) => level !== 'ok').map(({ check }) => check),
      ['TLS'],
    );
    for (const check of ['sealing key', 'store', 'key ring v2', 'audit log', 'issuer v1', 'token v1', 'token v2']) {
      assert.ok(
        findings.some((finding) => finding.check === check),
        check,
      );
    }
    assert.ok(!/eyJ|rpr_|rpa_/.test(stdout));
    const { total } = (await answer('run', 'list', '--project', 'runpass', '--status', 'running', '--json')).json();
    assert.equal(total, 0);
  });

  test('keys rotate says when it takes effect; rollback calls it off; unsafe takes effect at once', async () => {
    const { stdout } = await answer('keys', 'rotate', '--issuer', 'v2');
    assert.match(stdout, /^Key \S+ signs in .*\. It takes effect at \S+Z\.\n$/);
    assert.match((await answer('keys', 'rollback', '--issuer', 'v2')).stdout, /called off/);
    const unsafe = (
      await answer('keys', 'rotate', '--issuer', 'v2', '--unsafe', '--reason', 'a test', '--json')
    ).json();
    assert.equal(unsafe.outcome, 'changed');
    assert.match(unsafe.takesEffect, RFC_3339);
    const recorded = await answer('audit', 'list', '--installation', '--kind', 'key.rotate', '--json');
    const [record] = recorded.json().records;
    assert.match(record.actor, /^operator:/);
    assert.equal(record.detail.reason, 'a test');
  });

  test('keys revoke finds the ring by the key, and refuses a key that no ring has', async () => {
    const unknown = await place.run(['keys', 'revoke', 'nobody', '--reason', 'x']);
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /\(unknown_key\)\nhint: see "runpass keys list"/);
    const [{ signsNext }] = (await answer('keys', 'list', '--issuer', 'v1', '--json')).json().issuers;
    assert.match((await answer('keys', 'revoke', signsNext.kid, '--reason', 'x')).stdout, /is revoked/);
  });

  test('keys rewrap counts what each sealing key seals, and export prints the public set', async () => {
    assert.match((await answer('keys', 'rewrap')).stdout, /^KEYS OF +SEALING KEY +SEALED\nv1 +\S{12} +\d\n/);
    const { keys } = (await answer('keys', 'export', '--issuer', 'v1')).json();
    assert.deepEqual(Object.keys(keys[0]).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  test('audit is listed, verified and exported; a changed export is found', async () => {
    assert.match((await answer('audit', 'list')).stdout, /^TIME +KIND +OUTCOME +ACTOR +DETAIL\n\S+Z +/);
    assert.match((await answer('audit', 'verify')).stdout, /^\d+ records in \d+ chains/);
    const file = join(place.folder, 'audit.jsonl');
    writeFileSync(file, (await answer('audit', 'export')).stdout);
    await answer('audit', 'verify', 'audit.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('core', 'cure'));
    const { stdout, stderr, status } = await place.run(['audit', 'verify', 'audit.jsonl']);
    assert.equal(status, 1);
    assert.match(stdout, / changed\n/);
    assert.match(stderr, /^error: .* not as written\.\n/);
  });

  test('store backup copies for its owner only, and never over a file', async () => {
    await answer('store', 'backup', 'copy.db');
    const file = join(place.folder, 'copy.db');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { mtimeMs } = statSync(file);
    assert.equal((await place.run(['store', 'backup', 'copy.db'])).status, 2);
    assert.equal(statSync(file).mtimeMs, mtimeMs);
  });

  test('a second server on the same store ends with 2, one on the same port with 1', async () => {
    const second = await place.run(['serve'], { env: { RUNPASS_PORT: '0' } });
    assert.equal(second.status, 2);
    assert.match(second.stderr, /^error: .+\n/);
    const other = await place.run(['serve'], { env: { RUNPASS_STORE: 'memory:', RUNPASS_DATA: 'other' } });
    assert.equal(other.status, 1, other.stderr);
    assert.match(other.stderr, /^error: Port \d+ of 127\.0\.0\.1 is taken\.\nhint: /);
  });

  test('SIGHUP reads the organizations again, SIGTERM drains and ends with 0; then doctor fails', async () => {
    const file = join(place.folder, 'config/organizations/acme.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nteams:\n  - name: platform\n    members: [admin]\n`);
    const read = new Promise<void>((resolve) => {
      server.child.stdout?.on('data', () => {
        if (server.said.stdout().includes('organization files were read again')) resolve();
      });
    });
    server.child.kill('SIGHUP');
    await read;
    assert.equal(await server.stop(), 0);
    assert.match(server.said.stdout(), /"server stopped"\}\n$/);

    const { stdout, stderr, status } = await place.run(['doctor']);
    assert.equal(status, 1);
    assert.match(stdout, /^fail {2}public URL +Nothing listens at/m);
    assert.match(stderr, /^error: 1 of \d+ checks failed\.\n$/);
  });

  test('without the sealing key of the stored keys, nothing opens', async () => {
    rmSync(join(place.folder, 'keys/sealing.key'));
    for (const args of [['serve'], ['keys', 'rotate', '--issuer', 'v1']]) {
      const { stdout, stderr, status } = await place.run(args);
      assert.deepEqual([stdout, status], ['', 2]);
      assert.match(stderr, /put back the file sealing\.key/);
    }
    assert.ok(!existsSync(join(place.folder, 'keys/sealing.key')));
  });
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Answers, type Desk, makeDesk, type Stub, startStub, TOKEN } from './trust-stub.ts';

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: object): string => `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}.c2ln`;
const SUBJECT = jwt({ iss: 'https://ci.example', aud: 'urn:pulumi:org:acme' });

const GRANTED = { access_token: TOKEN, token_type: 'token', expires_in: 7200, scope: '' };
const answers: Answers = ({ path }) =>
  path === '/api/oauth/token'
    ? { status: 200, body: GRANTED }
    : { status: 200, body: { githubLogin: 'acme', organizations: [{ githubLogin: 'acme' }] } };

describe('login with a token of a trusted issuer', () => {
  let stub: Stub;
  let desk: Desk;
  let answer = answers;
  before(async () => {
    stub = await startStub((heard) => answer(heard));
  });
  beforeEach(() => {
    answer = answers;
    (stub.heard as unknown[]).length = 0;
    desk = makeDesk({ RUNPASS_URL: stub.url });
  });
  afterEach(() => desk.remove());
  after(() => stub.stop());

  const login = (...args: readonly string[]) => desk.run(['login', '--oidc-token', SUBJECT, ...args]);
  const asked = (): URLSearchParams => new URLSearchParams(stub.heard[0]?.body);
  const file = (): string => join(desk.home, '.config/runpass/login.json');

  test('sends what the stock command line sends, byte for byte, then asks who it is', async () => {
    const { stdout, stderr, status } = await login('--oidc-org', 'acme');
    assert.deepEqual([stdout, status], ['', 0], stderr);
    const [exchange, user, ...more] = stub.heard;
    assert.ok(exchange && user && more.length === 0);
    assert.deepEqual([exchange.method, exchange.path], ['POST', '/api/oauth/token']);
    assert.equal(exchange.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(exchange.headers.authorization, undefined);
    assert.equal(
      exchange.body,
      'audience=urn%3Apulumi%3Aorg%3Aacme&expiration=7200' +
        '&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange' +
        '&requested_token_type=urn%3Apulumi%3Atoken-type%3Aaccess_token%3Aorganization' +
        `&scope=&subject_token=${SUBJECT}` +
        '&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token',
    );
    assert.deepEqual([user.path, user.headers.authorization], ['/api/user', `token ${TOKEN}`]);
  });

  test('keeps the access token with its end and organization, for the owner only, and prints neither token', async () => {
    const { stdout, stderr } = await login();
    assert.equal(
      stderr,
      `Logged in to ${stub.url} as acme until 2026-01-01T02:00:00Z; the token is kept in ${file()}.\n`,
    );
    for (const secret of [TOKEN, SUBJECT]) assert.ok(!`${stdout}${stderr}`.includes(secret));
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(readFileSync(file(), 'utf8')), {
      url: stub.url,
      accessToken: TOKEN,
      expires: '2026-01-01T02:00:00Z',
      organization: 'acme',
    });
  });

  test('--json says the same to programs', async () => {
    const { stdout, stderr } = await login('--json');
    assert.deepEqual(JSON.parse(stdout), {
      url: stub.url,
      user: 'acme',
      organization: 'acme',
      expires: '2026-01-01T02:00:00Z',
      file: file(),
    });
    assert.equal(stderr, '');
  });

  for (const [what, flags, type, scope] of [
    ['a team', ['--oidc-team', 'ops'], 'team', 'team:ops'],
    ['a user', ['--oidc-user', 'alice'], 'personal', 'user:alice'],
    ['neither', [], 'organization', ''],
  ] as const) {
    test(`${what} makes the type ${type} and the scope "${scope}"`, async () => {
      await login(...flags);
      assert.equal(asked().get('requested_token_type'), `urn:pulumi:token-type:access_token:${type}`);
      assert.equal(asked().get('scope'), scope);
    });
  }

  for (const [what, claims, flags, expected] of [
    ['its scope names a team', { scope: 'team:ops' }, [], ['acme', 'team', 'team:ops']],
    ['its scope names a user', { scope: 'user:bob' }, [], ['acme', 'personal', 'user:bob']],
    ['a flag says otherwise', { scope: 'team:ops' }, ['--oidc-user', 'bob'], ['acme', 'personal', 'user:bob']],
    ['a flag names another organization', {}, ['--oidc-org', 'umbrella'], ['umbrella', 'organization', '']],
    ['its scope means something else', { scope: 'openid team:ops' }, [], ['acme', 'organization', '']],
    ['its scope is a list', { scope: ['team:ops'] }, [], ['acme', 'organization', '']],
  ] as const) {
    for (const form of ['raw', 'in a file'] as const) {
      test(`what is asked for when ${what} (token ${form})`, async () => {
        const token = jwt({ aud: 'urn:pulumi:org:acme', ...claims });
        writeFileSync(join(desk.folder, 'token'), `${token}\n`);
        const { stderr } = await desk.run(['login', '--oidc-token', form === 'raw' ? token : 'file://token', ...flags]);
        const [organization, type, scope] = expected;
        assert.equal(asked().get('audience'), `urn:pulumi:org:${organization}`, stderr);
        assert.equal(asked().get('requested_token_type'), `urn:pulumi:token-type:access_token:${type}`);
        assert.equal(asked().get('scope'), scope);
        assert.equal(asked().get('subject_token'), token);
      });
    }
  }

  for (const aud of [
    'acme',
    'urn:pulumi:org:',
    'urn:pulumi:org:a:b',
    'urn:pulumi:organization:acme',
    ' urn:pulumi:org:acme',
    ['urn:pulumi:org:acme'],
    undefined,
  ]) {
    test(`no organization is read from aud ${JSON.stringify(aud)}`, async () => {
      const { stderr, status } = await desk.run(['login', '--oidc-token', jwt({ aud })]);
      assert.equal(status, 2);
      assert.match(stderr, /not said for which organization[\s\S]*add --oidc-org/);
      assert.deepEqual(stub.heard, []);
    });
  }

  test('--oidc-expiration is sent in seconds', async () => {
    await login('--oidc-expiration', '1h30m');
    assert.equal(asked().get('expiration'), '5400');
  });

  test('the end is that of the answer, not of the question', async () => {
    answer = (heard) => (heard.body === '' ? answers(heard) : { status: 200, body: { ...GRANTED, expires_in: 60 } });
    await login('--oidc-expiration', '24h');
    assert.equal(JSON.parse(readFileSync(file(), 'utf8')).expires, '2026-01-01T00:01:00Z');
  });

  for (const [what, args, says, env] of [
    ['a team and a user', ['--oidc-team', 'a', '--oidc-user', 'b'], /not for both/],
    ['a token in a file beside it', ['--token-file', 'x'], /A login has one token/],
    ['a day as a unit, which Go does not know', ['--oidc-expiration', '1d'], /a duration such as 2h/],
    ['no organization at all', ['--oidc-org', ''], /not said for which organization/],
    ['a variable that would win', [], /RUNPASS_ACCESS_TOKEN is set/, { RUNPASS_ACCESS_TOKEN: 'rpa_other' }],
    ['a URL without TLS', ['--url', 'http://example.com'], /A token is not sent to http:/],
  ] as const) {
    test(`is refused with 2 for ${what}, before anything is sent`, async () => {
      const { stdout, stderr, status } = await desk.run(['login', '--oidc-token', SUBJECT, ...args], {
        env: env ?? {},
      });
      assert.deepEqual([stdout, status], ['', 2], stderr);
      assert.match(stderr, says);
      assert.ok(!stderr.includes(SUBJECT));
      assert.deepEqual(stub.heard, []);
      assert.ok(!existsSync(file()));
    });
  }

  test('its flags mean nothing without the token', async () => {
    for (const flags of [
      ['--oidc-org', 'a'],
      ['--oidc-team', 'a'],
      ['--oidc-user', 'a'],
      ['--oidc-expiration', '1h'],
    ]) {
      const { stderr, status } = await desk.run(['login', ...flags]);
      assert.equal(status, 2);
      assert.match(stderr, /no token to exchange[\s\S]*add --oidc-token/);
    }
  });

  for (const token of ['rpa_noJwt', 'a.b.c', 'file://none', '']) {
    test(`${JSON.stringify(token)} is no token that could be sent`, async () => {
      const { stderr, status } = await desk.run(['login', '--oidc-token', token, '--oidc-org', 'acme']);
      assert.equal(status, 2);
      assert.match(stderr, /holds no JWT|none cannot be read/);
      if (token.startsWith('rpa_')) assert.ok(!stderr.includes(token));
      assert.deepEqual(stub.heard, []);
    });
  }

  test('a refusal is the sentence of the server, with the way to the reason, and keeps nothing', async () => {
    const sentence = 'The subject token was not exchanged. See: runpass trust decision 20260101000000-0123456789abcdef';
    answer = () => ({ status: 400, body: { error: 'invalid_grant', error_description: sentence } });
    const { stdout, stderr, status } = await login();
    assert.deepEqual([stdout, status], ['', 1]);
    assert.equal(
      stderr,
      `error: ${sentence} (invalid_grant)\nhint: send that command to an administrator of acme: the reason is only for them\n`,
    );
    assert.equal(stub.heard.length, 1);
    assert.ok(!existsSync(file()));
  });

  for (const [what, status, body] of [
    ['no token', 200, { ...GRANTED, access_token: '' }],
    ['a token that no header can carry', 200, { ...GRANTED, access_token: 'two words' }],
    ['no lifetime', 200, { ...GRANTED, expires_in: undefined }],
    ['a lifetime that is over', 200, { ...GRANTED, expires_in: 0 }],
    ['a lifetime as text', 200, { ...GRANTED, expires_in: '7200' }],
    ['another success', 201, GRANTED],
    ['a redirect', 307, {}],
    ['an error of a proxy', 502, 'bad gateway'],
    ['nothing', 200, undefined],
  ] as const) {
    test(`an answer with ${what} is a failure, and keeps nothing`, async () => {
      answer = () => ({ status, body });
      const end = await login();
      assert.deepEqual([end.stdout, end.status], ['', 1]);
      assert.match(end.stderr, /must be the public URL of a Runpass server/);
      assert.ok(!existsSync(file()));
    });
  }
});

describe('a login that is over', () => {
  let stub: Stub;
  let desk: Desk;
  before(async () => {
    stub = await startStub(answers);
    desk = makeDesk({ RUNPASS_URL: stub.url });
    await desk.run(['login', '--oidc-token', SUBJECT]);
  });
  after(() => {
    stub.stop();
    desk.remove();
  });

  test('is used until its last second, and whoami says when that is', async () => {
    desk.clock.advance(7199);
    const { stdout, status } = await desk.run(['whoami']);
    assert.equal(status, 0);
    assert.match(stdout, /^user +acme\norganization +acme\n[\s\S]*^expires +2026-01-01T02:00:00Z$/m);
    assert.equal(JSON.parse((await desk.run(['whoami', '--json'])).stdout).expires, '2026-01-01T02:00:00Z');
  });

  test('is not sent any more: the server is not asked, and 1 says what to do', async () => {
    desk.clock.advance(1);
    const before = stub.heard.length;
    for (const args of [['whoami'], ['run', 'list'], ['trust', 'issuer', 'list']]) {
      const { stdout, stderr, status } = await desk.run(args);
      assert.deepEqual([stdout, status], ['', 1]);
      assert.match(stderr, /kept expired at 2026-01-01T02:00:00Z\.\nhint: log in again: runpass login .*acme/);
    }
    assert.equal(stub.heard.length, before);
  });

  test('does not keep another token from being used', async () => {
    const env = { RUNPASS_ACCESS_TOKEN: 'rpa_other' };
    const { stdout, status } = await desk.run(['whoami'], { env });
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /expires/);
  });

  test('can be read no longer when its time is damaged', async () => {
    const file = join(desk.home, '.config/runpass/login.json');
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    for (const change of [{ expires: 'tomorrow' }, { expires: 1 }, { organization: 1 }, { url: 1 }]) {
      writeFileSync(file, JSON.stringify({ ...kept, ...change }));
      const { stderr, status } = await desk.run(['whoami']);
      assert.equal(status, 2);
      assert.match(stderr, /is damaged/);
    }
  });
});

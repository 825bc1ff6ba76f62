import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatProblems } from '../../src/documents.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { reservedNames } from '../../src/settings/rules.ts';
import { showSettings } from '../../src/settings/show.ts';
import { cwd, type Env, problemsOf, settingsOf } from './workspace.ts';

const FILE = 'config/runpass.yaml';

test('the settings that are shipped load without a problem', async () => {
  const shipped = await loadSettings({ env: {}, cwd: join(import.meta.dirname, '../..') });
  assert.ok('settings' in shipped);
  const { settings } = shipped;
  assert.equal(settings.issuers.v1.url, 'http://localhost:8080/oidc');
  assert.equal(settings.issuers.v2.url, 'http://localhost:8080/oidc/v2');
  assert.deepEqual([settings.http.host, settings.http.port], ['127.0.0.1', 8080]);
  assert.equal(settings.store.backend.kind, 'sqlite');
});

test('an empty file means the defaults', async () => {
  const settings = await settingsOf('');
  assert.deepEqual([settings.issuers.v1.defaultLifetime, settings.issuers.v2.defaultLifetime], [3600, 900]);
  assert.equal(settings.folders.data, join(cwd, 'data'));
  assert.deepEqual(settings.store.backend, { kind: 'sqlite', path: join(cwd, 'data/runpass.db') });
});

test('mistakes of every kind are told together: shape, rules and variables', async () => {
  const document = 'url: http://id.example.com\nhtpp: {}\nkeys:\n  publishAhead: 300\nlog:\n  level: loud\nlog: {}\n';
  const lines = (await problemsOf(document, { RUNPASS_PORT: 'x', RUNPASS_HSOT: 'y' })).split('\n');
  assert.deepEqual(
    lines.map((line) => line.split(': ')[0]),
    ['environment', 'environment', `${FILE}:1:6`, `${FILE}:2:1`, `${FILE}:4:17`, `${FILE}:7:1`],
  );
});

test('a section that is wrong in itself is not yet compared with others', async () => {
  const problems = await problemsOf('runs: {defaultDeadline: 700000, maxDuration: x}');
  assert.match(problems, /^config\/runpass\.yaml:1:46: runs\.maxDuration: is the text "x"; [^\n]+$/);
});

test('a time that both issuers share is told once', async () => {
  assert.equal((await problemsOf('keys: {rotationPeriod: 3600}')).split('\n').length, 1);
});

test('a file that is not there is a problem that says what to do', async () => {
  const loaded = await loadSettings({ env: { RUNPASS_CONFIG: 'none.yaml' }, cwd });
  assert.ok('problems' in loaded);
  assert.match(formatProblems(loaded.problems), /^none\.yaml: cannot be read; .*RUNPASS_CONFIG/);
});

test('https listens for its proxy, http on the loopback address and port of its URL', async () => {
  const door = async (document: string, env: Env = {}) => {
    const { host, port } = (await settingsOf(document, env)).http;
    return `${host} ${port}`;
  };
  assert.equal(await door('url: https://id.example.com'), '0.0.0.0 8080');
  assert.equal(await door('url: http://localhost'), '127.0.0.1 80');
  assert.equal(await door('url: http://127.0.0.2:9000'), '127.0.0.2 9000');
  assert.equal(await door('url: http://[::1]:9000'), '::1 9000');
  assert.equal(await door('', { RUNPASS_URL: 'http://localhost:9090' }), '127.0.0.1 9090');
  assert.equal(
    await door('', { RUNPASS_URL: 'http://localhost:9090', RUNPASS_PORT: '0', RUNPASS_HOST: '0.0.0.0' }),
    '0.0.0.0 0',
  );
});

test('every variable overrides its field, and an empty one does not', async () => {
  const written =
    'url: https://a.example.com\nhttp: {host: 10.0.0.1, port: 1}\nstore: {url: "memory:"}\nfolders: {keys: k, data: d}\nlog: {level: warn}\n';
  const names = ['URL', 'HOST', 'PORT', 'STORE', 'KEYS', 'DATA', 'LOG_LEVEL'].map((name) => `RUNPASS_${name}`);
  const plain = await settingsOf(written, Object.fromEntries(names.map((name) => [name, ''])));
  assert.equal(plain.url, 'https://a.example.com');
  assert.deepEqual([plain.folders.keys, plain.folders.data], [join(cwd, 'k'), join(cwd, 'd')]);
  const settings = await settingsOf(written, {
    RUNPASS_URL: 'https://b.example.com',
    RUNPASS_HOST: '10.0.0.2',
    RUNPASS_PORT: '2',
    RUNPASS_STORE: 'sqlite:x.db',
    RUNPASS_KEYS: 'config/k2',
    RUNPASS_DATA: '/d2',
    RUNPASS_LOG_LEVEL: 'debug',
  });
  assert.equal(settings.issuers.v2.url, 'https://b.example.com/oidc/v2');
  assert.deepEqual([settings.http.host, settings.http.port, settings.log.level], ['10.0.0.2', 2, 'debug']);
  assert.deepEqual(settings.store.backend, { kind: 'sqlite', path: join(cwd, 'x.db') });
  assert.deepEqual([settings.folders.keys, settings.folders.data], [join(cwd, 'config/k2'), '/d2']);
});

test('the embedded store follows the data folder', async () => {
  const settings = await settingsOf('', { RUNPASS_DATA: '/var/lib/runpass' });
  assert.deepEqual(settings.store.backend, { kind: 'sqlite', path: '/var/lib/runpass/runpass.db' });
});

test('a mistake in a variable names the variable', async () => {
  assert.match(
    await problemsOf('', { RUNPASS_URL: 'http://x.example.com' }),
    /^environment: RUNPASS_URL: is http: on a host/,
  );
  assert.match(await problemsOf('', { RUNPASS_STORE: 'mysql://' }), /^environment: RUNPASS_STORE: is not a store/);
  assert.match(
    await problemsOf('', { RUNPASS_PORT: '-1' }),
    /^environment: RUNPASS_PORT: is the text "-1"; write a whole number/,
  );
  assert.equal(
    await problemsOf('', { RUNPASS_PROT: '1' }),
    'environment: RUNPASS_PROT: is not a variable that Runpass knows; write RUNPASS_PORT',
  );
  assert.equal(await problemsOf('', { RUNPASS_ACCESS_TOKEN: 'x', RUNPASS_REDIS_SERVER: 'y' }), '');
});

test('relative paths start above a folder called config, else at the folder of the file', async () => {
  await mkdir(join(cwd, 'etc'), { recursive: true });
  await writeFile(join(cwd, 'etc/runpass.yaml'), '');
  const loaded = await loadSettings({ env: { RUNPASS_CONFIG: 'etc/runpass.yaml' }, cwd });
  assert.ok('settings' in loaded);
  assert.equal(loaded.settings.folders.keys, join(cwd, 'etc/keys'));
  assert.equal((await settingsOf('')).folders.keys, join(cwd, 'keys'));
});

test('environments have their files in config/environments, or in the folder that the settings name', async () => {
  assert.equal((await settingsOf('')).folders.environments, join(cwd, 'config/environments'));
  assert.equal((await settingsOf('folders: {environments: e}')).folders.environments, join(cwd, 'e'));
  assert.equal((await settingsOf('folders: {environments: /e}')).folders.environments, '/e');
  const shown = showSettings(await settingsOf('folders: {environments: /e}'));
  assert.match(shown, /^ {2}environments: \/e$/m);
});

test('an issuer takes the shared times and its own over them', async () => {
  const { issuers } = await settingsOf('keys: {cacheMaxAge: 600}\nissuers: {v2: {alg: ES256, keys: {staleness: 10}}}');
  assert.deepEqual([issuers.v1.timing.cacheMaxAge, issuers.v1.timing.staleness, issuers.v1.alg], [600, 30, 'RS256']);
  assert.deepEqual([issuers.v2.timing.cacheMaxAge, issuers.v2.timing.staleness, issuers.v2.alg], [600, 10, 'ES256']);
});

test('a single proxy is a range of one', async () => {
  const { http } = await settingsOf('http: {trustedProxies: [10.0.0.1, "::1", 10.0.0.0/8]}');
  assert.deepEqual(http.trustedProxies, ['10.0.0.1/32', '::1/128', '10.0.0.0/8']);
});

test('an audience that could be the name of an organization reserves it', async () => {
  const settings = await settingsOf('organizations: {acme: {audiences: [sigstore, sts.amazonaws.com, "api://x"]}}');
  assert.deepEqual([...reservedNames(settings)], ['sigstore']);
});

test('an organization may reach no host inside the network until the operator names it', async () => {
  const { organizations } = await settingsOf('organizations: {acme: {issuerHosts: ["[::1]:8443", k8s]}, beta: {}}');
  assert.deepEqual(organizations['acme'], { audiences: [], issuerHosts: ['[::1]:8443', 'k8s'] });
  assert.deepEqual(organizations['beta']?.issuerHosts, []);
});

test('decisions leave out what tells of a person, until the settings list other claims', async () => {
  const { personalClaims, ...limits } = (await settingsOf('')).exchange;
  assert.deepEqual(limits, { refusalsPerMinute: 600, recordedRefusalsPerMinute: 120 });
  for (const claim of ['email', 'user_email', 'name', 'preferred_username', 'actor', 'user_login']) {
    assert.ok(personalClaims.includes(claim), claim);
  }
  // A policy that cannot see these cannot be tried on old decisions.
  for (const claim of ['sub', 'iss', 'aud', 'repository', 'repository_owner', 'namespace_path']) {
    assert.ok(!personalClaims.includes(claim), claim);
  }
  assert.deepEqual((await settingsOf('exchange: {personalClaims: []}')).exchange.personalClaims, []);
});

test('settings cannot be changed', async () => {
  const settings = await settingsOf('organizations: {acme: {audiences: [x]}}');
  for (const part of [settings, settings.http, settings.issuers.v1.timing, settings.organizations['acme']?.audiences]) {
    assert.ok(Object.isFrozen(part));
  }
});

test('a password of Redis is read from its file and never shown', async () => {
  await writeFile(join(cwd, 'secret'), 'hunter2\n');
  const fromFile = await settingsOf('store: {url: "redis://me@h", passwordFile: secret}');
  const { backend } = fromFile.store;
  assert.ok(backend.kind === 'redis');
  assert.equal(backend.password?.reveal(), 'hunter2');
  const inUrl = await settingsOf('store: {url: "redis+sentinel://me:hunter2@h/m?node=h2&tls=true"}');
  for (const settings of [fromFile, inUrl]) assert.doesNotMatch(showSettings(settings), /hunter2/);
  assert.match(showSettings(inUrl), /redis\+sentinel:\/\/me:\[secret\]@h:26379\/m\?node=h2:26379&tls=true/);
});

test('no problem quotes a store URL, which may hold a password', async () => {
  for (const url of [
    'redis://:hunter2@',
    'redis://:hunter2@h/x',
    'mysql://:hunter2@h',
    'rediss://:hunter2%@h',
    'hunter2',
  ]) {
    const problems = await problemsOf(`store: {url: "${url}"}`);
    assert.notEqual(problems, '');
    assert.doesNotMatch(problems, /hunter2/, url);
  }
});

test('what is shown can be loaded again and means the same', async () => {
  const written = [
    '',
    'url: https://id.example.com\nhttp: {trustedProxies: ["::1"]}\norganizations: {acme: {audiences: ["api://x"], issuerHosts: [h]}}\nexchange: {personalClaims: [x]}\nissuers: {v2: {keys: {staleness: 10}}}',
    'store: {url: "redis+cluster://me@[::1]:7000?node=h:7001&tls=true", replicas: 1}',
    'store: {url: "redis://h/3", passwordFile: secret}',
    'store: {url: "memory:"}',
  ];
  for (const document of written) {
    const settings = await settingsOf(document);
    assert.deepEqual(await settingsOf(showSettings(settings)), settings, document);
  }
});

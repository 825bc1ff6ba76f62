import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Desk, makeDesk } from './trust-stub.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const GOOD = 'rules: { sub: "repo:acme/core:*", repository_owner: acme, aud: "urn:pulumi:org:acme" }';
const candidate = (rules: string, more = ''): string =>
  `policies:\n  - decision: allow\n    tokenType: organization\n    authorizedPermissions: [admin]\n    ${rules}\n${more}`;
const organization = (rules: string, more = '', name = 'acme'): string =>
  `name: ${name}
trustedIssuers:
  - name: github
    url: ${GITHUB}
    ${more}
    policy:
      policies:
        - decision: allow
          tokenType: organization
          authorizedPermissions: [admin]
          ${rules}
`;

describe('trust lint', () => {
  let desk: Desk;
  before(() => {
    // Nothing listens there: what follows needs no server.
    desk = makeDesk({ RUNPASS_URL: 'http://127.0.0.1:1' });
    mkdirSync(join(desk.folder, 'config/organizations'), { recursive: true });
    writeFileSync(join(desk.folder, 'config/runpass.yaml'), 'url: http://localhost:8080\n');
  });
  after(() => desk.remove());

  const lint = async (text: string, ...flags: readonly string[]) => {
    writeFileSync(join(desk.folder, 'file.yaml'), text);
    return desk.run(['trust', 'lint', 'file.yaml', ...flags]);
  };
  const ABOUT = ['--issuer', GITHUB, '--replay', 'retry-window'];

  test('has nothing to say of a good candidate, and ends with 0', async () => {
    assert.deepEqual(await lint(candidate(GOOD), ...ABOUT), { stdout: '', stderr: '', status: 0 });
  });

  test('a candidate may name its issuer itself, and is read the same as JSON', async () => {
    const named = await lint(`issuer: ${GITHUB}\n${candidate(GOOD)}`, '--replay', 'once');
    assert.deepEqual([named.stdout, named.status], ['', 0], named.stderr);
    const policies = [{ decision: 'allow', tokenType: 'organization', rules: {} }];
    const json = await lint(JSON.stringify({ issuer: 'https://own.example', policies }));
    assert.match(json.stdout, /^file\.yaml:1:\d+ matches_everything /m);
  });

  test('says of each finding where it is, its code, and what to write; and ends with 1', async () => {
    const { stdout, stderr, status } = await lint(candidate('rules: { sub: "repo:acme*" }'), ...ABOUT);
    assert.equal(status, 1);
    assert.match(stdout, /^file\.yaml:5:19 open_prefix .*\n {2}suggestion: .*repo:acme\//m);
    assert.match(stderr, /^error: \d findings without a reason\.\nhint: write what is suggested/);
  });

  test('the same for programs', async () => {
    const { stdout, status } = await lint(candidate('rules: { sub: "repo:acme*" }'), ...ABOUT, '--json');
    assert.equal(status, 1);
    const found = JSON.parse(stdout).findings.find(({ code }: { code: string }) => code === 'open_prefix');
    assert.deepEqual([found.file, found.line, found.column, found.index, found.claim], ['file.yaml', 5, 19, 0, 'sub']);
  });

  test('a reason beside the definition is enough, but not for what the API refuses', async () => {
    const meant = await lint(candidate('rules: { sub: "repo:acme*" }', '    reason: all our repositories\n'), ...ABOUT);
    assert.equal(meant.status, 0, meant.stderr);
    assert.match(meant.stdout, /^ {2}meant so: all our repositories$/m);
    const open = await lint(candidate('rules: {}', '    reason: nothing matters\n'), ...ABOUT);
    assert.equal(open.status, 1);
    assert.match(open.stdout, /matches_everything/);
  });

  test('how often a token may be exchanged is a finding until somebody says it', async () => {
    const unsaid = await lint(candidate(GOOD), '--issuer', GITHUB);
    assert.deepEqual([unsaid.status, /^file\.yaml:1:1 replay_allowed /.test(unsaid.stdout)], [1, true]);
    assert.equal((await lint(candidate(GOOD), '--issuer', GITHUB, '--replay', 'allow')).status, 0);
    const file = await lint(organization(GOOD));
    assert.deepEqual([file.status, /^file\.yaml:3:5 replay_allowed /.test(file.stdout)], [1, true], file.stdout);
    assert.equal((await lint(organization(GOOD, 'replay: allow'))).status, 0);
  });

  test('a file of an organization is linted below each of its trusted issuers', async () => {
    const { stdout, status } = await lint(organization('rules: { sub: "repo:acme*" }', 'replay: once'));
    assert.equal(status, 1);
    assert.match(stdout, /^file\.yaml:11:25 open_prefix /m);
  });

  test('a role that the file does not declare is a finding', async () => {
    const text = organization(GOOD, 'replay: once').replace('authorizedPermissions: [admin]', 'roleID: king');
    assert.match((await lint(text)).stdout, /unknown_role/);
    const known = text.replace('trustedIssuers:', 'roles:\n  - { name: king, allow: [] }\ntrustedIssuers:');
    assert.equal((await lint(known)).status, 0);
  });

  for (const [what, text, says] of [
    ['without its issuer', candidate(GOOD), /file\.yaml:1:1: issuer: does not say whose tokens[\s\S]*--issuer/],
    ['of the wrong shape', 'issuer: a\npolicies: [{ decision: alow }]\n', /file\.yaml:2:\d+: policies\[0\]/],
    ['that makes no sense', `issuer: a\n${candidate('rules: { "a..b": x }')}`, /is no claim path/],
    ['that is no YAML', 'policies: [', /file\.yaml:\d+:\d+: is not YAML/],
    ['that is nothing of the kind', 'users: []\n', /has no "name"/],
    [
      'of an organization that makes no sense',
      organization('rules: { "a..b": x }'),
      /trustedIssuers\[0\]\.policy.*no claim path/,
    ],
  ] as const) {
    test(`a file ${what} cannot be used: 2`, async () => {
      const { stdout, stderr, status } = await lint(text);
      assert.deepEqual([stdout, status], ['', 2]);
      assert.match(stderr, says);
    });
  }

  test('without files it looks at all organizations of the configured folder; what can be used is still told', async () => {
    const folder = join(desk.folder, 'config/organizations');
    writeFileSync(join(folder, 'acme.yaml'), organization('rules: { sub: "repo:acme*" }', 'replay: once'));
    writeFileSync(join(folder, 'umbrella.yaml'), 'name: umbrella\n');
    writeFileSync(join(folder, '.hidden.yaml'), 'nonsense');
    writeFileSync(join(folder, 'notes.txt'), 'nonsense');
    const sound = await desk.run(['trust', 'lint']);
    assert.equal(sound.status, 1, sound.stderr);
    assert.match(sound.stdout, /acme\.yaml:11:25 open_prefix/);
    writeFileSync(join(folder, 'umbrella.yaml'), 'nme: umbrella\n');
    const broken = await desk.run(['trust', 'lint']);
    assert.equal(broken.status, 2);
    assert.match(broken.stdout, /acme\.yaml:11:25 open_prefix/);
    assert.match(broken.stderr, /umbrella\.yaml:1:1: nme: is not a known key/);
  });
});

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadOrganizations } from '../../src/access/load.ts';
import { OPERATIONS } from '../../src/access/organization.ts';
import { formatProblems } from '../../src/documents.ts';
import { type Files, HASH, ID, jwk, load, OTHER_ID, problemsOf, root, sound } from './folder.ts';

test('the organization that is shipped has an administrator "admin"', async () => {
  const loaded = await loadOrganizations(join(import.meta.dirname, '../../config/organizations'), new Set());
  assert.ok('organizations' in loaded);
  assert.deepEqual([...loaded.organizations.keys()], ['acme']);
  assert.deepEqual(loaded.organizations.get('acme')?.users, [{ login: 'admin', administrator: true, roles: [] }]);
});

test('a file is completed: members by default, all operations spelled out, subjects of every stack', async () => {
  const { organizations } = await sound({
    'acme.yaml': `
name: acme
id: ${ID}
users: [{login: alice, email: a@example.com, roles: [deployer]}]
teams: [{name: platform, members: [alice]}]
roles: [{name: deployer, allow: [{project: core, stack: "dev-*", operations: all}]}]
clients: [{id: runner, secretHash: "${HASH}"}, {id: plane, role: administrator, jwks: {keys: [${jwk(2048)}]}}]
subjects: [{components: [org, project]}]
`,
    'README.md': 'not an organization',
    '.hidden.yaml': 'not: read',
  });
  const acme = organizations.get('acme');
  assert.ok(acme);
  assert.equal(acme.id, ID);
  assert.deepEqual(acme.users, [{ login: 'alice', email: 'a@example.com', administrator: false, roles: ['deployer'] }]);
  assert.deepEqual(acme.teams, [{ name: 'platform', members: ['alice'], roles: [] }]);
  assert.deepEqual(acme.roles[0]?.permissions, [{ project: 'core', stack: 'dev-*', operations: OPERATIONS }]);
  assert.deepEqual(
    acme.clients.map((client) => client.authentication.method),
    ['secret', 'private_key_jwt'],
  );
  assert.deepEqual(acme.subjects, [{ project: '*', stack: '*', components: ['org', 'project'] }]);
  assert.ok(Object.isFrozen(acme.users[0]?.roles));
});

test('a role may be about environments alone, and the default access is none where the file names no other', async () => {
  const { organizations } = await sound({
    'acme.yaml': `
name: acme
roles: [{name: reader, environments: [{project: core, environment: "dev-*", access: open}]}]
`,
    'beta.yaml': 'name: beta\nenvironments: {defaultAccess: read}\nroles: [{name: a, allow: []}]',
    'zeta.yaml': 'name: zeta\nenvironments: {}',
  });
  const [acme, beta, zeta] = ['acme', 'beta', 'zeta'].map((name) => organizations.get(name));
  assert.deepEqual(acme?.roles[0], {
    name: 'reader',
    permissions: [],
    environments: [{ project: 'core', environment: 'dev-*', access: 'open' }],
  });
  assert.deepEqual(beta?.roles[0]?.environments, []);
  assert.deepEqual(
    [acme, beta, zeta].map((organization) => organization?.defaultEnvironmentAccess),
    ['none', 'read', 'none'],
  );
});

test('every one of the five forms of a subject may be chosen, and no other', async () => {
  const file = (components: string): Files => ({ 'acme.yaml': `name: acme\nsubjects: [{components: ${components}}]` });
  for (const components of [
    '[org]',
    '[org, project]',
    '[org, project, operation]',
    '[org, project, stack]',
    '[org, project, stack, operation]',
  ]) {
    await sound(file(components));
  }
  for (const components of [
    '[]',
    '[project]',
    '[project, org]',
    '[org, stack]',
    '[org, project, operation, stack]',
    '[org, org]',
  ]) {
    assert.match(
      await problemsOf(file(components)),
      /^acme\.yaml:2:25: subjects\[0\]\.components: is a list; write one of \[org\], \[org, project\]/,
    );
  }
});

test('mistakes in all files are told together', async () => {
  const problems = await problemsOf({
    'acme.yaml': 'name: acme\nusers: [{login: zeta}, {login: b, roles: [x]}]',
    'beta.yaml': 'nmae: beta',
    'zeta.yaml': 'name: zeta\nname: zeta',
    'eta.yml': 'name: eta',
  });
  assert.deepEqual(
    problems.split('\n').map((line) => line.split(': ')[0]),
    ['eta.yml', 'beta.yaml:1:1', 'beta.yaml:1:1', 'zeta.yaml:2:1', 'acme.yaml:2:17', 'acme.yaml:2:43'],
  );
});

test('a client id is unique in the installation', async () => {
  const client = `clients: [{id: a, secretHash: "${HASH}"}]`;
  const problems = await problemsOf({ 'acme.yaml': `name: acme\n${client}`, 'beta.yaml': `name: beta\n${client}` });
  assert.match(
    problems,
    /^beta\.yaml:2:16: clients\[0\]\.id: is "a", which a client of organization acme has already; .+$/,
  );
});

test('the same login in two organizations is the same person', async () => {
  const file = (name: string, id: string): string => `name: ${name}\nusers: [{login: alice, id: ${id}}]`;
  await sound({ 'acme.yaml': file('acme', ID), 'beta.yaml': file('beta', ID) });
  const problems = await problemsOf({ 'acme.yaml': file('acme', ID), 'beta.yaml': file('beta', OTHER_ID) });
  assert.match(
    problems,
    /^beta\.yaml:2:28: users\[0\]\.id: is not the id that user alice has in another organization; write 0b1f.+01/,
  );
});

test('a name that the settings list as an audience is refused', async () => {
  assert.equal(
    await problemsOf({ 'sigstore.yaml': 'name: sigstore' }, ['sigstore']),
    'sigstore.yaml:1:7: name: is "sigstore", which the settings list as an audience, so its tokens could be had by others; take it off the list of audiences, or choose another name',
  );
});

test('a folder that is not there, a file that cannot be read and too many files are told', async () => {
  const missing = await loadOrganizations(join(root, 'none'), new Set());
  assert.match('problems' in missing ? formatProblems(missing.problems) : '', /none: cannot be read; make the folder/);
  const { folder } = await load({});
  await mkdir(join(folder, 'acme.yaml'));
  const unreadable = await loadOrganizations(folder, new Set());
  assert.match('problems' in unreadable ? formatProblems(unreadable.problems) : '', /acme\.yaml: cannot be read;/);
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`o${index}x.yaml`, '']));
  assert.equal(await problemsOf(many), 'FOLDER: holds 1001 files; keep at most 1000 organizations');
});

test('the hash is of what the files say, not of how they say it', async () => {
  const { hash } = await sound({ 'acme.yaml': 'name: acme\nusers: [{login: a, name: A}]', 'beta.yaml': 'name: beta' });
  const same = await sound({
    'beta.yaml': '{"name": "beta"} # a comment',
    'acme.yaml': 'users:\n  - {name: A, login: a, role: member}\nname: acme\n',
  });
  assert.equal(same.hash, hash);
  const other = await sound({
    'acme.yaml': 'name: acme\nusers: [{login: a, name: A, role: administrator}]',
    'beta.yaml': 'name: beta',
  });
  assert.notEqual(other.hash, hash);
  assert.match(hash, /^[0-9a-f]{64}$/);
});

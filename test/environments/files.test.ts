import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { formatProblems } from '../../src/documents.ts';
import { loadEnvironments } from '../../src/environments/load-files.ts';

const root = await mkdtemp(join(tmpdir(), 'runpass-environments-'));
after(() => rm(root, { recursive: true }));
let count = 0;

const ORGANIZATIONS = new Set(['acme', 'beta']);

/** Loads a folder with these files; a path that ends with a slash is an empty folder. */
const load = async (files: Readonly<Record<string, string | Uint8Array>>) => {
  const folder = join(root, String(count++));
  await mkdir(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(path.endsWith('/') ? join(folder, path) : dirname(join(folder, path)), { recursive: true });
    if (!path.endsWith('/')) await writeFile(join(folder, path), content);
  }
  return { folder, loaded: await loadEnvironments(folder, ORGANIZATIONS) };
};

const sound = async (files: Readonly<Record<string, string | Uint8Array>>) => {
  const { folder, loaded } = await load(files);
  assert.ok('environments' in loaded, 'problems' in loaded ? formatProblems(loaded.problems) : '');
  return { folder, ...loaded };
};

const problemsOf = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<string> => {
  const { folder, loaded } = await load(files);
  return 'problems' in loaded
    ? formatProblems(loaded.problems).replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER')
    : '';
};

test('each file is an environment: its folders are organization and project, its text is as it stands', async () => {
  const { folder, environments } = await sound({
    'acme/core/dev.yaml': 'values: {a: ü}\r\n# not: [closed',
    'acme/core/prod.v1.yaml': '',
    'acme/default/db.yaml': 'values: {}',
    'beta/core/dev.yaml': 'values: {b: 1}',
  });
  const texts = [...environments].map(([name, files]) => [name, [...files].map(([path, { text }]) => [path, text])]);
  assert.deepEqual(texts, [
    [
      'acme',
      [
        ['core/dev', 'values: {a: ü}\r\n# not: [closed'],
        ['core/prod.v1', ''],
        ['default/db', 'values: {}'],
      ],
    ],
    ['beta', [['core/dev', 'values: {b: 1}']]],
  ]);
  assert.equal(environments.get('acme')?.get('core/dev')?.file, join(folder, 'acme/core/dev.yaml'));
});

test('an environment was modified when its file was', async () => {
  const { folder } = await load({ 'acme/core/dev.yaml': '' });
  await utimes(join(folder, 'acme/core/dev.yaml'), 1_700_000_000.9, 1_700_000_000.9);
  const loaded = await loadEnvironments(folder, ORGANIZATIONS);
  assert.ok('environments' in loaded);
  assert.equal(loaded.environments.get('acme')?.get('core/dev')?.modified, 1_700_000_000);
});

test('a folder that is not there declares nothing, and what cannot be a folder is told', async () => {
  const none = await loadEnvironments(join(root, 'none'), ORGANIZATIONS);
  assert.ok('environments' in none);
  assert.equal(none.environments.size, 0);
  const file = join(root, 'file');
  await writeFile(file, '');
  const loaded = await loadEnvironments(file, ORGANIZATIONS);
  assert.match('problems' in loaded ? formatProblems(loaded.problems) : '', /file: cannot be read; correct "folders/);
});

test('hidden files and those that are no YAML are passed over, in every folder', async () => {
  const { environments } = await sound({
    'README.md': '',
    '.git/config': '',
    'acme/README.md': '',
    'acme/.hidden/x.yaml': '',
    'acme/core/notes.txt': '',
    'acme/core/.dev.yaml.swp': '',
    'acme/core/dev.yaml': '',
    'beta/core/': '',
  });
  assert.deepEqual([...environments.keys()], ['acme']);
  assert.deepEqual([...(environments.get('acme')?.keys() ?? [])], ['core/dev']);
});

test('a mounted volume is read, where every name leads to a hidden folder', async () => {
  const { folder } = await load({ 'acme/core/..data/dev.yaml': 'values: {}' });
  await symlink('..data/dev.yaml', join(folder, 'acme/core/dev.yaml'));
  const loaded = await loadEnvironments(folder, ORGANIZATIONS);
  assert.ok('environments' in loaded);
  assert.equal(loaded.environments.get('acme')?.get('core/dev')?.text, 'values: {}');
});

const MISTAKES: readonly (readonly [string, Readonly<Record<string, string | Uint8Array>>, string])[] = [
  [
    'a folder that is like an organization',
    { 'acmee/core/dev.yaml': '' },
    'acmee: is the folder of no organization; rename it to acme',
  ],
  [
    'a folder that is like none',
    { 'organizations/core/dev.yaml': '' },
    'organizations: is the folder of no organization; name the folder like an organization',
  ],
  ['a file beside the organizations', { 'dev.yaml': '' }, 'dev.yaml: would not be read; put it into <organization>/'],
  [
    'a file beside the projects',
    { 'acme/dev.yml': '' },
    'acme/dev.yml: would not be read; put it into the folder of its project',
  ],
  [
    'a project that is a route',
    { 'acme/yaml/dev.yaml': '' },
    'acme/yaml: names a project, which must not be "yaml", which is a route; rename the folder',
  ],
  [
    'a project with other characters',
    { 'acme/a b/dev.yaml': '' },
    'acme/a b: names a project, which must be 1 to 100 characters of A-Z',
  ],
  [
    'an environment with other characters',
    { 'acme/core/a@b.yaml': '' },
    'acme/core/a@b.yaml: names an environment, which must be 1 to 100 characters of A-Z',
  ],
  ['another ending', { 'acme/core/dev.yml': '' }, 'acme/core/dev.yml: would not be read; rename it to end with .yaml'],
  [
    'a folder too many',
    { 'acme/core/more/dev.yaml': '' },
    'acme/core/more: would not be read; put the files of a project straight into its folder',
  ],
  [
    'a text that is not UTF-8',
    { 'acme/core/dev.yaml': Uint8Array.of(0x61, 0xff) },
    'acme/core/dev.yaml: is not UTF-8; save it as UTF-8',
  ],
  [
    'a text of more than 1 MiB',
    { 'acme/core/dev.yaml': new Uint8Array(1024 * 1024 + 1) },
    'acme/core/dev.yaml: is larger than 1 MiB; split it, and import the parts',
  ],
];

for (const [name, files, expected] of MISTAKES) {
  test(`${name} is told, with what to do instead`, async () => {
    const problems = await problemsOf({ 'acme/core/sound.yaml': '', ...files });
    assert.equal(problems.slice(0, expected.length), expected);
    assert.equal(problems.split('\n').length, 1, problems);
  });
}

test('a text of 1 MiB is read, and a file that cannot be is told', async () => {
  const { folder } = await sound({ 'acme/core/dev.yaml': new Uint8Array(1024 * 1024) });
  await symlink('nowhere', join(folder, 'acme/core/lost.yaml'));
  const loaded = await loadEnvironments(folder, ORGANIZATIONS);
  assert.match('problems' in loaded ? formatProblems(loaded.problems) : '', /lost\.yaml: cannot be read; make it a/);
});

test('a file that has no end is told, not waited for', async () => {
  const { folder } = await sound({ 'acme/core/dev.yaml': '' });
  await symlink('/dev/zero', join(folder, 'acme/core/endless.yaml'));
  const loaded = await loadEnvironments(folder, ORGANIZATIONS);
  assert.match('problems' in loaded ? formatProblems(loaded.problems) : '', /endless\.yaml: cannot be read/);
});

test('a huge file is not read to be told', async () => {
  const { folder } = await sound({ 'acme/core/dev.yaml': '' });
  await truncate(join(folder, 'acme/core/dev.yaml'), 8 * 1024 ** 3);
  const loaded = await loadEnvironments(folder, ORGANIZATIONS);
  assert.match('problems' in loaded ? formatProblems(loaded.problems) : '', /dev\.yaml: is larger than 1 MiB/);
});

test('more files than an installation may have are told, before any is read', async () => {
  const files = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`acme/core/e${at}.yaml`, '']));
  const { folder } = await sound(files);
  for (let at = 0; at < 9; at++) await symlink('core', join(folder, `acme/core${at}`));
  assert.ok('environments' in (await loadEnvironments(folder, ORGANIZATIONS)));
  await writeFile(join(folder, 'acme/core/last.yaml'), Uint8Array.of(0xff));
  const loaded = await loadEnvironments(folder, ORGANIZATIONS);
  const problems = 'problems' in loaded ? formatProblems(loaded.problems) : '';
  assert.match(problems, /^[^\n]*: holds too many files; keep at most 10000 environments$/);
});

test('mistakes in all folders are told together', async () => {
  const problems = await problemsOf({ 'gamma/': '', 'acme/core/a.yml': '', 'beta/core/b.yml': '', 'x.yml': '' });
  assert.deepEqual(
    problems.split('\n').map((line) => line.split(':')[0]),
    ['acme/core/a.yml', 'beta/core/b.yml', 'gamma', 'x.yml'],
  );
});

test('the hash is of names and texts, and of nothing else', async () => {
  const { hash } = await sound({ 'acme/core/a.yaml': 'x', 'acme/core/b.yaml': 'y' });
  assert.match(hash, /^[0-9a-f]{64}$/);
  const same = await sound({ 'acme/core/b.yaml': 'y', 'acme/core/a.yaml': 'x', 'beta/core/': '', 'README.md': '' });
  assert.equal(same.hash, hash);
  for (const files of [
    { 'acme/core/a.yaml': 'x', 'acme/core/b.yaml': 'z' },
    { 'acme/core/a.yaml': 'x', 'acme/edge/b.yaml': 'y' },
    { 'acme/core/a.yaml': 'x', 'beta/core/b.yaml': 'y' },
    { 'acme/core/a.yaml': 'x' },
  ]) {
    assert.notEqual((await sound(files)).hash, hash, JSON.stringify(files));
  }
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { REFUSALS } from '../src/errors.ts';
import { problemsWithImports, roomOf } from './house/imports.ts';
import { TABLE } from './house/table.ts';
import {
  differences,
  problemsWithBarrels,
  problemsWithGlobals,
  problemsWithLength,
  problemsWithLock,
  problemsWithName,
  problemsWithPlaces,
  problemsWithWord,
  tableRows,
} from './house/texts.ts';

/** The only files that may touch the clock, the process, global randomness and the network. */
const MAY_TOUCH_GLOBALS = ['main.ts', 'settings/load.ts', 'system.ts'];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');
const filesBelow = (folder: string): readonly string[] =>
  existsSync(`${ROOT}/${folder}`)
    ? readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' }).filter((path) => /\.[a-z]+$/.test(path))
    : [];
const sources = filesBelow('src')
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: read(`src/${path}`) }));
const tracked = existsSync(`${ROOT}/.git`)
  ? execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
      .split('\n')
      .filter((path) => path && existsSync(`${ROOT}/${path}`))
  : [];

const none = (problems: readonly string[]): void => assert.deepEqual(problems, []);

describe('the house', () => {
  test('imports follow the table', () => {
    none(sources.flatMap(({ path, text }) => problemsWithImports(path, text, TABLE)));
  });

  test('every room of the table exists', () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path, TABLE)));
    none([...Object.keys(TABLE.rooms), ...TABLE.everything].filter((room) => !rooms.has(room)));
  });

  test('docs/ARCHITECTURE.md draws the same table', () => {
    const architecture = read('docs/ARCHITECTURE.md');
    const list = (names: readonly string[] = []): string => names.map((name) => `\`${name}\``).join(' ') || '–';
    for (const [room, { uses, types }] of Object.entries(TABLE.rooms)) {
      const packages = Object.keys(TABLE.packages).filter((name) => TABLE.packages[name]?.includes(room));
      const row = `| \`${room}\` | ${list(uses)} | ${list(types)} | ${list(packages)} |`;
      assert.ok(architecture.includes(row), `docs/ARCHITECTURE.md lacks the row ${row}`);
    }
  });

  test('a file has at most 300 lines', () => {
    const all = ['src', 'test', 'bench', 'scripts', 'bin'].flatMap((folder) =>
      filesBelow(folder)
        .filter((path) => /\.(?:[jt]s|lua)$/.test(path))
        .map((path) => `${folder}/${path}`),
    );
    none(all.flatMap((path) => problemsWithLength(path, read(path))));
  });

  test('names are kebab-case and say what is inside', () => {
    none(
      ['src', 'test', 'bench', 'scripts']
        .flatMap(filesBelow)
        .filter((path) => /\.ts$/.test(path))
        .flatMap(problemsWithName),
    );
  });

  test('there are no barrels', () => {
    none(sources.flatMap(({ path, text }) => problemsWithBarrels(path, text)));
  });

  test('only the named files touch the clock, the process, global randomness and the network', () => {
    none(sources.flatMap(({ path, text }) => problemsWithGlobals(path, text, MAY_TOUCH_GLOBALS)));
  });

  test('drafts are made in tokens/, and signed in one place', () => {
    const inTokens = (path: string): boolean => path.startsWith('tokens/');
    none(sources.flatMap(({ path, text }) => problemsWithWord(path, text, /\bmakeDraft\b/, inTokens)));
    const inMint = (path: string): boolean => path === 'tokens/mint.ts';
    none(sources.flatMap(({ path, text }) => problemsWithWord(path, text, /\bSignJWT\b/, inMint)));
  });

  test('every refusal stands in docs/errors.md with its status, and nothing else does', () => {
    const documented = tableRows(read('docs/errors.md')).map(([code, status]) => `${code} ${status}`);
    const coded = Object.entries(REFUSALS).map(([code, { status }]) => `${code} ${status}`);
    none(differences({ name: 'src/errors.ts', items: coded }, { name: 'docs/errors.md', items: documented }));
  });

  test('every runtime dependency has its reason in docs/dependencies.md, and nothing else does', () => {
    const reasons = tableRows(read('docs/dependencies.md')).map(([name = '']) => name);
    const { dependencies } = JSON.parse(read('package.json'));
    const names = Object.keys(dependencies);
    none(differences({ name: 'package.json', items: names }, { name: 'docs/dependencies.md', items: reasons }));
    none(
      differences({ name: 'package.json', items: names }, { name: 'the table', items: Object.keys(TABLE.packages) }),
    );
  });

  test('package-lock.json works on every platform and names no host', () => {
    none(problemsWithLock(JSON.parse(read('package-lock.json'))));
  });

  test('no file names a path of somebody’s machine or the host of a registry', () => {
    none(tracked.flatMap((path) => problemsWithPlaces(path, read(path))));
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ImportTable, importsOf, problemsWithImports, roomOf } from '../house/imports.ts';
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
} from '../house/texts.ts';

/** Each rule of test/house.test.ts is shown a house that breaks it: a check that cannot fail is none. */
const TABLE: ImportTable = {
  rooms: {
    errors: { builtins: [] },
    keys: { uses: ['errors'], types: ['store/port'], builtins: ['crypto'] },
    store: { uses: ['store/port'] },
    'store/port': {},
  },
  everything: ['main'],
  packages: { jose: ['keys'], ajv: ['store'], '@koa/router': ['store'] },
};

const clean = (problems: readonly string[]): void => assert.deepEqual(problems, []);
const caught = (problems: readonly string[], pattern: RegExp): void => {
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0] ?? '', pattern);
};

describe('the import table', () => {
  test('finds every kind of import', () => {
    const text = [
      `import type { A } from './a.ts';`,
      `import {\n  b,\n  type C,\n} from './b.ts';`,
      `import './c.ts';`,
      `export { d } from './d.ts';`,
      `export type { E } from './e.ts';`,
      `const f = await import('./f.ts');`,
      `// import { no } from './no.ts';`,
    ].join('\n');
    assert.deepEqual(
      importsOf(text).map(({ from, typeOnly }) => [from, typeOnly]),
      [
        ['./a.ts', true],
        ['./b.ts', false],
        ['./c.ts', false],
        ['./d.ts', false],
        ['./e.ts', true],
        ['./f.ts', false],
      ],
    );
  });

  test('a room is the longest match', () => {
    assert.equal(roomOf('store/port.ts', TABLE), 'store/port');
    assert.equal(roomOf('store/redis.ts', TABLE), 'store');
    assert.equal(roomOf('store/lua/script.ts', TABLE), 'store');
    assert.equal(roomOf('main.ts', TABLE), 'main');
    assert.equal(roomOf('elsewhere/a.ts', TABLE), undefined);
  });

  test('allows what it says', () => {
    const text = [
      `import { createHash } from 'node:crypto';`,
      `import { SignJWT } from 'jose';`,
      `import { Refusal } from '../errors.ts';`,
      `import type { Store } from '../store/port.ts';`,
      `import { ring } from './ring.ts';`,
    ].join('\n');
    clean(problemsWithImports('keys/sealing.ts', text, TABLE));
    clean(problemsWithImports('main.ts', `import { redis } from './store/redis.ts';`, TABLE));
    clean(
      problemsWithImports('store/a.ts', `import r from '@koa/router';\nimport { Ajv } from 'ajv/dist/2020.js';`, TABLE),
    );
  });

  for (const [what, path, line, pattern] of [
    [
      'an import outward',
      'keys/a.ts',
      `import { x } from '../store/redis.ts';`,
      /imports store, which keys may not know/,
    ],
    ['code where only types are allowed', 'keys/a.ts', `import { x } from '../store/port.ts';`, /types only/],
    ['an inward room that reaches out', 'errors.ts', `import { x } from './keys/a.ts';`, /imports keys/],
    ['a package out of its room', 'store/a.ts', `import { SignJWT } from 'jose';`, /imports the package jose/],
    ['a package of nobody', 'keys/a.ts', `import x from '@left/pad/deep';`, /imports the package @left\/pad$/],
    ['a builtin in a pure room', 'keys/a.ts', `import { readFile } from 'node:fs';`, /imports node:fs/],
    ['a dynamic import outward', 'keys/a.ts', `  await import('../store/redis.ts');`, /imports store/],
    ['a room that nobody drew', 'attic/a.ts', '', /not in the import table/],
    ['an import of such a room', 'keys/a.ts', `import { x } from '../attic/a.ts';`, /not in the import table/],
  ] as const) {
    test(`catches ${what}`, () => caught(problemsWithImports(path, line, TABLE), pattern));
  }
});

describe('the rules about texts', () => {
  test('300 lines are allowed, 301 are caught', () => {
    clean(problemsWithLength('a.ts', 'x\n'.repeat(300)));
    caught(problemsWithLength('a.ts', 'x\n'.repeat(301)), /301 lines/);
  });

  test('vague names are caught, names that hold one by chance are not', () => {
    for (const path of [
      'utils/a.ts',
      'http/helper.ts',
      'key-manager.ts',
      'shared.ts',
      'src/common/a.ts',
      'token-service.ts',
    ]) {
      caught(problemsWithName(path), /says nothing/);
    }
    for (const path of ['keys/ring.ts', 'http/commonwealth.ts', 'flows/issue-run-token.test.ts'])
      clean(problemsWithName(path));
  });

  test('names that are not kebab-case are caught', () => {
    caught(problemsWithName('http/runTokens.ts'), /kebab-case/);
    caught(problemsWithName('Http/run.ts'), /kebab-case/);
  });

  test('barrels are caught, files that also say something are not', () => {
    caught(problemsWithBarrels('a.ts', `// all\nexport * from './b.ts';\nexport { c } from './c.ts';\n`), /barrel/);
    caught(problemsWithBarrels('keys/index.ts', 'export const a = 1;'), /barrel/);
    clean(problemsWithBarrels('a.ts', `export { c } from './c.ts';\nexport const a = 1;\n`));
  });

  test('each forbidden global is caught', () => {
    for (const name of ['Date', 'process', 'crypto', 'fetch', 'performance', 'globalThis', 'Math.random']) {
      caught(
        problemsWithGlobals('a.ts', `const x = ${name}.y();`, []),
        new RegExp(`touches ${name.replace('.', '\\.')}`),
      );
    }
    caught(problemsWithGlobals('a.ts', ['const x = `$', '{Date.now()}`;'].join(''), []), /Date/);
  });

  test('globals in the named files, in comments, in texts and as members are allowed', () => {
    clean(problemsWithGlobals('system.ts', 'Date.now()', ['system.ts']));
    clean(
      problemsWithGlobals('a.ts', `// Date\n/* process.exit() */ const x = 'fetch'; api.fetch(); let \`crypto\`;`, []),
    );
    clean(problemsWithGlobals('a.ts', 'interface A { process: string }; const updatedDate = 1;', []));
  });

  test('a word out of its place is caught', () => {
    const allowed = (path: string): boolean => path.startsWith('tokens/');
    caught(problemsWithWord('flows/a.ts', 'makeDraft()', /\bmakeDraft\b/, allowed), /not its own/);
    clean(problemsWithWord('tokens/a.ts', 'makeDraft()', /\bmakeDraft\b/, allowed));
    clean(problemsWithWord('flows/a.ts', '// makeDraft', /\bmakeDraft\b/, allowed));
  });

  test('paths of a machine and hosts of a registry are caught', () => {
    for (const path of ['root/.npm', 'home/alice/x', 'work/main', 'Users/bob']) {
      caught(problemsWithPlaces('a.md', `see \`/${path}\``), /machine/);
    }
    caught(problemsWithPlaces('a.md', `https://${['registry', 'npmjs', 'org'].join('.')}/koa`), /registry/);
    clean(problemsWithPlaces('a.md', 'https://example.com/work/main, ./work/x, /runpass/data'));
  });

  test('a lock file with a host, or without the packages of other platforms, is caught', () => {
    const entry = { optionalDependencies: { 'b-darwin': '1' } };
    clean(problemsWithLock({ packages: { 'node_modules/a': entry, 'node_modules/b-darwin': {} } }));
    clean(problemsWithLock({ packages: { 'node_modules/a': entry, 'node_modules/a/node_modules/b-darwin': {} } }));
    caught(problemsWithLock({ packages: { 'node_modules/a': entry } }), /b-darwin has no entry/);
    caught(problemsWithLock({ packages: { 'node_modules/a': { resolved: 'https://x/a.tgz' } } }), /names its host/);
  });

  test('tables are read, and compared both ways', () => {
    assert.deepEqual(tableRows('| code | status |\n|---|---|\n| `a` | 400 | why |\ntext `b` | no |\n'), [
      ['a', '400', 'why'],
    ]);
    assert.deepEqual(differences({ name: 'code', items: ['a', 'b'] }, { name: 'docs', items: ['b', 'c'] }), [
      'a is not in docs',
      'c is not in code',
    ]);
  });
});

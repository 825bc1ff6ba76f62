import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const markdown = ['', 'docs/', 'docs/decisions/', 'keys/', 'bench/']
  .filter((folder) => existsSync(new URL(`../../${folder}`, import.meta.url)))
  .flatMap((folder) => readdirSync(new URL(`../../${folder}`, import.meta.url)).map((file) => folder + file))
  .filter((path) => path.endsWith('.md'));

describe('what is written about the project', () => {
  test('the README starts with the two commands, literally', () => {
    const blocks = [...read('README.md').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = '']) => code.trim());
    assert.equal(blocks[0], 'npm ci && npm start');
    assert.ok(blocks.includes('npm ci && npm test'));
  });

  test('.ci/run ends with the README’s test command, and needs no input', () => {
    const lines = read('.ci/run').trim().split('\n');
    assert.equal(lines.at(-1), 'npm ci && npm test');
    assert.ok(lines.includes('exec </dev/null'));
  });

  for (const path of markdown) {
    test(`every link of ${path} leads somewhere`, () => {
      const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link = '']) => link);
      const broken = links.filter((link) => !existsSync(new URL(link, new URL(`../../${path}`, import.meta.url))));
      assert.deepEqual(broken, []);
    });
  }

  test('CHANGELOG.md starts with what is unreleased', () => {
    assert.match(read('CHANGELOG.md'), /^# Changelog\n[\s\S]*?\n## \[Unreleased\]\n/);
  });
});

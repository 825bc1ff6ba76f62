import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { environmentOf, type Instruction, parseDockerfile } from '../../scripts/dockerfile.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** What a machine without a container engine can say of the image. scripts/smoke.ts replays its steps and runs it. */
describe('Dockerfile', () => {
  const stages = parseDockerfile(read('Dockerfile'));
  const [build, image] = stages;
  assert.ok(build && image);
  const all = (name: string): readonly Instruction[] =>
    image.instructions.filter((instruction) => instruction.name === name);
  const only = (name: string): Instruction => {
    const [found, ...more] = all(name);
    assert.ok(found && more.length === 0, `exactly one ${name}`);
    return found;
  };

  test('has two stages: one builds, one runs', () => {
    assert.equal(stages.length, 2);
    assert.equal(build.name, 'build');
  });

  test('runs on the Node that the tests run on', () => {
    const { devDependencies } = JSON.parse(read('package.json'));
    for (const { base } of stages) assert.equal(base, `node:${devDependencies.node}-slim`);
  });

  test('does not run as root', () => assert.match(only('USER').text, /^[1-9]\d*:[1-9]\d*$/));

  test('starts without a shell, so that SIGTERM reaches the server', () => {
    assert.deepEqual(only('ENTRYPOINT').words, ['node', 'bin/runpass.js']);
    assert.deepEqual(only('CMD').words, ['serve']);
    assert.ok(only('ENTRYPOINT').text.startsWith('['));
  });

  test('has a health check whose file is in the image', () => {
    assert.deepEqual(only('HEALTHCHECK').words, ['node', 'bin/healthcheck.js']);
    assert.ok(existsSync(new URL('../../bin/healthcheck.js', import.meta.url)));
  });

  test('holds what the npm package holds, and the folders of an installation', () => {
    const { files } = JSON.parse(read('package.json'));
    const copied = all('COPY').flatMap(({ words }) =>
      words.slice(0, -1).map((source) => source.replace('/build/', '')),
    );
    for (const file of files) assert.ok(copied.includes(file), `${file} is not copied`);
    assert.deepEqual(only('VOLUME').words, ['/runpass/keys', '/runpass/data']);
  });

  test('installs no development dependency and runs no install script', () => {
    const install = all('RUN').find(({ text }) => text.startsWith('npm ci'));
    assert.match(install?.text ?? '', /^npm ci --omit=dev --ignore-scripts\b/);
  });

  test('sets only variables that Runpass or Node knows', () => {
    assert.deepEqual(Object.keys(environmentOf(image)), ['NODE_ENV', 'RUNPASS_HOST', 'RUNPASS_PORT']);
  });

  test('copies from the tree only what exists and what .dockerignore lets through', () => {
    const [everything, ...allowed] = read('.dockerignore')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    assert.equal(everything, '*', 'nothing enters the build by default');
    for (const { flags, words } of [...build.instructions, ...image.instructions].filter(
      ({ name }) => name === 'COPY',
    )) {
      if (flags['from']) continue;
      for (const source of words.slice(0, -1).filter((word) => word !== '.')) {
        assert.ok(existsSync(new URL(`../../${source}`, import.meta.url)), `${source} does not exist`);
        assert.ok(
          allowed.some((line) => line === `!${source}` || line.startsWith(`!${source}/`)),
          `.dockerignore hides ${source}`,
        );
      }
    }
    assert.deepEqual(
      allowed.filter((line) => line.startsWith('!keys') || line.startsWith('!data')),
      ['!keys/README.md'],
      'no key and no store enters the build',
    );
  });
});

describe('parseDockerfile', () => {
  test('reads stages, flags, continued lines, comments and the JSON form', () => {
    const text = '# a\nFROM x AS one\nRUN a && \\\n    b\n\nFROM y\nCOPY --chown=1:1 --from=one /p q\nCMD ["s", "t"]\n';
    assert.deepEqual(parseDockerfile(text), [
      {
        base: 'x',
        name: 'one',
        instructions: [{ name: 'RUN', flags: {}, text: 'a && b', words: ['a', '&&', 'b'] }],
      },
      {
        base: 'y',
        instructions: [
          { name: 'COPY', flags: { chown: '1:1', from: 'one' }, text: '/p q', words: ['/p', 'q'] },
          { name: 'CMD', flags: {}, text: '["s", "t"]', words: ['s', 't'] },
        ],
      },
    ]);
  });
});

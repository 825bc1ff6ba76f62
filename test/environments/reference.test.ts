import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { problemWithName } from '../../src/access/names.ts';
import { readEnvironmentReference } from '../../src/environments/reference.ts';

const REFERENCES: readonly (readonly [string, string, string, string?])[] = [
  ['db', 'default', 'db'],
  ['default/db', 'default', 'db'],
  ['core/dev', 'core', 'dev'],
  ['core/dev@3', 'core', 'dev', '3'],
  ['core/dev@stable', 'core', 'dev', 'stable'],
  ['core/dev@1.0', 'core', 'dev', '1.0'],
  ['dev@3', 'default', 'dev', '3'],
  ['core/dev:3', 'core', 'dev', '3'],
  ['dev:stable', 'default', 'dev', 'stable'],
  ['core/dev@latest', 'core', 'dev'],
  ['core/dev:latest', 'core', 'dev'],
  [`${'p'.repeat(100)}/${'e'.repeat(100)}@${'t'.repeat(100)}`, 'p'.repeat(100), 'e'.repeat(100), 't'.repeat(100)],
];

for (const [text, project, name, version] of REFERENCES) {
  test(`${text.slice(0, 30)} is read`, () => {
    assert.deepEqual(readEnvironmentReference(text), {
      text,
      project,
      name,
      ...(version !== undefined && { version }),
    });
  });
}

for (const [text, problem] of [
  ['', /name of an environment/],
  ['acme/core/dev', /own organization/],
  ['core/', /name of an environment/],
  ['/dev', /name of an environment/],
  ['core/dev@', /name of an environment/],
  ['core/dev@1@2', /name of an environment/],
  ['core/dev@1:2', /name of an environment/],
  ['core/dev:1:2', /name of an environment/],
  ['core/..', /name of an environment/],
  ['co re/dev', /name of an environment/],
  ['yaml/dev', /The project in "yaml\/dev" must not be "yaml", which is a route\./],
  ['core/dev@0', /revision number/],
  ['core/dev@03', /revision number/],
  ['core/dev@9999999999', /revision number/],
] as const) {
  test(`"${text}" is refused`, () => {
    const reference = readEnvironmentReference(text);
    assert.match('problem' in reference ? reference.problem : '', problem);
  });
}

test('whatever is read is normal: it has names that may be given, and reads back as itself', () => {
  const part = fc.stringMatching(/^[a-z0-9.:@/_ -]{0,8}$/);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 30 }),
        fc.tuple(part, part, part).map((all) => all.join('/')),
      ),
      (text) => {
        const reference = readEnvironmentReference(text);
        if ('problem' in reference) return;
        const { project, name, version } = reference;
        assert.equal(problemWithName('project', project), undefined);
        assert.equal(problemWithName('environment', name), undefined);
        const again = readEnvironmentReference(`${project}/${name}${version === undefined ? '' : `@${version}`}`);
        assert.ok(!('problem' in again));
        assert.deepEqual([again.project, again.name, again.version], [project, name, version]);
      },
    ),
  );
});

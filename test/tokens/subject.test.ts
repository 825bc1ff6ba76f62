import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OPERATIONS, type SubjectComponents } from '../../src/access/organization.ts';
import { buildSubject, readSubject, runSubject, SUBJECT_ATTRIBUTES, type Subject } from '../../src/tokens/subject.ts';

const RUNS = { numRuns: process.env.NIGHTLY ? 200_000 : 5_000 };

const part = fc
  .stringMatching(/^[A-Za-z0-9._-]{1,12}$/)
  .filter((name) => name !== '.' && name !== '..' && name !== 'yaml');
const org = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{1,10}[a-z0-9]$/);
const operation = fc.constantFrom(...OPERATIONS);
const FORMS: readonly (SubjectComponents | 'full')[] = [
  ['org'],
  ['org', 'project'],
  ['org', 'project', 'operation'],
  ['org', 'project', 'stack'],
  ['org', 'project', 'stack', 'operation'],
  'full',
];
const names = fc.record({ org, project: part, stack: part, operation }, { noNullPrototype: true });
const environment = fc.record({ project: part, name: part }, { noNullPrototype: true });
const value = fc.oneof(
  part,
  fc.tuple(part, part).map(([project, name]) => `${project}/${name}`),
);

const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.tuple(fc.constantFrom(...FORMS), names).map(([form, run]) => runSubject(form, run)),
  fc.record({ form: fc.constant('environment' as const), org, environment }),
  fc.record({
    form: fc.constant('environment-attributes' as const),
    org,
    attributes: fc.array(
      fc.record({ attribute: fc.constantFrom(...SUBJECT_ATTRIBUTES), value }, { noNullPrototype: true }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  }),
  fc.record({ form: fc.constant('run-ids' as const), orgId: fc.uuid(), stackId: fc.uuid(), operation }),
  fc.record({ form: fc.constant('environment-ids' as const), orgId: fc.uuid(), environmentId: fc.uuid() }),
);

test('a subject reads back as exactly what it was built from', () => {
  fc.assert(
    fc.property(subject, (built) => {
      assert.deepEqual(readSubject('pulumi', buildSubject('pulumi', built)), { ...built });
    }),
    RUNS,
  );
});

test('two different subjects never share a text', () => {
  fc.assert(
    fc.property(subject, subject, (left, right) => {
      const same = buildSubject('pulumi', left) === buildSubject('pulumi', right);
      assert.equal(same, JSON.stringify(left) === JSON.stringify(right));
    }),
    RUNS,
  );
});

test('no text that was not built is read, whatever it looks like', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(part, fc.constantFrom('deploy', 'org', 'project', 'stack', 'env', '')), { maxLength: 12 }),
      (parts) => {
        const text = `pulumi:${parts.join(':')}`;
        const read = readSubject('pulumi', text);
        if (read) assert.equal(buildSubject('pulumi', read), text);
      },
    ),
    RUNS,
  );
});

test('the forms are those of the contract', () => {
  const run = { org: 'contoso', project: 'core', stack: 'dev', operation: 'preview' as const };
  const text = (form: SubjectComponents | 'full'): string => buildSubject('pulumi', runSubject(form, run));
  assert.equal(text('full'), 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:preview:scope:write');
  assert.equal(text(['org']), 'pulumi:deploy:org:contoso');
  assert.equal(text(['org', 'project']), 'pulumi:deploy:org:contoso:project:core');
  assert.equal(text(['org', 'project', 'operation']), 'pulumi:deploy:org:contoso:project:core:operation:preview');
  assert.equal(text(['org', 'project', 'stack']), 'pulumi:deploy:org:contoso:project:core:stack:dev');
  assert.equal(
    text(['org', 'project', 'stack', 'operation']),
    'pulumi:deploy:org:contoso:project:core:stack:dev:operation:preview',
  );
});

test('an environment of the legacy default project leaves the project out', () => {
  const of = (project: string): string =>
    buildSubject('pulumi', { form: 'environment', org: 'contoso', environment: { project, name: 'development' } });
  assert.equal(of('default'), 'pulumi:environments:org:contoso:env:development');
  assert.equal(of('project'), 'pulumi:environments:org:contoso:env:project/development');
});

test('a subject of another prefix is not ours', () => {
  assert.equal(readSubject('pulumi', 'other:deploy:org:acme'), undefined);
});

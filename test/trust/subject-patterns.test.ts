import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { matchesName } from '../../src/access/names.ts';
import { mutations } from '../../src/trust/mutations.ts';
import { subjectPatternProblems, subjectProblems } from '../../src/trust/subject-patterns.ts';
import { differenceOf, nearestText } from '../../src/trust/subjects.ts';
import { OURS, presentedBy } from './presented.ts';

const kinds = (pattern: string, issuer: 'v1' | 'v2' = 'v1'): string =>
  subjectPatternProblems(pattern, issuer, OURS)
    .map(({ kind }) => kind)
    .join(' ');

const SUBJECT = 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write';

describe('a pattern of subjects', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['pulumi:*', 'crosses_organizations'],
    ['pulumi:deploy:*', 'crosses_organizations'],
    ['pulumi:deploy:org:*', 'crosses_organizations'],
    ['pulumi:deploy:org:contoso*', 'crosses_organizations'],
    ['pulumi:deploy:org:conto?o:*', 'crosses_organizations'],
    ['*:project:core:*', 'crosses_organizations'],
    ['pulumi:*:org:contoso:*', ''],
    ['*:org:contoso:project:core:*', ''],
    ['pulumi:deploy:org:contoso:*', ''],
    ['pulumi:deploy:org:contoso:project:core*', 'open_prefix'],
    ['pulumi:deploy:org:contoso:project:core:stack:dev*:operation:*', 'open_prefix'],
    ['pulumi:deploy:org:contoso:project:core:stack:pr-*:operation:*', ''],
    ['pulumi:deploy:org:contoso:project:*:stack:dev:*', ''],
    ['pulumi:environments:org:contoso:env:core/*', ''],
    ['pulumi:environments:org:contoso:env:core/aws*', 'open_prefix'],
    ['pulumi:environments:pulumi.organization.login:*', 'crosses_organizations'],
    ['pulumi:deploy:org:fabrikam:*', 'other_organization'],
    ['pulumi:deploy:org:contoso:project:legacy:*', 'unknown_name'],
    ['pulumi:deploy:org:contoso:project:core:stack:old:*', 'unknown_name'],
    ['repo:contoso/core:*', 'not_ours'],
    ['pulumi:org:0b5e1e0a-5f0e-4d0c-8a52-5b7d3f1c9a10:*', 'not_ours'],
  ];
  for (const [pattern, wanted] of cases) {
    test(`${pattern}: ${wanted || 'nothing to say'}`, () => assert.equal(kinds(pattern), wanted));
  }

  test('of v2 pins the id of the organization', () => {
    assert.equal(kinds('pulumi:org:*', 'v2'), 'crosses_organizations');
    assert.equal(kinds('pulumi:org:0b5e1e0a-5f0e-4d0c-8a52-5b7d3f1c9a10:stack:*', 'v2'), '');
    assert.equal(kinds('pulumi:deploy:org:contoso:*', 'v2'), 'not_ours');
  });

  test('of names that nobody knows says nothing where names are not known', () => {
    const blind = { ...OURS, known: {} };
    assert.deepEqual(subjectPatternProblems('pulumi:deploy:org:contoso:project:legacy:*', 'v1', blind), []);
  });

  test('that raises no alarm about organizations lets no other one in', () => {
    const presented = presentedBy();
    const others = mutations(presented)
      .filter(({ field }) => field === 'organization')
      .map((mutation) => String(mutation.presented.claims['sub']));
    const cut = fc.array(fc.tuple(fc.nat(SUBJECT.length), fc.nat(20), fc.constantFrom('*', '?', '')), { maxLength: 3 });
    fc.assert(
      fc.property(cut, (cuts) => {
        const pattern = cuts.reduce(
          (text, [at, length, instead]) => text.slice(0, at) + instead + text.slice(at + length),
          SUBJECT,
        );
        if (!/[*?]/.test(pattern) || /^\*+$/.test(pattern) || kinds(pattern).includes('crosses_organizations')) return;
        for (const other of others) assert.ok(!matchesName(pattern, other), pattern);
      }),
      { numRuns: 5000 },
    );
  });
});

test('an exact subject must be one that can be presented', () => {
  const found = (subject: string): readonly string[] => subjectProblems(subject, 'v1', OURS).map(({ kind }) => kind);
  assert.deepEqual(found(SUBJECT), []);
  assert.deepEqual(found('pulumi:deploy:org:contoso:project:core'), []);
  assert.deepEqual(found(SUBJECT.replace('update', 'up')), ['not_ours']);
  assert.deepEqual(found('other:deploy:org:contoso'), ['not_ours']);
  assert.deepEqual(found('pulumi:environments:org:contoso:env:core/gone'), ['unknown_name']);
});

test('the first component that differs is named', () => {
  const part = (wanted: string): string | undefined => differenceOf(wanted, SUBJECT)?.part;
  assert.equal(part(SUBJECT.replace('contoso', 'fabrikam')), 'organization');
  assert.equal(part(SUBJECT.replace('core', 'web')), 'project');
  assert.equal(part(SUBJECT.replace('update', 'preview')), 'operation');
  assert.equal(part('pulumi:deploy:org:contoso:project:web:*'), 'project');
  assert.equal(part('pulumi:deploy:org:contoso:project:core:stack:dev'), 'form');
  assert.equal(part('pulumi:environments:org:contoso:env:core/aws'), 'form');
  assert.equal(part('pulumi:deploy:org:contoso:*'), undefined);
});

test('the nearest of several texts has most in common at both ends', () => {
  assert.equal(nearestText(SUBJECT, ['x', SUBJECT.replace('core', 'web'), 'pulumi:']), SUBJECT.replace('core', 'web'));
  assert.equal(nearestText(SUBJECT, []), undefined);
});

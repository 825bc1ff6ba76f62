import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mutations } from '../../src/trust/mutations.ts';
import { isSafe } from '../../src/trust/safe.ts';
import type { Presented } from '../../src/trust/verdict.ts';
import { presentedBy, V2 } from './presented.ts';

const subjectsOf = (presented: Presented, field: string): readonly unknown[] =>
  mutations(presented)
    .filter((mutation) => mutation.field === field)
    .map((mutation) => mutation.presented.claims['sub']);

const fieldsOf = (presented: Presented): readonly string[] => [
  ...new Set(mutations(presented).map(({ field }) => field)),
];

describe('who differs in one field', () => {
  test('differs in each component of a run’s subject, in the audience, or in the issuer', () => {
    const fields = ['organization', 'project', 'stack', 'operation', 'audience', 'issuer'];
    assert.deepEqual(fieldsOf(presentedBy()), fields);
  });

  test('has a name that begins alike, ends alike, or is another', () => {
    const subject = (project: string): string =>
      `pulumi:deploy:org:contoso:project:${project}:stack:dev:operation:update:scope:write`;
    assert.deepEqual(subjectsOf(presentedBy(), 'project'), ['core-evil', 'evil-core', 'evil'].map(subject));
  });

  test('has every other operation', () => {
    assert.equal(subjectsOf(presentedBy(), 'operation').length, 6);
    assert.ok(!subjectsOf(presentedBy(), 'operation').includes(presentedBy().claims['sub']));
  });

  test('says the same in every claim', () => {
    const [mutation] = mutations(presentedBy()).filter(({ field }) => field === 'stack');
    const { stack, stackId, project } = mutation?.presented.claims ?? {};
    assert.deepEqual([stack, stackId, project], ['dev-evil', 'contoso/core/dev-evil', 'core']);
  });

  test('differs only in what a shortened subject shows', () => {
    const subject = 'pulumi:deploy:org:contoso:project:core';
    assert.deepEqual(fieldsOf(presentedBy({ subject })), ['organization', 'project', 'audience', 'issuer']);
  });

  test('was made again under another id', () => {
    const id = '5d9f7c52-9a3e-4a43-8c55-0d2ad5d0c111';
    const presented = presentedBy({
      issuer: V2,
      subject: `pulumi:org:0b5e1e0a-5f0e-4d0c-8a52-5b7d3f1c9a10:stack:${id}:operation:update`,
      claims: { 'https://pulumi.com/stack_id': id, 'https://pulumi.com/stack': 'dev' },
    });
    const [mutation] = mutations(presented).filter(({ field }) => field === 'stack');
    assert.notEqual(mutation?.presented.claims['https://pulumi.com/stack_id'], id);
    assert.match(String(mutation?.presented.claims['sub']), /:stack:00000000-/);
  });

  test('differs in project or name of an environment', () => {
    const subject = 'pulumi:environments:org:contoso:env:core/aws';
    const presented = presentedBy({ subject, claims: { root_env: 'core/aws' } });
    assert.deepEqual(
      mutations(presented)
        .filter(({ field }) => field === 'environment')
        .map((mutation) => mutation.presented.claims['root_env']),
      ['core-evil/aws', 'evil-core/aws', 'evil/aws', 'core/aws-evil', 'core/evil-aws', 'core/evil'],
    );
  });

  test('is another issuer in its claims, too', () => {
    for (const { presented } of mutations(presentedBy()).filter(({ field }) => field === 'issuer')) {
      assert.equal(presented.issuer, presented.claims['iss']);
    }
  });
});

describe('an edit is safe', () => {
  const admit =
    (holds: (presented: Presented) => boolean) =>
    (enabled: boolean, presented: Presented): { readonly allowed: boolean } => ({
      allowed: enabled && holds(presented),
    });
  const presented = presentedBy();

  test('when it admits what was presented and nobody else', () => {
    const exact = admit(
      ({ issuer, claims }) =>
        issuer === presented.issuer && claims['sub'] === presented.claims['sub'] && claims['aud'] === 'contoso',
    );
    assert.equal(isSafe(exact, true, presented), true);
  });

  test('never when it does not admit what was presented', () => {
    assert.equal(
      isSafe(
        admit(() => false),
        true,
        presented,
      ),
      false,
    );
  });

  test('never when it admits one who differs in one field', () => {
    for (const { field, presented: other } of mutations(presented)) {
      const said = [presented, other].map((each) => JSON.stringify([each.issuer, each.claims]));
      const both = admit(({ issuer, claims }) => said.includes(JSON.stringify([issuer, claims])));
      assert.equal(isSafe(both, true, presented), false, field);
    }
  });

  test('also when others were admitted before', () => {
    const everybody = admit(() => true);
    assert.equal(isSafe(everybody, true, presented), false);
    assert.equal(isSafe(everybody, true, presented, true), true);
    assert.equal(isSafe(everybody, true, presented, false), false);
  });
});

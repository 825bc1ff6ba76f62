// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables of AWS
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { holds, type Outcome } from '../../../src/trust/aws/conditions.ts';
import { contextOf, type KeyValues } from '../../../src/trust/aws/context.ts';
import { readOperator } from '../../../src/trust/aws/operators.ts';
import { presentedBy } from '../presented.ts';

/** One condition on a key that has these values. */
const outcome = (written: string, values: readonly string[], presented: KeyValues, variables = true): Outcome => {
  const operator = readOperator(written);
  assert.ok(operator, written);
  const context = { ...contextOf(presentedBy()), valuesOf: () => presented };
  return holds({ at: [], written, operator, key: 'k', values }, context, variables);
};

/** Operator, its values, what is presented, and what comes of it. IAM user guide: condition operators, multivalued keys. */
const TABLE: readonly (readonly [string, readonly string[], readonly string[], Outcome])[] = [
  ['StringEquals', ['a'], ['a'], 'met'],
  ['StringEquals', ['a', 'b'], ['b'], 'met'],
  ['StringEquals', ['A'], ['a'], 'unmet'],
  ['StringEquals', ['a*'], ['ab'], 'unmet'],
  ['StringEquals', ['a*'], ['a*'], 'met'],
  ['StringEquals', ['a'], [], 'unmet'],
  ['StringEquals', [], ['a'], 'unmet'],
  ['StringNotEquals', ['a', 'b'], ['c'], 'met'],
  ['StringNotEquals', ['a', 'b'], ['b'], 'unmet'],
  ['StringNotEquals', ['a'], [], 'met'],
  ['StringEqualsIgnoreCase', ['A'], ['a'], 'met'],
  ['StringNotEqualsIgnoreCase', ['A'], ['a'], 'unmet'],
  ['StringLike', ['a*'], ['ab'], 'met'],
  ['StringLike', ['a?'], ['a'], 'unmet'],
  ['StringLike', ['a*'], [], 'unmet'],
  ['StringNotLike', ['a*'], ['ab'], 'unmet'],
  ['StringNotLike', ['a*'], [], 'met'],
  ['StringEqualsIfExists', ['a'], [], 'met'],
  ['StringEqualsIfExists', ['a'], ['b'], 'unmet'],
  ['StringLikeIfExists', ['a*'], ['b'], 'unmet'],
  ['StringNotLikeIfExists', ['a*'], ['ab'], 'unmet'],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['b', 'c'], 'met'],
  ['ForAnyValue:StringEquals', ['a'], ['b', 'c'], 'unmet'],
  ['ForAnyValue:StringEquals', ['a'], [], 'unmet'],
  ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], 'met'],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], 'unmet'],
  ['ForAnyValue:StringNotEquals', ['a'], [], 'unmet'],
  ['ForAnyValue:StringEqualsIfExists', ['a'], [], 'met'],
  ['ForAllValues:StringEquals', ['a', 'b'], ['b', 'a'], 'met'],
  ['ForAllValues:StringEquals', ['a', 'b'], ['b', 'c'], 'unmet'],
  ['ForAllValues:StringEquals', ['a'], [], 'met'],
  ['ForAllValues:StringLike', ['a*'], ['ab', 'ac'], 'met'],
  ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], 'unmet'],
  ['ForAllValues:StringNotEquals', ['a'], ['b'], 'met'],
  ['ArnLike', ['arn:aws:iam::*:role/core-*'], ['arn:aws:iam::123456789012:role/core-dev'], 'met'],
  ['ArnEquals', ['arn:aws:iam::*:role/core'], ['arn:aws:iam::123456789012:role/core'], 'met'],
  ['ArnLike', ['arn:*:role/core'], ['arn:aws:iam::123456789012:role/core'], 'unmet'],
  ['ArnLike', ['*'], ['arn:aws:iam::123456789012:role/core'], 'unmet'],
  ['ArnNotLike', ['arn:aws:iam::*:role/core'], ['arn:aws:iam::123456789012:role/web'], 'met'],
  ['ArnLike', ['a:b:c:d:e:f'], ['a:b:c:d:e:f'], 'unmet'],
  ['NumericLessThanEquals', ['3600'], ['3600'], 'met'],
  ['NumericLessThan', ['3600'], ['3600'], 'unmet'],
  ['NumericGreaterThan', ['900'], ['901'], 'met'],
  ['NumericGreaterThanEquals', ['900'], ['899'], 'unmet'],
  ['NumericEquals', ['900'], ['0900'], 'met'],
  ['NumericNotEquals', ['900'], ['900'], 'unmet'],
  ['NumericEquals', ['900'], ['core'], 'unmet'],
  ['NumericLessThan', ['5'], [''], 'unmet'],
  ['NumericEquals', ['5'], ['0x5'], 'unmet'],
  ['NumericEquals', ['-0.5'], ['-.50'], 'met'],
  ['ForAllValues:StringEquals', ['core'], [''], 'met'],
  ['ForAnyValue:StringNotEquals', ['core'], [''], 'unmet'],
  ['ForAllValues:StringEquals', ['core'], ['', 'other'], 'unmet'],
  ['Bool', ['true'], ['true'], 'met'],
  ['Bool', ['True'], ['true'], 'met'],
  ['Bool', ['false'], ['true'], 'unmet'],
  ['Bool', ['true'], [], 'unmet'],
  ['BoolIfExists', ['true'], [], 'met'],
  ['Null', ['true'], [], 'met'],
  ['Null', ['true'], ['a'], 'unmet'],
  ['Null', ['false'], ['a'], 'met'],
  ['Null', ['false'], [], 'unmet'],
  ['IpAddress', ['10.0.0.0/8'], ['core'], 'unmet'],
  ['stringlike', ['a*'], ['ab'], 'met'],
];

describe('a condition', () => {
  for (const [written, values, presented, wanted] of TABLE) {
    test(`${written} ${JSON.stringify(values)} with ${JSON.stringify(presented)}: ${wanted}`, () => {
      assert.equal(outcome(written, values, presented), wanted);
    });
  }

  test('on what only AWS knows is unknown', () => {
    assert.equal(outcome('StringEquals', ['a'], 'unknown'), 'unknown');
    assert.equal(outcome('Null', ['true'], 'unknown'), 'unknown');
  });

  test('takes ${…} for itself in a policy of the old version', () => {
    assert.equal(outcome('StringEquals', ['${aws:SourceIp}'], ['${aws:SourceIp}'], false), 'met');
    assert.equal(outcome('StringEquals', ['${aws:SourceIp}'], ['a'], true), 'met');
    assert.equal(outcome('StringEquals', ['${aws:SourceIp}'], ['a'], false), 'unmet');
  });

  test('has no operator that AWS does not have', () => {
    for (const written of ['StringEqual', 'NullIfExists', 'ForEachValue:StringEquals', 'StringLikeIgnoreCase', '']) {
      assert.equal(readOperator(written), undefined, written);
    }
  });
});

describe('the keys of a call', () => {
  const keys = (given = {}) =>
    contextOf(presentedBy(given), 'arn:aws:iam::123456789012:oidc-provider/id.example.com/oidc');
  const P = 'id.example.com/oidc';

  test('are the issuer without its scheme, its path included, in any case', () => {
    assert.deepEqual(keys().valuesOf(`${P}:aud`), ['contoso']);
    assert.deepEqual(keys().valuesOf('ID.example.com/OIDC:AUD'), ['contoso']);
    assert.deepEqual(keys().valuesOf('id.example.com:aud'), []);
  });

  test('hold no custom claim', () => assert.deepEqual(keys().valuesOf(`${P}:project`), []));

  test('have azp as audience where the token has it', () => {
    const context = keys({ claims: { azp: 'deployer' } });
    assert.deepEqual([context.valuesOf(`${P}:aud`), context.valuesOf(`${P}:oaud`)], [['deployer'], ['contoso']]);
  });

  test('hold session tags, in one claim or flat', () => {
    const inObject = keys({
      claims: { 'https://aws.amazon.com/tags': { principal_tags: { A: ['1'] }, transitive_tag_keys: ['A'] } },
    });
    const flat = keys({ claims: { 'https://aws.amazon.com/tags/principal_tags/A': '1' } });
    for (const context of [inObject, flat]) {
      assert.deepEqual([context.valuesOf('aws:RequestTag/a'), context.valuesOf('aws:TagKeys')], [['1'], ['A']]);
    }
    assert.deepEqual(inObject.valuesOf('sts:TransitiveTagKeys'), ['A']);
  });

  test('never describe a principal, and what only AWS knows is unknown', () => {
    assert.deepEqual([keys().valuesOf('aws:PrincipalOrgID'), keys().valuesOf('sts:ExternalId')], [[], []]);
    assert.equal(keys().valuesOf('aws:SourceIp'), 'unknown');
    assert.equal(keys().valuesOf('sts:RoleSessionName'), 'unknown');
    assert.deepEqual(keys({ request: { sessionName: 'a' } }).valuesOf('sts:RoleSessionName'), ['a']);
  });
});

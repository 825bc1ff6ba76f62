import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { recognise } from '../../src/trust/recognise.ts';
import { isUnusable } from '../../src/trust/verdict.ts';
import { pathText } from '../../src/trust/written.ts';
import { readCorpus, textOf } from './corpus/corpus.ts';
import { OURS, presentedBy } from './presented.ts';

const problem = (text: string): string => {
  const found = recognise(text);
  return isUnusable(found) ? `${found.line}:${found.column} ${found.problem}` : `${found.party}`;
};

describe('a text is recognised', () => {
  test('whatever it is, with what is wrong and where', () => {
    assert.equal(problem(''), '1:1 is empty');
    assert.match(problem('core'), /^1:1 is a text, not the trust policy of an AWS role/);
    assert.match(problem('{"a": 1, "b": 2}'), /^1:1 is a mapping of a, b, not /);
    assert.match(problem('[1]'), /^1:1 is a list, not /);
    assert.equal(problem(`{"Statement": "${'x'.repeat(256 * 1024)}"}`), '1:1 is larger than 256 KiB');
    assert.match(problem('['.repeat(100)), /nested too deeply/);
    assert.match(problem('{\n  "Statement": [],\n  "Statement": []\n}'), /^3:3 the key "Statement" stands here twice/);
    assert.match(problem('{"Statement": []}\n---\n{"Statement": []}'), /^2:\d+ a second document begins here/);
  });

  test('in the language of a tool, with what to hand over instead', () => {
    assert.match(
      problem('data "aws_iam_policy_document" "trust" {\n}\n'),
      /is Terraform; give the document that it makes/,
    );
    assert.match(problem("param name string\nresource fic 'Microsoft.X@2023' = {\n}\n"), /is Bicep/);
    assert.match(problem('path "secret/*" {\n  capabilities = ["read"]\n}\n'), /is a policy of Vault; give the role/);
  });

  test('whatever is done to it, without ever throwing', () => {
    const documents = ['aws', 'azure'].flatMap((party) => readCorpus(party, 'correct')).map(textOf);
    const cut = fc.record({
      text: fc.constantFrom(...documents),
      at: fc.nat(2000),
      length: fc.nat(40),
      instead: fc.oneof(
        fc.constantFrom('', '{', '}', '[', ']', '"', ':', ',', 'null', '1', '*', '${', '__proto__'),
        fc.string({ maxLength: 8 }),
      ),
    });
    fc.assert(
      fc.property(cut, ({ text, at, length, instead }) => {
        const start = at % text.length;
        const found = recognise(text.slice(0, start) + instead + text.slice(start + length));
        if (isUnusable(found)) assert.ok(found.line >= 1 && found.column >= 1);
        else assert.equal(typeof found.document.evaluate(presentedBy(), OURS).allowed, 'boolean');
      }),
      { numRuns: 500 },
    );
  });
});

test('a path is written as one would write it in a program', () => {
  assert.equal(
    pathText(['Statement', 0, 'Condition', 'StringEquals', 'id.example.com/oidc:sub']),
    'Statement[0].Condition.StringEquals["id.example.com/oidc:sub"]',
  );
  assert.equal(pathText([0, 'subject']), '[0].subject');
});

test('a condition has its place in the text, up to where it goes on with something else', () => {
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/id.example.com/oidc' },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { 'id.example.com/oidc:"sub"': 'a', 'id.example.com/oidc:aud': ['b', 'c'] } },
  };
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, null, 2);
  const read = recognise(text);
  if (isUnusable(read)) assert.fail(read.problem);
  const lineAt = (condition: string): string | undefined => {
    const place = read.placeOf(condition);
    return place && text.split('\n')[place.line - 1]?.slice(place.column - 1);
  };
  const equals = 'Statement[0].Condition.StringEquals';
  assert.equal(lineAt(`${equals}["id.example.com/oidc:\\"sub\\""]`), '"a",');
  assert.equal(lineAt(`${equals}["id.example.com/oidc:aud"][1]: text`), '"c"');
  assert.match(lineAt(`${equals}["absent"]`) ?? '', /^\{|^"id/);
  assert.equal(lineAt('--oidc-signing-algs'), undefined);
  assert.equal(lineAt(''), undefined);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compile, type Expression } from '../../src/trust/cel.ts';
import { checksOf, firstFailed, neededMembersOf } from '../../src/trust/cel-checks.ts';

const read = (text: string): Expression => {
  const compiled = compile(text, ['claims'], []);
  assert.ok(!('problem' in compiled), JSON.stringify(compiled));
  return compiled;
};

const CLAIMS = { sub: 'pulumi:deploy:org:contoso', org: 'contoso', project: 'core', groups: ['dev'] };
const AROUND = { variables: { claims: CLAIMS }, functions: [], subject: 'claims.sub' };

describe('what an expression asks for', () => {
  test('is taken apart at every &&', () => {
    const checks = checksOf(read('claims.org == "contoso" && (claims.project == "core" && "dev" in claims.groups)'));
    assert.deepEqual(
      checks.map(({ part }) => part.text),
      ['claims.org == "contoso"', 'claims.project == "core"', '"dev" in claims.groups'],
    );
  });

  test('is a comparison where a text is written out', () => {
    const compared = (text: string) => {
      const [check] = checksOf(read(text));
      return [check?.compared?.subject.text, check?.compared?.how, check?.wanted];
    };
    assert.deepEqual(compared('claims.org == "contoso"'), ['claims.org', 'equals', 'contoso']);
    assert.deepEqual(compared('"contoso" == claims.org'), ['claims.org', 'equals', 'contoso']);
    assert.deepEqual(compared('claims.org in ["a", "b"]'), ['claims.org', 'one of', '["a", "b"]']);
    assert.deepEqual(compared('claims.sub.startsWith("pulumi:")'), ['claims.sub', 'prefix', 'pulumi:']);
    assert.deepEqual(compared('claims.sub.endsWith(":write")'), ['claims.sub', 'contains', ':write']);
    assert.deepEqual(compared('claims.org != "contoso"'), [undefined, undefined, 'claims.org != "contoso"']);
    assert.deepEqual(compared('claims.org == claims.project'), [undefined, undefined, 'claims.org == claims.project']);
  });

  test('nothing failed where the expression is true', () => {
    assert.equal(firstFailed(read('claims.org == "contoso"'), AROUND), undefined);
  });

  const failing: readonly (readonly [expression: string, failed: string, presented: string, instead: string])[] = [
    [
      'claims.org == "contoso" && claims.project == "web"',
      'claims.project == "web"',
      'core',
      'claims.project == "core"',
    ],
    ['claims.project in ["web"]', 'claims.project in ["web"]', 'core', 'claims.project == "core"'],
    ['claims.email == "x"', 'claims.email == "x"', '', 'claims.sub == "pulumi:deploy:org:contoso"'],
    ['"ops" in claims.groups', '"ops" in claims.groups', '', 'claims.sub == "pulumi:deploy:org:contoso"'],
    ['claims.org', 'claims.org', '', 'claims.sub == "pulumi:deploy:org:contoso"'],
    [
      '(claims.org == "a" || claims.org == "b") && claims.project == "core"',
      'claims.org == "a" || claims.org == "b"',
      '',
      'claims.sub == "pulumi:deploy:org:contoso"',
    ],
    [
      'claims.project == "web" && (claims.org == "a" || claims.org == "contoso")',
      'claims.project == "web"',
      'core',
      'claims.project == "core"',
    ],
  ];
  for (const [text, part, presented, instead] of failing) {
    test(`the first that fails is named, with what would hold: ${text}`, () => {
      const failed = firstFailed(read(text), AROUND);
      assert.deepEqual([failed?.check.part.text, failed?.presented], [part, presented]);
      assert.ok(failed?.edit.startsWith(`Write ${instead} instead of ${part}`), failed?.edit);
      assert.deepEqual(read(failed?.edited ?? '').evaluate({ claims: CLAIMS }), { value: true });
    });
  }

  test('of a check on times another token is wanted, and nothing else is written', () => {
    const variables = { claims: { ...CLAIMS, iat: 0, exp: 3600 } };
    const failed = firstFailed(read('claims.exp - claims.iat <= 600'), { ...AROUND, variables });
    assert.deepEqual(
      [failed?.edit, failed?.edited],
      ['Ask for a token whose times meet claims.exp - claims.iat <= 600.', undefined],
    );
  });

  test('claims are needed, but for those that has() asks for', () => {
    const expression = read('has(claims.env) ? claims.env == "x" : claims.org == "y" && claims["project"] != ""');
    assert.deepEqual(neededMembersOf(expression, 'claims'), ['org', 'project']);
  });
});

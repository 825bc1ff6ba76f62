import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compile, type Evaluation } from '../../src/trust/cel.ts';
import { STRING_FUNCTIONS } from '../../src/trust/cel-functions.ts';

const CLAIMS = {
  sub: 'pulumi:deploy:org:contoso:project:core',
  org: 'contoso',
  n: 34,
  groups: ['dev', 'ops'],
  none: null,
};

const run = (
  text: string,
  claims: Readonly<Record<string, unknown>> = CLAIMS,
): Evaluation | { readonly problem: string } => {
  const compiled = compile(text, ['claims'], [...STRING_FUNCTIONS, 'extract']);
  return 'problem' in compiled ? compiled : compiled.evaluate({ claims });
};

const fails = (text: string, why: RegExp, claims?: Readonly<Record<string, unknown>>): void => {
  const ran = run(text, claims);
  assert.match('failure' in ran ? ran.failure : JSON.stringify(ran), why, text);
};

const refused = (text: string, why: RegExp): void => {
  const ran = run(text);
  assert.match('problem' in ran ? ran.problem : JSON.stringify(ran), why, text.slice(0, 100));
};

describe('an expression in CEL', () => {
  const values: readonly (readonly [string, unknown])[] = [
    ['claims.org == "contoso" && claims.sub.startsWith("pulumi:")', true],
    ['claims["org"]', 'contoso'],
    ['"dev" in claims.groups', true],
    ['"org" in claims', true],
    ['has(claims.email)', false],
    ['has(claims.email) ? claims.email : claims.org', 'contoso'],
    ['claims.missing == "x" || claims.org == "contoso"', true],
    ['claims.sub.split(":")[3]', 'contoso'],
    ['claims.sub.split(":", 2)', ['pulumi', 'deploy:org:contoso:project:core']],
    ['claims.sub.split(":", 0)', []],
    ['["a", "b"].join("-")', 'a-b'],
    ['"aXbXc".replace("X", "")', 'abc'],
    ['"aXbXc".replace("X", "-", 1)', 'a-bXc'],
    ['"ab".replace("", ".")', '.a.b.'],
    ['claims.sub.extract("org:{name}:")', 'contoso'],
    ['claims.n + 1', 35],
    ['claims.n == 34.0', true],
    ['size(claims.groups)', 2],
    ['claims.groups + ["qa"]', ['dev', 'ops', 'qa']],
    ['claims.groups.exists(group, group == "ops")', true],
    ['claims.groups.map(group, group.upperAscii())', ['DEV', 'OPS']],
    ['claims.sub.matches("^pulumi:[a-z:]+$")', true],
    ['{"a": claims.org}', { a: 'contoso' }],
    ['claims.none in {"a": 1}', false],
    ['claims.none', null],
  ];
  for (const [text, value] of values) test(text, () => assert.deepEqual(run(text), { value }));

  test('fails on a claim that is not there, and on a text where a truth value must stand', () => {
    fails('claims.email == "x"', /email/);
    fails('claims.groups[7]', /7/);
    fails('claims.org && true', /bool/);
    fails('claims.n < "x"', /overload/);
    fails('claims.org.matches("(")', /regexp/);
    fails('claims.sub.extract("org")', /template/);
    fails('[1].join()', /texts|overload/);
  });

  test('does not compile with a variable or a function that nobody knows', () => {
    refused('assertion.org == "contoso"', /undeclared reference to 'assertion'/);
    refused('claims.org.find("x")', /undeclared reference to 'find'/);
    refused('claims.groups.exists(group, name == "ops")', /undeclared reference to 'name'/);
    assert.deepEqual(compile('claims.sub.extract("{x}")', ['claims'], []), {
      problem: "has an undeclared reference to 'extract'",
    });
  });

  test('does not compile where the syntax is wrong', () => {
    for (const text of ['', 'claims.org = "x"', 'claims.org ==', '"open', 'a b', '('])
      refused(text, /is no CEL expression/);
    refused('claims.?org.orValue("")', /optional values/);
  });

  test('sees no member that a mapping only inherits', () => {
    assert.deepEqual(run('has(claims.constructor) || has(claims.toString) || "__proto__" in claims'), { value: false });
  });
});

describe('an expression that wants too much', () => {
  test('is not read when it is longer or deeper than anybody needs', () => {
    refused(`claims.org == "${'x'.repeat(9000)}"`, /longer than 8192/);
    refused(`${'('.repeat(150)}true${')'.repeat(150)}`, /nested deeper/);
    refused(`${'['.repeat(150)}${']'.repeat(150)}`, /nested deeper/);
    refused(`${'!'.repeat(200)}true`, /nested deeper/);
  });

  test('is not read when loops stand in loops', () => {
    const inner = 'claims.groups.all(b, claims.groups.all(c, a + b + c != ""))';
    refused(`claims.groups.all(a, ${inner})`, /too many steps/);
    refused(`["a"]${'.map(x, x + x)'.repeat(100)}`, /too many steps/);
  });

  test('stops when it makes much of little', () => {
    const long = { org: 'x'.repeat(5000), texts: Array.from({ length: 200 }, () => 'x'.repeat(100)) };
    fails('claims.org + claims.org', /longer than 8192/, long);
    fails('claims.org.replace("x", claims.org)', /longer than 8192/, long);
    fails('claims.texts.join("-")', /longer than 8192/, long);
    fails('claims.org.split("")', /more than 256/, long);
    fails('claims.texts + claims.texts', /more than 256/, long);
    fails("b'x' + b'x'", /bytes/, long);
    fails('true', /more than 256/, { list: Array.from({ length: 300 }, () => 1) });
  });

  test('is matched in linear time, and not at all where that is long, too', () => {
    const text = { org: `${'a'.repeat(5000)}!` };
    assert.deepEqual(run('claims.org.matches("^(a+)+$")', text), { value: false });
    fails('claims.org.matches("^(a{1,900}b{1,900}c{1,900})+$")', /takes too long/, text);
    const often = `[${'1,'.repeat(100)}].exists(x, claims.org.matches("^(a|b|ab)*[0-9]+$"))`;
    fails(often, /takes too long/, text);
  });
});

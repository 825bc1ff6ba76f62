import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findPolicyProblems } from '../../src/policy/check.ts';
import { completeDefinitions, type DefinitionInFile, POLICY_DEFINITIONS_SCHEMA } from '../../src/policy/file.ts';
import { findShapeProblems } from '../../src/shape-problems.ts';

const allow: DefinitionInFile = { decision: 'allow', tokenType: 'organization', rules: { sub: 'x' } };
const team: DefinitionInFile = { ...allow, tokenType: 'team', teamName: 'platform' };
const personal: DefinitionInFile = { ...allow, tokenType: 'personal', userLogin: 'alice' };
const runner: DefinitionInFile = { ...allow, tokenType: 'runner', runnerID: 'pool' };

const { teamName: _team, ...nameless } = team;
const { userLogin: _user, ...loginless } = personal;
const { runnerID: _pool, ...poolless } = runner;

const lines = (definitions: readonly DefinitionInFile[], dialect: 'strict' | 'pulumi' = 'strict') =>
  findPolicyProblems(definitions, dialect).map(
    ({ at, problem, suggestion }) => `${at.join(' › ')}: ${problem}; ${suggestion}`,
  );

const MISTAKES: readonly (readonly [string, DefinitionInFile, RegExp])[] = [
  ['a team without its name', nameless, /^0: has no "teamName"; add "teamName:" with .*`\?` for exactly one$/],
  ['a user without a login', loginless, /^0: has no "userLogin"; add "userLogin:" with the name, exactly$/],
  ['an agent pool without its name', poolless, /^0: has no "runnerID"; add "runnerID:"/],
  ['a login with a wildcard', { ...personal, userLogin: 'ali*' }, /^0 › userLogin: holds a wildcard, and is compared/],
  ['a login with another', { ...personal, userLogin: 'alic?' }, /^0 › userLogin: holds a wildcard/],
  ['a pool with a wildcard', { ...runner, runnerID: '*' }, /^0 › runnerID: holds a wildcard/],
  [
    'a team for an organization token',
    { ...allow, teamName: 'x' },
    /^0 › teamName: has no meaning for organization tok/,
  ],
  ['a team for a personal token', { ...personal, teamName: 'x' }, /write tokenType "team"$/],
  ['a login for a team token', { ...team, userLogin: 'alice' }, /^0 › userLogin: has no meaning for team tokens/],
  ['a pool for a team token', { ...team, runnerID: 'pool' }, /^0 › runnerID: has no meaning for team tokens/],
  ['a role for a team token', { ...team, roleID: 'deployer' }, /^0 › roleID: has no meaning .* "organization"$/],
  [
    'admin for a personal token',
    { ...personal, authorizedPermissions: ['admin'] },
    /^0 › authorizedPermissions: has no/,
  ],
  ['an unknown permission', { ...allow, authorizedPermissions: ['admn'] }, /› 0: is "admn", .*; write "admin"$/],
  ['another', { ...allow, authorizedPermissions: ['standard', 'x'] }, /› 1: is "x", .*; write one of admin, standard$/],
  [
    'a path that is none',
    { ...allow, rules: { 'a..b': 'x' } },
    /^0 › rules › a\.\.b: is no claim path: at character 3/,
  ],
  [
    'kubernetes.io without quotes',
    { ...allow, rules: { 'kubernetes.io.namespace': 'x' } },
    /write "kubernetes\.io"\.nam/,
  ],
  ['a URL without quotes', { ...allow, rules: { 'https://a.b/c': 'x' } }, /write "https:\/\/a\.b\/c" if/],
  [
    'a claim twice',
    { ...allow, rules: { aud: 'x', '"aud"': 'y' } },
    /^0 › rules › "aud": names a claim that has a rule/,
  ],
  ['a path that is not composed', { ...allow, rules: { 'e\u0301': 'x' } }, /is not in Unicode's form NFC/],
  [
    'a pattern that is not composed',
    { ...allow, rules: { sub: 'e\u0301' } },
    /^0 › rules › sub: is not in Unicode's fo/,
  ],
  ['a pattern that is too long', { ...allow, rules: { sub: 'x'.repeat(257) } }, /pattern of more than 256 characters/],
  ['a team that is not composed', { ...team, teamName: 'e\u0301' }, /^0 › teamName: is not in Unicode's form NFC/],
];

describe('what no schema says', () => {
  for (const [name, definition, expected] of MISTAKES) {
    test(name, () => {
      const found = lines([definition]);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', expected);
    });
  }

  test('the wildcards are those of the dialect', () => {
    assert.match(lines([nameless], 'pulumi')[0] ?? '', /`\?` for none or one, `\.` for exactly one$/);
  });

  test('what is right has no problems', () => {
    const right: readonly DefinitionInFile[] = [
      allow,
      { ...allow, roleID: 'deployer', authorizedPermissions: ['admin', 'standard'], reason: 'because' },
      { ...team, teamName: 'plat-*', authorizedPermissions: [] },
      { ...team, authorizedPermissions: ['standard'] },
      { ...personal, userLogin: 'a.b-c' },
      runner,
      { decision: 'deny', tokenType: 'organization' },
      { ...allow, rules: { sub: 'x'.repeat(256), '"kubernetes.io".namespace': 'é' } },
    ];
    assert.deepEqual(lines(right), []);
  });

  test('a problem says which definition it is in', () => {
    assert.match(lines([allow, team, { ...allow, runnerID: 'x' }])[0] ?? '', /^2 › runnerID: /);
  });

  test('100 definitions of 50 rules are as many as there may be', () => {
    const rules = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, 'x']));
    const most = Array<DefinitionInFile>(100).fill({ ...allow, rules: rules(50) });
    assert.deepEqual(lines(most), []);
    assert.deepEqual(findShapeProblems(most, POLICY_DEFINITIONS_SCHEMA), []);
    assert.deepEqual(lines([...most, allow]), [': has 101 definitions; write at most 100']);
    assert.deepEqual(lines([{ ...allow, rules: rules(51) }]), ['0 › rules: has 51 rules; write at most 50']);
    assert.equal(findShapeProblems([...most, allow], POLICY_DEFINITIONS_SCHEMA).length, 1);
    assert.equal(findShapeProblems([{ ...allow, rules: rules(51) }], POLICY_DEFINITIONS_SCHEMA).length, 1);
  });
});

const MISSHAPEN: readonly (readonly [string, unknown, RegExp])[] = [
  ['an unknown member', { ...allow, teamname: 'x' }, /0\/teamname is not a known key; write "teamName"/],
  ['no decision', { tokenType: 'organization' }, /0 has no "decision"/],
  ['no token type', { decision: 'allow' }, /0 has no "tokenType"/],
  ['another decision', { ...allow, decision: 'Allow' }, /0\/decision is the text "Allow"; write "allow"/],
  ['another token type', { ...allow, tokenType: 'org' }, /0\/tokenType is the text "org"; write one of organization/],
  ['rules that are a list', { ...allow, rules: ['sub'] }, /0\/rules is a list/],
  [
    'a rule that is a number',
    { ...allow, rules: { repository_id: 5 } },
    /0\/rules\/repository_id is 5; write it in quot/,
  ],
  ['a rule that is empty', { ...allow, rules: { sub: '' } }, /0\/rules\/sub is an empty text/],
  ['a rule that is a list', { ...allow, rules: { sub: ['x'] } }, /0\/rules\/sub is a list/],
  ['a pattern that is too long', { ...allow, rules: { sub: '😀'.repeat(257) } }, /0\/rules\/sub is the text/],
  ['a path that is too long', { ...allow, rules: { ['x'.repeat(257)]: 'x' } }, /is not a name that may stand here/],
  ['permissions that are a text', { ...allow, authorizedPermissions: 'admin' }, /authorizedPermissions is the text/],
  ['a list of lists', [allow], /0 is a list/],
];

describe('what the schema says', () => {
  for (const [name, definition, expected] of MISSHAPEN) {
    test(name, () => {
      const found = findShapeProblems([definition], POLICY_DEFINITIONS_SCHEMA).map(
        ({ at, problem, suggestion }) => `${at.join('/')} ${problem}; ${suggestion}`,
      );
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', expected);
    });
  }

  test('rules and permissions may be left out: they are empty then', () => {
    const written: readonly DefinitionInFile[] = [{ decision: 'deny', tokenType: 'organization' }];
    assert.deepEqual(findShapeProblems(written, POLICY_DEFINITIONS_SCHEMA), []);
    assert.deepEqual(completeDefinitions(written), [
      { decision: 'deny', tokenType: 'organization', authorizedPermissions: [], rules: {} },
    ]);
  });

  test('everything that is written is kept, a rule on __proto__ as well', () => {
    const written = JSON.parse(
      '{"decision":"allow","tokenType":"team","teamName":"a","rules":{"__proto__":"x","b":"y"}}',
    );
    assert.deepEqual(findShapeProblems([written], POLICY_DEFINITIONS_SCHEMA), []);
    const [complete] = completeDefinitions([written as DefinitionInFile]);
    assert.deepEqual(Object.entries(complete?.rules ?? {}), [
      ['__proto__', 'x'],
      ['b', 'y'],
    ]);
    assert.equal(complete?.teamName, 'a');
  });
});

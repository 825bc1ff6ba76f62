import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { findPolicyProblems } from '../../src/policy/check.ts';
import { readClaimPath } from '../../src/policy/claim-path.ts';
import { type DefinitionInFile, POLICY_DEFINITIONS_SCHEMA, POLICY_LIMITS } from '../../src/policy/file.ts';
import { LINT_CODES, lint } from '../../src/policy/lint.ts';
import { MATCH_LIMITS } from '../../src/policy/match.ts';
import type { Definition, Dialect } from '../../src/policy/policy.ts';
import { findShapeProblems } from '../../src/shape-problems.ts';
import { tableRows } from '../house/texts.ts';
import { allow, GITHUB, policy } from './corpus.ts';

const PAGE = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');
const between = (start: string, end: string): string => PAGE.slice(PAGE.indexOf(start), PAGE.indexOf(end));

test('docs/policies.md lists every finding with its severity, and nothing else', () => {
  const rows = tableRows(between('\n| finding | severity |', 'An example of each'));
  assert.deepEqual(
    rows.map(([code, severity]) => [code, severity]),
    Object.entries(LINT_CODES),
  );
});

interface Example {
  readonly issuer?: string;
  readonly dialect?: Dialect;
  readonly replay?: 'allow' | 'retry-window';
  readonly roleID?: string | null;
  readonly rules: Readonly<Record<string, string>>;
}

const codesOf = (cell: string): readonly string[] => {
  const { issuer = GITHUB, dialect, replay = 'retry-window', roleID, rules } = parse(cell.slice(1, -1)) as Example;
  const { roleID: usual, ...bare } = allow(rules);
  const definition: Definition = roleID === null ? bare : { ...bare, roleID: roleID ?? usual ?? '' };
  return lint(policy([definition], dialect), { issuer, replay }, new Set(['deployer'])).map(({ code }) => code);
};

describe('the examples of docs/policies.md', () => {
  const rows = tableRows(between('\n| finding | for example |', 'What names a tenant'));

  test('are there for every finding', () => {
    assert.deepEqual(new Set(rows.map(([code]) => code)), new Set(Object.keys(LINT_CODES)));
  });

  for (const [code = '', written = '', better = ''] of rows) {
    test(`${code}: ${written} has it, ${better} has none`, () => {
      assert.ok(codesOf(written).includes(code), codesOf(written).join(' '));
      assert.deepEqual(codesOf(better), []);
    });
  }
});

test('the document that docs/policies.md begins with is right', () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(PAGE) ?? [];
  const { policies } = parse(text) as { policies: readonly DefinitionInFile[] };
  assert.deepEqual(findShapeProblems(policies, POLICY_DEFINITIONS_SCHEMA), []);
  assert.deepEqual(findPolicyProblems(policies, 'strict'), []);
  const complete = policies.map((each) => ({ authorizedPermissions: [], rules: {}, ...each }));
  assert.deepEqual(lint(policy(complete), { issuer: GITHUB, replay: 'retry-window' }), []);
});

test('docs/policies.md names every member of a definition', () => {
  const rows = tableRows(between('## A definition', '## Patterns')).map(([member]) => member);
  assert.deepEqual(rows.toSorted(), Object.keys(POLICY_DEFINITIONS_SCHEMA.items?.properties ?? {}).toSorted());
});

test('docs/policies.md states the limits that hold', () => {
  const longest = (make: (size: number) => string): number => {
    let size = 1;
    while (!('problem' in readClaimPath(make(size + 1)))) size++;
    return size;
  };
  const limits = {
    'characters of a pattern': MATCH_LIMITS.pattern,
    "characters of a claim's text": MATCH_LIMITS.text,
    'elements of a list': MATCH_LIMITS.elements,
    'characters of a pattern × characters of a text, summed over what a definition holds its patterns with wildcards against':
      MATCH_LIMITS.steps,
    'characters of a path': longest((size) => 'a'.repeat(size)),
    'keys of a path': longest((size) => Array(size).fill('a').join('.')),
    'rules of a definition': POLICY_LIMITS.rules,
    'definitions of a document': POLICY_LIMITS.definitions,
  };
  for (const [what, most] of Object.entries(limits)) assert.ok(PAGE.includes(`| ${what} | ${most} |`), what);
});

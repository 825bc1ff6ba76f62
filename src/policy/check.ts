import type { Finding } from '../documents.ts';
import { nearest } from '../nearest.ts';
import { readClaimPath, writeClaimPath } from './claim-path.ts';
import { type DefinitionInFile, POLICY_LIMITS } from './file.ts';
import { isLonger, MATCH_LIMITS } from './match.ts';
import type { Dialect, TokenType } from './policy.ts';

type At = Finding['at'];

/** What an access token of a type is for: the one member that names it, and the members that only it may have. */
const NAMED_BY = { organization: undefined, team: 'teamName', personal: 'userLogin', runner: 'runnerID' } as const;
const MEMBERS: Readonly<Record<'teamName' | 'userLogin' | 'runnerID' | 'roleID' | 'authorizedPermissions', TokenType>> =
  {
    teamName: 'team',
    userLogin: 'personal',
    runnerID: 'runner',
    roleID: 'organization',
    authorizedPermissions: 'organization',
  };
const PERMISSIONS = ['admin', 'standard'];

const IN_WORDS: Readonly<Record<Dialect, string>> = {
  strict: '`*` for any run of characters, `?` for exactly one',
  pulumi: '`*` for any run of characters, `?` for none or one, `.` for exactly one',
};

/**
 * Everything that is wrong with the definitions of a document although their shape is right.
 *
 * `at` begins with the position of the definition. What is merely unwise is for the linter.
 */
export const findPolicyProblems = (policies: readonly DefinitionInFile[], dialect: Dialect): readonly Finding[] => [
  ...tooMany(policies.length, POLICY_LIMITS.definitions, 'definitions', []),
  ...policies
    .slice(0, POLICY_LIMITS.definitions)
    .flatMap((definition, index) => [
      ...namingProblems(definition, dialect, [index]),
      ...foreignMembers(definition, [index]),
      ...permissionProblems(definition, [index, 'authorizedPermissions']),
      ...ruleProblems(definition, [index, 'rules']),
    ]),
];

const tooMany = (count: number, most: number, what: string, at: At): readonly Finding[] =>
  count > most ? [{ at, problem: `has ${count} ${what}`, suggestion: `write at most ${most}` }] : [];

const namingProblems = (definition: DefinitionInFile, dialect: Dialect, at: At): readonly Finding[] => {
  const member = NAMED_BY[definition.tokenType];
  if (member === undefined) return [];
  const name = definition[member];
  if (name === undefined) {
    const what = member === 'teamName' ? `a team's name, or a pattern: ${IN_WORDS[dialect]}` : 'the name, exactly';
    return [{ at, problem: `has no "${member}"`, suggestion: `add "${member}:" with ${what}` }];
  }
  const place = [...at, member];
  if (member === 'teamName') return patternProblems(name, place);
  if (!/[*?]/.test(name)) return [];
  return [{ at: place, problem: 'holds a wildcard, and is compared exactly', suggestion: 'write one name' }];
};

/** Members that mean something for another token type only: whoever wrote them thinks that they do something. */
const foreignMembers = (definition: DefinitionInFile, at: At): readonly Finding[] =>
  (Object.keys(MEMBERS) as (keyof typeof MEMBERS)[]).flatMap((member) => {
    const value = definition[member];
    // The contract's clients send an empty list with every definition, whatever its token type.
    const absent = value === undefined || (Array.isArray(value) && !value.some((permission) => permission === 'admin'));
    if (absent || MEMBERS[member] === definition.tokenType) return [];
    const problem = `has no meaning for ${definition.tokenType} tokens`;
    return [{ at: [...at, member], problem, suggestion: `leave it out, or write tokenType "${MEMBERS[member]}"` }];
  });

const permissionProblems = ({ authorizedPermissions = [] }: DefinitionInFile, at: At): readonly Finding[] =>
  authorizedPermissions.flatMap((permission, index) => {
    if (PERMISSIONS.includes(permission)) return [];
    const near = nearest(permission, PERMISSIONS);
    const suggestion = near === undefined ? `write one of ${PERMISSIONS.join(', ')}` : `write "${near}"`;
    return [{ at: [...at, index], problem: `is "${permission}", which is no permission`, suggestion }];
  });

const ruleProblems = ({ rules = {} }: DefinitionInFile, at: At): readonly Finding[] => {
  const entries = Object.entries(rules);
  const seen = new Set<string>();
  return [
    ...tooMany(entries.length, POLICY_LIMITS.rules, 'rules', at),
    ...entries
      .slice(0, POLICY_LIMITS.rules)
      .flatMap(([claim, pattern]) => [
        ...pathProblems(claim, seen, [...at, claim]),
        ...patternProblems(pattern, [...at, claim]),
      ]),
  ];
};

/** Names with a dot in them that people write without quotes. They would be looked for in the wrong place. */
const DOTTED_NAMES = ['kubernetes.io'];

const pathProblems = (claim: string, seen: Set<string>, at: At): readonly Finding[] => {
  if (!isComposed(claim)) return [{ at, ...NOT_COMPOSED }];
  const path = readClaimPath(claim);
  if ('problem' in path) return [{ at, ...path }];
  const torn = DOTTED_NAMES.find((name) => claim.startsWith(`${name}.`));
  if (torn !== undefined) {
    const meant = writeClaimPath([torn, ...path.slice(torn.split('.').length)]);
    return [{ at, problem: `looks for a claim "${path[0]}" with members`, suggestion: `write ${meant}` }];
  }
  const canonical = writeClaimPath(path);
  if (seen.has(canonical)) {
    return [{ at, problem: 'names a claim that has a rule already', suggestion: 'leave one of them out' }];
  }
  seen.add(canonical);
  return [];
};

const patternProblems = (pattern: string, at: At): readonly Finding[] => {
  if (isLonger(pattern, MATCH_LIMITS.pattern)) {
    const problem = `is a pattern of more than ${MATCH_LIMITS.pattern} characters`;
    return [{ at, problem, suggestion: 'write a shorter one: a `*` for what does not matter' }];
  }
  return isComposed(pattern) ? [] : [{ at, ...NOT_COMPOSED }];
};

/** Claims are compared character by character, so there must be one way to write a letter. Unicode, annex 15. */
const isComposed = (text: string): boolean => text === text.normalize('NFC');
const NOT_COMPOSED = {
  problem: "is not in Unicode's form NFC, so it could look the same as a claim and never match it",
  suggestion: 'type it again, or normalize it to NFC',
};

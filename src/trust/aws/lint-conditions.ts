import { subjectPatternProblems, subjectProblems, whichIssuer } from '../subject-patterns.ts';
import type { Warning } from '../verdict.ts';
import { pathText } from '../written.ts';
import { keyProblem } from './condition-findings.ts';
import { isNeverThere } from './conditions.ts';
import { CLAIM_KEYS, claimOfKey, isGlobalKey, keyPrefix } from './context.ts';
import { type AwsWarningCode, type Linted, warning } from './linted.ts';
import type { Condition } from './statements.ts';
import { hasWildcard } from './wildcard.ts';

/** What is wrong with the conditions of an allow, one by one. */
export const conditionWarnings = (linted: Linted): readonly Warning[] =>
  linted.statement.conditions.flatMap((condition) =>
    CHECKS.flatMap((check) => check(condition, linted)).map(([code, text]) =>
      warning(code, pathText(condition.at), text),
    ),
  );

type Check = (condition: Condition, linted: Linted) => readonly (readonly [AwsWarningCode, string])[];

const isMetWhenAbsent = ({ operator }: Condition): boolean =>
  operator.comparison !== 'null' &&
  (operator.ifExists || operator.each === 'all' || (operator.negated && operator.each !== 'any'));

/** Keys of providers that the statement or the installation names besides are for their tokens. */
const isForOthers = ({ key }: Condition, { statement, ours }: Linted): boolean => {
  const provider = key.slice(0, key.lastIndexOf(':')).toLowerCase();
  const others = [
    ...statement.federated.map((arn) => arn.slice(arn.indexOf('/') + 1)),
    ...Object.values(ours.issuers).map(keyPrefix),
  ];
  return others.some((other) => other.toLowerCase() === provider);
};

const keys: Check = (condition, linted) => {
  const { prefix } = linted.context;
  const { key } = condition;
  const claim = key.slice(key.lastIndexOf(':') + 1);
  const isOurs = claimOfKey(key, prefix) !== undefined;
  if (isGlobalKey(key) || (!isOurs && isForOthers(condition, linted))) return [];
  if (!(CLAIM_KEYS as readonly string[]).includes(claim.toLowerCase())) {
    return [
      [
        'aws_claim_is_no_key',
        `AWS shows only aud and sub of a token of ${prefix}, never ${claim}. Pin it through sub.`,
      ],
    ];
  }
  if (isOurs) return [];
  return [[keyProblem(key, prefix), `"${key}" is no key of a token of ${prefix}. Write "${prefix}:${claim}".`]];
};

const alwaysTrue: Check = (condition, { context }) => {
  if (isMetWhenAbsent(condition) && isNeverThere(condition, context)) {
    const text = `This holds for every token: ${condition.key} is never there, and ${condition.written} holds where the key is absent. Write StringEquals and a key that is there.`;
    return [['aws_condition_always_true', text]];
  }
  const isOurs = claimOfKey(condition.key, context.prefix) !== undefined;
  if (condition.operator.each !== 'all' || !isOurs) return [];
  return [
    [
      'aws_for_all_values',
      'ForAllValues: holds where the key is absent, and is meant for keys with several values. Leave the prefix out.',
    ],
  ];
};

const wildcards: Check = ({ operator, values }, _linted) => {
  const wrong = operator.comparison === 'equals' ? values.find(hasWildcard) : undefined;
  if (wrong === undefined) return [];
  const like = operator.negated ? 'StringNotLike' : 'StringLike';
  return [
    [
      'aws_wildcard_in_equals',
      `${operator.name} takes the wildcard in "${wrong}" for itself. Write ${like}, or the exact value.`,
    ],
  ];
};

const spaces: Check = ({ values }) =>
  values
    .filter((value) => value.trim() !== value)
    .map((value) => ['aws_value_space', `White space counts. Write "${value.trim()}".`]);

const audience: Check = (condition, { context, ours }) => {
  if (claimOfKey(condition.key, context.prefix)?.toLowerCase() !== 'aud' || condition.operator.negated) return [];
  const { operator, values } = condition;
  return values.flatMap((value): ReturnType<Check> => {
    if (operator.comparison === 'like' && hasWildcard(value)) {
      const text = `"${value}" takes every audience that matches: "contoso*" takes "contoso-evil", too. Write StringEquals and the exact audience.`;
      return [['aws_audience_pattern', text]];
    }
    const isOtherCase = value !== ours.organization && value.toLowerCase() === ours.organization;
    if (!isOtherCase || operator.ignoresCase) return [];
    return [
      ['aws_aud_case', `Case counts, and names of organizations are in lower case. Write "${ours.organization}".`],
    ];
  });
};

const subject: Check = (condition, { context, presented, ours }) => {
  const issuer = whichIssuer(presented.issuer, ours);
  const { operator, values } = condition;
  const isSubject = claimOfKey(condition.key, context.prefix)?.toLowerCase() === 'sub';
  if (!issuer || !isSubject || operator.negated || !['equals', 'like'].includes(operator.comparison)) return [];
  return values.flatMap((value) => {
    if (value.includes('${')) return [];
    // A wildcard in an equality is told of elsewhere; without case there is no telling whose name it is.
    if (operator.ignoresCase || (operator.comparison === 'equals' && hasWildcard(value))) return [];
    const problems = hasWildcard(value)
      ? subjectPatternProblems(value, issuer, ours)
      : subjectProblems(value.trim(), issuer, ours);
    return problems.map(({ kind, text }) => [`aws_subject_${kind}`, text] as const);
  });
};

const variables: Check = ({ values }, { trust }) => {
  const wrong = trust.variables ? undefined : values.find((value) => value.includes('${'));
  if (wrong === undefined) return [];
  return [
    [
      'aws_variables_off',
      `"${wrong}" has a variable, which only policies of "Version": "2012-10-17" have. Write that version.`,
    ],
  ];
};

const CHECKS: readonly Check[] = [keys, alwaysTrue, wildcards, spaces, audience, subject, variables];

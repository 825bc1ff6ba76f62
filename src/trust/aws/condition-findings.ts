import type { Change } from '../edits.ts';
import { differenceOf, nearestText } from '../subjects.ts';
import { pathText } from '../written.ts';
import { holds, isNeverThere } from './conditions.ts';
import { CLAIM_KEYS, type Context, claimOfKey, isGlobalKey } from './context.ts';
import { type AwsReasonCode, type Finding, json, write } from './finding.ts';
import { withWildcards } from './operators.ts';
import type { Condition, Statement } from './statements.ts';
import { hasWildcard } from './wildcard.ts';

/** A condition that is not met, and everything needed to say why. */
interface Unmet {
  readonly condition: Condition;
  readonly statement: Statement;
  readonly context: Context;
  readonly variables: boolean;
  /** What was presented under its key. */
  readonly values: readonly string[];
}

type Part = Pick<Finding, 'code' | 'edit' | 'changes'>;

/** Why a condition of an allow is not met, and the smallest edit that would meet it. */
export const conditionFinding = (
  condition: Condition,
  statement: Statement,
  context: Context,
  variables: boolean,
): Finding => {
  const found = context.valuesOf(condition.key);
  const unmet = { condition, statement, context, variables, values: found === 'unknown' ? [] : found };
  return {
    condition: pathText(condition.at),
    wanted: `${condition.written} ${condition.values.join(' | ')}`,
    presented: unmet.values.join(', '),
    ...(wrongKey(unmet) ?? wrongOperator(unmet) ?? wrongValue(unmet)),
  };
};

/** The key is none that a token of ours has. */
const wrongKey = (unmet: Unmet): Part | undefined => {
  const { condition, context } = unmet;
  const { key, operator } = condition;
  const isOurs = claimOfKey(key, context.prefix) !== undefined;
  const claim = key.slice(key.lastIndexOf(':') + 1);
  if (!isGlobalKey(key) && !(CLAIM_KEYS as readonly string[]).includes(claim.toLowerCase())) {
    return { code: 'aws_claim_is_no_key', ...remove(unmet, notAKey(claim, context.prefix)) };
  }
  if (!isOurs && !isGlobalKey(key)) {
    return { code: keyProblem(key, context.prefix), ...rename(unmet, `${context.prefix}:${claim}`) };
  }
  if (operator.comparison === 'null' || !isNeverThere(condition, context)) return undefined;
  return { code: 'aws_key_never_there', ...remove(unmet, `A call with a token of ${context.prefix} never has ${key}`) };
};

/** How the part of a key before its claim differs from the issuer. */
export const keyProblem = (key: string, prefix: string): AwsReasonCode & `aws_key_${string}` => {
  const colon = key.lastIndexOf(':');
  if (colon <= 0) return 'aws_key_prefix_missing';
  const written = key.slice(0, colon).toLowerCase();
  const [right, bare] = [prefix.toLowerCase(), written.replace(/^https?:\/\//, '')];
  if (bare.replace(/\/+$/, '') !== right.replace(/\/+$/, '')) {
    return bare.split('/')[0] === right.split('/')[0] ? 'aws_key_path' : 'aws_key_other_issuer';
  }
  return written === bare ? 'aws_key_slash' : 'aws_key_scheme';
};

const notAKey = (claim: string, prefix: string): string =>
  `Of a token of ${prefix}, AWS shows only aud and sub to a policy, never ${claim}: pin it through sub, or have it sent as a session tag and test aws:RequestTag/${claim} (with sts:TagSession)`;

/** Takes the condition out; where nothing would be left that pins the subject, the exact one is written instead. */
const remove = ({ condition, statement, context }: Unmet, why: string): Pick<Part, 'edit' | 'changes'> => {
  const gone: Change = { at: ['policy', ...condition.at] };
  const key = `${context.prefix}:sub`;
  const [sub] = [context.valuesOf(key)].flat();
  const pinned = statement.conditions.some(
    (other) => other !== condition && other.key.toLowerCase() === key.toLowerCase(),
  );
  if (pinned || sub === undefined) return { edit: `${why}. Take ${pathText(condition.at)} out.`, changes: [gone] };
  const at = [...statement.at, 'Condition', 'StringEquals', key];
  const instead = write(at, sub);
  return { edit: `${why}. Take ${pathText(condition.at)} out. ${instead.edit}`, changes: [gone, ...instead.changes] };
};

const rename = ({ condition }: Unmet, key: string): Pick<Part, 'edit' | 'changes'> => {
  const value = oneOrList(condition.values);
  const { edit, changes } = write([...condition.at.slice(0, -1), key], value);
  return {
    edit: edit.replace(/\.$/, `, in place of ${json(condition.key)}.`),
    changes: [{ at: ['policy', ...condition.at] }, ...changes],
  };
};

const oneOrList = (values: readonly string[]): unknown => (values.length === 1 ? values[0] : values);

/** Equality with a wildcard in it that would hold if wildcards counted. */
const wrongOperator = ({ condition, context, variables }: Unmet): Part | undefined => {
  const { operator, values, at } = condition;
  const other = withWildcards(operator);
  if (other === undefined || operator.negated || !values.some(hasWildcard)) return undefined;
  const like = { ...condition, operator: { ...operator, comparison: 'like' as const } };
  if (holds(like, context, variables) !== 'met') return undefined;
  const { edit, changes } = write([...at.slice(0, -2), other, condition.key], oneOrList(values));
  return {
    code: 'aws_wildcard_in_equals',
    edit: `${operator.name} takes * and ? for themselves. ${edit.replace(/\.$/, `, in place of ${pathText(at)}.`)}`,
    changes: [{ at: ['policy', ...at] }, ...changes],
  };
};

const wrongValue = (unmet: Unmet): Part => {
  const { condition, values } = unmet;
  const { operator } = condition;
  const [presented] = values;
  if (operator.comparison === 'null') {
    return { code: 'aws_null_mismatch', ...write(condition.at, String(values.length === 0)) };
  }
  if (operator.negated) return excluded(unmet);
  if (presented === undefined)
    return { code: mismatchCode(unmet), ...remove(unmet, `Nothing stands under ${condition.key} here`) };
  if (operator.comparison === 'arn' && !presented.startsWith('arn:')) {
    return {
      code: mismatchCode(unmet),
      ...remove(unmet, `${operator.name} compares ARNs, and ${json(presented)} is none`),
    };
  }
  if (condition.values.some((value) => value.includes('${')) && unmet.variables) {
    return { code: 'aws_variable_absent', ...write(condition.at, presented) };
  }
  const near = nearestText(presented, condition.values) ?? '';
  const value = keepsOthers(unmet, presented)
    ? [...condition.values, ...values]
    : oneOrList(replaced(condition.values, near, values));
  const { edit, changes } = write(condition.at, value);
  return { code: mismatchCode(unmet, near), edit: `${explained(unmet, near, presented)}${edit}`, changes };
};

const replaced = (wanted: readonly string[], near: string, values: readonly string[]): readonly string[] =>
  wanted.flatMap((value) => (value === near ? values : [value]));

/** Do the values stand for others who must still get in? Then one is added; else it is put right. */
const keepsOthers = ({ condition, context }: Unmet, presented: string): boolean => {
  if (!isSubject(condition, context)) return condition.values.length > 1;
  return condition.values.every((value) => differenceOf(value, presented)?.sameOrganization === true);
};

const isSubject = ({ key }: Condition, { prefix }: Context): boolean =>
  claimOfKey(key, prefix)?.toLowerCase() === 'sub';

const explained = ({ condition, context }: Unmet, near: string, presented: string): string => {
  if (near.trim() === presented && near !== presented) return 'White space counts. ';
  if (near.toLowerCase() === presented.toLowerCase()) return 'Case counts. ';
  if (!isSubject(condition, context)) return '';
  const difference = differenceOf(near, presented);
  return difference ? `The subject differs in its ${difference.part}. ` : '';
};

const BY_KEY: readonly (readonly [RegExp, AwsReasonCode])[] = [
  [/^aws:(?:requesttag\/|tagkeys$)/i, 'aws_tag_mismatch'],
  [/^sts:transitivetagkeys$/i, 'aws_tag_mismatch'],
  [/^sts:rolesessionname$/i, 'aws_session_name_mismatch'],
  [/^sts:sourceidentity$/i, 'aws_source_identity_mismatch'],
  [/^sts:roleauthorizedbyidp$/i, 'aws_role_not_authorized'],
];

const mismatchCode = ({ condition, context, values }: Unmet, near = ''): AwsReasonCode => {
  const claim = claimOfKey(condition.key, context.prefix)?.toLowerCase();
  const presented = values[0] ?? '';
  if (near !== presented && near.trim() === presented) return 'aws_value_space';
  if (claim === 'sub' || claim === 'aud') {
    const byCase = near.toLowerCase() === presented.toLowerCase();
    return byCase ? `aws_${claim}_case` : `aws_${claim}_mismatch`;
  }
  return BY_KEY.find(([key]) => key.test(condition.key))?.[1] ?? 'aws_condition_mismatch';
};

/** A negated operator: what was presented is among those that are kept out. */
const excluded = ({ condition, context, variables, values }: Unmet): Part => {
  const others = condition.values.filter((value) => {
    const alone = { ...condition, values: [value] };
    return holds(alone, context, variables) !== 'unmet';
  });
  const at = condition.at;
  const out = {
    edit: `Take ${pathText(at)} out: it keeps ${values.join(', ')} out.`,
    changes: [{ at: ['policy', ...at] }],
  };
  return { code: 'aws_value_excluded', ...(others.length > 0 ? write(at, oneOrList(others)) : out) };
};

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables of AWS, not of this language
import assert from 'node:assert/strict';
import { readSource } from '../../src/trust/aws/document.ts';
import { ASSUME, evaluateAws } from '../../src/trust/aws/evaluate.ts';
import { askProgram } from './ask-program.ts';
import type { Conversation } from './conversation.ts';
import { type PolicyCase, type PolicyStatement, PROVIDER, policyCases } from './policy-cases.ts';

/** What an evaluator says about one action. */
interface Answer {
  readonly allowed?: boolean;
  readonly refused?: string;
}

/** Where an evaluator is known to decide otherwise than AWS documents; only what differs is held against it. */
interface Tolerance {
  readonly name: string;
  /** The place in the IAM user guide by which ours is right. */
  readonly by: string;
  readonly covers: (statement: PolicyStatement, policyCase: PolicyCase) => boolean;
}

const COUNT = 20_000;
const SEED = 20_261_128;
const MOST_SHOWN = 5;

const conditionsOf = ({ Condition: block = {} }: PolicyStatement) =>
  Object.entries(block).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({ operator, key, values: [values].flat() })),
  );

const someCondition =
  (covers: (condition: ReturnType<typeof conditionsOf>[number], policyCase: PolicyCase) => boolean) =>
  (statement: PolicyStatement, policyCase: PolicyCase): boolean =>
    conditionsOf(statement).some((condition) => covers(condition, policyCase));

const several = (key: string, context: PolicyCase['context']): boolean =>
  Object.entries(context).some(([known, values]) => known.toLowerCase() === key.toLowerCase() && values.length > 1);

const ARN_BY_PARTS: Tolerance = {
  name: 'ARNs by parts',
  by: '"Amazon Resource Name (ARN) condition operators": ArnEquals and ArnLike behave identically; each of the six components is checked separately',
  covers: someCondition(
    ({ operator, key, values }, { context }) =>
      /Arn/.test(operator) && (values.some((value) => /[*?]/.test(value)) || !(context[key] ?? []).every(isArn)),
  ),
};

const isArn = (text: string): boolean => text.startsWith('arn:');

const EMPTY_IS_ABSENT: Tolerance = {
  name: 'an empty text to a set operator',
  by: '"Multivalued context keys": with a null dataset, such as an empty string, ForAllValues is true and ForAnyValue false',
  covers: someCondition(
    ({ operator, key }, { context }) =>
      operator.startsWith('For') &&
      Object.entries(context).some(
        ([known, values]) => known.toLowerCase() === key.toLowerCase() && values.includes(''),
      ),
  ),
};

const VARIABLES_OF_2012: Tolerance = {
  name: 'variables',
  by: '"Policy variables": only with Version 2012-10-17; without a value the statement does not match; ${*}, ${?} and ${$} are characters; defaults; keys ignore case',
  covers: someCondition(({ values }) => values.some((value) => value.includes('${'))),
};

export const TOLERANCES_OF_IAM_RS: readonly Tolerance[] = [
  ARN_BY_PARTS,
  EMPTY_IS_ABSENT,
  VARIABLES_OF_2012,
  {
    name: 'Null with several values',
    by: '"Conditions with multiple values": several values of one key are alternatives',
    covers: someCondition(({ operator, values }) => operator === 'Null' && values.length > 1),
  },
  {
    name: 'IfExists with no value',
    by: '"...IfExists": where the key is absent, the condition is true',
    covers: someCondition(({ operator, values }) => operator.endsWith('IfExists') && values.length === 0),
  },
  {
    name: 'several values negated without a set operator',
    by: '"Multivalued context keys": none of the values may match; SeaweedFS decides as ours',
    covers: someCondition(
      ({ operator, key }, { context }) => /^(?:String|Arn)Not/.test(operator) && several(key, context),
    ),
  },
  {
    name: 'a provider whose ARN begins the other',
    by: '"Principal": an ARN of an identity provider is the whole principal',
    covers: ({ Principal: principal }) =>
      [(principal as { Federated?: string | readonly string[] }).Federated]
        .flat()
        .some((arn) => arn !== PROVIDER && PROVIDER.startsWith(arn ?? '-')),
  },
  {
    name: 'AWS: * is everybody',
    by: '"Principal": "Principal": "*" and "Principal": {"AWS": "*"} are equivalent',
    covers: ({ Principal: principal }) => (principal as { AWS?: string }).AWS === '*',
  },
];

export const TOLERANCES_OF_SEAWEEDFS: readonly Tolerance[] = [
  ARN_BY_PARTS,
  EMPTY_IS_ABSENT,
  VARIABLES_OF_2012,
  {
    name: 'an empty value',
    by: '"String condition operators": StringEquals is exact matching, and an empty text is one',
    covers: someCondition(({ values }) => values.includes('')),
  },
  {
    name: 'keys ignore case',
    by: '"Condition": condition key names are not case-sensitive',
    covers: someCondition(({ key }, { context }) => !(key in context)),
  },
  {
    name: 'actions ignore case',
    by: '"Action": the prefix and the action name are case insensitive',
    covers: ({ Action: action = [] }) => [action].flat().some((name) => /STS/.test(name)),
  },
];

/** `src/trust/aws` against an evaluator of AWS policies that nobody here wrote. */
export const comparePolicies =
  (name: string, tolerances: readonly Tolerance[]) =>
  async ({ line }: Conversation, binary: string): Promise<void> =>
    line(`${name}: generated trust policies and tokens`, async () => {
      const cases = policyCases(COUNT, SEED).filter(({ policy }) => !('fault' in readSource({ policy })));
      const questions = cases.flatMap((each, at) => actionsOf(each).map((action) => question(each, action, at)));
      const answers = askProgram<Answer>(binary, questions);
      const theirs = new Map<number, Answer>();
      for (const [index, { at }] of questions.entries()) {
        theirs.set(at, both(theirs.get(at), answers[index] ?? { refused: 'no answer' }));
      }
      const count = { allowed: 0, denied: 0, unasked: 0 };
      const tolerated = new Map<string, number>();
      const differences: string[] = [];
      for (const [at, each] of cases.entries()) {
        const { allowed, refused } = theirs.get(at) ?? {};
        const ours = decide(each);
        const reason = tolerances.find(({ covers }) => each.policy.Statement.some((one) => covers(one, each)));
        if (refused !== undefined) count.unasked++;
        else if (ours === allowed) count[ours ? 'allowed' : 'denied']++;
        else if (reason) tolerated.set(reason.name, (tolerated.get(reason.name) ?? 0) + 1);
        else differences.push(JSON.stringify({ ours, theirs: allowed, policy: each.policy, context: each.context }));
      }
      const known = [...tolerated].map(([what, times]) => `${times} ${what}`).join(', ');
      const all = `${cases.length} asked: ${count.allowed} allowed by both, ${count.denied} by neither, ${count.unasked} beyond what it knows; known to differ: ${known || 'none'}`;
      const shown = differences.slice(0, MOST_SHOWN).join('\n');
      assert.equal(differences.length, 0, `${all}; ${differences.length} differ, such as\n${shown}`);
      return all;
    });

const question = ({ policy, context }: PolicyCase, action: string, at: number) => ({
  at,
  // They want a resource, which is the role itself in a trust policy.
  policy: { ...policy, Statement: policy.Statement.map((each) => ({ ...each, Resource: '*' })) },
  principal: PROVIDER,
  action,
  context,
});

/** The call needs every action that it implies. */
const actionsOf = ({ context }: PolicyCase): readonly string[] => [
  ASSUME,
  ...('aws:TagKeys' in context ? ['sts:TagSession'] : []),
  ...('sts:SourceIdentity' in context ? ['sts:SetSourceIdentity'] : []),
];

const both = (one: Answer | undefined, other: Answer): Answer => {
  if (one === undefined || other.refused !== undefined) return other;
  return one.refused === undefined ? { allowed: one.allowed === true && other.allowed === true } : one;
};

const decide = ({ policy, presented }: PolicyCase): boolean => {
  const trust = readSource({ policy });
  if ('fault' in trust) throw new Error(trust.fault.problem);
  return evaluateAws(trust, presented).findings.length === 0;
};

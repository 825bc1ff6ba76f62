// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables of AWS, not of this language
import { contextOf } from '../../src/trust/aws/context.ts';
import { OPERATOR_NAMES } from '../../src/trust/aws/operators.ts';
import type { Presented } from '../../src/trust/verdict.ts';

/** A trust policy, and a token that is presented. */
export interface PolicyCase {
  readonly policy: { readonly Version?: string; readonly Statement: readonly PolicyStatement[] };
  readonly presented: Presented;
  /** What AWS knows of the call: each key with its values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: unknown;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const ISSUER = 'https://id.example.com/oidc';
const PREFIX = 'id.example.com/oidc';
export const PROVIDER = `arn:aws:iam::123456789012:oidc-provider/${PREFIX}`;
const ROLE = 'arn:aws:iam::123456789012:role/deploy';

const SUBJECT = 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write';
const SUBJECTS = [
  SUBJECT,
  SUBJECT.replace(':core:', ':core-evil:'),
  'core',
  'CORE',
  'a*b',
  'aXb',
  '5',
  '5.0',
  '0x5',
  'a',
  '',
];
const PATTERNS = [
  ...[
    SUBJECT,
    SUBJECT.replace('update', '*'),
    'pulumi:deploy:org:acme:*',
    'pulumi:*:stack:?ev:*',
    '*',
    '?',
    '??',
    'c*e',
  ],
  ...['a*b', 'a?b', '*a*b*', 'Core', 'core', 'CORE', '', '5', '5.0', '05', '6', '4.9', 'a', '**', '*:write', 'true'],
];
const ARNS = [
  ...[PROVIDER, `${PROVIDER}/v2`, 'arn:aws:iam::*:oidc-provider/id.example.com/oidc', 'arn:aws:iam::123456789012:*'],
  ...[
    'arn:*',
    'arn:aws:*',
    'arn:aws:iam:*:123456789012:oidc-provider/*',
    'arn:aws:iam::12345678901?:oidc-provider/id.*',
  ],
];
const VARIABLES = [
  `\${${PREFIX}:sub}`,
  `x\${${PREFIX}:sub}`,
  '${aws:RequestTag/team}',
  "${aws:RequestTag/none, 'core'}",
  '${aws:RequestTag/none}',
  '${sts:SourceIdentity}*',
  'a${*}b',
  '${?}',
  '${$}',
];

const KEYS = [
  ...[`${PREFIX}:sub`, `${PREFIX}:aud`, `${PREFIX}:amr`, `${PREFIX}:oaud`, `${PREFIX}:email`, 'other.example.com:sub'],
  ...['aws:RequestTag/team', 'aws:RequestTag/env', 'aws:TagKeys', 'sts:TransitiveTagKeys', 'sts:SourceIdentity'],
  ...['sts:RoleSessionName', 'sts:DurationSeconds', 'aws:FederatedProvider', 'aws:SecureTransport', 'sts:ExternalId'],
  'aws:PrincipalArn',
];

const ACTIONS = [
  ...[
    'sts:AssumeRoleWithWebIdentity',
    'sts:*',
    '*',
    'sts:AssumeRole',
    'sts:AssumeRole*',
    'sts:TagSession',
    'sts:?agSession',
  ],
  ...['STS:assumerolewithwebidentity', 'sts:SetSourceIdentity', 's3:*'],
];

/** Of dates, addresses and bytes no key of a web identity is. */
const OPERATORS = OPERATOR_NAMES.filter((name) => !/Date|Ip|Binary/.test(name));

/** Lehmer's generator: the same cases in every run of a seed. */
const lehmer = (seed: number) => {
  let state = seed;
  const number = (below: number): number => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  return { number, pick: <T>(list: readonly T[]): T => list[number(list.length)] as T };
};
type Dice = ReturnType<typeof lehmer>;

export const policyCases = (count: number, seed: number): readonly PolicyCase[] => {
  const dice = lehmer(seed);
  return Array.from({ length: count }, () => policyCase(dice));
};

const policyCase = (dice: Dice): PolicyCase => {
  const presented = token(dice);
  const { valuesOf } = contextOf(presented, PROVIDER);
  const context = Object.fromEntries(
    KEYS.flatMap((key) => {
      const values = valuesOf(key);
      return values === 'unknown' || values.length === 0 ? [] : [[key, values]];
    }),
  );
  const statements = Array.from({ length: 1 + dice.number(3) }, () => statement(dice, context));
  const version = dice.number(8) === 0 ? {} : { Version: '2012-10-17' };
  return { policy: { ...version, Statement: statements }, presented, context };
};

const token = ({ number, pick }: Dice): Presented => {
  const tags = pick([{}, {}, { team: ['core'] }, { team: ['CORE'], env: ['prod'] }]);
  return {
    issuer: ISSUER,
    header: { alg: 'RS256', kid: 'k' },
    claims: {
      iss: ISSUER,
      sub: pick(SUBJECTS),
      aud: pick(['acme', 'sts.amazonaws.com']),
      iat: 1_800_000_000,
      exp: 1_800_003_600,
      ...(number(6) === 0 && { azp: 'acme' }),
      ...pick([{}, { amr: ['mfa'] }, { amr: ['mfa', 'hwk'] }, { amr: [] }]),
      ...(Object.keys(tags).length > 0 && {
        'https://aws.amazon.com/tags': { principal_tags: tags, transitive_tag_keys: pick([[], ['team']]) },
      }),
      ...(number(4) === 0 && { 'https://aws.amazon.com/source_identity': pick(['core', 'alice']) }),
    },
    request: { roleArn: ROLE, sessionName: 'walk-5', durationSeconds: pick([900, 3600]) },
  };
};

const statement = (dice: Dice, context: PolicyCase['context']): PolicyStatement => {
  const { number, pick } = dice;
  const actions = number(3) === 0 ? [pick(ACTIONS), pick(ACTIONS)] : pick([...ACTIONS.slice(0, 3), pick(ACTIONS)]);
  const conditions = Array.from({ length: number(4) }, () => condition(dice, context));
  const block: Record<string, Record<string, string | readonly string[]>> = {};
  for (const { operator, key, values } of conditions) block[operator] = { ...block[operator], [key]: values };
  return {
    Effect: pick(['Allow', 'Allow', 'Allow', 'Deny']),
    Principal: pick([
      { Federated: PROVIDER },
      { Federated: PROVIDER },
      { Federated: [PROVIDER, `${PROVIDER}/v2`] },
      { Federated: `${PROVIDER}/v2` },
      { Federated: 'arn:aws:iam::210987654321:oidc-provider/id.example.com/oidc' },
      { Federated: 'arn:aws:iam::123456789012:oidc-provider/id.example.com' },
      '*',
      { AWS: '*' },
    ]),
    ...(number(8) === 0 ? { NotAction: actions } : { Action: actions }),
    ...(conditions.length > 0 && { Condition: block }),
  };
};

const condition = ({ number, pick }: Dice, context: PolicyCase['context']) => {
  const key = pick([...KEYS, KEYS[0] as string, KEYS[0] as string, KEYS[1] as string]);
  // AWS knows its type; text operators on it are a mistake that each evaluator meets otherwise.
  const base = key === 'aws:SecureTransport' ? pick(['Bool', 'Null']) : pick(OPERATORS);
  const ofSet = /^(?:String|Arn|Bool)/.test(base) ? pick(['', '', '', 'ForAnyValue:', 'ForAllValues:']) : '';
  const ifExists = base !== 'Null' && number(4) === 0 ? 'IfExists' : '';
  const there = context[key] ?? [];
  const value = (): string => {
    if (base === 'Null' || base === 'Bool') return pick(['true', 'false', 'True']);
    if (base.startsWith('Numeric')) return pick([...there, '5', '900', '3600', '5.0', '1e3'].filter(isNumber));
    if (base.startsWith('Arn')) return pick([...ARNS, ...there]);
    return pick([...PATTERNS, ...there, ...there.map((each) => each.toUpperCase()), ...there, pick(VARIABLES)]);
  };
  const length = number(12) === 0 ? 0 : pick([1, 1, 1, 2, 3]);
  const values = Array.from({ length }, value);
  return {
    operator: `${ofSet}${base}${ifExists}`,
    key: number(10) === 0 ? key.toUpperCase() : key,
    values: values.length === 1 && values[0] !== undefined && number(2) === 0 ? values[0] : values,
  };
};

const isNumber = (text: string): boolean => /^-?\d+(?:\.\d+)?(?:e\d+)?$/.test(text);

/** How a value of a condition is compared. */
export type Comparison = 'equals' | 'like' | 'arn' | 'number' | 'bool' | 'null' | 'other';

/** A condition operator, taken apart. IAM user guide, "IAM JSON policy elements: Condition operators". */
export interface Operator {
  /** Without prefix and `IfExists`, in the usual spelling: `StringNotLike`. */
  readonly name: string;
  readonly comparison: Comparison;
  readonly negated: boolean;
  readonly ignoresCase: boolean;
  /** For numbers. */
  readonly holds?: (presented: number, wanted: number) => boolean;
  readonly each: 'any' | 'all' | undefined;
  readonly ifExists: boolean;
}

type Row = readonly [Comparison, Partial<Pick<Operator, 'negated' | 'ignoresCase' | 'holds'>>?];

const TABLE: Readonly<Record<string, Row>> = {
  StringEquals: ['equals'],
  StringNotEquals: ['equals', { negated: true }],
  StringEqualsIgnoreCase: ['equals', { ignoresCase: true }],
  StringNotEqualsIgnoreCase: ['equals', { negated: true, ignoresCase: true }],
  StringLike: ['like'],
  StringNotLike: ['like', { negated: true }],
  ArnEquals: ['arn'],
  ArnLike: ['arn'],
  ArnNotEquals: ['arn', { negated: true }],
  ArnNotLike: ['arn', { negated: true }],
  NumericEquals: ['number', { holds: (presented, wanted) => presented === wanted }],
  NumericNotEquals: ['number', { negated: true, holds: (presented, wanted) => presented === wanted }],
  NumericLessThan: ['number', { holds: (presented, wanted) => presented < wanted }],
  NumericLessThanEquals: ['number', { holds: (presented, wanted) => presented <= wanted }],
  NumericGreaterThan: ['number', { holds: (presented, wanted) => presented > wanted }],
  NumericGreaterThanEquals: ['number', { holds: (presented, wanted) => presented >= wanted }],
  Bool: ['bool'],
  Null: ['null'],
  DateEquals: ['other'],
  DateNotEquals: ['other', { negated: true }],
  DateLessThan: ['other'],
  DateLessThanEquals: ['other'],
  DateGreaterThan: ['other'],
  DateGreaterThanEquals: ['other'],
  BinaryEquals: ['other'],
  IpAddress: ['other'],
  NotIpAddress: ['other', { negated: true }],
};

export const OPERATOR_NAMES: readonly string[] = Object.keys(TABLE);

const BY_NAME = new Map(OPERATOR_NAMES.map((name) => [name.toLowerCase(), name]));

/** Reads `ForAnyValue:StringLikeIfExists`; `undefined` where AWS knows no such operator. */
export const readOperator = (written: string): Operator | undefined => {
  const [, each, base = '', ifExists] = /^(?:(ForAnyValue|ForAllValues):)?(.*?)(IfExists)?$/i.exec(written) ?? [];
  const name = BY_NAME.get(base.toLowerCase());
  const row = name === undefined ? undefined : TABLE[name];
  if (name === undefined || row === undefined || (name === 'Null' && ifExists !== undefined)) return undefined;
  const [comparison, { negated = false, ignoresCase = false, holds } = {}] = row;
  return {
    name,
    comparison,
    negated,
    ignoresCase,
    ...(holds && { holds }),
    each: each === undefined ? undefined : each.toLowerCase() === 'foranyvalue' ? 'any' : 'all',
    ifExists: ifExists !== undefined,
  };
};

/** The same operator for values with wildcards, as one writes it; `undefined` where AWS has none. */
export const withWildcards = (operator: Operator): string | undefined => {
  if (operator.comparison !== 'equals' || operator.ignoresCase) return undefined;
  return writeOperator({ ...operator, name: operator.negated ? 'StringNotLike' : 'StringLike' });
};

const writeOperator = ({ name, each, ifExists }: Operator): string => {
  const prefix = each === undefined ? '' : each === 'any' ? 'ForAnyValue:' : 'ForAllValues:';
  return `${prefix}${name}${ifExists ? 'IfExists' : ''}`;
};

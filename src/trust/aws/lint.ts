import { issuerProblem } from '../issuer-problem.ts';
import type { OurSide, Presented, Warning } from '../verdict.ts';
import { pathText } from '../written.ts';
import { isNeverThere } from './conditions.ts';
import { contextOf, keyPrefix } from './context.ts';
import type { AwsTrust } from './document.ts';
import { ASSUME, covers } from './evaluate.ts';
import { conditionWarnings } from './lint-conditions.ts';
import { type AwsWarningCode, isForIssuer, isPin, type Linted, warning } from './linted.ts';
import { nearlyRight, placeOfRole, readProviderArn } from './principals.ts';
import { hasWildcard } from './wildcard.ts';

/**
 * What lets in more than was meant, or lets nobody in and says nothing: for the statements that speak of the issuer of
 * what is presented. A statement for anybody else's issuer is nobody's business here.
 */
export const lintAws = (trust: AwsTrust, presented: Presented, ours: OurSide): readonly Warning[] => {
  const place = placeOfRole(trust.roleArn ?? presented.request?.roleArn);
  const context = contextOf(presented);
  const statements = trust.statements
    .filter((statement) => isForIssuer(statement, presented, place, ours))
    .map((statement) => ({ statement, trust, presented, ours, context }));
  return [
    ...ofDocument(trust, presented),
    ...statements.flatMap((linted) => (linted.statement.effect === 'Allow' ? ofAllow(linted) : ofDeny(linted))),
  ];
};

/** What AWS gives an account for a trust policy, unless it asked for more; white space does not count. */
const USUAL_LENGTH = 2048;

const ofDocument = ({ source, version, provider }: AwsTrust, { issuer }: Presented): readonly Warning[] => {
  const found: Warning[] = [];
  const say = (code: AwsWarningCode, condition: string, text: string): void => {
    found.push({ code, condition, text });
  };
  const problem = issuerProblem(issuer);
  if (problem) say('aws_issuer_unreachable', '', problem);
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    say('aws_version', 'Version', 'AWS stores no policy of this version. Write "Version": "2012-10-17".');
  }
  const { length } = JSON.stringify(source.policy);
  if (length > USUAL_LENGTH) {
    const text = `The policy has ${length} characters, and AWS takes ${USUAL_LENGTH} unless the account's quota was raised. Use StringLike with one pattern in place of long lists.`;
    say('aws_policy_length', '', text);
  }
  for (const thumbprint of provider?.thumbprints ?? []) {
    if (/^[0-9a-f]{40}$/i.test(thumbprint)) continue;
    const text = `"${thumbprint}" is no SHA-1 thumbprint of 40 hexadecimal digits. Leave the list out: AWS trusts public certificate authorities by itself.`;
    say('aws_thumbprint', 'provider.ThumbprintList', text);
  }
  return found;
};

const ofAllow = (linted: Linted): readonly Warning[] => [
  ...principals(linted),
  ...actions(linted),
  ...conditionWarnings(linted),
  ...unpinned(linted),
];

const principals = ({ statement, presented, ours }: Linted): readonly Warning[] => {
  const at = pathText(statement.principalAt);
  const anybody = statement.anybody || statement.federated.includes('*');
  const others = [ours.issuers.v1, ours.issuers.v2].filter((issuer) => issuer !== presented.issuer);
  return [
    ...(anybody
      ? [
          warning(
            'aws_principal_any',
            at,
            'The principal is anybody. Write the ARN of the identity provider as Federated.',
          ),
        ]
      : []),
    ...statement.federated.flatMap((arn) => {
      const code = nearlyRight(arn, presented.issuer);
      if (!code || others.some((issuer) => readProviderArn(arn)?.issuer === keyPrefix(issuer))) return [];
      return [
        warning(
          code,
          at,
          `"${arn}" is not the provider of ${presented.issuer}, though it looks like it. Write it to the letter, without https:// and trailing slash.`,
        ),
      ];
    }),
  ];
};

const actions = ({ statement }: Linted): readonly Warning[] => {
  const { negated, at } = statement.actions;
  if (!negated) return [];
  return [
    warning('aws_not_action', pathText(at), `NotAction allows every action but those. Write "Action": "${ASSUME}".`),
  ];
};

/** Nothing says whose tokens: then everybody whom the issuer gives a token gets in. */
const unpinned = ({ statement, context, trust }: Linted): readonly Warning[] => {
  if (!covers(statement, ASSUME)) return [];
  const at = pathText([...statement.at, 'Condition']);
  if (!statement.conditions.some((condition) => isPin(condition, context))) {
    const text = `Nothing pins the subject: every run and environment of ${context.prefix} gets in that has the audience. Write {"StringEquals": {"${context.prefix}:sub": "<subject>"}}.`;
    return [warning('aws_no_subject', at, text)];
  }
  const clientIds = trust.provider?.clientIds ?? [];
  const hasAudience = statement.conditions.some(
    ({ key }) => key.toLowerCase() === `${context.prefix}:aud`.toLowerCase(),
  );
  if (hasAudience || clientIds.length < 2) return [];
  const text = `The provider takes ${clientIds.length} audiences, and nothing here says which. Write {"StringEquals": {"${context.prefix}:aud": "<audience>"}}.`;
  return [warning('aws_no_audience', at, text)];
};

/** A deny that can never hold keeps nobody out. */
const ofDeny = ({ statement, context }: Linted): readonly Warning[] =>
  statement.conditions.flatMap((condition) => {
    const { operator, values, at } = condition;
    const never =
      isNeverThere(condition, context) &&
      !operator.negated &&
      !operator.ifExists &&
      operator.each !== 'all' &&
      operator.comparison !== 'null';
    const literal =
      operator.comparison === 'equals' && !operator.negated && values.length > 0 && values.every(hasWildcard);
    if (!never && !literal) return [];
    const why = never
      ? `a token of ${context.prefix} never has ${condition.key}`
      : `${operator.name} takes * and ? for themselves: write StringLike`;
    return [warning('aws_deny_never_matches', pathText(at), `This deny keeps nobody out: ${why}.`)];
  });

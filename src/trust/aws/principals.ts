import type { Presented } from '../verdict.ts';
import { pathText } from '../written.ts';
import { keyPrefix } from './context.ts';
import { type AwsReasonCode, type Finding, write } from './finding.ts';
import type { Statement } from './statements.ts';

/** What an ARN of an identity provider says. */
export interface ProviderArn {
  readonly partition: string;
  readonly account: string;
  /** The issuer without its scheme. */
  readonly issuer: string;
}

/** Takes an ARN apart; the issuer may hold what no issuer should, such as its scheme. */
export const readProviderArn = (arn: string): ProviderArn | undefined => {
  const [, partition, account, issuer] =
    /^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):oidc-provider\/(.+)$/.exec(arn) ?? [];
  return partition && account && issuer ? { partition, account, issuer } : undefined;
};

/** The account in which the provider must stand: the role's own. */
export interface RolePlace {
  readonly partition: string;
  readonly account: string;
}

export const placeOfRole = (roleArn: string | undefined): RolePlace | undefined => {
  const [, partition, account] = /^arn:([a-z-]+):iam::(\d{12}):role\//.exec(roleArn ?? '') ?? [];
  return partition && account ? { partition, account } : undefined;
};

/** Is it the provider of this issuer, in the role's account? Case counts, and so does a trailing slash. */
const isProviderOf = (arn: string, issuer: string, place: RolePlace | undefined): boolean => {
  const read = readProviderArn(arn);
  if (!read || read.issuer !== keyPrefix(issuer)) return false;
  return !place || (read.account === place.account && read.partition === place.partition);
};

/** The principal of a statement that stands for the presented token; `undefined`: it is for others. */
export const principalFor = (
  { federated, anybody }: Statement,
  issuer: string,
  place: RolePlace | undefined,
): string | undefined => {
  const named = federated.find((arn) => isProviderOf(arn, issuer, place));
  return named ?? (anybody || federated.includes('*') ? '*' : undefined);
};

/** How a principal that is nearly the issuer's provider is wrong; `undefined` where it is right, or somebody else. */
export const nearlyRight = (arn: string, issuer: string, place?: RolePlace): AwsReasonCode | undefined => {
  const prefix = keyPrefix(issuer);
  const read = readProviderArn(arn);
  if (!read) return arn.toLowerCase().includes(prefix.toLowerCase()) ? 'aws_principal_form' : undefined;
  const without = keyPrefix(read.issuer);
  if (read.issuer === prefix) return place ? 'aws_principal_account' : undefined;
  if (without === prefix) return 'aws_principal_scheme';
  if (without.replace(/\/+$/, '') === prefix.replace(/\/+$/, '')) return 'aws_principal_slash';
  if (without.toLowerCase() === prefix.toLowerCase()) return 'aws_principal_case';
  return host(without) === host(prefix) ? 'aws_principal_path' : undefined;
};

const host = (issuer: string): string => issuer.replace(/\/.*$/, '').toLowerCase();

/**
 * Why a statement is not for this token, and what to write: only where it was meant to be. A statement with the
 * principal of somebody else is meant, too, when its conditions speak of our issuer.
 */
export const principalFinding = (
  statement: Statement,
  { issuer }: Presented,
  place: RolePlace | undefined,
): Finding | undefined => {
  if (principalFor(statement, issuer, place) !== undefined) return undefined;
  const prefix = keyPrefix(issuer);
  const near = statement.federated
    .map((arn, index) => ({ index, arn, code: nearlyRight(arn, issuer, place) }))
    .find(({ code }) => code !== undefined);
  const isMeant = statement.conditions.some(({ key }) =>
    host(key.replace(/^https?:\/\//, '')).startsWith(host(prefix)),
  );
  if (!near && !isMeant) return undefined;
  const wrong = near?.arn ?? statement.federated[0] ?? '';
  const right = providerArn(issuer, place ?? readProviderArn(wrong) ?? accountIn(wrong));
  const list = statement.federated.length > 1 ? statement.federated.with(near?.index ?? 0, right) : right;
  return {
    code: near?.code ?? 'aws_principal_mismatch',
    condition: pathText(statement.principalAt),
    wanted: statement.federated.join(', ') || 'no identity provider',
    presented: right,
    ...write(statement.principalAt, list),
  };
};

const accountIn = (text: string): RolePlace | undefined => {
  const [account] = /\d{12}/.exec(text) ?? [];
  return account === undefined ? undefined : { partition: 'aws', account };
};

/** Stands in an ARN where nothing tells the account. */
const SOME_ACCOUNT: RolePlace = { partition: 'aws', account: '123456789012' };

export const providerArn = (issuer: string, place: RolePlace = SOME_ACCOUNT): string =>
  `arn:${place.partition}:iam::${place.account}:oidc-provider/${keyPrefix(issuer)}`;

import { isJsonObject } from '../../strict-json.ts';
import type { Presented } from '../verdict.ts';

/** Values of a condition key at the time of the call; none: the key is absent. */
export type KeyValues = readonly string[] | 'unknown';

/** What AWS STS knows when it evaluates a trust policy for one of our tokens. */
export interface Context {
  /** What stands before `:sub` in condition keys: the issuer without its scheme. */
  readonly prefix: string;
  readonly valuesOf: (key: string) => KeyValues;
  /** The claims that AWS gives a meaning, as the token carries them. */
  readonly tags: Readonly<Record<string, string>>;
  readonly sourceIdentity: string | undefined;
}

/** Claims that AWS shows as condition keys for an issuer that it does not know by name. IAM user guide, "AWS OIDC federation keys". */
export const CLAIM_KEYS = ['aud', 'sub', 'amr', 'oaud', 'email'] as const;

const TAGS = 'https://aws.amazon.com/tags';
export const ROLES = 'https://aws.amazon.com/roles';
const SOURCE_IDENTITY = 'https://aws.amazon.com/source_identity';

/**
 * Keys that are never there when somebody comes with a web identity: nobody of IAM is calling, so there is no principal
 * to describe; and the call has no external id.
 */
const NEVER =
  /^(?:aws:(?:principal.*|userid|username|multifactorauth.*|source(?:account|arn|org.*|owner)|resource.*|calledvia.*|viaawsservice)|sts:externalid|saml:.*|iam:.*)$/;

/** `id.example.com/oidc` of `https://id.example.com/oidc`. */
export const keyPrefix = (issuer: string): string =>
  issuer.replace(/^https?:\/\//, '').replace(/^([^/]*):443(?=\/|$)/, '$1');

/** `providerArn`: the principal of the statement, where one is looked at. */
export const contextOf = (presented: Presented, providerArn?: string): Context => {
  const { claims, request } = presented;
  const prefix = keyPrefix(presented.issuer);
  const { tags, transitive } = tagsOf(claims);
  const sourceIdentity = text(claims[SOURCE_IDENTITY]);
  const given = (value: string | number | undefined): KeyValues => (value === undefined ? 'unknown' : [String(value)]);
  const known: Readonly<Record<string, KeyValues>> = {
    [`${prefix}:sub`]: list(claims['sub']),
    [`${prefix}:aud`]: list(claims['azp'] ?? claims['aud']),
    [`${prefix}:oaud`]: claims['azp'] === undefined ? [] : list(claims['aud']),
    [`${prefix}:amr`]: list(claims['amr']),
    'aws:tagkeys': Object.keys(tags),
    'sts:transitivetagkeys': transitive,
    'sts:sourceidentity': list(sourceIdentity),
    'sts:rolesessionname': given(request?.sessionName),
    'sts:durationseconds': given(request?.durationSeconds),
    'sts:roleauthorizedbyidp': [String(claims[ROLES] !== undefined)],
    'aws:federatedprovider': list(providerArn),
    'aws:securetransport': ['true'],
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:requesttag/${key.toLowerCase()}`, [value]])),
  };
  const values = new Map(Object.entries(known).map(([key, value]) => [key.toLowerCase(), value]));
  return {
    prefix,
    tags,
    sourceIdentity,
    valuesOf: (key) => {
      const folded = key.toLowerCase();
      const found = values.get(folded);
      if (found !== undefined) return found;
      return folded.startsWith('aws:') && !folded.startsWith('aws:requesttag/') && !NEVER.test(folded) ? 'unknown' : [];
    },
  };
};

/** The claim of a condition key of our issuer: `sub` of `id.example.com/oidc:sub`. */
export const claimOfKey = (key: string, prefix: string): string | undefined => {
  const colon = key.lastIndexOf(':');
  return key.slice(0, colon).toLowerCase() === prefix.toLowerCase() ? key.slice(colon + 1) : undefined;
};

/** Is it a key of AWS itself, not one of an identity provider? */
export const isGlobalKey = (key: string): boolean => /^(?:aws|sts|iam|saml|ec2|lambda|kms|s3):/i.test(key);

/** Where session tags stand: one object, or one claim for each. IAM user guide, "Pass session tags in AWS STS". */
const tagsOf = (
  claims: Presented['claims'],
): { readonly tags: Readonly<Record<string, string>>; readonly transitive: readonly string[] } => {
  const whole = isJsonObject(claims[TAGS]) ? claims[TAGS] : {};
  const inObject = isJsonObject(whole['principal_tags']) ? whole['principal_tags'] : {};
  const flat = Object.entries(claims)
    .filter(([name]) => name.startsWith(`${TAGS}/principal_tags/`))
    .map(([name, value]) => [name.slice(`${TAGS}/principal_tags/`.length), value]);
  const all = [...Object.entries(inObject), ...flat].map(([key, value]) => [key, list(value)[0] ?? '']);
  const transitive = whole['transitive_tag_keys'] ?? claims[`${TAGS}/transitive_tag_keys`];
  return { tags: Object.fromEntries(all), transitive: list(transitive) };
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const list = (value: unknown): readonly string[] => {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
};

import { isJsonObject } from '../../strict-json.ts';
import { compile, type Expression, type Uncompiled } from '../cel.ts';
import { STRING_FUNCTIONS } from '../cel-functions.ts';
import type { Unusable } from '../verdict.ts';
import type { Path, Written } from '../written.ts';

/** A provider of a workload identity pool, and the IAM policy of a service account where that is given, too. */
export interface GoogleTrust {
  readonly at: { readonly provider: Path; readonly policy?: Path };
  /** From the resource's name; absent where nobody wrote it. */
  readonly name?: ProviderName;
  readonly disabled: boolean;
  readonly deleted: boolean;
  readonly issuer: string;
  /** Empty: the provider's own name, with `https:` or without. */
  readonly audiences: readonly string[];
  /** Keys that were uploaded: then the issuer is never asked. */
  readonly jwks?: string;
  readonly mappings: readonly Mapping[];
  readonly condition?: Read;
  readonly bindings?: readonly Binding[];
}

export interface ProviderName {
  /** A number, or wrongly an id. */
  readonly project: string;
  readonly pool: string;
  readonly provider: string;
}

/** An expression as it is written, and read. */
export interface Read {
  readonly text: string;
  readonly compiled: Expression | Uncompiled;
}

export interface Mapping extends Read {
  /** `google.subject`, `google.groups` or `attribute.NAME`. */
  readonly target: string;
}

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly conditional: boolean;
}

/** What Google's documentation of attribute mappings and conditions lets expressions call. */
export const FUNCTIONS: readonly string[] = [...STRING_FUNCTIONS, 'extract'];
const MAPPED_FROM = ['assertion'];
const CONDITION_ON: readonly string[] = ['assertion', 'google', 'attribute'];

/** What `gcloud iam workload-identity-pools providers describe` prints, alone or as `provider` beside a `policy`. */
export const looksLikeGoogle = (value: unknown): boolean => {
  const provider = partsOf(value).provider;
  return (
    isJsonObject(provider) &&
    ('attributeMapping' in provider ||
      'attributeCondition' in provider ||
      (isJsonObject(provider['oidc']) && 'issuerUri' in provider['oidc']) ||
      /\/workloadIdentityPools\/[^/]+\/providers\//.test(String(provider['name'] ?? '')))
  );
};

interface Parts {
  readonly provider: unknown;
  readonly policy?: unknown;
  readonly at: GoogleTrust['at'];
}

const partsOf = (value: unknown): Parts => {
  if (Array.isArray(value) && value.length === 1) return { provider: value[0], at: { provider: [0] } };
  if (!isJsonObject(value) || !isJsonObject(value['provider'])) return { provider: value, at: { provider: [] } };
  const policy = value['policy'];
  return {
    provider: value['provider'],
    ...(policy !== undefined && { policy }),
    at: { provider: ['provider'], ...(policy !== undefined && { policy: ['policy'] }) },
  };
};

/** What keeps a document from being read; a document without such a fault has the shape that `googleTrust` expects. */
export const faultOf = ({ value, unusable }: Written): Unusable | undefined => {
  const { provider, policy, at } = partsOf(value);
  if (!isJsonObject(provider)) return unusable(at.provider, 'is no provider');
  const other = ['aws', 'saml', 'x509'].find((kind) => kind in provider);
  if (other !== undefined) return unusable([...at.provider, other], 'is no provider for OpenID Connect tokens');
  const { oidc } = provider;
  if (!isJsonObject(oidc) || typeof oidc['issuerUri'] !== 'string') {
    return unusable([...at.provider, 'oidc'], 'has no issuerUri');
  }
  if (!isTexts(oidc['allowedAudiences'] ?? [])) {
    return unusable([...at.provider, 'oidc', 'allowedAudiences'], 'is no list of texts');
  }
  const mapping = provider['attributeMapping'] ?? {};
  if (!isJsonObject(mapping) || !isTexts(Object.values(mapping))) {
    return unusable([...at.provider, 'attributeMapping'], 'is no mapping of attributes to expressions');
  }
  if (!['string', 'undefined'].includes(typeof provider['attributeCondition'])) {
    return unusable([...at.provider, 'attributeCondition'], 'is no text');
  }
  if (policy === undefined || at.policy === undefined) return undefined;
  const bindings = isJsonObject(policy) ? (policy['bindings'] ?? []) : undefined;
  const wellFormed = Array.isArray(bindings) && bindings.every(isBinding);
  return wellFormed ? undefined : unusable([...at.policy, 'bindings'], 'is no list of bindings with role and members');
};

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

const isBinding = (value: unknown): boolean =>
  isJsonObject(value) && typeof value['role'] === 'string' && isTexts(value['members'] ?? []);

/** Reads a document of which `faultOf` found nothing to say. */
export const googleTrust = (value: unknown): GoogleTrust => {
  const { provider, policy, at } = partsOf(value);
  const { name, state, disabled, oidc, attributeMapping = {}, attributeCondition: condition } = members(provider);
  const { issuerUri, allowedAudiences = [], jwksJson } = members(oidc);
  const named =
    /^(?:\/\/iam\.googleapis\.com\/)?projects\/([^/]+)\/.*\/workloadIdentityPools\/([^/]+)\/providers\/([^/]+)$/;
  const [, project, pool, id] = named.exec(String(name ?? '')) ?? [];
  return {
    at,
    ...(project !== undefined && pool !== undefined && id !== undefined && { name: { project, pool, provider: id } }),
    disabled: disabled === true,
    deleted: state === 'DELETED',
    issuer: String(issuerUri),
    audiences: allowedAudiences as readonly string[],
    ...(typeof jwksJson === 'string' && { jwks: jwksJson }),
    mappings: Object.entries(members(attributeMapping)).map(([target, text]) => ({
      target,
      ...read(String(text), MAPPED_FROM),
    })),
    ...(typeof condition === 'string' && condition.trim() !== '' && { condition: read(condition, CONDITION_ON) }),
    ...(policy !== undefined && { bindings: bindingsOf(policy) }),
  };
};

const members = (value: unknown): Readonly<Record<string, unknown>> => (isJsonObject(value) ? value : {});

const read = (text: string, variables: readonly string[]): Read => ({
  text,
  compiled: compile(text, variables, FUNCTIONS),
});

const bindingsOf = (policy: unknown): readonly Binding[] =>
  ((members(policy)['bindings'] ?? []) as readonly Readonly<Record<string, unknown>>[]).map((binding) => ({
    role: String(binding['role']),
    members: (binding['members'] ?? []) as readonly string[],
    conditional: binding['condition'] !== undefined && binding['condition'] !== null,
  }));

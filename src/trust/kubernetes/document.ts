import { isJsonObject } from '../../strict-json.ts';
import type { Unusable } from '../verdict.ts';
import type { Path, Written } from '../written.ts';
import { type Read, readExpression, unevaluated } from './expressions.ts';
import { flagsOf, looksLikeFlags } from './flags.ts';

/** Whom the API server takes tokens of: a structured configuration, or the flags that came before it. */
export interface KubernetesTrust {
  readonly at: Path;
  readonly raw: Members;
  readonly version: string;
  readonly kind: string;
  readonly authenticators: readonly Authenticator[];
}

/** One entry of `jwt`. */
export interface Authenticator {
  readonly at: Path;
  /** Members that the format does not know, with the way to them. */
  readonly raw: Members;
  readonly url: string;
  readonly discoveryUrl: string;
  readonly audiences: readonly string[];
  readonly matchPolicy: string;
  /** PEM; empty: none. */
  readonly authority: string;
  readonly egress: string;
  readonly rules: readonly Rule[];
  readonly username: Mapping;
  readonly groups: Mapping;
  readonly uid: Mapping;
  readonly extra: readonly Extra[];
  readonly userRules: readonly Rule[];
}

/** A claim with its required value, or an expression. */
export interface Rule {
  readonly at: Path;
  readonly claim: string;
  readonly requiredValue: string;
  readonly expression?: Read;
  readonly message: string;
}

export interface Mapping {
  readonly at: Path;
  readonly claim: string;
  readonly prefix?: string;
  readonly expression?: Read;
}

export interface Extra {
  readonly at: Path;
  readonly key: string;
  readonly expression?: Read;
}

export type Members = Readonly<Record<string, unknown>>;

export const KIND = 'AuthenticationConfiguration';
export const VERSIONS = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);

export const looksLikeKubernetes = (value: unknown): boolean =>
  looksLikeFlags(value) ||
  (isJsonObject(value) &&
    (value['kind'] === KIND || (String(value['apiVersion']).startsWith('apiserver.config.k8s.io/') && 'jwt' in value)));

/** What keeps a document from being read; one without such a fault has the shape that `kubernetesTrust` expects. */
export const faultOf = ({ value, unusable }: Written): Unusable | undefined => {
  if (looksLikeFlags(value)) {
    const { url, audience } = flagsOf(value);
    if (url === undefined) return unusable([], 'has no --oidc-issuer-url');
    return audience === undefined ? unusable([], 'has no --oidc-client-id') : undefined;
  }
  const { jwt, anonymous } = membersOf(value);
  if (!Array.isArray(jwt) || jwt.length === 0 || !jwt.every(isJsonObject)) {
    return unusable(['jwt'], 'is no list of authenticators');
  }
  if (!isAnonymous(anonymous)) return unusable(['anonymous'], 'must hold enabled, and conditions with a path each');
  for (const [index, entry] of jwt.entries()) {
    const wrong = wrongShape(entry);
    if (wrong) return unusable(['jwt', index, ...wrong[0]], wrong[1]);
  }
  for (const { rules, userRules, username, groups, uid, extra } of kubernetesTrust(value).authenticators) {
    for (const { at, expression } of [...rules, ...userRules, username, groups, uid, ...extra]) {
      const foreign = expression && unevaluated(expression);
      if (foreign !== undefined) return unusable(at, `uses ${foreign}, which Runpass does not evaluate`);
    }
  }
  return undefined;
};

const TEXTS_OF_ISSUER = ['discoveryURL', 'certificateAuthority', 'audienceMatchPolicy', 'egressSelectorType'];

const wrongShape = (entry: Members): readonly [Path, string] | undefined => {
  const issuer = entry['issuer'];
  if (!isJsonObject(issuer) || typeof issuer['url'] !== 'string') return [['issuer', 'url'], 'is no URL'];
  const audiences = issuer['audiences'] ?? [];
  if (!Array.isArray(audiences) || !audiences.every((each) => typeof each === 'string')) {
    return [['issuer', 'audiences'], 'is no list of texts'];
  }
  const wrong = TEXTS_OF_ISSUER.find((name) => !isText(issuer[name]));
  if (wrong !== undefined) return [['issuer', wrong], 'is no text'];
  for (const name of ['claimValidationRules', 'userValidationRules']) {
    const rules = entry[name] ?? [];
    if (!Array.isArray(rules) || !rules.every(hasOnlyTexts)) return [[name], 'is no list of rules'];
  }
  const mappings = entry['claimMappings'] ?? {};
  if (!isJsonObject(mappings)) return [['claimMappings'], 'is no mapping'];
  for (const name of ['username', 'groups', 'uid']) {
    if (!hasOnlyTexts(mappings[name] ?? {}))
      return [['claimMappings', name], 'must hold claim and prefix, or expression, as texts'];
  }
  const extra = mappings['extra'] ?? [];
  const isExtra = Array.isArray(extra) && extra.every(hasOnlyTexts);
  return isExtra ? undefined : [['claimMappings', 'extra'], 'is no list of key and valueExpression'];
};

/** `null` is as good as nothing. */
const isText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string';

const hasOnlyTexts = (value: unknown): boolean => isJsonObject(value) && Object.values(value).every(isText);

const isAnonymous = (value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  if (!isJsonObject(value)) return false;
  const [enabled, conditions] = [value['enabled'] ?? false, value['conditions'] ?? []];
  return typeof enabled === 'boolean' && Array.isArray(conditions) && conditions.every(hasOnlyTexts);
};

const membersOf = (value: unknown): Members => (isJsonObject(value) ? value : {});

/** Reads a structured configuration of which `faultOf` found nothing to say. */
export const kubernetesTrust = (value: unknown): KubernetesTrust => {
  const raw = membersOf(value);
  const { apiVersion, kind, jwt } = raw;
  const entries = Array.isArray(jwt) ? jwt : [];
  return {
    at: [],
    raw,
    version: String(apiVersion ?? ''),
    kind: String(kind ?? ''),
    authenticators: entries.map((entry, index) => authenticatorOf(membersOf(entry), ['jwt', index])),
  };
};

const authenticatorOf = (raw: Members, at: Path): Authenticator => {
  const issuer = membersOf(raw['issuer']);
  const mappings = membersOf(raw['claimMappings']);
  const mapping = (name: string): Mapping => {
    const found = membersOf(mappings[name]);
    const expression = textOf(found['expression']);
    return {
      at: [...at, 'claimMappings', name],
      claim: textOf(found['claim']),
      ...(typeof found['prefix'] === 'string' && { prefix: found['prefix'] }),
      ...(expression !== '' && { expression: readExpression(expression, 'claims', 'mapping') }),
    };
  };
  return {
    at,
    raw,
    url: textOf(issuer['url']),
    discoveryUrl: textOf(issuer['discoveryURL']),
    audiences: listOf(issuer['audiences']).map(String),
    matchPolicy: textOf(issuer['audienceMatchPolicy']),
    authority: textOf(issuer['certificateAuthority']),
    egress: textOf(issuer['egressSelectorType']),
    rules: rulesOf(raw, 'claimValidationRules', at),
    username: mapping('username'),
    groups: mapping('groups'),
    uid: mapping('uid'),
    extra: listOf(mappings['extra']).map((each, index) => {
      const expression = textOf(membersOf(each)['valueExpression']);
      return {
        at: [...at, 'claimMappings', 'extra', index],
        key: textOf(membersOf(each)['key']),
        ...(expression !== '' && { expression: readExpression(expression, 'claims', 'mapping') }),
      };
    }),
    userRules: rulesOf(raw, 'userValidationRules', at),
  };
};

const rulesOf = (raw: Members, name: 'claimValidationRules' | 'userValidationRules', at: Path): readonly Rule[] =>
  listOf(raw[name]).map((each, index) => {
    const { claim, requiredValue, expression, message } = membersOf(each);
    const text = textOf(expression);
    const variable = name === 'claimValidationRules' ? 'claims' : 'user';
    return {
      at: [...at, name, index],
      claim: textOf(claim),
      requiredValue: textOf(requiredValue),
      ...(text !== '' && { expression: readExpression(text, variable, 'rule') }),
      message: textOf(message),
    };
  });

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

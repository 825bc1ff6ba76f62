import { isJsonObject } from '../../strict-json.ts';
import type { Unusable } from '../verdict.ts';
import type { Path, Written } from '../written.ts';

/** A role of the JWT auth method of Vault or OpenBao, and the method's configuration where that is given, too. */
export interface VaultTrust {
  readonly at: { readonly role: Path; readonly config?: Path };
  /** `jwt` or `oidc`; whatever else somebody wrote. */
  readonly type: string;
  readonly audiences: readonly string[];
  /** Empty: any. */
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly claimsType: string;
  readonly userClaim: string;
  readonly userClaimIsPointer: boolean;
  readonly groupsClaim: string;
  /** Claim to the name that it gets in metadata. */
  readonly mappings: Readonly<Record<string, string>>;
  readonly networks: readonly string[];
  readonly leeways: Readonly<Record<(typeof LEEWAYS)[number], number>>;
  readonly config?: VaultConfig;
}

export interface VaultConfig {
  readonly discoveryUrl: string;
  readonly boundIssuer: string;
  /** Empty: RS256. */
  readonly algorithms: readonly string[];
  /** Which of the ways to get keys are configured. */
  readonly keySources: readonly string[];
}

export const LEEWAYS = ['expiration_leeway', 'not_before_leeway', 'clock_skew_leeway'] as const;
const KEY_SOURCES = ['oidc_discovery_url', 'jwks_url', 'jwks_pairs', 'jwt_validation_pubkeys'] as const;

const ROLE_MEMBERS = ['bound_audiences', 'bound_claims', 'bound_subject', 'bound_claims_type', 'user_claim'];

/** What `vault read -format=json auth/jwt/role/NAME` prints or `vault write` takes, alone or as `role` beside a `config`. */
export const looksLikeVault = (value: unknown): boolean => {
  const { role } = partsOf(value);
  return ROLE_MEMBERS.some((member) => member in role) || ['jwt', 'oidc'].includes(String(role['role_type']));
};

type Members = Readonly<Record<string, unknown>>;

const members = (value: unknown): Members => (isJsonObject(value) ? value : {});

const partsOf = (
  value: unknown,
): { readonly role: Members; readonly config?: Members; readonly at: VaultTrust['at'] } => {
  const whole = members(value);
  if (!isJsonObject(whole['role'])) {
    const role = inData(value, []);
    return { role: role.found, at: { role: role.at } };
  }
  const role = inData(whole['role'], ['role']);
  if (whole['config'] === undefined) return { role: role.found, at: { role: role.at } };
  const config = inData(whole['config'], ['config']);
  return { role: role.found, config: config.found, at: { role: role.at, config: config.at } };
};

/** Vault's answers have what was asked for in `data`. */
const inData = (value: unknown, at: Path): { readonly found: Members; readonly at: Path } => {
  const { data } = members(value);
  return isJsonObject(data) ? { found: data, at: [...at, 'data'] } : { found: members(value), at };
};

/** What keeps a document from being read; one without such a fault has the shape that `vaultTrust` expects. */
export const faultOf = ({ value, unusable }: Written): Unusable | undefined => {
  const { role, config, at } = partsOf(value);
  const wrong = firstWrong(role, ROLE_SHAPE);
  if (wrong) return unusable([...at.role, wrong[0]], wrong[1]);
  const inConfig = config && firstWrong(config, CONFIG_SHAPE);
  return inConfig && unusable([...(at.config ?? []), inConfig[0]], inConfig[1]);
};

type Shape = Readonly<Record<string, keyof typeof SHAPES>>;

const ROLE_SHAPE: Shape = {
  role_type: 'a text',
  bound_audiences: 'a list of texts',
  bound_subject: 'a text',
  bound_claims: 'a mapping',
  bound_claims_type: 'a text',
  user_claim: 'a text',
  groups_claim: 'a text',
  claim_mappings: 'a mapping to texts',
  token_bound_cidrs: 'a list of texts',
};
const CONFIG_SHAPE: Shape = {
  oidc_discovery_url: 'a text',
  bound_issuer: 'a text',
  jwt_supported_algs: 'a list of texts',
};

const isText = (value: unknown): boolean => typeof value === 'string';

const SHAPES = {
  'a text': isText,
  'a list of texts': (value: unknown) => isText(value) || (Array.isArray(value) && value.every(isText)),
  'a mapping': isJsonObject,
  'a mapping to texts': (value: unknown) => isJsonObject(value) && Object.values(value).every(isText),
} as const;

const firstWrong = (found: Members, shape: Shape): readonly [string, string] | undefined => {
  for (const [name, kind] of Object.entries(shape)) {
    const value = found[name];
    if (value !== undefined && value !== null && !SHAPES[kind](value)) return [name, `must hold ${kind}`];
  }
  return undefined;
};

/** Reads a document of which `faultOf` found nothing to say. */
export const vaultTrust = (value: unknown): VaultTrust => {
  const { role, config, at } = partsOf(value);
  return {
    at,
    // A role that says nothing is one for people who log in with a browser.
    type: textOf(role['role_type']) || 'oidc',
    audiences: textsOf(role['bound_audiences']),
    subject: textOf(role['bound_subject']),
    claims: members(role['bound_claims']),
    claimsType: textOf(role['bound_claims_type']) || 'string',
    userClaim: textOf(role['user_claim']),
    userClaimIsPointer: role['user_claim_json_pointer'] === true,
    groupsClaim: textOf(role['groups_claim']),
    mappings: members(role['claim_mappings']) as Readonly<Record<string, string>>,
    networks: textsOf(role['token_bound_cidrs'] ?? role['bound_cidrs']),
    leeways: {
      expiration_leeway: Number(role['expiration_leeway'] ?? 0),
      not_before_leeway: Number(role['not_before_leeway'] ?? 0),
      clock_skew_leeway: Number(role['clock_skew_leeway'] ?? 0),
    },
    ...(config && { config: configOf(config) }),
  };
};

const configOf = (config: Members): VaultConfig => ({
  discoveryUrl: textOf(config['oidc_discovery_url']),
  boundIssuer: textOf(config['bound_issuer']),
  algorithms: textsOf(config['jwt_supported_algs']),
  keySources: KEY_SOURCES.filter((name) => {
    const value = config[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== '';
  }),
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A list, or the same as one text with commas. */
const textsOf = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.map(String);
  return textOf(value)
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
};

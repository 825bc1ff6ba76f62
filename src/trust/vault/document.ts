import { isJsonObject } from '../../strict-json.ts';
import type { Unusable } from '../verdict.ts';
import type { Path, Written } from '../written.ts';
import {
  CONFIG_FIELDS,
  firstWrong,
  ROLE_FIELDS,
  readLength,
  readList,
  readMapping,
  readSeconds,
  readText,
  readTextMapping,
  readTexts,
  readTruth,
  readWhole,
} from './fields.ts';

/** A role of the JWT auth method of Vault or OpenBao, and the method's configuration where that is given, too. */
export interface VaultTrust {
  readonly at: { readonly role: Path; readonly config?: Path };
  /** `jwt` or `oidc`; whatever else somebody wrote. */
  readonly type: string;
  /** Is there an address that a browser may be sent back to? */
  readonly redirects: boolean;
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
  /** Seconds. */
  readonly leeways: Readonly<Record<(typeof LEEWAYS)[number], number>>;
  /** What becomes of the login: seconds, and how often it may be used. */
  readonly token: {
    readonly type: string;
    readonly ttl: number;
    readonly maxTtl: number;
    readonly period: number;
    readonly uses: number;
  };
  readonly config?: VaultConfig;
  /** Whose keys the configuration has, where it does not say. */
  readonly keysOf?: string;
}

export interface VaultConfig {
  readonly discoveryUrl: string;
  readonly boundIssuer: string;
  /** Empty: all that Vault knows. */
  readonly algorithms: readonly string[];
  /** Which of the ways to get keys are configured. */
  readonly keySources: readonly string[];
  readonly pairs: readonly unknown[];
  /** Texts that should be PEM. */
  readonly keys: readonly string[];
  readonly authorities: { readonly discovery: string; readonly keySet: string };
  readonly client: { readonly id: string; readonly secret: string };
  readonly responses: { readonly mode: string; readonly types: readonly string[] };
  readonly provider: Members;
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

/** Each is edited, and each edit proved. */
const MOST_CLAIMS = 100;

/** What keeps a document from being read; one without such a fault has the shape that `vaultTrust` expects. */
export const faultOf = ({ value, unusable }: Written): Unusable | undefined => {
  const { role, config, at } = partsOf(value);
  const wrong = firstWrong(role, ROLE_FIELDS);
  if (wrong) return unusable([...at.role, wrong[0]], wrong[1]);
  const crowded = ['bound_claims', 'claim_mappings'].find(
    (name) => Object.keys(readMapping(role[name]) ?? {}).length > MOST_CLAIMS,
  );
  if (crowded)
    return unusable([...at.role, crowded], `names more than ${MOST_CLAIMS} claims, which is more than Runpass weighs`);
  const inConfig = config && firstWrong(config, CONFIG_FIELDS);
  return inConfig && unusable([...(at.config ?? []), inConfig[0]], inConfig[1]);
};

/** Reads a document of which `faultOf` found nothing to say. */
export const vaultTrust = (value: unknown): VaultTrust => {
  const { role, config, at } = partsOf(value);
  const text = (name: string): string => readText(role[name]) ?? '';
  const texts = (name: string): readonly string[] => readTexts(role[name]) ?? [];
  const seconds = (name: string): number => readSeconds(role[name]) ?? 0;
  return {
    at,
    // A role that says nothing is one for people who log in with a browser.
    type: text('role_type') || 'oidc',
    redirects: texts('allowed_redirect_uris').length > 0,
    audiences: texts('bound_audiences'),
    subject: text('bound_subject'),
    claims: readMapping(role['bound_claims']) ?? {},
    claimsType: role['bound_claims_type'] === undefined ? 'string' : text('bound_claims_type'),
    userClaim: text('user_claim'),
    userClaimIsPointer: readTruth(role['user_claim_json_pointer']) ?? false,
    groupsClaim: text('groups_claim'),
    mappings: readTextMapping(role['claim_mappings']) ?? {},
    networks: texts('token_bound_cidrs' in role ? 'token_bound_cidrs' : 'bound_cidrs'),
    leeways: {
      expiration_leeway: seconds('expiration_leeway'),
      not_before_leeway: seconds('not_before_leeway'),
      clock_skew_leeway: seconds('clock_skew_leeway'),
    },
    token: {
      type: text('token_type'),
      ttl: lengthOf(role, 'token_ttl', 'ttl'),
      maxTtl: lengthOf(role, 'token_max_ttl', 'max_ttl'),
      period: lengthOf(role, 'token_period'),
      uses: readWhole(role['token_num_uses']) ?? 0,
    },
    ...(config && { config: configOf(config) }),
  };
};

/** The first of several names for the same thing that is written. */
const lengthOf = (role: Members, ...names: readonly string[]): number =>
  readLength(names.map((name) => role[name]).find((value) => value !== undefined && value !== null)) ?? 0;

export const configOf = (config: Members): VaultConfig => {
  const text = (name: string): string => readText(config[name]) ?? '';
  const texts = (name: string): readonly string[] => readTexts(config[name]) ?? [];
  return {
    discoveryUrl: text('oidc_discovery_url'),
    boundIssuer: text('bound_issuer'),
    algorithms: texts('jwt_supported_algs'),
    keySources: KEY_SOURCES.filter((name) =>
      ['jwks_pairs', 'jwt_validation_pubkeys'].includes(name)
        ? (name === 'jwks_pairs' ? (readList(config[name]) ?? []) : texts(name)).length > 0
        : text(name) !== '',
    ),
    pairs: readList(config['jwks_pairs']) ?? [],
    keys: texts('jwt_validation_pubkeys'),
    authorities: { discovery: text('oidc_discovery_ca_pem'), keySet: text('jwks_ca_pem') },
    client: { id: text('oidc_client_id'), secret: text('oidc_client_secret') },
    responses: { mode: text('oidc_response_mode'), types: texts('oidc_response_types') },
    provider: readMapping(config['provider_config']) ?? {},
  };
};

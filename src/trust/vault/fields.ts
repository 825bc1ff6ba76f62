import { isJsonObject } from '../../strict-json.ts';

/**
 * How Vault reads what is written into a field. It is lenient: a number or a truth value stands for its text, one text
 * for a list, `null` for nothing. Each gives `undefined` for what Vault refuses to read ("Field validation failed").
 */
type Reader<T> = (value: unknown) => T | undefined;

const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined;

export const readText: Reader<string> = (value) => {
  if (isNothing(value)) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

const allOf = <T>(values: readonly unknown[], read: Reader<T>): readonly T[] | undefined => {
  const found = values.map(read).filter((each) => each !== undefined);
  return found.length === values.length ? found : undefined;
};

/** A list, or one text with commas; spaces around an element are not part of it, and an empty one counts. */
export const readTexts: Reader<readonly string[]> = (value) => {
  if (isNothing(value) || value === '') return [];
  if (isJsonObject(value)) return Object.keys(value).length === 0 ? [] : undefined;
  const split = Array.isArray(value) ? value : typeof value === 'boolean' ? [value] : String(value).split(',');
  return allOf(split, readText)?.map((each) => each.trim());
};

/** Anything that is no list is one of one element. */
export const readList: Reader<readonly unknown[]> = (value) => {
  if (isNothing(value) || (isJsonObject(value) && Object.keys(value).length === 0)) return [];
  return Array.isArray(value) ? value : [value];
};

const TRUTHS = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const UNTRUTHS = ['', '0', 'f', 'F', 'FALSE', 'false', 'False'];

export const readTruth: Reader<boolean> = (value) => {
  const text = readText(value);
  return text !== undefined && [...TRUTHS, ...UNTRUTHS].includes(text) ? TRUTHS.includes(text) : undefined;
};

export const readWhole: Reader<number> = (value) => {
  const text = readText(value);
  return text === '' ? 0 : text === undefined ? undefined : parseWhole(text);
};

const RADIX: Readonly<Record<string, number>> = { '': 10, x: 16, b: 2, o: 8, '0': 8 };
const WHOLE = /^([+-]?)(?:0([xbo])_?|(0)_?(?=\d))?([\da-f]+(?:_[\da-f]+)*)$/i;

/** As Go reads a whole number: `0x1f`, `0b1`, `017` and `1_000` are some. */
export const parseWhole = (text: string): number | undefined => {
  const [, sign, letter, zero = '', digits = ''] = WHOLE.exec(text) ?? [];
  const plain = digits.replaceAll('_', '');
  const radix = RADIX[letter?.toLowerCase() ?? zero] ?? 10;
  const isOfRadix = [...plain].every((digit) => Number.parseInt(digit, radix) >= 0);
  if (plain === '' || !isOfRadix) return undefined;
  return Number.parseInt(plain, radix) * (sign === '-' ? -1 : 1);
};

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const DURATION = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** Whole seconds, of a number, `2d` or a duration of Go such as `1h30m`. */
export const readSeconds: Reader<number> = (value) => {
  if (typeof value === 'boolean') return undefined;
  const text = readText(value);
  if (text === undefined || text === '') return text === '' ? 0 : undefined;
  const [, count, days] = /^([+-]?\d+)(d?)$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (days === 'd' ? 86_400 : 1);
  const [, sign, all] = DURATION.exec(text) ?? [];
  if (all === undefined) return undefined;
  const parts = [...all.matchAll(/([\d.]+)([a-zµμ]+)/g)];
  const sum = parts.reduce((seconds, [, number, unit = '']) => seconds + Number(number) * (UNITS[unit] ?? 0), 0);
  return Math.trunc(sign === '-' ? -sum : sum);
};

/** The same, where nothing may be negative. */
export const readLength: Reader<number> = (value) => {
  const seconds = readSeconds(value);
  return seconds === undefined || seconds < 0 ? undefined : seconds;
};

/** A mapping, or a list of mappings, of which later ones win. */
export const readMapping: Reader<Readonly<Record<string, unknown>>> = (value) => {
  if (isNothing(value)) return {};
  if (isJsonObject(value)) return value;
  const all = Array.isArray(value) ? allOf(value, readMapping) : undefined;
  return all && Object.assign({}, ...all);
};

/** A mapping to texts, or texts such as `name=value`. */
export const readTextMapping: Reader<Readonly<Record<string, string>>> = (value) => {
  const mapping = readMapping(value);
  const names = Object.keys(mapping ?? {});
  const texts = mapping && allOf(Object.values(mapping), readText);
  if (texts) return Object.fromEntries(names.map((name, at) => [name, texts[at] ?? '']));
  const pairs = allOf(readList(value) ?? [], readText);
  if (!pairs?.every((pair) => /^[^=]+=/.test(pair))) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
};

const KINDS = {
  'a text': readText,
  'a list of texts': readTexts,
  'a list': readList,
  'true or false': readTruth,
  'a whole number': readWhole,
  'a duration': readSeconds,
  'a duration that is not negative': readLength,
  'a mapping': readMapping,
  'a mapping to texts': readTextMapping,
} as const;

/** Names of fields with what they must hold. Vault ignores all others. */
type Fields = Readonly<Record<string, keyof typeof KINDS>>;

export const ROLE_FIELDS: Fields = {
  role_type: 'a text',
  bound_audiences: 'a list of texts',
  bound_subject: 'a text',
  bound_claims: 'a mapping',
  bound_claims_type: 'a text',
  user_claim: 'a text',
  user_claim_json_pointer: 'true or false',
  groups_claim: 'a text',
  claim_mappings: 'a mapping to texts',
  allowed_redirect_uris: 'a list of texts',
  oidc_scopes: 'a list of texts',
  verbose_oidc_logging: 'true or false',
  max_age: 'a duration that is not negative',
  expiration_leeway: 'a duration',
  not_before_leeway: 'a duration',
  clock_skew_leeway: 'a duration',
  token_bound_cidrs: 'a list of texts',
  bound_cidrs: 'a list of texts',
  token_policies: 'a list of texts',
  policies: 'a list of texts',
  token_ttl: 'a duration that is not negative',
  ttl: 'a duration that is not negative',
  token_max_ttl: 'a duration that is not negative',
  max_ttl: 'a duration that is not negative',
  token_explicit_max_ttl: 'a duration that is not negative',
  token_period: 'a duration that is not negative',
  period: 'a duration that is not negative',
  token_type: 'a text',
  token_num_uses: 'a whole number',
  num_uses: 'a whole number',
  token_no_default_policy: 'true or false',
  alias_metadata: 'a mapping to texts',
};

export const CONFIG_FIELDS: Fields = {
  oidc_discovery_url: 'a text',
  oidc_discovery_ca_pem: 'a text',
  oidc_client_id: 'a text',
  oidc_client_secret: 'a text',
  oidc_response_mode: 'a text',
  oidc_response_types: 'a list of texts',
  jwks_url: 'a text',
  jwks_ca_pem: 'a text',
  jwks_pairs: 'a list',
  default_role: 'a text',
  jwt_validation_pubkeys: 'a list of texts',
  jwt_supported_algs: 'a list of texts',
  bound_issuer: 'a text',
  provider_config: 'a mapping',
  namespace_in_state: 'true or false',
  unsupported_critical_cert_extensions: 'a list of texts',
};

/** The first field that Vault refuses to read, and what it must hold. */
export const firstWrong = (
  found: Readonly<Record<string, unknown>>,
  fields: Fields,
): readonly [string, string] | undefined => {
  for (const [name, kind] of Object.entries(fields)) {
    if (KINDS[kind](found[name]) === undefined) return [name, `must hold ${kind}`];
  }
  return undefined;
};

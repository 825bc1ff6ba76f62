import { isJsonObject } from '../../strict-json.ts';
import { denialAt } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import type { VaultConfig, VaultTrust } from './document.ts';
import type { VaultDenial } from './reasons.ts';

/** Algorithms that Vault takes where the configuration names none. */
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

const PROVIDERS = ['azure', 'gsuite', 'secureauth', 'ibmisam'];

/** A field, what it should hold, and what it holds. */
type Wrong = readonly [name: string, wanted: string, found: string];

type Check = (config: VaultConfig) => Wrong | undefined;

const isPem = (text: string, label: string): boolean => new RegExp(`-----BEGIN ${label}-----`).test(text);

const client: Check = ({ client: { id, secret }, discoveryUrl }) => {
  if (id === '' && secret === '') return undefined;
  if (id === '' || secret === '') return ['oidc_client_id', 'oidc_client_secret beside it, or nothing', id];
  if (discoveryUrl === '') return ['oidc_client_id', 'oidc_discovery_url beside it, or nothing', id];
  // The method then logs people in, and no tokens.
  return ['oidc_client_id', 'nothing: with it the method is for browsers', id];
};

const discoveryAuthority: Check = ({ authorities: { discovery }, discoveryUrl }) =>
  discoveryUrl === '' || discovery === '' || isPem(discovery, 'CERTIFICATE')
    ? undefined
    : ['oidc_discovery_ca_pem', 'a certificate as PEM', discovery];

const pairs: Check = ({ pairs: all, boundIssuer, authorities: { keySet } }) => {
  if (all.length === 0) return undefined;
  if (keySet !== '') return ['jwks_ca_pem', 'nothing beside jwks_pairs, which have their own', keySet];
  if (boundIssuer !== '') return ['bound_issuer', 'nothing beside jwks_pairs', boundIssuer];
  const isPair = (each: unknown): boolean => isJsonObject(each) && typeof each['jwks_url'] === 'string';
  return all.every(isPair) ? undefined : ['jwks_pairs', 'mappings with a jwks_url', JSON.stringify(all)];
};

const keySetAuthority: Check = ({ authorities: { keySet }, keySources }) =>
  !keySources.includes('jwks_url') || keySet === '' || isPem(keySet, 'CERTIFICATE')
    ? undefined
    : ['jwks_ca_pem', 'a certificate as PEM', keySet];

const publicKeys: Check = ({ keys }) => {
  const wrong = keys.find((key) => !isPem(key, '(?:PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE)'));
  return wrong === undefined ? undefined : ['jwt_validation_pubkeys', 'public keys as PEM', wrong];
};

const algorithms: Check = ({ algorithms: all }) => {
  const unknown = all.find((each) => !ALGORITHMS.includes(each));
  return unknown === undefined ? undefined : ['jwt_supported_algs', ALGORITHMS.join(', '), unknown];
};

const responses: Check = ({ responses: { mode, types } }) => {
  const unknown = types.find((each) => !['code', 'id_token'].includes(each));
  if (unknown !== undefined) return ['oidc_response_types', 'code, id_token', unknown];
  if (!['', 'query', 'form_post'].includes(mode)) return ['oidc_response_mode', 'query or form_post', mode];
  return mode !== 'form_post' && types.includes('id_token')
    ? ['oidc_response_mode', 'form_post beside id_token', mode]
    : undefined;
};

const provider: Check = ({ provider: found }) => {
  if (Object.keys(found).length === 0 || PROVIDERS.includes(String(found['provider']))) return undefined;
  return ['provider_config', `nothing, or a provider of ${PROVIDERS.join(', ')}`, JSON.stringify(found)];
};

const CHECKS: readonly Check[] = [
  client,
  discoveryAuthority,
  pairs,
  keySetAuthority,
  publicKeys,
  algorithms,
  responses,
  provider,
];

/** What Vault refuses to save of a configuration, in the order in which it looks, and one that is not for tokens. */
export const configForm = ({ at, config }: VaultTrust, { issuer }: Presented): readonly VaultDenial[] => {
  if (!config) return [];
  const inConfig = at.config ?? [];
  const others = CHECKS.flatMap((check) => {
    const [name, wanted, found] = check(config) ?? [];
    if (name === undefined || wanted === undefined || found === undefined) return [];
    const out = name === 'oidc_client_id' ? [name, 'oidc_client_secret'] : [name];
    const said = denialAt('vault_config_form', [...inConfig, name], wanted, found, {
      edit: `Leave ${out.join(' and ')} out.`,
    });
    return [{ ...said, changes: out.map((each) => ({ at: [...inConfig, each] })) }];
  });
  return [...keySource(config, inConfig, issuer), ...others];
};

const keySource = (
  { keySources }: VaultConfig,
  inConfig: readonly (string | number)[],
  issuer: string,
): readonly VaultDenial[] => {
  if (keySources.length === 1) return [];
  const place = [...inConfig, 'oidc_discovery_url'];
  const edit = `Write oidc_discovery_url: ${JSON.stringify(issuer)}, and no other source of keys.`;
  const others = keySources.filter((name) => name !== 'oidc_discovery_url');
  return [
    {
      ...denialAt('vault_config_keys', place, 'one source of keys', keySources.join(', '), { edit }),
      changes: [{ at: place, value: issuer }, ...others.map((name) => ({ at: [...inConfig, name] }))],
    },
  ];
};

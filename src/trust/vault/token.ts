import { audiencesOf, denialAt, shown } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import type { Path } from '../written.ts';
import type { VaultTrust } from './document.ts';
import type { VaultDenial } from './reasons.ts';

type Check = (trust: VaultTrust, presented: Presented) => readonly VaultDenial[];

const all =
  (...checks: readonly Check[]): Check =>
  (trust, presented) =>
    checks.flatMap((check) => check(trust, presented));

const type: Check = ({ at, type: found }) =>
  found === 'jwt'
    ? []
    : [
        denialAt('vault_role_type', [...at.role, 'role_type'], 'jwt', found, {
          edit: 'Write role_type: "jwt".',
          value: 'jwt',
        }),
      ];

const claimsType: Check = ({ at, claimsType: found }) => {
  if (['string', 'glob'].includes(found)) return [];
  const write = { edit: 'Write bound_claims_type: "string".', value: 'string' };
  return [denialAt('vault_claims_type', [...at.role, 'bound_claims_type'], 'string or glob', found, write)];
};

const userClaimSet: Check = ({ at, userClaim }) => {
  const write = { edit: 'Write user_claim: "sub".', value: 'sub' };
  return userClaim === '' ? [denialAt('vault_user_claim_unset', [...at.role, 'user_claim'], 'a claim', '', write)] : [];
};

const bound: Check = ({ at, audiences, subject, claims, networks }, presented) => {
  const isBound = audiences.length > 0 || subject !== '' || Object.keys(claims).length > 0 || networks.length > 0;
  if (isBound) return [];
  const { sub } = presented.claims;
  const write = { edit: `Write bound_subject: ${JSON.stringify(sub)}.`, value: sub };
  return [denialAt('vault_role_unbound', [...at.role, 'bound_subject'], 'something that is bound', '', write)];
};

const RESERVED = 'role';

const mappingForm: Check = ({ at, mappings }) =>
  Object.entries(mappings)
    .filter(([, name], index, entries) => name === RESERVED || entries.findIndex(([, other]) => other === name) < index)
    .map(([claim, name]) =>
      denialAt('vault_mapping_form', [...at.role, 'claim_mappings', claim], 'a name of its own', name, {
        edit: `Take ${claim} out of claim_mappings, or give it another name than "${name}".`,
      }),
    );

/** What Vault refuses to save. */
export const roleForm: Check = all(type, claimsType, userClaimSet, bound, mappingForm);

const keySource: Check = ({ at, config }, { issuer }) => {
  if (!config || config.keySources.length === 1) return [];
  const place: Path = [...(at.config ?? []), 'oidc_discovery_url'];
  const edit = `Write oidc_discovery_url: ${JSON.stringify(issuer)}, and no other source of keys.`;
  const others = config.keySources.filter((name) => name !== 'oidc_discovery_url');
  return [
    {
      ...denialAt('vault_config_keys', place, 'one source of keys', config.keySources.join(', '), { edit }),
      changes: [{ at: place, value: issuer }, ...others.map((name) => ({ at: [...(at.config ?? []), name] }))],
    },
  ];
};

const REGISTERED = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'];

const foldedNames: Check = (_, { claims }) =>
  Object.keys(claims)
    .filter((name) => !REGISTERED.includes(name) && REGISTERED.includes(name.toLowerCase()))
    .map((name) => ({
      code: 'vault_claim_name_folds',
      condition: name,
      wanted: name.toLowerCase(),
      presented: name,
      edit: `Mint the token without the claim ${name}.`,
    }));

const algorithm: Check = ({ at, config }, { header: { alg } }) => {
  const allowed = config?.algorithms.length ? config.algorithms : ['RS256'];
  if (allowed.includes(alg)) return [];
  const place: Path = [...(at.config ?? []), 'jwt_supported_algs'];
  const edit = `Write jwt_supported_algs: ${JSON.stringify([...allowed, alg])} in auth/jwt/config.`;
  const said = denialAt('vault_algorithm', place, allowed.join(', '), alg, { edit, value: [...allowed, alg] });
  return [config ? said : { ...said, condition: 'jwt_supported_algs', changes: [] }];
};

const issuer: Check = ({ at, config }, { issuer: presented }) =>
  (['oidc_discovery_url', 'bound_issuer'] as const).flatMap((name) => {
    const wanted = name === 'bound_issuer' ? config?.boundIssuer : config?.discoveryUrl;
    if (!wanted || wanted === presented) return [];
    const bare = (url: string): string => url.replace(/\/+$/, '');
    const code = bare(wanted) === bare(presented) ? 'vault_issuer_slash' : 'vault_issuer_mismatch';
    const write = { edit: `Write ${name}: ${JSON.stringify(presented)} in auth/jwt/config.`, value: presented };
    return [denialAt(code, [...(at.config ?? []), name], wanted, presented, write)];
  });

const subject: Check = ({ at, subject: wanted }, { claims: { sub } }) => {
  if (wanted === '' || wanted === sub) return [];
  const code = wanted.includes('*') ? 'vault_subject_wildcard' : 'vault_subject_mismatch';
  const hint = wanted.includes('*') ? ' bound_subject is compared exactly, whatever bound_claims_type says.' : '';
  const write = { edit: `Write bound_subject: ${JSON.stringify(sub)}.${hint}`, value: sub };
  return [denialAt(code, [...at.role, 'bound_subject'], wanted, shown(sub), write)];
};

const audience: Check = ({ at, audiences }, presented) => {
  const given = audiencesOf(presented);
  if (audiences.some((each) => given.includes(each)) || (audiences.length === 0 && given.length === 0)) return [];
  const kept = audiences.filter((each) => !each.includes('*'));
  const value = [...kept, ...given];
  const write = { edit: `Write bound_audiences: ${JSON.stringify(value)}.`, value };
  const code =
    audiences.length === 0
      ? 'vault_audience_unbound'
      : audiences.length > kept.length
        ? 'vault_audience_wildcard'
        : 'vault_audience_mismatch';
  return [denialAt(code, [...at.role, 'bound_audiences'], audiences.join(', '), given.join(', '), write)];
};

/** What Vault checks of a token before it looks at its claims. */
export const tokenDenials: Check = all(keySource, foldedNames, algorithm, issuer, subject, audience);

import { denialAt } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import { pathText } from '../written.ts';
import { listOf } from './claims.ts';
import type { VaultTrust } from './document.ts';
import type { VaultDenial } from './reasons.ts';

type Check = (trust: VaultTrust, presented: Presented) => readonly VaultDenial[];

const jwtType = ({ at }: VaultTrust, said: string): readonly VaultDenial[] => [
  denialAt('vault_role_type', [...at.role, 'role_type'], 'jwt', said, {
    edit: 'Write role_type: "jwt".',
    value: 'jwt',
  }),
];

const unknownType: Check = (trust) => (['jwt', 'oidc'].includes(trust.type) ? [] : jwtType(trust, trust.type));

/** Not saved where no browser can be sent back; otherwise saved, and no token gets in. */
const browserType: Check = (trust) => (trust.type === 'oidc' ? jwtType(trust, 'oidc, which is for browsers') : []);

const TOKEN_TYPES = ['', 'default', 'service', 'batch'];

const token: Check = ({ at, token: { type: kind, ttl, maxTtl, period, uses } }) => {
  const wrong = (name: string, wanted: string, found: string): readonly VaultDenial[] => [
    denialAt('vault_token_form', [...at.role, name], wanted, found, { edit: `Leave ${name} out.` }),
  ];
  if (!TOKEN_TYPES.includes(kind)) return wrong('token_type', TOKEN_TYPES.slice(1).join(', '), kind);
  if (uses < 0) return wrong('token_num_uses', 'a number that is not negative', String(uses));
  if (kind === 'batch' && period !== 0) return wrong('token_period', 'nothing beside token_type batch', String(period));
  if (kind === 'batch' && uses !== 0) return wrong('token_num_uses', 'nothing beside token_type batch', String(uses));
  return maxTtl > 0 && ttl > maxTtl ? wrong('token_ttl', `at most token_max_ttl, ${maxTtl}`, String(ttl)) : [];
};

/** Only a text that could be no path of a socket either is refused; what is no network matches none. */
const networks: Check = ({ at, networks: all }) =>
  all
    .filter((each) => !PATH.test(each) && !ADDRESS.test(each))
    .map((each) => ({
      code: 'vault_network_form',
      condition: pathText([...at.role, 'token_bound_cidrs']),
      wanted: 'addresses of networks',
      presented: each,
      edit: `Take ${JSON.stringify(each)} out of token_bound_cidrs.`,
    }));

const PATH = /^\.|\/./;
const ADDRESS = /^\d+(?:\.\d+){3}(?::\d+)?$|^\[?[\da-f:.]*:[\da-f:.]*\]?(?::\d+)?$/i;

const claimsType: Check = ({ at, claimsType: found }) => {
  if (['string', 'glob'].includes(found)) return [];
  const write = { edit: 'Write bound_claims_type: "string".', value: 'string' };
  return [denialAt('vault_claims_type', [...at.role, 'bound_claims_type'], 'string or glob', found, write)];
};

const globs: Check = ({ at, claims, claimsType: how }) => {
  if (how !== 'glob') return [];
  return Object.entries(claims).flatMap(([name, wanted]) => {
    const all = listOf(wanted);
    if (all?.every((each) => typeof each === 'string')) return [];
    const texts = (all ?? []).filter((each) => listOf(each) && !Array.isArray(each)).map(String);
    const value = Array.isArray(wanted) ? texts : texts[0];
    const edit =
      texts.length === 0
        ? `Write texts, or take ${JSON.stringify(name)} out of bound_claims.`
        : `Write ${JSON.stringify(name)}: ${JSON.stringify(value)}: globs are texts.`;
    const found = JSON.stringify(wanted);
    const said = denialAt('vault_glob_form', [...at.role, 'bound_claims', name], 'a text, or a list of texts', found, {
      edit,
      value,
    });
    return [texts.length === 0 ? { ...said, changes: [] } : said];
  });
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

const userClaimSet: Check = ({ at, userClaim }) => {
  const write = { edit: 'Write user_claim: "sub".', value: 'sub' };
  return userClaim === '' ? [denialAt('vault_user_claim_unset', [...at.role, 'user_claim'], 'a claim', '', write)] : [];
};

const bound: Check = ({ at, type, audiences, subject, claims, networks: all }, { claims: { sub } }) => {
  const isBound =
    type !== 'jwt' || audiences.length > 0 || subject !== '' || Object.keys(claims).length > 0 || all.length > 0;
  if (isBound) return [];
  const write = { edit: `Write bound_subject: ${JSON.stringify(sub)}.`, value: sub };
  return [denialAt('vault_role_unbound', [...at.role, 'bound_subject'], 'something that is bound', '', write)];
};

/** What Vault refuses to save, in the order in which it looks, and a role that is not for tokens. */
export const roleForm: Check = (trust, presented) => ROLE_CHECKS.flatMap((check) => check(trust, presented));

const ROLE_CHECKS: readonly Check[] = [
  unknownType,
  networks,
  token,
  claimsType,
  globs,
  mappingForm,
  userClaimSet,
  browserType,
  bound,
];

import { denialAt, shown } from '../denials.ts';
import { type Registered, registeredClaim, unreadable } from '../registered.ts';
import type { Presented } from '../verdict.ts';
import type { Path } from '../written.ts';
import { ALGORITHMS } from './config.ts';
import type { VaultTrust } from './document.ts';
import type { VaultDenial } from './reasons.ts';

type Check = (trust: VaultTrust, presented: Presented) => readonly VaultDenial[];

/** What go-jose reads, of claims that were sorted by their names. */
const REGISTERED: Registered<'iss' | 'sub' | 'aud' | 'exp' | 'nbf' | 'iat' | 'jti'> = {
  kinds: {
    iss: 'a text',
    sub: 'a text',
    aud: 'a text or a list of texts',
    exp: 'a number or nothing',
    nbf: 'a number or nothing',
    iat: 'a number or nothing',
    jti: 'a text',
  },
  order: 'sorted',
};

const algorithm: Check = ({ at, config }, { header: { alg } }) => {
  const allowed = config?.algorithms.length ? config.algorithms : ALGORITHMS;
  if (allowed.includes(alg)) return [];
  const place: Path = [...(at.config ?? []), 'jwt_supported_algs'];
  const value = allowed === ALGORITHMS ? undefined : [...allowed, alg];
  const edit = `Write jwt_supported_algs: ${JSON.stringify([...allowed, alg])} in auth/jwt/config.`;
  const said = denialAt('vault_algorithm', place, allowed.join(', '), alg, { edit, value });
  return [value ? said : { ...said, edit: 'Sign with an algorithm that Vault knows.', changes: [] }];
};

/** Each issuer has keys of its own, v1 and v2 alike. */
const keys: Check = ({ at, config, keysOf }, { issuer: presented }) => {
  const wanted = keysOf ?? config?.discoveryUrl ?? '';
  if (wanted === '' || wanted === presented) return [];
  return [otherIssuer(keysOf === undefined ? 'oidc_discovery_url' : 'bound_issuer', wanted, presented, at)];
};

const form: Check = (_, { claims }) =>
  unreadable(REGISTERED, claims).map(([name, wanted]) => ({
    code: 'vault_registered_form',
    condition: name,
    wanted,
    presented: shown(claims[name]),
    edit: `Mint the token with ${wanted} as ${name}, or without it.`,
  }));

const issuer: Check = ({ at, config }, { claims }) => {
  const wanted = config?.boundIssuer;
  const found = registeredClaim(REGISTERED, claims, 'iss') ?? '';
  return !wanted || wanted === found ? [] : [otherIssuer('bound_issuer', wanted, String(found), at)];
};

const otherIssuer = (name: string, wanted: string, found: string, at: VaultTrust['at']): VaultDenial => {
  const bare = (url: string): string => url.replace(/\/+$/, '');
  const code = bare(wanted) === bare(found) ? 'vault_issuer_slash' : 'vault_issuer_mismatch';
  const write = { edit: `Write ${name}: ${JSON.stringify(found)} in auth/jwt/config.`, value: found };
  return denialAt(code, [...(at.config ?? []), name], wanted, found, write);
};

const subject: Check = ({ at, subject: wanted }, { claims }) => {
  const sub = registeredClaim(REGISTERED, claims, 'sub');
  if (wanted === '' || wanted === sub) return [];
  const code = wanted.includes('*') ? 'vault_subject_wildcard' : 'vault_subject_mismatch';
  const hint = wanted.includes('*') ? ' bound_subject is compared exactly, whatever bound_claims_type says.' : '';
  const write = { edit: `Write bound_subject: ${JSON.stringify(sub)}.${hint}`, value: sub };
  return [denialAt(code, [...at.role, 'bound_subject'], wanted, shown(sub), write)];
};

const audience: Check = ({ at, audiences }, { claims }) => {
  const given = [registeredClaim(REGISTERED, claims, 'aud') ?? []].flat();
  if (audiences.length === 0 ? isUnheard(claims['aud']) : audiences.some((each) => given.includes(each))) return [];
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

/** A role without audiences takes no token with one, and looks for it under its own name only. */
const isUnheard = (aud: unknown): boolean =>
  Array.isArray(aud) ? aud.length === 0 : typeof aud !== 'string' || aud === '';

const times: Check = (_, { claims }) => {
  if ((['exp', 'nbf', 'iat'] as const).some((name) => registeredClaim(REGISTERED, claims, name))) return [];
  const edit = 'Mint the token with exp and iat.';
  return [{ code: 'vault_times_missing', condition: 'exp', wanted: 'exp, nbf or iat', presented: '', edit }];
};

/** What Vault checks of a token before it looks at its other claims, in its order. */
export const tokenDenials: Check = (trust, presented) =>
  [keys, algorithm, form, issuer, subject, audience, times].flatMap((check) => check(trust, presented));

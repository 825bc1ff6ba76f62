import { shown } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import { claimAt, listOf, ownMember } from './claims.ts';
import { configForm } from './config.ts';
import type { VaultTrust } from './document.ts';
import { matchesGlob } from './glob.ts';
import type { VaultDenial } from './reasons.ts';
import { roleForm } from './role.ts';
import { tokenDenials } from './token.ts';

type Check = (trust: VaultTrust, presented: Presented) => readonly VaultDenial[];

/** Why Vault refuses, in the order in which it looks. */
export const vaultDenials: Check = (trust, presented) => [
  ...configForm(trust, presented),
  ...roleForm(trust, presented),
  ...tokenDenials(trust, presented),
  ...userClaim(trust, presented),
  ...mappings(trust, presented),
  ...groups(trust, presented),
  ...boundClaims(trust, presented),
];

const boundClaims: Check = (trust, { claims }) =>
  Object.entries(trust.claims).flatMap(([name, wanted]) => {
    const denial = boundClaim(trust, claims, name, wanted);
    return denial ? [denial] : [];
  });

const boundClaim = (
  trust: VaultTrust,
  claims: Presented['claims'],
  name: string,
  wanted: unknown,
): VaultDenial | undefined => {
  const place: Path = [...trust.at.role, 'bound_claims', name];
  const found = claimAt(claims, name);
  const common = { condition: pathText(place), wanted: shown(wanted), presented: shown(found) };
  const exactly = {
    edit: `Write ${pathText(place)}: ${JSON.stringify(found)}.`,
    changes: [{ at: place, value: found }],
  };
  if (found === undefined) return missing(trust, claims, name, common);
  const [values, accepted] = [listOf(found), listOf(wanted)];
  if (!values || !accepted) return { ...common, code: 'vault_claim_form', ...bySubject(trust, claims, name) };
  if (trust.claimsType !== 'glob') {
    if (matchesExactly(accepted, values, found)) return undefined;
    const asGlob = accepted.some((each) => typeof each === 'string' && each.includes('*') && matchesAny(each, values));
    if (!asGlob) return { ...common, code: 'vault_claim_mismatch', ...exactly };
    const type: Path = [...trust.at.role, 'bound_claims_type'];
    return {
      ...common,
      code: 'vault_glob_as_text',
      edit: `Write bound_claims_type: "glob", so that "*" in ${shown(wanted)} means any characters.`,
      changes: [{ at: type, value: 'glob' }],
    };
  }
  // What is no text keeps Vault from saving the role.
  if (accepted.some((each) => typeof each !== 'string')) return undefined;
  if (accepted.some((each) => matchesAny(String(each), values))) return undefined;
  return { ...common, code: 'vault_claim_mismatch', ...exactly };
};

/**
 * Vault takes a claim that is a number for a whole one and compares it as text, but no number in a list; and it gives
 * up where it would have to compare two lists or two mappings.
 */
const matchesExactly = (accepted: readonly unknown[], values: readonly unknown[], found: unknown): boolean => {
  const [number] = typeof found === 'number' ? [String(Math.trunc(found))] : [];
  for (const one of accepted) {
    for (const value of values) {
      if (isComposite(one) && isComposite(value) && Array.isArray(one) === Array.isArray(value)) return false;
      if (typeof one === 'number' ? String(one) === number : one === value) return true;
    }
  }
  return false;
};

const isComposite = (value: unknown): boolean => typeof value === 'object' && value !== null;

const matchesAny = (pattern: string, values: readonly unknown[]): boolean =>
  values.some((value) => typeof value === 'string' && matchesGlob(pattern, value));

const missing = (
  trust: VaultTrust,
  claims: Presented['claims'],
  name: string,
  common: Pick<VaultDenial, 'condition' | 'wanted' | 'presented'>,
): VaultDenial => {
  const pointer = name.startsWith('/') ? undefined : `/${name.replaceAll('.', '/')}`;
  const literal = name.startsWith('/') ? name.slice(1) : undefined;
  const meant = [pointer, literal].find((other) => other !== undefined && claimAt(claims, other) !== undefined);
  if (meant === undefined) return { ...common, code: 'vault_claim_missing', ...bySubject(trust, claims, name) };
  const place: Path = [...trust.at.role, 'bound_claims'];
  return {
    ...common,
    code: 'vault_claim_path',
    edit: `Write ${JSON.stringify(meant)} instead of ${JSON.stringify(name)}: ${meant.startsWith('/') ? 'what stands inside a claim is named by a JSON pointer' : 'a claim of the token itself has no slash before its name'}.`,
    changes: [{ at: [...place, name] }, { at: [...place, meant], value: trust.claims[name] }],
  };
};

/** Binds the subject, which every token has, instead of a claim that it has not. */
const bySubject = (
  trust: VaultTrust,
  { sub }: Presented['claims'],
  name: string,
): Pick<VaultDenial, 'edit' | 'changes'> => ({
  edit: `Take ${JSON.stringify(name)} out of bound_claims, and write bound_subject: ${JSON.stringify(sub)}.`,
  changes: [{ at: [...trust.at.role, 'bound_claims', name] }, { at: [...trust.at.role, 'bound_subject'], value: sub }],
});

const userClaim: Check = ({ at, userClaim: name, userClaimIsPointer }, { claims }) => {
  if (name === '') return [];
  const place: Path = [...at.role, 'user_claim'];
  const found = userClaimIsPointer ? claimAt(claims, name) : ownMember(claims, name);
  if (typeof found === 'string') return [];
  return [
    {
      code: found === undefined ? 'vault_user_claim_missing' : 'vault_user_claim_form',
      condition: pathText(place),
      wanted: name,
      presented: shown(found),
      edit: 'Write user_claim: "sub".',
      changes: [{ at: place, value: 'sub' }],
    },
  ];
};

const mappings: Check = ({ at, mappings: all }, { claims }) =>
  Object.keys(all).flatMap((name): readonly VaultDenial[] => {
    const place: Path = [...at.role, 'claim_mappings', name];
    const found = claimAt(claims, name);
    if (found === undefined || typeof found === 'string') return [];
    const common = { condition: pathText(place), wanted: 'a text', presented: shown(found) };
    return [
      {
        ...common,
        code: 'vault_mapped_claim_form',
        edit: `Take ${name} out of claim_mappings.`,
        changes: [{ at: place }],
      },
    ];
  });

const groups: Check = ({ at, groupsClaim }, { claims }) => {
  if (groupsClaim === '') return [];
  const place: Path = [...at.role, 'groups_claim'];
  const found = claimAt(claims, groupsClaim);
  const list = listOf(found);
  if (list?.every((each) => typeof each === 'string')) return [];
  return [
    {
      code: found === undefined ? 'vault_groups_missing' : 'vault_groups_form',
      condition: pathText(place),
      wanted: groupsClaim,
      presented: shown(found),
      edit: 'Leave groups_claim out.',
      changes: [{ at: place }],
    },
  ];
};

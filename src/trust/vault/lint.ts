import {
  once,
  remarksOnClaim,
  remarksOnIssuer,
  remarksOnOrganizations,
  remarksOnPrefix,
  remarksOnSubject,
} from '../remarks.ts';
import type { OurSide, Presented, Warning } from '../verdict.ts';
import { pathText } from '../written.ts';
import { claimAt } from './claims.ts';
import { LEEWAYS, type VaultTrust } from './document.ts';

/** What leaks, or never works, in a role and its method's configuration, whatever they say to what is presented. */
export const lintVault = (
  trust: VaultTrust,
  presented: Presented,
  ours: OurSide,
  admits: (presented: Presented) => boolean,
): readonly Warning[] => {
  const ofClaims = [...boundClaims(trust, presented, ours), ...otherClaims(trust, presented, ours)];
  const ofSubject =
    trust.subject === '' || trust.subject.includes('*')
      ? []
      : remarksOnSubject(
          'vault',
          pathText([...trust.at.role, 'bound_subject']),
          { how: 'equals', text: trust.subject, issuer: presented.issuer },
          ours,
        );
  const only = audienceOnly(trust, presented);
  return once([
    ...ofIssuer(trust, presented),
    ...only,
    ...ofSubject,
    ...ofClaims,
    ...(only.length > 0 ? [] : organizations(trust, presented, ofClaims, admits)),
    ...audiences(trust, ours),
    ...leeways(trust),
  ]);
};

const ofIssuer = ({ at, config }: VaultTrust, { issuer }: Presented): readonly Warning[] => {
  if (!config) return [];
  const { discoveryUrl, boundIssuer } = config;
  const name = discoveryUrl === '' ? 'bound_issuer' : 'oidc_discovery_url';
  const condition = pathText([...(at.config ?? []), name]);
  const named = discoveryUrl || boundIssuer;
  // Vault takes any port, unlike the clouds.
  if (/^https:\/\/[^/]*:\d+/.test(named)) return [];
  if (named !== '') return remarksOnIssuer('vault', condition, named);
  const text = `Nothing says which issuer's tokens are meant, only whose keys. Write bound_issuer: ${JSON.stringify(issuer)}.`;
  return [{ code: 'vault_issuer_unbound', condition, text }];
};

const audienceOnly = ({ at, subject, claims }: VaultTrust, { claims: { sub } }: Presented): readonly Warning[] => {
  if (subject !== '' || Object.keys(claims).length > 0) return [];
  const text = `Only the audience is bound, so every token that is made for it gets in, whatever it is of. Write bound_subject: ${JSON.stringify(sub)}.`;
  return [{ code: 'vault_audience_only', condition: pathText([...at.role, 'bound_audiences']), text }];
};

const boundClaims = ({ at, claims, claimsType }: VaultTrust, presented: Presented, ours: OurSide): readonly Warning[] =>
  Object.entries(claims).flatMap(([name, wanted]): readonly Warning[] => {
    const condition = pathText([...at.role, 'bound_claims', name]);
    const claim = outermost(name);
    const other = name.startsWith('/') ? name.slice(1) : `/${name.replaceAll('.', '/')}`;
    // A reason says that the name is written in the wrong way.
    if (claimAt(presented.claims, other) !== undefined && claimAt(presented.claims, name) === undefined) return [];
    const unknown = remarksOnClaim('vault', condition, claim, presented, ours);
    if (unknown.length > 0) return unknown;
    const { issuer } = presented;
    return [wanted].flat().flatMap((each): readonly Warning[] => {
      if (typeof each !== 'string') return [];
      const isGlob = claimsType === 'glob' && each.includes('*');
      if (!isGlob && each.includes('*')) {
        const text = `"*" in ${JSON.stringify(each)} stands for itself. Write bound_claims_type: "glob", or the whole text.`;
        return [{ code: 'vault_glob_as_text', condition, text }];
      }
      if (isGlob && /^\*+$/.test(each)) {
        return [
          {
            code: 'vault_everything',
            condition,
            text: `"*" takes every value, so ${claim} may be anything. Write what it must be.`,
          },
        ];
      }
      if (claim === 'sub') {
        return remarksOnSubject('vault', condition, { how: isGlob ? 'pattern' : 'equals', text: each, issuer }, ours);
      }
      return isGlob && each.endsWith('*') ? remarksOnPrefix('vault', condition, each.slice(0, -1)) : [];
    });
  });

/** The claim of the token that a name is about, or inside of which it looks. */
const outermost = (name: string): string =>
  name.startsWith('/') ? (name.split('/')[1] ?? '').replaceAll('~1', '/').replaceAll('~0', '~') : name;

/** Claims that name the bearer or his groups: a login fails where they are absent. */
const otherClaims = (
  { at, userClaim, groupsClaim, mappings }: VaultTrust,
  presented: Presented,
  ours: OurSide,
): readonly Warning[] =>
  [
    ['user_claim', userClaim] as const,
    ['groups_claim', groupsClaim] as const,
    ...Object.keys(mappings).map((name) => ['claim_mappings', name] as const),
  ].flatMap(([member, name]) => {
    if (name === '') return [];
    const place = member === 'claim_mappings' ? [member, name] : [member];
    return remarksOnClaim('vault', pathText([...at.role, ...place]), outermost(name), presented, ours);
  });

const organizations = (
  { at }: VaultTrust,
  presented: Presented,
  said: readonly Warning[],
  admits: (presented: Presented) => boolean,
): readonly Warning[] =>
  said.some(({ code }) => code === 'vault_any_organization' || code === 'vault_everything')
    ? []
    : remarksOnOrganizations('vault', pathText([...at.role, 'bound_claims']), presented, admits);

/** Audiences of v1 are names of organizations: one that begins with ours is somebody else. */
const audiences = ({ at, audiences: all }: VaultTrust, { organization }: OurSide): readonly Warning[] => {
  const condition = pathText([...at.role, 'bound_audiences']);
  return all.flatMap((each) => {
    if (each.includes('*')) {
      const text = `Audiences are compared exactly: ${JSON.stringify(each)} is met by nobody. Write the whole audience.`;
      return [{ code: 'vault_audience_wildcard', condition, text }];
    }
    if (each === organization || !each.startsWith(organization) || !/^[a-z0-9_-]+$/.test(each)) return [];
    const text = `${JSON.stringify(each)} would be the audience of another organization. Take it out.`;
    return [{ code: 'vault_other_organization', condition, text }];
  });
};

const LONGEST_LEEWAY = 600;

const leeways = ({ at, leeways: all }: VaultTrust): readonly Warning[] =>
  LEEWAYS.filter((name) => all[name] > LONGEST_LEEWAY).map((name) => ({
    code: 'vault_leeway',
    condition: pathText([...at.role, name]),
    text: `Tokens are taken for ${all[name]} seconds outside their times. Write ${name}: 0, which means ${name === 'clock_skew_leeway' ? 60 : 150} seconds.`,
  }));

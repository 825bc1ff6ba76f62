import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import type { Pin, Pins } from '../exchange/pins.ts';
import type { TrustedIssuer, TrustedIssuers } from '../issuers/trusted-issuer.ts';
import { lint } from '../policy/lint.ts';
import type { LintFinding, PolicyDocument } from '../policy/policy.ts';
import type { EpochSeconds } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';

export interface ReadTrustParts {
  readonly issuers: TrustedIssuers;
  readonly pins: Pins;
  /** URLs of our own issuers, v1 and v2: their tokens are those of every organization here. */
  readonly ownIssuers: readonly string[];
}

/** A trusted issuer as lists show it. */
export interface IssuerView {
  readonly issuer: TrustedIssuer;
  readonly lastUsed?: EpochSeconds;
}

/** The policy of a trusted issuer, with what the linter has to say about it. */
export interface PolicyView {
  readonly issuer: TrustedIssuer;
  readonly findings: readonly LintFinding[];
}

/** Administrators see all that their organization trusts. */
export const listIssuers = async (
  { issuers }: Pick<ReadTrustParts, 'issuers'>,
  principal: Principal,
): Promise<readonly IssuerView[]> => {
  administratorsOnly(principal, 'see the trusted issuers');
  const all = await issuers.list(principal.organization);
  return Promise.all(all.map((issuer) => viewOf(issuers, issuer)));
};

export const readIssuer = async (
  { issuers }: Pick<ReadTrustParts, 'issuers'>,
  principal: Principal,
  id: string,
): Promise<IssuerView> => {
  administratorsOnly(principal, 'see the trusted issuers');
  return viewOf(issuers, await issuerOf(issuers, principal.organization, id));
};

/** The policy of the trusted issuer with this id. */
export const readPolicy = async (
  parts: Pick<ReadTrustParts, 'issuers' | 'ownIssuers'>,
  principal: Principal,
  organization: Organization,
  issuerId: string,
): Promise<PolicyView> => {
  administratorsOnly(principal, 'see a policy');
  if (!UUID.test(issuerId)) throw new Refusal('invalid_request', { problem: 'Invalid issuer ID' });
  const issuer = await issuerOf(parts.issuers, organization.name, issuerId);
  return { issuer, findings: findingsOn(parts, issuer, issuer.policy.document, organization) };
};

/** One page of the names that a policy has pinned to an id. */
export const listPins = async (
  { issuers, pins }: ReadTrustParts,
  principal: Principal,
  policyId: string,
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
): Promise<{ readonly pins: readonly Pin[]; readonly total: number }> => {
  administratorsOnly(principal, 'see the pins of a policy');
  const { organization, policy } = await policyOf(issuers, principal.organization, policyId);
  return pins.list(organization, policy.id, (page - 1) * pageSize, pageSize);
};

export const viewOf = async (issuers: TrustedIssuers, issuer: TrustedIssuer): Promise<IssuerView> => {
  const lastUsed = await issuers.lastUsed(issuer);
  return { issuer, ...(lastUsed !== undefined && { lastUsed }) };
};

/** The trusted issuer with this id, or the refusal that there is none. */
export const issuerOf = async (issuers: TrustedIssuers, organization: string, id: string): Promise<TrustedIssuer> => {
  const issuer = await issuers.get(organization, id);
  if (!issuer) throw new Refusal('trusted_issuer_not_found');
  return issuer;
};

/** The trusted issuer whose policy has this id, or the refusal that there is none. */
export const policyOf = async (
  issuers: TrustedIssuers,
  organization: string,
  policyId: string,
): Promise<TrustedIssuer> => {
  const issuer = await issuers.ofPolicy(organization, policyId);
  if (!issuer) throw new Refusal('policy_not_found');
  return issuer;
};

/** What the linter says of a document, for this trusted issuer and this organization. */
export const findingsOn = (
  { ownIssuers }: Pick<ReadTrustParts, 'ownIssuers'>,
  { issuer, replay }: Pick<TrustedIssuer, 'issuer' | 'replay'>,
  document: PolicyDocument,
  organization: Organization,
): readonly LintFinding[] => {
  const ours = (['v1', 'v2'] as const)[ownIssuers.indexOf(issuer)];
  const roles = new Set(organization.roles.map(({ name }) => name));
  return lint(document, { issuer, replay, ...(ours && { ours }) }, roles);
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

import type { AccessTokenEntry, AccessTokens } from '../access/access-token.ts';
import type { Organization } from '../access/organization.ts';
import { type Holder, principalOf } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { Secret } from '../secret.ts';

export interface AccessTokenParts {
  readonly audit: AuditLog;
  readonly accessTokens: AccessTokens;
  /** The organization as its file declares it now. */
  organization(name: string): Organization | undefined;
  readonly limits: { readonly defaultLifetime: number; readonly maxLifetime: number };
  /** Who acts: `operator:<host>`. */
  readonly actor: string;
}

const MIN_LIFETIME = 60;
const MAX_NAME = 100;

/**
 * An operator makes an access token for somebody whom an organization's file knows.
 *
 * Its rights are those of the holder at each use; only an organization token carries its own.
 * No audit record, no token.
 */
export const createAccessToken = async (
  parts: AccessTokenParts,
  holder: Holder,
  asked: number | undefined,
): Promise<{ readonly token: Secret; readonly entry: AccessTokenEntry }> => {
  // 1. Does the organization's file know the holder, and the roles?
  checkHolder(organizationOf(parts, holder.organization), holder);

  // 2. Until when?
  const lifetime = asked ?? parts.limits.defaultLifetime;
  if (!(lifetime >= MIN_LIFETIME && lifetime <= parts.limits.maxLifetime)) {
    const problem = `lifetime: must be whole seconds from ${MIN_LIFETIME} to ${parts.limits.maxLifetime}; an operator can raise "accessTokens.maxLifetime"`;
    throw new Refusal('invalid_request', { problem });
  }

  // 3. The token; without its audit record it is taken back before anybody sees it.
  const made = await parts.accessTokens.issue(holder, lifetime);
  const { id, expires } = made.entry;
  try {
    await parts.audit.record({
      kind: 'access-token.create',
      organization: holder.organization,
      actor: parts.actor,
      outcome: 'granted',
      detail: { token: id, holder: `${holder.kind}:${holder.name}`, name: holder.tokenName, expires },
    });
  } catch (reason) {
    await parts.accessTokens.revoke(holder.organization, id);
    throw reason;
  }
  return made;
};

/** An operator ends an access token: it is worth nothing from here on, on every replica. */
export const revokeAccessToken = async (parts: AccessTokenParts, organization: string, id: string): Promise<void> => {
  if (!(await parts.accessTokens.revoke(organization, id))) {
    throw new Refusal('not_found', { what: `access token "${id}" of organization ${organization}` });
  }
  await parts.audit.record({
    kind: 'access-token.revoke',
    organization,
    actor: parts.actor,
    outcome: 'granted',
    detail: { token: id },
  });
};

/** The organization, which must be known to its files. */
export const organizationOf = (parts: Pick<AccessTokenParts, 'organization'>, name: string): Organization => {
  const organization = parts.organization(name);
  if (!organization) throw new Refusal('organization_not_found', { organization: name });
  return organization;
};

const checkHolder = (organization: Organization, holder: Holder): void => {
  if (!principalOf(holder, organization)) {
    const kind = holder.kind === 'personal' ? 'user' : holder.kind;
    throw new Refusal('not_found', {
      what: `${kind} "${holder.name}" in the file of organization ${organization.name}`,
    });
  }
  const known = new Set(organization.roles.map(({ name }) => name));
  const unknown = holder.roles?.find((role) => !known.has(role));
  if (unknown !== undefined) {
    throw new Refusal('not_found', { what: `role "${unknown}" in the file of organization ${organization.name}` });
  }
  if (holder.tokenName === '' || holder.tokenName.length > MAX_NAME || /\p{Cc}/u.test(holder.tokenName)) {
    throw new Refusal('invalid_name', { field: 'name', problem: `must be 1 to ${MAX_NAME} printable characters` });
  }
};

import type { AccessTokens } from '../access/access-token.ts';
import type { Organization } from '../access/organization.ts';
import type { AuditLog } from '../audit/record.ts';
import type { Secret } from '../secret.ts';
import type { Store } from '../store/store.ts';

export interface FirstTokenParts {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly accessTokens: AccessTokens;
  /** Seconds that the token lives. */
  readonly lifetime: number;
  /** Writes the token where only the operator reads it; throws when something is there already. */
  keep(token: Secret): Promise<void>;
}

const MARK = 'first-token';

/** Who gets it: the first administrator of the first organization, by name. */
export const firstAdministrator = (
  organizations: ReadonlyMap<string, Organization>,
): { readonly organization: string; readonly login: string } | undefined => {
  const byName = [...organizations.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const { name, users } of byName) {
    const administrator = users.find((user) => user.administrator);
    if (administrator) return { organization: name, login: administrator.login };
  }
  return undefined;
};

/**
 * The first administrator's token of a fresh installation, made once per store and never again.
 *
 * The mark in the store is set first: whatever happens afterwards, no second start makes another token.
 */
export const makeFirstToken = async (
  parts: FirstTokenParts,
  organizations: ReadonlyMap<string, Organization>,
): Promise<'made' | 'made before' | 'nobody to make it for'> => {
  const owner = firstAdministrator(organizations);
  if (!owner) return 'nobody to make it for';
  if (!(await parts.store.create(MARK, JSON.stringify(owner)))) return 'made before';
  const holder = {
    kind: 'personal' as const,
    organization: owner.organization,
    name: owner.login,
    tokenName: 'first administrator token',
  };
  const { token, entry } = await parts.accessTokens.issue(holder, parts.lifetime);
  await parts.audit.record({
    kind: 'access-token.create',
    organization: owner.organization,
    actor: 'server:first-start',
    outcome: 'granted',
    detail: { token: entry.id, holder: `personal:${owner.login}`, expires: entry.expires },
  });
  await parts.keep(token);
  return 'made';
};

import type { AccessTokens } from '../access/access-token.ts';
import type { Organization } from '../access/organization.ts';
import type { AuditLog } from '../audit/record.ts';
import type { Secret } from '../secret.ts';
import type { Store } from '../store/store.ts';

export interface FirstTokenParts {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly accessTokens: AccessTokens;
  /** Name of this process among the replicas. */
  readonly replica: string;
  /** Seconds that the token lives. */
  readonly lifetime: number;
  /** Makes the place where only the operator reads it; `undefined` when something is there already. */
  makePlace(): Promise<TokenPlace | undefined>;
}

/** An empty place for one token. */
export interface TokenPlace {
  keep(token: Secret): Promise<void>;
  /** Takes the place away again. */
  giveUp(): Promise<void>;
}

const MARK = 'first-token';

/** Who gets it: the first administrator of the first organization, by name. */
const firstAdministrator = (
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
 * The place comes first: where it cannot be made, the store stays fresh and the next start tries again. Then the mark
 * in the store: whatever happens afterwards, no second start makes another token. The process that set the mark may try
 * again: a store that did not answer in time may have kept it.
 */
export const makeFirstToken = async (
  parts: FirstTokenParts,
  organizations: ReadonlyMap<string, Organization>,
): Promise<'made' | 'made before' | 'place taken' | 'nobody to make it for'> => {
  const owner = firstAdministrator(organizations);
  if (!owner) return 'nobody to make it for';
  const mark = JSON.stringify({ ...owner, replica: parts.replica });
  const known = await parts.store.get(MARK);
  if (known && known.value !== mark) return 'made before';
  const place = await parts.makePlace();
  if (!place) return 'place taken';
  try {
    if (!known && !(await parts.store.create(MARK, mark))) {
      await place.giveUp();
      return 'made before';
    }
    await place.keep(await issueTo(parts, owner));
    return 'made';
  } catch (reason) {
    await place.giveUp();
    throw reason;
  }
};

const issueTo = async (
  { accessTokens, audit, lifetime }: FirstTokenParts,
  { organization, login }: { readonly organization: string; readonly login: string },
): Promise<Secret> => {
  const tokenName = 'first administrator token';
  const holder = { kind: 'personal' as const, organization, name: login, tokenName };
  const { token, entry } = await accessTokens.issue(holder, lifetime);
  await audit.record({
    kind: 'access-token.create',
    organization,
    actor: 'server:first-start',
    outcome: 'granted',
    detail: { token: entry.id, holder: `personal:${login}`, expires: entry.expires },
  });
  return token;
};

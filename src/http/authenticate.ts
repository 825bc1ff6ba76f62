import type { Context } from 'koa';
import type { AccessTokens } from '../access/access-token.ts';
import type { Organization } from '../access/organization.ts';
import { type Principal, principalOf } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import { fingerprint } from '../secret.ts';

export interface Authenticated {
  readonly principal: Principal;
  readonly organization: Organization;
}

/** The secret of an `Authorization` header, in either of the schemes that our doors take. RFC 6750, section 2.1. */
export const credentialOf = (ctx: Context): string => {
  const found = /^(?:token|bearer) +(\S{1,4096})$/i.exec(ctx.get('authorization'));
  if (!found?.[1]) throw new Refusal('unauthenticated');
  return found[1];
};

/** Who is calling? Asked anew for every request, so a revoked token or a role taken away counts at once. */
export const authenticate = async (
  tokens: Pick<AccessTokens, 'holderOf'>,
  organizations: () => ReadonlyMap<string, Organization>,
  credential: string,
): Promise<Authenticated> => {
  const holder = await tokens.holderOf(credential);
  const organization = holder && organizations().get(holder.organization);
  const principal = organization && principalOf(holder, organization);
  if (!principal) throw new Refusal('unauthenticated');
  return { principal: { ...principal, tokenFingerprint: fingerprint(credential) }, organization };
};

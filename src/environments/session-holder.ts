import type { Principal } from '../access/principal.ts';

/**
 * To whom an open session belongs: nobody else reads it.
 *
 * A user, and a client, is one and the same with every access token. Organization, team and runner tokens go by a
 * name that they share with others, so there each token is a holder of its own.
 */
export const sessionHolder = ({
  kind,
  name,
  tokenFingerprint,
}: Pick<Principal, 'kind' | 'name' | 'tokenFingerprint'>): string =>
  kind === 'personal' || kind === 'client' ? `${kind}:${name}` : `${kind}:${name} ${tokenFingerprint}`;

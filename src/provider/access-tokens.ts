import type { Provider } from 'oidc-provider';
import type { AccessTokenEntry, AccessTokens } from '../access/access-token.ts';
import type { Holder } from '../access/principal.ts';
import { fingerprint, Secret } from '../secret.ts';
import type { Settings } from '../settings/settings.ts';
import type { TokenRecord, TokenRecords } from './token-records.ts';

const ID_CHARACTERS = 16;
/** Documents read at the same time while listing. */
const BATCH = 100;

type Made = TokenRecord & { save(): Promise<string> };

/**
 * Access tokens over the library's AccessToken model and our records.
 *
 * Nothing is cached: a token ends on every replica at the moment it is revoked.
 */
export const accessTokens = (
  provider: Provider,
  records: TokenRecords,
  { maxLifetime }: Settings['accessTokens'],
): AccessTokens => {
  // The library's type asks for a client, an account and a grant; tokens of ours have a holder instead.
  const Model = provider.AccessToken as unknown as new (of: { holder: Holder; expiresIn: number }) => Made;

  return {
    async issue(holder, lifetime) {
      // At least a second: to the library, none at all means that it may choose.
      const made = new Model({ holder, expiresIn: Math.max(1, Math.min(Math.floor(lifetime), maxLifetime)) });
      const text = await made.save();
      return { token: new Secret(text), entry: entryOf(fingerprint(text), made) };
    },

    async holderOf(token) {
      return (await records.read(token))?.holder;
    },

    async list(organization) {
      const hashes = await records.hashes(organization);
      const entries: AccessTokenEntry[] = [];
      for (let at = 0; at < hashes.length; at += BATCH) {
        const batch = hashes.slice(at, at + BATCH);
        const found = await Promise.all(batch.map((hash) => records.readByHash(hash)));
        entries.push(...found.flatMap((record, index) => (record ? [entryOf(batch[index] as string, record)] : [])));
      }
      return entries;
    },

    async revoke(organization, id) {
      if (id.length !== ID_CHARACTERS) return false;
      const hash = (await records.hashes(organization)).find((candidate) => candidate.startsWith(id));
      return hash !== undefined && records.remove(hash);
    },
  };
};

/** The name of a token in lists and audit records. */
export const accessTokenId = (hash: string): string => hash.slice(0, ID_CHARACTERS);

const entryOf = (hash: string, { holder, iat, exp }: TokenRecord): AccessTokenEntry => ({
  id: accessTokenId(hash),
  holder,
  created: iat,
  expires: exp,
});

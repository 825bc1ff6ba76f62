import { isAccessToken } from '../access/access-token.ts';
import type { Holder } from '../access/principal.ts';
import { fingerprint } from '../secret.ts';
import type { Store } from '../store/store.ts';
import { type Clock, type EpochSeconds, epochSeconds } from '../system.ts';

/** What is stored of an access token: everything but the token. */
export interface TokenRecord {
  /** The library's name for how it came to be. */
  readonly kind: 'AccessToken' | 'ClientCredentials';
  readonly holder: Holder;
  readonly iat: EpochSeconds;
  readonly exp: EpochSeconds;
  readonly clientId?: string;
  readonly scope?: string;
}

/** Access tokens in the store: one document per token under its hash, one index per organization. */
export interface TokenRecords {
  write(text: string, record: TokenRecord): Promise<void>;
  /**
   * `undefined`, without asking the store, for what cannot be a token; also for revoked and expired ones, and for
   * those that came out of an exchange whose trusted issuer or run is gone.
   */
  read(text: string): Promise<TokenRecord | undefined>;
  /** False when there was none. */
  remove(hash: string): Promise<boolean>;
  /** Hashes of an organization's tokens, the last to expire first; some may be gone already. */
  hashes(organization: string): Promise<readonly string[]>;
  /** Like `read`, by hash. */
  readByHash(hash: string): Promise<TokenRecord | undefined>;
}

const PAGE = 1000;
const SWEEP_SECONDS = 60;

/** `stands`: is what the token came from still there? Asked, at each use, of tokens with an origin only. */
export const tokenRecords = (
  store: Store,
  clock: Clock,
  stands: (holder: Holder) => Promise<boolean>,
): TokenRecords => {
  const readByHash = async (hash: string): Promise<TokenRecord | undefined> => {
    const stored = await store.get(documentKey(hash));
    if (!stored) return undefined;
    const record = JSON.parse(stored.value) as TokenRecord;
    if (record.exp <= epochSeconds(clock)) return undefined;
    return record.holder.origin === undefined || (await stands(record.holder)) ? record : undefined;
  };

  const swept = new Map<string, EpochSeconds>();
  /** Takes what has expired off a list; once a minute is enough, since whoever reads it looks at each token. */
  const sweep = async (index: string): Promise<void> => {
    const now = epochSeconds(clock);
    if (now - (swept.get(index) ?? 0) < SWEEP_SECONDS) return;
    swept.set(index, now);
    await store.trim(index, now);
  };

  return {
    readByHash,

    async write(text, record) {
      const hash = fingerprint(text);
      const index = indexKey(record.holder.organization);
      // Both, before anybody is told the token: one that nobody could list or revoke must never be used.
      await Promise.all([
        sweep(index),
        store.add(index, hash, record.exp),
        store.put(documentKey(hash), JSON.stringify(record), { expiresAt: record.exp * 1000 }),
      ]);
    },

    async read(text) {
      return isAccessToken(text) ? readByHash(fingerprint(text)) : undefined;
    },

    async remove(hash) {
      return store.delete(documentKey(hash));
    },

    async hashes(organization) {
      const all: string[] = [];
      for (;;) {
        const { members, total } = await store.page(indexKey(organization), all.length, PAGE);
        all.push(...members);
        if (members.length === 0 || all.length >= total) return all;
      }
    },
  };
};

const documentKey = (hash: string): string => `access-token/${hash}`;

const indexKey = (organization: string): string => `tokens/${organization}`;

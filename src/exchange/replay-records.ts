import { LEEWAY } from '../issuers/token-times.ts';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import type { VerifiedToken } from '../issuers/verified-token.ts';
import { fingerprint } from '../secret.ts';
import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';
import type { Replays } from './replays.ts';

/** What is remembered of a used token: never any part of it. */
interface FirstUse {
  /** Hash of what was asked for. */
  readonly request: string;
  readonly contentHash: string;
  readonly at: EpochSeconds;
}

/** Seconds after the first use in which the same request may come again, inclusive. */
const RETRY_WINDOW = 60;
/** Seconds that a use is remembered past the last that the token is believed in: the clocks of replicas differ. */
const MARGIN = 60;

/** Used subject tokens in the store: one document per token, which only one use can create. */
export const openReplays = (store: Store): Replays => ({
  async use(issuer, token, request, now) {
    // 1. Most tokens may be used as long as they live; of those nothing is remembered.
    if (issuer.replay === 'allow') return 'first';

    // 2. The first of any number of uses creates the document.
    const key = keyOf(issuer, token);
    const use: FirstUse = { request, contentHash: token.contentHash, at: now };
    const expiresAt = (token.exp + LEEWAY + MARGIN) * 1000;
    if (await store.create(key, JSON.stringify(use), { expiresAt })) return 'first';

    // 3. A lost answer: the same token, asking for the same, soon after.
    if (issuer.replay === 'once') return 'replayed';
    const stored = await store.get(key);
    return stored && isRetry(JSON.parse(stored.value) as FirstUse, use) ? 'retry' : 'replayed';
  },
});

/** The raw text is no key: a signature can be written in more ways than one. */
const keyOf = ({ id, issuer }: TrustedIssuer, { jti, contentHash }: VerifiedToken): string =>
  `replay/${id}/${jti === undefined ? contentHash : fingerprint(JSON.stringify([issuer, jti]))}`;

const isRetry = (first: FirstUse, again: FirstUse): boolean =>
  again.request === first.request && again.contentHash === first.contentHash && again.at - first.at <= RETRY_WINDOW;

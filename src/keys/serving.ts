import type { EpochSeconds } from '../system.ts';
import type { PrivateHalf, PrivateHalves } from './private-halves.ts';
import { type PublishedKeys, renderKeys } from './published.ts';
import { chooseSigner, nextBoundary, type Ring, upcomingKeys } from './ring.ts';
import { spell } from './timing.ts';

/** What a replica serves and signs with from `from` until `until`, worked out once. */
export interface Serving {
  readonly ring: Ring;
  readonly from: EpochSeconds;
  readonly until: EpochSeconds;
  readonly jwks: PublishedKeys;
  readonly signer: PrivateHalf | undefined;
}

/** Signs only with a key that stands in the very bytes that are served beside it (I12). */
export const serve = (ring: Ring, now: EpochSeconds, halves: PrivateHalves, cacheMaxAge: number): Serving => {
  const jwks = renderKeys(ring, now, cacheMaxAge);
  const chosen = chooseSigner(ring, now, (kid) => halves.get(kid) !== undefined && jwks.kids.includes(kid));
  return {
    ring,
    from: now,
    until: nextBoundary(ring, now),
    jwks,
    signer: chosen && halves.get(chosen.kid),
  };
};

/** Why no key of this ring signs, for the operator; `undefined` when one does. */
export const whyNoSigner = ({ ring, signer }: Serving, now: EpochSeconds): string | undefined => {
  if (signer) return undefined;
  if (chooseSigner(ring, now)) return 'The private half of the signing key is not at hand.';
  const [next] = upcomingKeys(ring, now);
  return next
    ? `No key may sign yet; ${next.kid} starts in ${spell(next.signFrom - now)}.`
    : 'Every signing key has ended; a new one is about to be published. "runpass keys rotate --unsafe" does not wait until verifiers know it.';
};

import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import type { VerifiedToken } from '../issuers/verified-token.ts';
import type { EpochSeconds } from '../system.ts';

/** Which subject tokens were used. */
export interface Replays {
  /**
   * Uses a verified token up, where its issuer's `replay` rule says that tokens are. One step of the store decides,
   * so of any number of uses on any number of replicas exactly one is the first.
   *
   * `request`: hash of everything that the request asked for. `retry-window` takes the same token with the same
   * request again for 60 s after its first use; all else is `replayed`.
   */
  use(
    issuer: TrustedIssuer,
    token: VerifiedToken,
    request: string,
    now: EpochSeconds,
  ): Promise<'first' | 'retry' | 'replayed'>;
}

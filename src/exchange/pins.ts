import type { Identity } from '../policy/identities.ts';
import type { EpochSeconds } from '../system.ts';

/** An immutable id that was seen behind a name when a policy first granted something to it. */
export interface Pin {
  /** Names the pin in the API: from policy, claim and name. */
  readonly id: string;
  readonly policyId: string;
  /** The claim that holds the name, and the name. */
  readonly claim: string;
  readonly name: string;
  /** The claim that holds the id, and the id that counts. */
  readonly idClaim: string;
  readonly value: string;
  readonly created: EpochSeconds;
  readonly modified: EpochSeconds;
}

/** How identities stand to the pins of a policy. Those in neither list are pinned to the very id that came along. */
export interface Comparison {
  /** The pins that say another id. */
  readonly conflicts: readonly Pin[];
  /** Not pinned yet. */
  readonly unpinned: readonly Identity[];
}

/** The pins of all policies. */
export interface Pins {
  /** What is known of these identities. Writes nothing. */
  compare(organization: string, policyId: string, identities: readonly Identity[]): Promise<Comparison>;
  /** Pins what is not pinned yet. The first of many at once wins; the answer holds the conflicts of those who did not. */
  pin(
    organization: string,
    policyId: string,
    identities: readonly Identity[],
    at: EpochSeconds,
  ): Promise<readonly Pin[]>;
  list(
    organization: string,
    policyId: string,
    offset: number,
    count: number,
  ): Promise<{ readonly pins: readonly Pin[]; readonly total: number }>;
  get(organization: string, policyId: string, id: string): Promise<Pin | undefined>;
  /** Moves a pin to another id; false when there is none. */
  set(organization: string, policyId: string, id: string, value: string, at: EpochSeconds): Promise<boolean>;
  /** Forgets a pin: the next grant pins anew. False when there was none. */
  remove(organization: string, policyId: string, id: string): Promise<boolean>;
}

import type { Operation } from '../access/organization.ts';
import type { CloudSettings } from '../deployments/settings/cloud-settings.ts';
import type { EpochSeconds } from '../system.ts';

export const RUN_STATUSES = ['running', 'succeeded', 'failed', 'cancelled', 'expired'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** How a run may be finished by those who may finish it. */
export const FINAL_STATUSES = ['succeeded', 'failed', 'cancelled'] as const;
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** A name and the immutable id behind it. */
export interface Identified {
  readonly id: string;
  readonly name: string;
}

/** What a run is for: everything that its tokens' claims are made of, fixed when it starts. */
export interface RunSubject {
  readonly organization: Identified;
  readonly project: Identified;
  readonly stack: Identified;
  readonly operation: Operation;
  /** Ordinal of the run in its stack: 1, 2, 3, … */
  readonly version: number;
  /** Name of the authenticated starter, for v2's `actor` claim. */
  readonly actor: string;
}

/** Of a run that waits until an agent takes it: until then nobody holds its request token. */
export interface Queued {
  /** Id of the pool whose agents may take it. */
  readonly pool: string;
  /** When one did; absent: nobody has. */
  readonly taken?: EpochSeconds;
}

/** One execution that may ask for tokens. */
export interface Run {
  readonly id: string;
  readonly subject: RunSubject;
  /** `<kind>:<name>` of the authenticated starter. */
  readonly startedBy: string;
  /** As the starter stated it; recorded, never a claim. */
  readonly requestedBy?: string;
  readonly created: EpochSeconds;
  readonly deadline: EpochSeconds;
  /** Seconds within which the run must renew or mint; absent: it lives until its deadline. */
  readonly lease?: number;
  /** Minting does not count for the lease: who asks for tokens is another than who keeps the run alive. */
  readonly renewedOnly?: true;
  /** How it gets credentials of clouds, as its stack's settings had it when it started; absent: not at all. */
  readonly clouds?: CloudSettings;
  /** SHA-256 of the request token, base64url. */
  readonly requestTokenHash: string;
  /** Set where the run is a deployment. */
  readonly queued?: Queued;
  readonly status: RunStatus;
  readonly finished?: EpochSeconds;
}

/** One token that a run was given: what is needed to find it again, never the token. */
export interface IssuedToken {
  readonly jti: string;
  readonly kid: string;
  readonly aud: string;
  readonly iat: EpochSeconds;
  readonly exp: EpochSeconds;
}

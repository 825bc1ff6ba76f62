import type { IdToken } from './id-token.ts';
import type { TargetName } from './targets.ts';

/** How a run ends. */
export type FinalStatus = 'succeeded' | 'failed' | 'cancelled';

/** What an ID token is asked for with. */
export interface TokenWish {
  /** The cloud that it is for: gives the audience, and what else that cloud wants to see in it. */
  readonly target?: TargetName;
  /** Absent: that of the target, else that of the issuer. */
  readonly audience?: string;
  /** Seconds; absent: the issuer's own. */
  readonly lifetime?: number;
}

/** What a run may do for itself, by its request token. All of it throws `RunProblem`. */
export interface RunDesk {
  mint(wish: TokenWish, signal?: AbortSignal): Promise<IdToken>;
  /** Says that the run is alive. */
  renew(): Promise<void>;
  finish(status: FinalStatus): Promise<void>;
}

/**
 * Why the server did not do what a run asked.
 *
 * `passing`: not reached, or too busy; worth trying again. `over`: the run has ended, as `status`. `refused`: the rest.
 */
export class RunProblem extends Error {
  override readonly name = 'RunProblem';
  readonly kind: 'passing' | 'over' | 'refused';
  /** The server's own code of a refusal. */
  readonly code: string | undefined;
  readonly status: string | undefined;

  constructor(
    kind: RunProblem['kind'],
    message: string,
    about: { readonly code?: string; readonly status?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: about.cause });
    this.kind = kind;
    this.code = about.code;
    this.status = about.status;
  }
}

export const isPassingProblem = (reason: unknown): boolean => reason instanceof RunProblem && reason.kind === 'passing';

/** What went wrong, in a sentence. */
export const messageOf = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));

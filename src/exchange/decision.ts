import { TOKEN_PROBLEMS } from '../issuers/problems.ts';
import type { Claims, DefinitionTrace, PolicyQuestion } from '../policy/policy.ts';
import type { EpochSeconds } from '../system.ts';

/** Why an exchange was refused, by stable code: what the administrator reads. docs/exchange.md lists them all. */
export const DECISION_CODES = {
  ...TOKEN_PROBLEMS,
  unknown_organization: 'There is no such organization.',
  unknown_issuer: 'The organization does not trust the issuer that the subject token names.',
  foreign_client: 'The authenticated client belongs to another organization.',
  unknown_user: 'The organization has no such user.',
  unknown_team: 'The organization has no such team.',
  run_over: 'The subject token is one of ours, and the run that it was issued to is over.',
  policy_denied: 'A deny definition matches.',
  policy_unmatched: 'No allow definition matches.',
  policy_audit: 'The policy is in audit mode: it would have allowed this, and grants nothing.',
  identity_changed: 'The name is the one that was granted before, and the immutable id behind it is another.',
  replayed: 'The subject token was used before.',
} as const;
export type DecisionCode = keyof typeof DECISION_CODES;

/** What was decided about one exchange, and everything that explains it. Never a token. */
export interface Decision {
  readonly id: string;
  readonly time: EpochSeconds;
  readonly organization: string;
  readonly issuer: { readonly id: string; readonly name: string; readonly url: string };
  readonly question: PolicyQuestion;
  /** SHA-256 of the subject token as presented, base64url. */
  readonly subjectTokenHash: string;
  readonly outcome: 'granted' | 'refused';
  /** Set exactly when refused. */
  readonly code?: DecisionCode;
  /** Beside the code, for people. */
  readonly detail?: string;
  /** Claims of a verified token without the personal ones; absent where nothing could be believed. */
  readonly claims?: Claims;
  /** Top-level claims that were left out as personal. */
  readonly omitted?: readonly string[];
  /** Set when the policy was asked. */
  readonly policy?: {
    readonly id: string;
    readonly version: number;
    readonly mode: 'enforce' | 'audit';
    readonly definitions: readonly DefinitionTrace[];
  };
  /** Set when granted. */
  readonly grant?: {
    readonly administrator: boolean;
    readonly roles: readonly string[];
    readonly expires: EpochSeconds;
  };
  /** Set on `identity_changed`: the pin that refused it, so that an administrator can re-pin. */
  readonly pin?: { readonly id: string; readonly claim: string; readonly name: string; readonly presented: string };
}

/** Which decisions a list shows. */
export interface DecisionFilter {
  readonly issuer?: string;
  readonly outcome?: Decision['outcome'];
  /** Nothing older. */
  readonly since?: EpochSeconds;
}

/** The decisions of all organizations, kept for `retention.decisions`. */
export interface Decisions {
  /**
   * An id for a decision: 64 random bits, so that nobody finds another's. Where nothing may be stored it leads nowhere,
   * and looks like any other.
   */
  newId(): string;
  /**
   * Records a decision under its id.
   *
   * Of one trusted issuer's refusals the first `recordedRefusalsPerMinute` are stored, the others counted: then the
   * id leads nowhere.
   */
  record(decision: Decision): Promise<void>;
  get(organization: string, id: string): Promise<Decision | undefined>;
  /** Newest first, in pages of at most `count`; `next` leads on where there is more. */
  list(
    organization: string,
    filter: DecisionFilter,
    page: { readonly after?: string; readonly count: number },
  ): Promise<{ readonly decisions: readonly Decision[]; readonly next?: string }>;
  /** Refusals that were counted, not stored. */
  unrecorded(): number;
}

import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import { DECISION_CODES, type DecisionCode } from '../exchange/decision.ts';
import type { ExchangeQuestion } from '../exchange/question.ts';
import { readToken } from '../issuers/token-text.ts';
import type { ReplayRule, TrustedIssuer, TrustedIssuers } from '../issuers/trusted-issuer.ts';
import type { ReadToken } from '../issuers/verified-token.ts';
import type { Claims, DefinitionTrace, PolicyMode } from '../policy/policy.ts';
import { type Clock, type EpochSeconds, epochSeconds } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';
import { type ExchangeLimits, lifetimeOf } from './exchange-token.ts';
import { type Weighing, type WeighParts, weighClaims, weighToken } from './weigh-token.ts';

export interface TryExchangeParts extends WeighParts {
  readonly clock: Clock;
  readonly issuers: Pick<TrustedIssuers, 'find' | 'get'>;
  readonly limits: ExchangeLimits;
}

/** What somebody wants to know of an exchange that does not happen. */
export interface TrialRequest {
  readonly question: Pick<ExchangeQuestion, 'tokenType' | 'name' | 'admin'>;
  /** A token, which is verified like any other, or claims as if they stood in a genuine one. */
  readonly subject: { readonly token: string } | { readonly claims: Claims };
  /** Id of the trusted issuer; absent: found by `iss`. */
  readonly issuer?: string;
}

/** What an exchange would answer, and why. */
export interface Trial {
  readonly granted: boolean;
  /** Set exactly when not granted. */
  readonly code?: DecisionCode;
  readonly sentence?: string;
  readonly detail?: string;
  /** Set where the organization trusts the issuer. */
  readonly issuer?: { readonly id: string; readonly name: string };
  readonly policy?: { readonly id: string; readonly version: number; readonly mode: PolicyMode };
  /** How each definition was weighed; empty where nothing could be believed. */
  readonly definitions: readonly DefinitionTrace[];
  /** What an organization token would be given; in audit mode, what it would have been. */
  readonly administrator: boolean;
  readonly roles: readonly string[];
  /** Seconds that the access token would live. */
  readonly lifetime?: number;
  /** What the trial does not show. */
  readonly note?: string;
}

/**
 * What would be granted, and why? Weighs exactly like an exchange and changes nothing: no token is used up, no id is
 * pinned, no decision is recorded. For administrators only: the answer shows what policies ask for.
 */
export const tryExchange = async (
  parts: TryExchangeParts,
  principal: Principal,
  organization: Organization,
  request: TrialRequest,
): Promise<Trial> => {
  administratorsOnly(principal, 'try an exchange');
  const now = epochSeconds(parts.clock);

  // 1. Whose policies are asked?
  const found = await findIssuer(parts, organization.name, request);
  if ('code' in found) return { ...refusal(found), definitions: [], administrator: false, roles: [] };

  // 2. The same weighing as at an exchange.
  const { issuer, subject } = found;
  const weighing =
    'claims' in subject
      ? await weighClaims(parts, organization, issuer, request.question, subject.claims)
      : await weighToken(parts, organization, issuer, request.question, subject.read, now);

  // 3. What it means.
  const { id, name, replay, policy } = issuer;
  const { code, detail, verdict } = weighing;
  return {
    ...(code === undefined
      ? { granted: true, lifetime: lifetimeOf(parts.limits, issuer, { now, ...expiryOf(weighing, subject) }) }
      : refusal({ code, ...(detail !== undefined && { detail }) })),
    issuer: { id, name },
    policy: { id: policy.id, version: policy.version, mode: policy.document.mode },
    definitions: verdict?.trace ?? [],
    administrator: verdict?.administrator ?? false,
    roles: verdict?.roles ?? [],
    ...(replay !== 'allow' && { note: REPLAY_NOTES[replay] }),
  };
};

const REPLAY_NOTES: Readonly<Record<Exclude<ReplayRule, 'allow'>, string>> = {
  once: 'The replay rule of this issuer is "once": a token that was exchanged before is refused. Whether this one was, is not looked at here.',
  'retry-window':
    'The replay rule of this issuer is "retry-window": a token that was exchanged before is refused, but for the same request within 60 s. Whether this one was, is not looked at here.',
};

type Problem = { readonly code: DecisionCode; readonly detail?: string };

const refusal = ({ code, detail }: Problem) => ({
  granted: false,
  code,
  sentence: DECISION_CODES[code],
  ...(detail !== undefined && { detail }),
});

/** What is tried, once it was read. */
type Subject = { readonly claims: Claims } | { readonly read: ReadToken };

/** The issuer that was named, or the one that token or claims name: who names one and shows another's is told so. */
const findIssuer = async (
  { issuers }: TryExchangeParts,
  organization: string,
  { subject, issuer }: TrialRequest,
): Promise<{ readonly issuer: TrustedIssuer; readonly subject: Subject } | Problem> => {
  const named = issuer === undefined ? undefined : await issuers.get(organization, issuer);
  if (issuer !== undefined && !named) throw new Refusal('trusted_issuer_not_found');

  const read = 'claims' in subject ? subject : readSubject(subject.token);
  if ('code' in read) return read;
  const iss = 'claims' in read ? read.claims['iss'] : read.read.iss;
  if (named && iss !== undefined && iss !== named.issuer) {
    return { code: 'wrong_issuer', detail: `iss must be ${named.issuer}` };
  }
  if (!named && typeof iss !== 'string') return { code: 'missing_claim', detail: 'iss' };
  const found = named ?? (await issuers.find(organization, String(iss)));
  return found ? { issuer: found, subject: read } : { code: 'unknown_issuer' };
};

const readSubject = (token: string): Subject | Problem => {
  const read = readToken(token);
  return 'problem' in read ? { code: read.problem, detail: read.detail } : { read };
};

/** When the subject token ends, where it says so. */
const expiryOf = ({ token }: Weighing, subject: Subject): { readonly subjectExpires?: EpochSeconds } => {
  const exp = 'claims' in subject ? subject.claims['exp'] : token?.exp;
  return typeof exp === 'number' ? { subjectExpires: exp } : {};
};

import type { Organization } from '../access/organization.ts';
import type { Decision, DecisionCode } from '../exchange/decision.ts';
import type { Pin, Pins } from '../exchange/pins.ts';
import type { ExchangeQuestion } from '../exchange/question.ts';
import type { IssuerKeys } from '../issuers/issuer-keys.ts';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import type { ReadToken, VerifiedToken } from '../issuers/verified-token.ts';
import { verifyToken } from '../issuers/verify.ts';
import { decide } from '../policy/decide.ts';
import { type Identity, identitiesOf } from '../policy/identities.ts';
import type { Verdict } from '../policy/policy.ts';
import type { EpochSeconds } from '../system.ts';

export interface WeighParts {
  readonly keys: Pick<IssuerKeys, 'candidates'>;
  readonly pins: Pick<Pins, 'compare'>;
  runBehind(token: VerifiedToken): Promise<{ readonly id: string; readonly running: boolean } | undefined>;
}

/** What came out of weighing a token: refused with a code, or allowed without one. */
export interface Weighing {
  readonly code?: DecisionCode;
  readonly detail?: string;
  /** Set as soon as the token is believed. */
  readonly token?: VerifiedToken;
  /** Set as soon as the policy was asked. */
  readonly verdict?: Verdict;
  /** The names that the grant rests on and nobody used before, with their ids. Absent: none. */
  readonly unpinned?: readonly Identity[];
  readonly conflict?: NonNullable<Decision['pin']>;
  /** Id of the run of ours that the token was issued to. */
  readonly run?: string;
}

/** What the claims say of a question that somebody asks: the same, whether they came in a token or in a file. */
type Question = Pick<ExchangeQuestion, 'tokenType' | 'name' | 'admin'>;

/**
 * Is a subject token that was read genuine, and do the policies of its issuer allow what is asked?
 *
 * Reads, and writes nothing: `runpass trust test` weighs exactly like an exchange. The order is fixed; the first
 * thing that is wrong decides.
 */
export const weighToken = async (
  parts: WeighParts,
  organization: Organization,
  issuer: TrustedIssuer,
  question: Question,
  read: ReadToken,
  now: EpochSeconds,
): Promise<Weighing> => {
  // 1. Signature, issuer and times.
  const candidates = await parts.keys.candidates(issuer, read.header);
  if (typeof candidates === 'string') return refused(candidates, `kid ${read.header.kid ?? '(none)'}`);
  const verified = await verifyToken(read, candidates, issuer, now);
  if ('problem' in verified) return { ...refused(verified.problem, verified.detail), ...believed(verified) };

  // 2. A token of our own lives no longer than its run.
  const run = await parts.runBehind(verified);
  if (run && !run.running) return { ...refused('run_over'), token: verified, run: run.id };

  // 3. What its claims may be exchanged for.
  return {
    ...(await weighClaims(parts, organization, issuer, question, verified.claims)),
    token: verified,
    ...(run && { run: run.id }),
  };
};

/** The part that asks the policies: for claims that are believed, or that somebody wants to try. */
export const weighClaims = async (
  { pins }: Pick<WeighParts, 'pins'>,
  organization: Organization,
  issuer: TrustedIssuer,
  question: Question,
  claims: VerifiedToken['claims'],
): Promise<Weighing> => {
  // 1. The policies: any deny wins, without an allow nothing is granted.
  const { document, id } = issuer.policy;
  const verdict = decide(document, question, claims);
  if (verdict.outcome === 'denied') return { ...refused('policy_denied'), verdict };
  if (verdict.outcome === 'unmatched') return { ...refused('policy_unmatched'), verdict };

  // 2. Somebody who exists.
  const unknown = unknownHolder(organization, question);
  if (unknown) return { ...refused(unknown, question.name), verdict };

  // 3. The ids behind the names: the same as at their first grant.
  const allows = verdict.decidedBy.flatMap((index) => document.policies[index] ?? []);
  const identities = identitiesOf(allows, claims);
  const { conflicts, unpinned } = await pins.compare(issuer.organization, id, identities);
  if (conflicts[0]) return { ...identityChanged(conflicts[0], identities), verdict };
  if (document.mode === 'audit') return { ...refused('policy_audit'), verdict };
  return { verdict, unpinned };
};

/** Refused because a name is pinned to another id than the one that came along. */
export const identityChanged = (
  pin: Pin,
  identities: readonly Identity[],
): Weighing & { readonly code: DecisionCode } => {
  const presented = identities.find(({ claim }) => claim === pin.claim)?.id ?? '';
  const detail = `${pin.claim} "${pin.name}" had ${pin.idClaim} ${pin.value}, and now has ${presented}`;
  const conflict = { id: pin.id, claim: pin.claim, name: pin.name, presented };
  return { ...refused('identity_changed', detail), conflict };
};

const refused = (code: DecisionCode, detail?: string): Weighing & { readonly code: DecisionCode } => ({
  code,
  ...(detail !== undefined && { detail }),
});

/** A token that is genuine but too late, or too early: its claims may be shown. */
const believed = ({ genuine }: { readonly genuine?: VerifiedToken }): { readonly token?: VerifiedToken } =>
  genuine ? { token: genuine } : {};

const unknownHolder = (organization: Organization, { tokenType, name }: Question): DecisionCode | undefined => {
  if (tokenType === 'personal' && !organization.users.some(({ login }) => login === name)) return 'unknown_user';
  if (tokenType === 'team' && !organization.teams.some((team) => team.name === name)) return 'unknown_team';
  return undefined;
};

import type { AccessTokens } from '../access/access-token.ts';
import type { Organization } from '../access/organization.ts';
import type { Holder } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { Decision, DecisionCode, Decisions } from '../exchange/decision.ts';
import type { Pins } from '../exchange/pins.ts';
import type { ExchangeQuestion } from '../exchange/question.ts';
import type { Replays } from '../exchange/replays.ts';
import type { IssuerKeys } from '../issuers/issuer-keys.ts';
import { readToken } from '../issuers/token-text.ts';
import type { TrustedIssuer, TrustedIssuers } from '../issuers/trusted-issuer.ts';
import type { ReadToken, VerifiedToken } from '../issuers/verified-token.ts';
import { readClaimPath } from '../policy/claim-path.ts';
import type { DefinitionTrace } from '../policy/policy.ts';
import { fingerprint, type Secret } from '../secret.ts';
import { type Clock, type EpochSeconds, epochSeconds, type Log } from '../system.ts';
import { identityChanged, type Weighing, weighToken } from './weigh-token.ts';

/** Lifetimes of access tokens in seconds: where the caller does not ask, and the most that anybody gets. */
export interface ExchangeLimits {
  readonly defaultLifetime: number;
  readonly maxLifetime: number;
}

export interface ExchangeParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly issuers: TrustedIssuers;
  readonly keys: IssuerKeys;
  readonly decisions: Decisions;
  readonly replays: Replays;
  readonly pins: Pins;
  readonly accessTokens: AccessTokens;
  organization(name: string): Organization | undefined;
  /** Of a token that one of our own issuers signed for a run: the run, and whether it still runs. */
  runBehind(token: VerifiedToken): Promise<{ readonly id: string; readonly running: boolean } | undefined>;
  readonly limits: ExchangeLimits;
  /** Top-level claims that no decision keeps. */
  readonly personalClaims: ReadonlySet<string>;
  /** Told of every exchange, for the metrics; `code` when refused. */
  exchanged(outcome: 'granted' | 'refused', code?: DecisionCode): void;
}

export interface ExchangedToken {
  readonly token: Secret;
  /** Seconds that it lives; never less than 1. */
  readonly lifetime: number;
  readonly decision: string;
}

/** Stands in a trace where the value of a personal claim would: no JSON text, so nothing that a claim can be. */
const PERSONAL = '(personal)';

/** The shortest access token that an exchange gives, in seconds: clients take none that has ended already. */
const SHORTEST = 1;

/**
 * A token of an outside issuer is exchanged for an access token of ours. RFC 8693; contract section 3.
 *
 * Every refusal that depends on the token, or on what is stored, looks the same to the caller: one sentence and the
 * id of a decision, which only administrators of the organization can read. What is weighed, and in which order,
 * stands in weigh-token.ts. `clientOrganization` is that of the authenticated client, where one asks.
 */
export const exchangeToken = async (
  parts: ExchangeParts,
  question: ExchangeQuestion,
  caller: { readonly clientOrganization?: string } = {},
): Promise<ExchangedToken> => {
  const now = epochSeconds(parts.clock);

  // 1. Whom does the token claim to come from, and does the organization trust that issuer?
  const known = await findIssuer(parts, question, caller.clientOrganization);
  if ('code' in known) throw refuseUnrecorded(parts, known.code);

  // 2. Is it genuine, and do the policies allow it? Nothing is written yet.
  const weighing = await weighToken(parts, known.organization, known.issuer, question, known.read, now);

  // 3. First use: the ids behind the names are pinned, and a token that counts once is used up.
  const { code, ...why } =
    weighing.code === undefined ? await useToken(parts, known.issuer, question, weighing, now) : weighing;
  if (code !== undefined) throw await refuse(parts, known.issuer, question, { ...weighing, ...why, code }, now);

  // 4. Until when? Asked too much is given less, never refused.
  const { expiration } = question;
  const lifetime = lifetimeOf(parts.limits, known.issuer, {
    now,
    ...(expiration !== undefined && { asked: expiration }),
    ...(weighing.token && { subjectExpires: weighing.token.exp }),
  });

  // 5. The decision, the token that names it, the audit record. No audit record, no token.
  const grant = {
    administrator: weighing.verdict?.administrator ?? false,
    roles: weighing.verdict?.roles ?? [],
    expires: now + lifetime,
  };
  const id = parts.decisions.newId();
  const decision: Decision = {
    ...describe(parts, known.issuer, question, weighing, now),
    id,
    outcome: 'granted',
    grant,
  };
  const made = await issueToken(parts, holderOf(known.issuer, question, weighing, decision), lifetime, decision);
  await parts.issuers.used(known.issuer, now);
  parts.exchanged('granted');
  return { token: made.token, lifetime: made.entry.expires - made.entry.created, decision: id };
};

/** Makes the token and writes down why; where that fails, the token is taken back before anybody saw it. */
const issueToken = async (
  { accessTokens, decisions, audit, personalClaims }: ExchangeParts,
  holder: Holder,
  lifetime: number,
  decision: Decision,
): ReturnType<AccessTokens['issue']> => {
  const [made, recorded] = await Promise.allSettled([accessTokens.issue(holder, lifetime), decisions.record(decision)]);
  if (made.status === 'rejected') throw made.reason;
  const { entry } = made.value;
  try {
    if (recorded.status === 'rejected') throw recorded.reason;
    const sub = personalClaims.has('sub') ? PERSONAL : String(decision.claims?.['sub'] ?? '').slice(0, 255);
    await audit.record({
      kind: 'token.exchange',
      organization: decision.organization,
      actor: `issuer:${decision.issuer.id}`,
      outcome: 'granted',
      detail: {
        decision: decision.id,
        token: entry.id,
        holder: `${holder.kind}:${holder.name}`,
        sub,
        expires: entry.expires,
      },
    });
    return made.value;
  } catch (reason) {
    await accessTokens.revoke(holder.organization, entry.id);
    throw reason;
  }
};

type Found =
  | { readonly organization: Organization; readonly issuer: TrustedIssuer; readonly read: ReadToken }
  | { readonly code: DecisionCode };

const findIssuer = async (
  { organization: organizationOf, issuers }: ExchangeParts,
  question: ExchangeQuestion,
  clientOrganization: string | undefined,
): Promise<Found> => {
  if (clientOrganization !== undefined && clientOrganization !== question.organization)
    return { code: 'foreign_client' };
  const read = readToken(question.subjectToken);
  if ('problem' in read) return { code: read.problem };
  const organization = organizationOf(question.organization);
  if (!organization) return { code: 'unknown_organization' };
  const issuer = await issuers.find(organization.name, read.iss);
  return issuer ? { organization, issuer, read } : { code: 'unknown_issuer' };
};

/** Marks the token as used and its names as known; why not, where somebody was faster or the token was used before. */
const useToken = async (
  { replays, pins }: ExchangeParts,
  issuer: TrustedIssuer,
  question: ExchangeQuestion,
  { token, unpinned = [] }: Weighing,
  now: EpochSeconds,
): Promise<Partial<Weighing>> => {
  if (!token) return { code: 'malformed_token' };
  const { organization, policy } = issuer;
  if ((await replays.use(issuer, token, requestHash(question), now)) === 'replayed') return { code: 'replayed' };
  const [lost] = await pins.pin(organization, policy.id, unpinned, now);
  return lost ? identityChanged(lost, unpinned) : {};
};

/** Everything that the request asks for: two requests with the same hash ask for the same thing. */
const requestHash = ({ organization, requestedTokenType, scope, expiration, subjectToken }: ExchangeQuestion): string =>
  fingerprint(JSON.stringify([organization, requestedTokenType, scope, expiration ?? null, fingerprint(subjectToken)]));

/** Seconds that an access token of this issuer lives: what was asked for, or less. */
export const lifetimeOf = (
  limits: ExchangeLimits,
  issuer: Pick<TrustedIssuer, 'maxExpiration' | 'capToSubjectToken'>,
  of: { readonly now: EpochSeconds; readonly asked?: number; readonly subjectExpires?: EpochSeconds },
): number => {
  const asked = of.asked ?? limits.defaultLifetime;
  const ofSubject =
    issuer.capToSubjectToken && of.subjectExpires !== undefined ? of.subjectExpires - of.now : Number.POSITIVE_INFINITY;
  return Math.max(SHORTEST, Math.floor(Math.min(asked, issuer.maxExpiration, limits.maxLifetime, ofSubject)));
};

const holderOf = (
  issuer: TrustedIssuer,
  question: ExchangeQuestion,
  { run }: Weighing,
  { id: decision, grant }: Decision,
): Holder => ({
  kind: question.tokenType,
  organization: issuer.organization,
  name: question.name ?? issuer.organization,
  tokenName: issuer.name,
  ...(question.tokenType === 'organization' && grant && { administrator: grant.administrator, roles: grant.roles }),
  origin: { issuer: issuer.id, decision, ...(run !== undefined && { run }) },
});

/** What every decision says, whatever its outcome. */
const describe = (
  { personalClaims }: ExchangeParts,
  issuer: TrustedIssuer,
  question: ExchangeQuestion,
  { token, verdict }: Weighing,
  time: EpochSeconds,
): Omit<Decision, 'id' | 'outcome'> => {
  const claims: Record<string, unknown> = Object.create(null);
  const omitted: string[] = [];
  for (const [name, value] of Object.entries(token?.claims ?? {})) {
    if (personalClaims.has(name)) omitted.push(name);
    else claims[name] = value;
  }
  const { id, version, document } = issuer.policy;
  return {
    time,
    organization: issuer.organization,
    issuer: { id: issuer.id, name: issuer.name, url: issuer.url },
    question: {
      tokenType: question.tokenType,
      admin: question.admin,
      ...(question.name !== undefined && { name: question.name }),
    },
    subjectTokenHash: fingerprint(question.subjectToken),
    ...(token && { claims }),
    ...(omitted.length > 0 && { omitted }),
    ...(verdict && {
      policy: { id, version, mode: document.mode, definitions: withoutPersonal(verdict.trace, personalClaims) },
    }),
  };
};

/** The trace, without what the token presents in a personal claim: that it presents something stays to be seen. */
const withoutPersonal = (
  trace: readonly DefinitionTrace[],
  personalClaims: ReadonlySet<string>,
): readonly DefinitionTrace[] =>
  trace.map((definition) => {
    const { failure } = definition;
    const path = readClaimPath(failure?.claim ?? '');
    const personal = 'problem' in path || personalClaims.has(path[0] ?? '');
    return failure?.presented !== undefined && personal
      ? { ...definition, failure: { ...failure, presented: PERSONAL } }
      : definition;
  });

const refuse = async (
  parts: ExchangeParts,
  issuer: TrustedIssuer,
  question: ExchangeQuestion,
  weighing: Weighing & { readonly code: DecisionCode },
  now: EpochSeconds,
): Promise<Refusal> => {
  const { code, detail, conflict } = weighing;
  const id = parts.decisions.newId();
  const record = parts.decisions.record({
    ...describe(parts, issuer, question, weighing, now),
    id,
    outcome: 'refused',
    code,
    ...(detail !== undefined && { detail }),
    ...(conflict && { pin: conflict }),
  });
  const trace = parts.audit
    .record({
      kind: 'token.exchange',
      organization: issuer.organization,
      actor: `issuer:${issuer.id}`,
      outcome: 'refused',
      code: 'exchange_refused',
      detail: { decision: id, reason: code },
    })
    .catch(() => undefined);
  await Promise.all([record, trace]);
  parts.exchanged('refused', code);
  return new Refusal('exchange_refused', { decision: id });
};

/** Where organization or trusted issuer do not exist, a stranger makes us write nothing but a line in the log. */
const refuseUnrecorded = (parts: ExchangeParts, code: DecisionCode): Refusal => {
  const decision = parts.decisions.newId();
  parts.log.info('an exchange was refused', { decision, code });
  parts.exchanged('refused', code);
  return new Refusal('exchange_refused', { decision });
};

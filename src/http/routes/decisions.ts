import type { Context } from 'koa';
import { Refusal } from '../../errors.ts';
import type { Decision, DecisionFilter } from '../../exchange/decision.ts';
import { AUDIENCE_PREFIX, ID_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT, TOKEN_TYPE_PREFIX } from '../../exchange/question.ts';
import { readExchangeQuestion } from '../../exchange/read-question.ts';
import { getDecision, listDecisions, type ReadDecisionsParts } from '../../flows/read-decisions.ts';
import { type TrialRequest, type TryExchangeParts, tryExchange } from '../../flows/try-exchange.ts';
import { type Claims, TOKEN_TYPES, type TokenType } from '../../policy/policy.ts';
import { parseStrictJson, StrictJsonError } from '../../strict-json.ts';
import { writeTime } from '../../system.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, pageOf, parameterOf, timeIn } from './api.ts';

export interface DecisionRouteParts extends ReadDecisionsParts, TryExchangeParts {}

interface TryBody {
  readonly requestedTokenType: TokenType;
  readonly scope?: string;
  readonly subjectToken?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

const OUTCOMES = ['granted', 'refused'] as const;

/** Nothing longer leads anywhere: neither the id of an issuer, nor a place in a list. */
const MAX_WORD = 200;

/** The body is small and flat already: this is what reads it once more. */
const CLAIM_LIMITS = { maxDepth: 16, maxMembers: 10_000 };

const readTry = bodyReader<TryBody>({
  type: 'object',
  required: ['requestedTokenType'],
  additionalProperties: false,
  properties: {
    requestedTokenType: { type: 'string', enum: TOKEN_TYPES },
    scope: { type: 'string', maxLength: 200 },
    subjectToken: { type: 'string', minLength: 1 },
    claims: { type: 'object' },
  },
});

/** `/api/orgs/{org}/decisions`, and `…/try`: why exchanges were refused or granted, and whether one would be. */
export const addDecisionRoutes = (door: ApiDoor, parts: DecisionRouteParts): void => {
  door.get('/api/orgs/:org/decisions', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const after = wordIn(ctx, 'after');
    const page = { count: pageOf(ctx).pageSize, ...(after !== undefined && { after }) };
    const { decisions, next } = await listDecisions(parts, principal, organization.name, filterOf(ctx), page);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { decisions: decisions.map(showDecision), ...(next !== undefined && { next }) };
  });

  door.get('/api/orgs/:org/decisions/:decision', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const decision = await getDecision(parts, principal, organization.name, parameterOf(ctx, 'decision'));
    ctx.set('Cache-Control', 'no-store');
    ctx.body = showDecision(decision);
  });

  const tryIt = async (ctx: Context, issuer?: string): Promise<void> => {
    const { principal, organization } = await door.caller(ctx);
    const body = await readTry(ctx);
    const request = { ...trialOf(organization.name, body), ...(issuer !== undefined && { issuer }) };
    ctx.set('Cache-Control', 'no-store');
    ctx.body = await tryExchange(parts, principal, organization, request);
  };
  door.post('/api/orgs/:org/oidc/try', (ctx) => tryIt(ctx));
  door.post('/api/orgs/:org/oidc/issuers/:issuer/try', (ctx) => tryIt(ctx, parameterOf(ctx, 'issuer')));
};

/** Kind and scope are read by the rules of the exchange itself; where claims are tried, no token is looked at. */
const trialOf = (organization: string, { requestedTokenType, scope, subjectToken, claims }: TryBody): TrialRequest => {
  if ((subjectToken === undefined) === (claims === undefined)) {
    throw new Refusal('invalid_request', { problem: 'send either "subjectToken" or "claims"' });
  }
  const question = readExchangeQuestion({
    grant_type: TOKEN_EXCHANGE_GRANT,
    audience: AUDIENCE_PREFIX + organization,
    subject_token_type: ID_TOKEN_TYPE,
    requested_token_type: TOKEN_TYPE_PREFIX + requestedTokenType,
    scope,
    subject_token: subjectToken ?? 'none',
  });
  return { question, subject: subjectToken === undefined ? { claims: asInToken(claims) } : { token: subjectToken } };
};

/** The claims as they would come out of a token: plain data without a prototype, or refused like one that no token has. */
const asInToken = (claims: unknown): Claims => {
  try {
    return parseStrictJson(JSON.stringify(claims), CLAIM_LIMITS) as Claims;
  } catch (reason) {
    if (!(reason instanceof StrictJsonError)) throw reason;
    throw new Refusal('invalid_request', { problem: `claims: ${reason.message}` });
  }
};

const showDecision = ({ time, grant, ...decision }: Decision) => ({
  ...decision,
  time: writeTime(time),
  ...(grant && { grant: { ...grant, expires: writeTime(grant.expires) } }),
});

const filterOf = (ctx: Context): DecisionFilter => {
  const [issuer, asked, since] = [wordIn(ctx, 'issuer'), wordIn(ctx, 'outcome'), wordIn(ctx, 'since')];
  const outcome = OUTCOMES.find((candidate) => candidate === asked);
  if (asked !== undefined && !outcome) {
    throw new Refusal('invalid_request', { problem: `outcome: must be one of ${OUTCOMES.join(', ')}` });
  }
  return {
    ...(issuer !== undefined && { issuer }),
    ...(outcome && { outcome }),
    ...(since !== undefined && { since: timeIn('since', since) }),
  };
};

/** A parameter of the query, given at most once; absent and empty are the same. */
const wordIn = (ctx: Context, field: string): string | undefined => {
  const value = ctx.query[field];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && value.length <= MAX_WORD) return value;
  throw new Refusal('invalid_request', { problem: `${field}: must be given once, in at most ${MAX_WORD} characters` });
};

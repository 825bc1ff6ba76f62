import type { Context, Middleware, Next } from 'koa';
import { Refusal } from '../../errors.ts';
import { exchangeAnswer } from '../../exchange/answer.ts';
import type { ExchangeQuestion } from '../../exchange/question.ts';
import { readExchangeQuestion } from '../../exchange/read-question.ts';
import type { ExchangedToken } from '../../flows/exchange-token.ts';
import { readParameters } from '../body.ts';
import { stateOf } from '../context.ts';

export interface ExchangeRouteParts {
  /** The story behind the door, with its limits. */
  exchange(question: ExchangeQuestion): Promise<ExchangedToken>;
}

export const EXCHANGE_ROUTE = '/api/oauth/token';
/** Clients put the path behind their base URL as they are told it: with a slash at its end, there are two. */
const PATHS: ReadonlySet<string> = new Set([EXCHANGE_ROUTE, `/${EXCHANGE_ROUTE}`]);

/**
 * `POST /api/oauth/token`: a token of an outside issuer is exchanged for an access token of ours.
 *
 * The contract's door (sections 3.3 and 3.4): no client and no credential but the subject token, form or JSON. An
 * `Authorization` header means nothing here. Answers and refusals are OAuth's, never to be stored.
 */
export const exchangeRoute =
  (parts: ExchangeRouteParts): Middleware =>
  async (ctx: Context, next: Next) => {
    if (!PATHS.has(ctx.path)) return next();
    stateOf(ctx).route = EXCHANGE_ROUTE;
    ctx.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    if (ctx.method !== 'POST') throw new Refusal('method_not_allowed', { allowed: 'POST' });
    const question = readExchangeQuestion(await readParameters(ctx));
    ctx.body = exchangeAnswer(question, await parts.exchange(question), 'token');
  };

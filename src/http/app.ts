import Koa, { type Context, type Middleware, type Next } from 'koa';
import { Refusal } from '../errors.ts';
import { StoreError } from '../store/store.ts';
import type { Log, System } from '../system.ts';
import { clientAddress } from './address.ts';
import { answerTo, writeAnswer, writeOAuthAnswer } from './answer.ts';
import { type RequestState, stateOf } from './context.ts';
import type { RequestMetrics } from './metrics.ts';
import { RefusalLimit } from './refusal-limit.ts';
import { EXCHANGE_ROUTE } from './routes/exchange.ts';

export interface AppParts {
  readonly system: System;
  readonly metrics: RequestMetrics;
  readonly limits: { readonly refusalsPerMinute: number; readonly trustedProxies: readonly string[] };
  /** The OAuth doors under `/oidc`. */
  readonly provider: Middleware;
  /** Everything else. */
  readonly routes: readonly Middleware[];
}

/** The order in which a request passes: the only control flow of this room. */
export const makeApp = (parts: AppParts): Koa => {
  const app = new Koa();
  app.silent = true;
  app.on('error', (cause: unknown) => logLateError(parts.system.log, cause));
  app.use(identify(parts));
  app.use(answerErrors(parts));
  app.use(parts.provider);
  for (const routes of parts.routes) app.use(routes);
  app.use(() => {
    throw new Refusal('not_found', { what: 'such path' });
  });
  return app;
};

/** Gives the request an id, and writes its line in the log and the metrics when it is over. */
const identify = ({ system, metrics }: AppParts): Middleware => {
  const { clock, random, log } = system;
  return async (ctx: Context, next: Next) => {
    const started = clock.monotonicMs();
    const state: RequestState = { requestId: random.uuid(), route: 'none' };
    ctx.state = state;
    ctx.set('X-Request-Id', state.requestId);
    ctx.set('X-Content-Type-Options', 'nosniff');
    await next();
    const ms = Math.round((clock.monotonicMs() - started) * 10) / 10;
    metrics.observe(state.route, ctx.method, ctx.status, ms);
    log.info('request', {
      requestId: state.requestId,
      method: ctx.method,
      route: state.route,
      status: ctx.status,
      ms,
      ...(state.refusal !== undefined && { refusal: state.refusal }),
    });
  };
};

/** Turns whatever was thrown into an answer: the sentence for the caller, the cause for the log. */
const answerErrors = ({ system, limits, metrics }: AppParts): Middleware => {
  const addressOf = clientAddress(limits.trustedProxies);
  const refusals = new RefusalLimit(system.clock, limits.refusalsPerMinute);
  /** Counts a refusal of this caller; gives what it is told instead when there were too many. */
  const countRefusal = (ctx: Context, status: number, code: string | undefined): Refusal | undefined => {
    if (status !== 401 && status !== 403 && !COUNTED.has(code ?? '')) return undefined;
    const address = addressOf(ctx.req.socket.remoteAddress ?? '', ctx.get('x-forwarded-for') || undefined);
    const seconds = refusals.count(address);
    return seconds === undefined ? undefined : new Refusal('too_many_refusals', { seconds });
  };
  const answer = (ctx: Context, reason: unknown): void => {
    const state = stateOf(ctx);
    const told = answerTo(reason);
    state.refusal = told.refusal;
    if (reason instanceof StoreError) metrics.storeError(reason.kind);
    if (told.status >= 500) {
      const level = told.status === 503 ? 'warn' : 'error';
      system.log[level]('a request failed', { requestId: state.requestId, route: state.route }, reason);
    }
    if (!ctx.req.complete) ctx.set('Connection', 'close');
    if (isOAuthDoor(state.route)) writeOAuthAnswer(ctx, told);
    else writeAnswer(ctx, told, state.requestId);
  };
  return async (ctx: Context, next: Next) => {
    try {
      await next();
      // The provider answers its own refusals.
      const limited = countRefusal(ctx, ctx.status, stateOf(ctx).refusal);
      if (limited) answer(ctx, limited);
    } catch (reason) {
      const { status, code } = reason instanceof Refusal ? reason : { status: 0, code: undefined };
      answer(ctx, countRefusal(ctx, status, code) ?? reason);
    }
  };
};

/** Refusals that count beside those of a missing or insufficient credential: a token that was not exchanged. */
const COUNTED: ReadonlySet<string> = new Set(['exchange_refused', 'too_many_refusals']);

/** The provider's doors speak OAuth, and their route is their path; so does the door for exchanges. */
const isOAuthDoor = (route: string): boolean => route.startsWith('/oidc') || route === EXCHANGE_ROUTE;

/** A connection that broke while an answer was on its way is nobody's fault; the rest is worth a line. */
const logLateError = (log: Log, cause: unknown): void => {
  const code = (cause as { code?: string } | undefined)?.code;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE') return;
  log.warn('an answer could not be sent', {}, cause);
};

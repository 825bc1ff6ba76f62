import type { Context } from 'koa';
import { Refusal } from '../errors.ts';
import { StoreError } from '../store/store.ts';

/** What a caller is told of a failure. Anything that we do not know becomes 500 without detail. */
export interface Answer {
  readonly status: number;
  readonly refusal: string;
  readonly message: string;
  /** OAuth 2.0 error code. */
  readonly oauth: string;
  /** Seconds after which trying again may help. */
  readonly retryAfter?: number;
  /** Methods that the path takes. RFC 9110, section 15.5.6. */
  readonly allow?: string;
  /** Id of the decision behind a refused exchange: what an administrator asks for. */
  readonly correlation?: string;
}

const UNAVAILABLE = new Refusal('store_unavailable');

export const answerTo = (reason: unknown): Answer => {
  if (reason instanceof Refusal) return ofRefusal(reason);
  if (reason instanceof StoreError && reason.kind !== 'corrupt') return ofRefusal(UNAVAILABLE);
  return {
    status: 500,
    refusal: 'internal',
    message: 'Something went wrong here; it was logged.',
    oauth: 'server_error',
  };
};

const ofRefusal = (refusal: Refusal): Answer => ({
  status: refusal.status,
  refusal: refusal.code,
  message: refusal.message,
  oauth: refusal.oauth,
  ...(refusal.status === 503 && { retryAfter: 1 }),
  ...(refusal.code === 'method_not_allowed' && { allow: String(refusal.detail.allowed) }),
  ...(refusal.code === 'too_many_refusals' && { retryAfter: Number(refusal.detail.seconds) }),
  ...(refusal.code === 'exchange_refused' && { correlation: String(refusal.detail.decision) }),
});

/** Writes a failure in the form of `/api/*`: the contract's `{code, message}`, our stable code, the request's id. */
export const writeAnswer = (ctx: Context, answer: Answer, requestId: string): void => {
  writeHeaders(ctx, answer);
  ctx.body = { code: answer.status, message: answer.message, refusal: answer.refusal, requestId };
};

/** Writes a failure in the form of the OAuth doors. RFC 6749, section 5.2. */
export const writeOAuthAnswer = (ctx: Context, answer: Answer): void => {
  writeHeaders(ctx, answer);
  ctx.body = {
    error: answer.oauth,
    error_description: answer.message,
    ...(answer.correlation !== undefined && { correlation_id: answer.correlation }),
  };
};

const writeHeaders = (ctx: Context, answer: Answer): void => {
  ctx.status = answer.status;
  ctx.set('Cache-Control', 'no-store');
  if (answer.retryAfter !== undefined) ctx.set('Retry-After', String(answer.retryAfter));
  if (answer.allow !== undefined) ctx.set('Allow', answer.allow);
  if (answer.status === 401) {
    // RFC 6750, section 3.1: no error code where no credentials came.
    const presented = ctx.get('authorization') !== '';
    ctx.set('WWW-Authenticate', presented ? 'Bearer error="invalid_token"' : 'Bearer');
  }
};

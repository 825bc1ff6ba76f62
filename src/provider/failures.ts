import type { Context } from 'koa';
import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { Refusal } from '../errors.ts';
import { StoreError } from '../store/store.ts';
import type { Log } from '../system.ts';

/**
 * Listens to what goes wrong inside the library: logs it, and corrects the answer where the library knows too little.
 *
 * It calls every failure that is not its own a 500; a store that is away is a 503, and worth trying again.
 * The log gets the library's fixed sentences, never what the caller sent.
 */
export const answerFailures = (provider: Provider, log: Log): void => {
  const refused = (ctx: KoaContextWithOIDC, { error, error_detail }: errors.OIDCProviderError): void => {
    ctx.state.refusal = error;
    log.info('client request refused', {
      requestId: ctx.state.requestId,
      client: ctx.oidc.client?.clientId,
      error,
      ...(error === 'invalid_client' && { detail: error_detail }),
    });
  };
  provider.on('grant.error', refused);
  provider.on('introspection.error', refused);
  provider.on('revocation.error', refused);
  provider.on('server_error', (ctx, failure) => {
    log.error('a client request failed', { requestId: ctx.state.requestId }, failure);
    if (isStoreAway(failure)) answerUnavailable(ctx);
    else answerOAuth(ctx, 500, 'server_error', 'Something went wrong here; it was logged.');
  });
};

export const isStoreAway = (failure: unknown): boolean => failure instanceof StoreError && failure.kind !== 'corrupt';

/** The store is away. RFC 6749 has no code for it at these endpoints; this one is its authorization endpoint's. */
export const answerUnavailable = (ctx: Context): void => {
  const refusal = new Refusal('store_unavailable');
  ctx.state.refusal = refusal.code;
  ctx.set('Retry-After', '1');
  answerOAuth(ctx, refusal.status, refusal.oauth, refusal.message);
};

/** RFC 6749, section 5.2. */
export const answerOAuth = (ctx: Context, status: number, error: string, description: string): void => {
  ctx.status = status;
  ctx.body = { error, error_description: description };
};

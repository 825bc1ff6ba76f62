import type { Context, Middleware } from 'koa';
import type { Provider } from 'oidc-provider';

const CORS_HEADERS = ['Access-Control-Allow-Origin', 'Access-Control-Expose-Headers'] as const;

/**
 * Lets the provider answer at one of its routes, whatever path, host or kind of answer the request named.
 *
 * The library makes URLs, and with them the audiences that it accepts in client assertions, from the request's
 * address. Here that address is the issuer's, so a forged Host or absolute-form target means nothing.
 */
export const runProvider = async (provider: Provider, ctx: Context, route: string): Promise<void> => {
  const { origin, pathname } = new URL(provider.issuer);
  const target = ctx.req.url;
  // The router: the only middleware that the library has, as long as nobody adds one.
  const [answer] = provider.middleware as unknown as [Middleware];
  Object.defineProperty(ctx.request, 'href', { value: `${origin}/` });
  ctx.mountPath = pathname;
  ctx.req.headers.accept = 'application/json';
  ctx.req.url = route;
  try {
    await answer(ctx, async () => {});
  } finally {
    ctx.req.url = target as string;
    // The library refuses what a page of another origin sends, and yet would let that page read the answer.
    for (const header of CORS_HEADERS) ctx.remove(header);
  }
};

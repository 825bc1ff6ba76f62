import type { Context, Middleware, Next } from 'koa';
import { stateOf } from '../context.ts';

/** Why something cannot be done at the moment, one short sentence each; empty when it can. */
export type Reasons = readonly string[];

export interface HealthParts {
  /** What keeps this server from serving its key sets. */
  keysNotReady(): Reasons;
  /** What keeps this server from issuing. */
  issuingNotReady(): Promise<Reasons>;
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
}

/**
 * `/healthz`, `/readyz/keys`, `/readyz/issue` and `/metrics`.
 *
 * Two readiness probes on purpose: a load balancer must not take the key sets away because the store is down,
 * and being alive depends on nothing but the process.
 */
export const healthRoutes = (parts: HealthParts): Middleware => {
  const doors: Readonly<Record<string, (ctx: Context) => Promise<void>>> = {
    '/healthz': async (ctx) => {
      ctx.body = { status: 'alive' };
    },
    '/readyz/keys': async (ctx) => answer(ctx, parts.keysNotReady()),
    '/readyz/issue': async (ctx) => answer(ctx, await parts.issuingNotReady()),
    '/metrics': async (ctx) => {
      const { type, text } = await parts.metrics();
      ctx.type = type;
      ctx.body = text;
    },
  };
  return async (ctx: Context, next: Next) => {
    const door = ctx.method === 'GET' || ctx.method === 'HEAD' ? doors[ctx.path] : undefined;
    if (!door) return next();
    stateOf(ctx).route = ctx.path;
    ctx.set('Cache-Control', 'no-store');
    await door(ctx);
  };
};

const answer = (ctx: Context, reasons: Reasons): void => {
  ctx.status = reasons.length === 0 ? 200 : 503;
  ctx.body = reasons.length === 0 ? { status: 'ready' } : { status: 'not ready', reasons };
};

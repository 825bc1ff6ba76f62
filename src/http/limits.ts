import type { Context } from 'koa';
import { stateOf } from './context.ts';

/** What a request of one route may cost. */
export interface RouteLimits {
  /** Largest body, in bytes. */
  readonly bodyBytes: number;
  /** Seconds in which the whole body has to arrive. */
  readonly bodySeconds: number;
}

const DEFAULT_LIMITS: RouteLimits = { bodyBytes: 64 * 1024, bodySeconds: 10 };

/** The routes that differ from the default, by method and pattern: the one place to give a route its own. */
const ROUTE_LIMITS: Readonly<Record<string, Partial<RouteLimits>>> = {
  'POST /api/orgs/:org/runs': { bodyBytes: 16 * 1024 },
  'POST /api/orgs/:org/runs/:run/finish': { bodyBytes: 4 * 1024 },
  'POST /api/orgs/:org/claims/preview': { bodyBytes: 16 * 1024 },
  // Settings come with it, and lines of a log by the thousand.
  'POST /api/stacks/:org/:project/:stack/deployments': { bodyBytes: 512 * 1024 },
  'POST /api/deployments/:deployment/logs': { bodyBytes: 1024 * 1024 },
  // Key sets and policies.
  'POST /api/orgs/:org/oidc/issuers': { bodyBytes: 256 * 1024 },
  'PATCH /api/orgs/:org/oidc/issuers/:issuer': { bodyBytes: 256 * 1024 },
  'PATCH /api/orgs/:org/auth/policies/:policy': { bodyBytes: 256 * 1024 },
  // Trust documents, of up to 256 KiB each, with what JSON adds to a text.
  'POST /api/orgs/:org/trust/explain': { bodyBytes: 640 * 1024 },
  'POST /api/orgs/:org/trust/verify': { bodyBytes: 640 * 1024 },
  // Definitions of environments.
  'PATCH /api/esc/environments/:org/:project/:environment': { bodyBytes: 1024 * 1024 },
  'POST /api/esc/environments/:org/yaml/check': { bodyBytes: 1024 * 1024 },
  'POST /api/esc/environments/:org/yaml/open': { bodyBytes: 1024 * 1024 },
};

export const limitsOf = (ctx: Context): RouteLimits => ({
  ...DEFAULT_LIMITS,
  ...ROUTE_LIMITS[`${ctx.method} ${stateOf(ctx).route}`],
});

/** Longest time that any route gives a body: what the server's own clock on requests has to allow. */
export const longestBodySeconds = Math.max(
  ...[DEFAULT_LIMITS, ...Object.values(ROUTE_LIMITS)].map(({ bodySeconds = 0 }) => bodySeconds),
);

import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { AccessTokens } from '../../access/access-token.ts';
import { problemWithName } from '../../access/names.ts';
import type { Organization } from '../../access/organization.ts';
import { Refusal } from '../../errors.ts';
import { type EpochSeconds, readTime } from '../../system.ts';
import { type Authenticated, authenticate, credentialOf } from '../authenticate.ts';
import { stateOf } from '../context.ts';

type Handler = (ctx: Context) => Promise<void> | void;

/**
 * The door to `/api/*`: every route behind it knows its caller by an access token, inside one organization.
 *
 * The organization of the path must be the caller's own; any other is answered as if it did not exist.
 */
export interface ApiDoor {
  get(path: string, handler: Handler): void;
  post(path: string, handler: Handler): void;
  put(path: string, handler: Handler): void;
  patch(path: string, handler: Handler): void;
  delete(path: string, handler: Handler): void;
  /** The caller, checked against the `org` of the path where the path has one. */
  caller(ctx: Context): Promise<Authenticated>;
  middleware(): Middleware[];
}

export const openApiDoor = (
  tokens: Pick<AccessTokens, 'holderOf'>,
  organizations: () => ReadonlyMap<string, Organization>,
): ApiDoor => {
  // Paths as they are written: a proxy's rule for /api must not be passed by as /API.
  const router = new Router({ sensitive: true });
  const add = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, handler: Handler): void => {
    router[method](path, (ctx: Context) => {
      stateOf(ctx).route = path;
      return handler(ctx);
    });
  };
  return {
    get: (path, handler) => add('get', path, handler),
    post: (path, handler) => add('post', path, handler),
    put: (path, handler) => add('put', path, handler),
    patch: (path, handler) => add('patch', path, handler),
    delete: (path, handler) => add('delete', path, handler),
    async caller(ctx) {
      const authenticated = await authenticate(tokens, organizations, credentialOf(ctx));
      const organization = (ctx.params as Record<string, string>).org;
      if (organization !== undefined && organization !== authenticated.organization.name) {
        throw new Refusal('organization_not_found', { organization: showable(organization) });
      }
      return authenticated;
    },
    middleware: () => [router.routes() as unknown as Middleware, refuseOtherMethods],
  };
};

/** A path of the router that was asked in a way it does not take: the router has noted the path and passed it on. */
const refuseOtherMethods: Middleware = (ctx, next) => {
  const matched = (ctx as { readonly matched?: readonly { readonly methods: readonly string[] }[] }).matched ?? [];
  if (matched.length === 0) return next();
  const methods = new Set(matched.flatMap((layer) => layer.methods));
  throw new Refusal('method_not_allowed', { allowed: [...methods].join(', ') });
};

/** A parameter of the path; the router has already taken it apart. */
export const parameterOf = (ctx: Context, name: string): string => (ctx.params as Record<string, string>)[name] ?? '';

/** An optional name in the query, refused when no such name can exist. */
export const nameParameter = (ctx: Context, field: 'project' | 'stack'): string | undefined => {
  const value = ctx.query[field];
  if (value === undefined || value === '') return undefined;
  const problem = typeof value === 'string' ? problemWithName(field, value) : 'must be given once';
  if (problem) throw new Refusal('invalid_name', { field, problem });
  return value as string;
};

/** Paging of every list: `page` from 1, `pageSize` 1 to 100, 10 when absent. Contract section 1.8. */
export const pageOf = (ctx: Context): { readonly page: number; readonly pageSize: number } => ({
  page: wholeNumber(ctx, 'page', 1, 1_000_000) ?? 1,
  pageSize: wholeNumber(ctx, 'pageSize', 1, 100) ?? 10,
});

/** An optional whole number in the query. */
export const wholeNumber = (ctx: Context, field: string, least: number, most: number): number | undefined => {
  const text = ctx.query[field];
  if (text === undefined || text === '') return undefined;
  const number = typeof text === 'string' && /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new Refusal('invalid_request', { problem: `${field}: must be a whole number from ${least} to ${most}` });
};

/** A flag in the query: `true` or `false`; absent or empty: no. */
export const flagOf = (ctx: Context, field: string): boolean => {
  const text = ctx.query[field];
  if (text === 'true') return true;
  if (text === undefined || text === '' || text === 'false') return false;
  throw new Refusal('invalid_request', { problem: `${field}: must be true or false` });
};

/** A time that a caller wrote; refuses anything but RFC 3339, naming the field. */
export const timeIn = (field: string, text: unknown): EpochSeconds => {
  const time = typeof text === 'string' ? readTime(text) : undefined;
  if (time !== undefined) return time;
  throw new Refusal('invalid_request', { problem: `${field}: must be an RFC 3339 time such as 2026-01-31T12:00:00Z` });
};

/** A text of the caller's that may stand in a sentence: printable and short. */
const showable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);

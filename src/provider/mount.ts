import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditKind, AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import { fingerprint } from '../secret.ts';
import type { Settings } from '../settings/settings.ts';
import { accessTokenId } from './access-tokens.ts';
import { answerOAuth, answerUnavailable, isStoreAway } from './failures.ts';
import { holderOf, type LiveProvider } from './live.ts';
import { runProvider } from './run-provider.ts';

export interface MountParts {
  readonly live: LiveProvider;
  readonly settings: Pick<Settings, 'issuers'>;
  readonly audit: AuditLog;
}

/** What may reach the library: these, spelled exactly so, by POST. */
const CLIENT_DOORS = ['/token', '/introspect', '/revoke'] as const;
type ClientDoor = (typeof CLIENT_DOORS)[number];

/**
 * The OAuth doors of both issuers, at their full paths; everything else is passed on, unseen by the library.
 *
 * Answers in JSON, never to be stored. A token leaves only after its audit record is stored.
 */
export const providerMiddleware = ({ live, settings, audit }: MountParts): Middleware => {
  const { v1, v2 } = settings.issuers;
  const pathIn = (issuer: { readonly url: string }, door: string): string => new URL(issuer.url).pathname + door;
  const doors = new Map(CLIENT_DOORS.map((door) => [pathIn(v1, door), door]));
  const authorize = new Set([pathIn(v1, '/authorize'), pathIn(v2, '/authorize')]);

  return async (ctx, next) => {
    const { path } = ctx;
    const door = doors.get(path);
    if (door === undefined && !authorize.has(path)) return next();
    ctx.state.route = path;
    ctx.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    const allowed = door === undefined ? ['GET', 'HEAD', 'POST'] : ['POST'];
    if (!allowed.includes(ctx.method)) return refuseMethod(ctx, allowed.join(', '));
    if (door === undefined) return refuseAuthorization(ctx);
    try {
      await runProvider(live.provider, ctx, door);
      await recordEffect(ctx as unknown as KoaContextWithOIDC, door, live, audit);
    } catch (failure) {
      if (!isStoreAway(failure)) throw failure;
      answerUnavailable(ctx);
    }
    // A body that was not read to its end would be taken for the next request.
    if (!ctx.req.complete) ctx.set('Connection', 'close');
  };
};

/** Nobody signs in at this server: whatever the parameters, the answer is the same. RFC 6749, section 4.1.2.1. */
const refuseAuthorization = (ctx: Context): void => {
  ctx.state.refusal = 'unauthorized_client';
  answerOAuth(
    ctx,
    400,
    'unauthorized_client',
    'Nobody signs in here: ID tokens are issued to runs, access tokens at the token endpoint.',
  );
};

const refuseMethod = (ctx: Context, allowed: string): void => {
  const refusal = new Refusal('method_not_allowed', { allowed });
  ctx.state.refusal = refusal.code;
  ctx.set('Allow', allowed);
  answerOAuth(ctx, refusal.status, refusal.oauth, refusal.message);
};

const EFFECTS: Readonly<Partial<Record<ClientDoor, AuditKind>>> = {
  '/token': 'access-token.create',
  '/revoke': 'access-token.revoke',
};

/** Leaves a record of a token that was made or ended. */
const recordEffect = async (
  { status, oidc }: KoaContextWithOIDC,
  door: ClientDoor,
  { concerns }: LiveProvider,
  audit: AuditLog,
): Promise<void> => {
  const kind = EFFECTS[door];
  const token = oidc.entities.AccessToken ?? oidc.entities.ClientCredentials;
  if (!kind || !token || !oidc.client || status !== 200) return;
  const holder = holderOf(token);
  // Revoking answers 200 also where it did nothing. RFC 7009, section 2.2.
  if (door === '/revoke' && !concerns(oidc.client.clientId, holder)) return;
  await audit.record({
    kind,
    organization: holder.organization,
    actor: `client:${oidc.client.clientId}`,
    outcome: 'granted',
    detail: {
      token: accessTokenId(fingerprint(token.jti)),
      holder: `${holder.kind}:${holder.name}`,
      expires: token.exp ?? 0,
    },
  });
};

import type { Context, Middleware, Next } from 'koa';
import { TARGETS, type Target } from '../../deployments/settings/cloud-settings.ts';
import { Refusal } from '../../errors.ts';
import type { RunIssuer } from '../../flows/draft-for-run.ts';
import { type IssueRunTokenParts, issueRunToken } from '../../flows/issue-run-token.ts';
import { credentialOf } from '../authenticate.ts';
import { stateOf } from '../context.ts';

export interface RunTokenRouteParts extends IssueRunTokenParts {
  /** Told of every token that leaves, for the metrics. */
  issued(issuer: string, kid: string): void;
}

/**
 * `GET {issuer}/runs/{id}/token?…&audience=&lifetime=&target=`: a run asks for its ID token.
 *
 * The protocol behind `ACTIONS_ID_TOKEN_REQUEST_URL`: clients append `&audience=…` to the URL that they were
 * given, some without encoding it, so the last `audience` wins. The answer is `{"count": 1, "value": "<jwt>"}`.
 *
 * The busiest door of the house: it is matched here, without passing through the other routes.
 */
export const runTokenRoute = (parts: RunTokenRouteParts, issuers: readonly RunIssuer[]): Middleware => {
  const doors = issuers.map((issuer) => ({
    issuer,
    path: new RegExp(`^${RegExp.escape(new URL(issuer.url).pathname)}/runs/([^/]{1,64})/token$`),
  }));
  return async (ctx: Context, next: Next) => {
    for (const { issuer, path } of doors) {
      const runId = path.exec(ctx.path)?.[1];
      if (runId === undefined) continue;
      stateOf(ctx).route = `${issuer.name}/runs/:id/token`;
      ctx.set('Cache-Control', 'no-store');
      if (ctx.method !== 'GET') throw new Refusal('method_not_allowed', { allowed: 'GET' });
      const query = new URLSearchParams(ctx.querystring);
      const [audience, lifetime] = [query.getAll('audience').at(-1), query.getAll('lifetime').at(-1)];
      const target = query.getAll('target').at(-1);
      const { jwt, token } = await issueRunToken(parts, issuer, {
        runId,
        requestToken: requestTokenOf(ctx),
        ...(audience && { audience }),
        ...(lifetime && { lifetime }),
        ...(target && { target: targetCalled(target) }),
      });
      parts.issued(issuer.name, token.kid);
      ctx.body = { count: 1, value: jwt.reveal() };
      return;
    }
    await next();
  };
};

const targetCalled = (text: string): Target => {
  const target = TARGETS.find((known) => known === text);
  if (target) return target;
  throw new Refusal('invalid_request', { problem: `target: must be one of ${TARGETS.join(', ')}` });
};

const requestTokenOf = (ctx: Context): string => {
  try {
    return credentialOf(ctx);
  } catch {
    throw new Refusal('invalid_request_token');
  }
};

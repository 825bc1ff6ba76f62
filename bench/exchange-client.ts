import { Pool } from 'undici';
import type { OutsideIssuer } from '../test/interop/outside-issuer.ts';
import { exchangeParameters } from '../test/interop/trust.ts';
import { ORGANIZATION } from './installation.ts';

/** CI jobs on one server, with as many connections as may be in flight. */
export const openExchangeClient = (origin: string, connections: number) => {
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 5_000, bodyTimeout: 5_000 });
  const ask = async (method: 'GET' | 'POST' | 'PATCH', path: string, type: string, body?: string, token?: string) => {
    const headers = {
      ...(body !== undefined && { 'content-type': type }),
      ...(token && { authorization: `token ${token}` }),
    };
    const answer = await pool.request({ method, path, headers, ...(body !== undefined && { body }) });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`);
    return text;
  };
  const administer = async (method: 'GET' | 'POST' | 'PATCH', path: string, administrator: string, body?: object) => {
    const sent = body && JSON.stringify(body);
    return JSON.parse(await ask(method, `/api/orgs/${ORGANIZATION}${path}`, 'application/json', sent, administrator));
  };
  return {
    /** Trusts an issuer by uploaded keys, with replays allowed, and its three definitions. */
    async trust(outside: OutsideIssuer, administrator: string): Promise<void> {
      const issuer = { name: 'ci', url: outside.issuer, jwks: outside.jwks, replay: 'allow' };
      const { id } = await administer('POST', '/oidc/issuers', administrator, issuer);
      const policy = await administer('GET', `/auth/policies/oidcissuers/${id}`, administrator);
      await administer('PATCH', `/auth/policies/${policy.id}`, administrator, { policies: DEFINITIONS });
    },
    exchange: (form: string) => ask('POST', '/api/oauth/token', 'application/x-www-form-urlencoded', form),
    close: (): Promise<void> => pool.destroy(),
  };
};

const definition = (decision: 'allow' | 'deny', sub: string) => ({
  decision,
  tokenType: 'organization',
  authorizedPermissions: [],
  rules: { aud: `urn:pulumi:org:${ORGANIZATION}`, sub },
});

/** All of them are weighed, each by two rules; the second one allows. */
const DEFINITIONS = [
  definition('deny', 'repo:acme/*:pull_request'),
  definition('allow', 'repo:acme/core:*'),
  definition('allow', 'repo:acme/infra:environment:production'),
];

/** The body of an exchange, as the stock command line sends it. */
export const exchangeForm = (subjectToken: string): string =>
  new URLSearchParams(exchangeParameters(subjectToken)).toString();

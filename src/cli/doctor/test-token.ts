import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { request } from 'undici';
import type { Operation } from '../../access/organization.ts';
import { ANSWER_MS, apiPath, type Client, readAnswer } from '../client.ts';
import { attempt, type Finding, fail, ok } from './finding.ts';
import type { PublicSurface, SeenIssuer } from './public-surface.ts';

export interface TestRun {
  readonly org?: string;
  readonly project: string;
  readonly stack: string;
  readonly operation: Operation;
}

interface StartedRun {
  readonly id: string;
  readonly tokenRequest: { readonly token: string };
}

const AUDIENCE_ON_V2 = 'runpass-doctor';

/**
 * Starts a run, takes a token from each issuer, and verifies it with nothing but what the public URL gave.
 *
 * The run is finished whatever happens; the tokens are never shown.
 */
export const checkTokens = (client: Client, surface: PublicSurface, target: TestRun): Promise<readonly Finding[]> =>
  attempt('test token', 'see "runpass whoami" and the log of the server', async () => {
    const { org: given, ...body } = target;
    const org = await client.organization(given);
    const runs = apiPath`/api/orgs/${org}/runs`;
    const run = await client.post<StartedRun>(runs, { ...body, requestedBy: 'runpass doctor' });
    try {
      const { v1, v2 } = surface.issuers;
      return [
        ...(v1 ? await checkToken('v1', v1, client.url, run, org) : []),
        ...(v2 ? await checkToken('v2', v2, client.url, run, AUDIENCE_ON_V2) : []),
      ];
    } finally {
      await client.post(`${runs}/${encodeURIComponent(run.id)}/finish`, { status: 'succeeded' });
    }
  });

const checkToken = (name: string, issuer: SeenIssuer, base: string, run: StartedRun, audience: string) =>
  attempt(`token ${name}`, 'see "runpass keys list" and the log of the server', async () => {
    const path = new URL(issuer.url).pathname;
    const token = await takeToken(
      `${base}${path}/runs/${encodeURIComponent(run.id)}/token`,
      audience,
      run.tokenRequest.token,
    );
    const keys = createLocalJWKSet(issuer.jwks as unknown as JSONWebKeySet);
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: issuer.url,
      audience,
      typ: 'JWT',
      algorithms: [...issuer.algorithms],
      requiredClaims: ['iat', 'nbf', 'exp', 'jti', 'sub'],
    });
    const members = Object.keys(protectedHeader).sort().join(' ');
    if (members !== 'alg kid typ') {
      return [fail(`token ${name}`, `Its header holds "${members}".`, 'report this: verifiers take alg, kid and typ')];
    }
    return [ok(`token ${name}`, `${payload.sub} is verified by the published keys (${protectedHeader.alg}).`)];
  });

const takeToken = async (url: string, audience: string, requestToken: string): Promise<string> => {
  const target = new URL(url);
  target.searchParams.set('audience', audience);
  const answer = await request(target, {
    headers: { authorization: `Bearer ${requestToken}` },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });
  const text = await readAnswer(url, answer.body);
  const { value, message } = JSON.parse(text) as { readonly value?: string; readonly message?: string };
  if (answer.statusCode === 200 && typeof value === 'string') return value;
  throw new Error(`No token was issued: ${message ?? `status ${answer.statusCode}`}`);
};

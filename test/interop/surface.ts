import { OPERATIONS } from '../../src/access/organization.ts';
import type { IssuerName } from '../../src/settings/settings.ts';
import { AUDIENCES, type TestServer } from '../server.ts';
import { discoveryOf, type Fetched, type Surface } from './profile.ts';

/** Asks like any verifier would: by the URL alone. */
export const fetchDocument = async (url: string): Promise<Fetched> => {
  const started = performance.now();
  const answer = await fetch(url, { redirect: 'manual' });
  const text = await answer.text();
  return {
    url,
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    text,
    ms: performance.now() - started,
  };
};

/** A token of a run, by the door that runs use. */
export const mintToken = async (url: string, requestToken: string, audience?: string): Promise<string> => {
  const asked = audience === undefined ? url : `${url}&audience=${encodeURIComponent(audience)}`;
  const answer = await fetch(asked, { headers: { authorization: `Bearer ${requestToken}` } });
  if (answer.status !== 200) throw new Error(`no token: ${await answer.text()}`);
  return ((await answer.json()) as { value: string }).value;
};

/** What an issuer shows to the world: its documents, and tokens of all six operations, every subject form and audience. */
export const surfaceOf = async (
  server: TestServer,
  name: IssuerName,
  alg: Surface['alg'] = 'RS256',
): Promise<Surface> => {
  const { url: issuer } = server.settings.issuers[name];
  const tokens: string[] = [];
  for (const operation of OPERATIONS) {
    const run = await server.startRun({ project: 'core', stack: 'dev', operation });
    const audience = name === 'v2' ? 'sts.amazonaws.com' : undefined;
    tokens.push(await mintToken(run.tokenRequest.urls[name], run.tokenRequest.token, audience));
  }
  for (const stack of ['org', 'project', 'operation', 'stack']) {
    const run = await server.startRun({ project: 'short', stack, operation: 'update' });
    for (const audience of AUDIENCES)
      tokens.push(await mintToken(run.tokenRequest.urls[name], run.tokenRequest.token, audience));
  }
  const discovery = await fetchDocument(`${issuer}/.well-known/openid-configuration`);
  const keys = await fetchDocument(String(discoveryOf({ discovery }).jwks_uri));
  return { issuer, alg, discovery, keys, tokens };
};

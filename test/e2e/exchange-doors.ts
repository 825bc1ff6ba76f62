import type { Definition } from '../../src/policy/policy.ts';
import type { Answer } from '../http/ask.ts';
import { until } from '../redis.ts';
import { CLIENT_SECRET, type TestServer } from '../server.ts';

/** Asks at the door of exchanges for what a subject token gives: an organization token, unless asked otherwise. */
export const exchange = (
  server: Pick<TestServer, 'ask'>,
  subjectToken: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  server.ask('POST', '/api/oauth/token', {
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'urn:pulumi:org:acme',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      requested_token_type: 'urn:pulumi:token-type:access_token:organization',
      subject_token: subjectToken,
      ...more,
    },
  });

/** Registers an issuer through the API, with these policies, and gives the id of the registration. */
export const trust = async (
  server: TestServer,
  registration: Readonly<Record<string, unknown>>,
  policies: readonly Definition[],
): Promise<string> => {
  const made = await server.ask('POST', '/api/orgs/acme/oidc/issuers', { as: 'admin', json: registration });
  if (made.status !== 200) throw new Error(`the issuer was not registered: ${made.text}`);
  const { id } = made.json as { id: string };
  const policy = await server.ask('GET', `/api/orgs/acme/auth/policies/oidcissuers/${id}`, { as: 'admin' });
  const path = `/api/orgs/acme/auth/policies/${policy.json.id}`;
  const saved = await server.ask('PATCH', path, { as: 'admin', json: { policies } });
  if (saved.status !== 200) throw new Error(`the policies were not saved: ${saved.text}`);
  return id;
};

/** What two ways of asking say of an access token: using it, and introspecting it. */
export const stateOf = async (server: TestServer, token: string): Promise<string> => {
  const form = { token, client_id: 'jenkins', client_secret: CLIENT_SECRET };
  const headers = { authorization: `token ${token}` };
  const [used, introspected] = await Promise.all([
    server.ask('GET', '/api/user', { headers }),
    server.ask('POST', '/oidc/introspect', { form }),
  ]);
  return `${used.status} ${introspected.json.active}`;
};

/** A run of acme's, and an ID token of its own from the v1 or v2 issuer. */
export const runWithToken = async (server: TestServer, issuer: 'v1' | 'v2', stack = 'dev') => {
  const run = await server.startRun({ project: 'core', stack, operation: 'update' });
  const headers = { authorization: `Bearer ${run.tokenRequest.token}` };
  const { pathname, search } = new URL(run.tokenRequest.urls[issuer]);
  let idToken = '';
  // With key times of a second, a server that was busy for one has to look at its keys again before it signs.
  await until(async () => {
    const answer = await server.ask('GET', `${pathname}${search}&audience=acme`, { headers });
    if (answer.status === 200) idToken = answer.json.value;
    return answer.status !== 503;
  });
  if (idToken === '') throw new Error('the run got no token');
  const finish = () =>
    server.ask('POST', `/api/orgs/acme/runs/${run.id}/finish`, { headers, json: { status: 'succeeded' } });
  return { run, idToken, finish };
};

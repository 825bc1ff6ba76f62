import { randomUUID } from 'node:crypto';
import {
  type CloudHost,
  type CloudQuestion,
  type CloudReply,
  keysOfIssuer,
  startCloudHost,
} from '../../test/interop/cloud-host.ts';
import { entraVerdict } from '../../test/interop/clouds.ts';
import { readToken } from '../../test/interop/profile.ts';

/** A federated credential as Microsoft Graph keeps it. */
interface Kept {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly description: string | null;
}

export interface StrictGraph extends CloudHost {
  readonly tenantId: string;
  /** The application's client id. */
  readonly appId: string;
  readonly subscriptionId: string;
}

const [TENANT, APP, OBJECT, SUBSCRIPTION] = ['1', '2', '4', '3'].map(
  (digit) => `${digit.repeat(8)}-1111-4111-8111-${digit.repeat(12)}`,
) as [string, string, string, string];

/** Of an application. Microsoft Entra, "Important considerations and restrictions for federated identity credentials". */
const MOST_CREDENTIALS = 20;
const LONGEST = 600;
const CHANGEABLE = ['issuer', 'subject', 'audiences', 'description'];

class Refused extends Error {
  readonly reply: CloudReply;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.reply = { status, body: { error: { code, message, innerError: {} } } };
  }
}

const demand = (holds: boolean, message: string, status = 400, code = 'Request_BadRequest'): void => {
  if (!holds) throw new Refused(status, code, message);
};

/**
 * One tenant with one application: its logins, its Graph and its Resource Manager, as strict as their documentation. A
 * secret logs an administrator in; a token of ours only where a credential that Graph keeps has its issuer, subject and
 * audience. `keysAt`: where issuers lead.
 */
export const startStrictGraph = async (keysAt: (issuer: string) => string): Promise<StrictGraph> => {
  const kept: Kept[] = [];
  const host: CloudHost = await startCloudHost(
    async (question) => {
      const { pathname } = new URL(question.path, 'https://graph');
      try {
        if (pathname.startsWith(`/${TENANT}/`)) return await login(host.url, question, pathname, kept, keysAt);
        if (pathname.startsWith('/v1.0/')) return graph(question, pathname.slice('/v1.0/'.length), kept);
        return resources(pathname);
      } catch (refused) {
        if (!(refused instanceof Refused)) throw refused;
        return refused.reply;
      }
    },
    { tls: true },
  );
  return { ...host, tenantId: TENANT, appId: APP, subscriptionId: SUBSCRIPTION };
};

const login = async (
  origin: string,
  { body }: CloudQuestion,
  pathname: string,
  kept: readonly Kept[],
  keysAt: (issuer: string) => string,
): Promise<CloudReply> => {
  const tenant = `${origin}/${TENANT}`;
  if (pathname.endsWith('/.well-known/openid-configuration')) {
    return {
      status: 200,
      body: {
        issuer: `${tenant}/v2.0`,
        authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
        token_endpoint: `${tenant}/oauth2/v2.0/token`,
        jwks_uri: `${tenant}/discovery/v2.0/keys`,
      },
    };
  }
  const form = new URLSearchParams(body);
  const refused = (text: string): CloudReply => ({
    status: 401,
    body: { error: 'invalid_client', error_description: text, error_codes: [Number(/\d+/.exec(text)?.[0])] },
  });
  const token = { status: 200, body: { token_type: 'Bearer', expires_in: 3600, access_token: 'of-the-walk' } };
  const jwt = form.get('client_assertion');
  if (form.get('client_id') !== APP) return refused('AADSTS700016: Application was not found.');
  if (jwt === null) return form.has('client_secret') ? token : refused('AADSTS7000218: no secret and no assertion.');
  const issuer = String(readToken(jwt).claims.iss);
  const keys = await keysOfIssuer(issuer, keysAt(issuer));
  if (!keys) return refused('AADSTS90061: Request to External OIDC endpoint failed.');
  const now = Math.floor(Date.now() / 1000);
  const verdicts = kept.map(({ issuer: wanted, subject, audiences: [audience = ''] }) =>
    entraVerdict({ jwt, keys, now }, { issuer: wanted, subject, audience }),
  );
  return verdicts.includes(undefined)
    ? token
    : refused(verdicts.at(-1) ?? 'AADSTS70021: No matching federated identity record found.');
};

const APPLICATION = { id: OBJECT, appId: APP, displayName: 'deploy', identifierUris: [] };

const graph = ({ method, path, headers, body }: CloudQuestion, resource: string, kept: Kept[]): CloudReply => {
  demand(headers.authorization === 'Bearer of-the-walk', 'Access token is empty.', 401, 'InvalidAuthenticationToken');
  if (method === 'GET' && resource === 'applications') {
    const filter = new URL(path, 'https://graph').searchParams.get('$filter');
    return { status: 200, body: { value: filter === `appId eq '${APP}'` ? [APPLICATION] : [] } };
  }
  const [, name] = new RegExp(`^applications/${OBJECT}/federatedIdentityCredentials(?:/([^/]+))?$`).exec(resource) ?? [
    '',
  ];
  demand(
    resource.startsWith(`applications/${OBJECT}/federatedIdentityCredentials`),
    'Not found.',
    404,
    'Request_ResourceNotFound',
  );
  if (name === undefined && method === 'GET') return { status: 200, body: { value: kept } };
  if (name === undefined && method === 'POST') {
    const made = checked({ id: randomUUID(), description: null, ...JSON.parse(body) }, kept);
    demand(kept.length < MOST_CREDENTIALS, `The application has ${MOST_CREDENTIALS} credentials.`);
    demand(/^[A-Za-z0-9_-]{3,120}$/.test(made.name), 'Property name is invalid.');
    const isNew = kept.every((other) => other.name !== made.name);
    demand(
      isNew,
      `FederatedIdentityCredential with name ${made.name} already exists.`,
      409,
      'Request_MultipleObjectsWithSameKeyValue',
    );
    kept.push(made);
    return { status: 201, body: made };
  }
  const at = kept.findIndex((each) => each.name === name || each.id === name);
  const before = kept[at];
  if (!before) throw new Refused(404, 'Request_ResourceNotFound', `Resource '${name}' does not exist.`);
  if (method === 'GET') return { status: 200, body: before };
  demand(method === 'PATCH', 'Not allowed.', 405);
  const change = JSON.parse(body);
  const fixed = Object.keys(change).find((property) => !CHANGEABLE.includes(property));
  demand(fixed === undefined, `Property ${fixed} cannot be changed.`);
  kept[at] = checked({ ...before, ...change }, kept.toSpliced(at, 1));
  return { status: 204, body: '' };
};

const checked = (credential: Kept, others: readonly Kept[]): Kept => {
  const { issuer, subject, audiences } = credential;
  const known = ['id', 'name', 'issuer', 'subject', 'audiences', 'description'];
  const unknown = Object.keys(credential).find((property) => !known.includes(property));
  demand(unknown === undefined, `Invalid property '${unknown}'.`);
  demand(Array.isArray(audiences) && audiences.length === 1, 'Property audiences must hold one value.');
  for (const text of [issuer, subject, ...audiences]) {
    demand(typeof text === 'string' && text.length > 0 && text.length <= LONGEST, 'A property is too long.');
  }
  const isNew = others.every((other) => other.issuer !== issuer || other.subject !== subject);
  demand(isNew, 'FederatedIdentityCredential with the same issuer and subject already exists.', 409);
  return credential;
};

const resources = (pathname: string): CloudReply => {
  if (pathname === '/subscriptions') {
    const subscription = { id: `/subscriptions/${SUBSCRIPTION}`, subscriptionId: SUBSCRIPTION, tenantId: TENANT };
    return { status: 200, body: { value: [{ ...subscription, displayName: 'walk', state: 'Enabled' }] } };
  }
  if (pathname === '/tenants')
    return { status: 200, body: { value: [{ id: `/tenants/${TENANT}`, tenantId: TENANT }] } };
  return { status: 404, body: { error: { code: 'ResourceGroupNotFound', message: `Nothing is at ${pathname}.` } } };
};

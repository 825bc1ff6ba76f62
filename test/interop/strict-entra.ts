import { type CloudHost, type CloudReply, keysOfIssuer, startCloudHost } from './cloud-host.ts';
import { type EntraCredential, entraVerdict } from './clouds.ts';
import { readToken } from './profile.ts';

/** An application of a tenant with one federated credential, as an administrator set it up, and may set it up anew. */
export interface EntraApplication {
  readonly tenantId: string;
  readonly clientId: string;
  credential: EntraCredential;
}

export interface StrictEntra extends CloudHost {
  readonly application: EntraApplication;
}

const refusal = (code: string, text: string, status = 401): CloudReply => ({
  status,
  body: {
    error: status === 400 ? 'invalid_request' : 'invalid_client',
    error_description: `${code}: ${text} Trace ID: 0 Correlation ID: 1 Timestamp: 2026-01-01 00:00:00Z`,
    error_codes: [Number(code.replace('AADSTS', ''))],
  },
});

/** Microsoft Entra, as strict as its documentation says: exact texts, RS256, and the issuer's URL. */
export const startStrictEntra = async (application: EntraApplication): Promise<StrictEntra> => {
  const { tenantId, clientId } = application;
  const host = await startCloudHost(
    async ({ method, path, body }) => {
      const { pathname } = new URL(path, 'https://entra');
      const tenant = `${host.url}/${tenantId}`;
      if (method === 'GET' && pathname === `/${tenantId}/v2.0/.well-known/openid-configuration`) {
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
      if (method !== 'POST' || pathname !== `/${tenantId}/oauth2/v2.0/token`) return { status: 404, body: {} };
      return grant(application, new URLSearchParams(body), clientId);
    },
    { tls: true },
  );
  return { ...host, application };
};

const grant = async (
  { credential }: EntraApplication,
  form: URLSearchParams,
  clientId: string,
): Promise<CloudReply> => {
  const jwt = form.get('client_assertion') ?? '';
  if (form.get('client_id') !== clientId) return refusal('AADSTS700016', 'Application was not found.', 400);
  if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') {
    return refusal('AADSTS7000218', 'The request body must contain the client assertion.');
  }
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt)) return refusal('AADSTS50027', 'JWT token is invalid or malformed.');
  if (readToken(jwt).claims['iss'] !== credential.issuer) {
    return refusal('AADSTS700211', 'No matching federated identity record found for presented assertion issuer.');
  }
  const keys = await keysOfIssuer(credential.issuer);
  if (!keys) return refusal('AADSTS90061', 'Request to External OIDC endpoint failed.');
  const verdict = entraVerdict({ jwt, keys, now: Math.floor(Date.now() / 1000) }, credential);
  if (verdict !== undefined) return refusal(verdict.split(':')[0] ?? '', `The assertion is refused (${verdict}).`);
  const scope = form.get('scope') ?? '';
  if (form.get('grant_type') !== 'client_credentials' || !scope.endsWith('/.default')) {
    return refusal('AADSTS1002012', 'The provided value for scope is not valid.', 400);
  }
  return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: `entra-token-for-${scope}` } };
};

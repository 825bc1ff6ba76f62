import type { Secret } from '../secret.ts';
import { below, type Clouds, FORM } from './clouds.ts';
import { type Hints, isGranted, refusedBy, withoutCredentials } from './problem.ts';
import { readJson, textAt } from './read-answer.ts';

/** An application or managed identity of Microsoft Entra. */
export interface EntraClient {
  readonly tenantId: string;
  readonly clientId: string;
}

const CLOUD = 'Microsoft Entra';
const AUTHORITY = 'https://login.microsoftonline.com';
/** What every client may ask a token for, whatever it may then do. */
const SCOPE = 'https://management.azure.com/.default';

/**
 * Would Entra take this ID token from the client? Asks for an access token, and forgets it.
 *
 * Microsoft identity platform, client credentials with a federated credential. Throws `CloudProblem`.
 */
export const tryAtEntra = async (
  { post, endpoints }: Clouds,
  token: Secret,
  { tenantId, clientId }: EntraClient,
): Promise<void> => {
  const form = new URLSearchParams({
    client_id: clientId,
    scope: SCOPE,
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token.reveal(),
  });
  const url = below(endpoints.entra ?? AUTHORITY, `/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`);
  const answer = await post({ url, headers: FORM, body: form.toString() });
  const json = readJson(answer);
  if (!isGranted(answer)) {
    const message = textAt(json, 'error_description')?.replace(/\s*Trace ID: [\s\S]*$/, '');
    throw refusedBy(CLOUD, answer, { code: textAt(json, 'error'), message }, HINTS, [token]);
  }
  if (textAt(json, 'access_token') === undefined) throw withoutCredentials(CLOUD, answer);
};

const HINTS: Hints = [
  [
    /AADSTS7002138/,
    'The subject of the federated credential differs from sub in nothing but upper and lower case: write it as in {claims}.',
  ],
  [/AADSTS700213/, 'No federated credential of this client has this subject: Entra knows no patterns; see {claims}.'],
  [/AADSTS700212/, "The audience of the federated credential must be the token's aud; see {claims}."],
  [
    /AADSTS70021(?:1)?\b/,
    'No federated credential of this client has this issuer: it must be iss byte for byte, as in {claims}. A new one takes some minutes.',
  ],
  [/AADSTS700024/, 'The token is not valid now: compare the clock of the server with the time.'],
  [/AADSTS7000272/, 'Entra has not yet seen the key that signed this: it reads the key set again within the hour.'],
  [/AADSTS90061/, 'Entra must reach the discovery document and the key set of the issuer from the internet.'],
  [/AADSTS700016/, 'There is no such client in this tenant: check "clientId" and "tenantId".'],
  [/AADSTS9000[23]\b/, 'There is no such tenant: check "tenantId".'],
  [/./, 'Compare the federated credentials of this client with {claims}.'],
];

import { Secret } from '../secret.ts';
import { below, type CloudAnswer, type Clouds, JSON_BODY } from './clouds.ts';
import { type Hints, isGranted, refusedBy, withoutCredentials } from './problem.ts';
import { readJson, textAt } from './read-answer.ts';

const CLOUD = 'Infisical';
/** The instance for the United States, which is the one where none is named. */
const SITE = 'https://app.infisical.com';

/** Turns an ID token into an access token of a machine identity. Infisical API, OIDC Auth. Throws `CloudProblem`. */
export const loginToInfisical = async (
  clouds: Clouds,
  siteUrl: string | undefined,
  token: Secret,
  identityId: string,
): Promise<Secret> => {
  const answer = await ask(clouds, siteUrl, '/api/v1/auth/oidc-auth/login', { identityId, jwt: token.reveal() });
  return readToken(answer, OIDC_HINTS, token);
};

/** Turns the secret of a client into an access token. Infisical API, Universal Auth. Throws `CloudProblem`. */
export const loginToInfisicalWithSecret = async (
  clouds: Clouds,
  siteUrl: string | undefined,
  clientId: string,
  clientSecret: Secret,
): Promise<Secret> => {
  const body = { clientId, clientSecret: clientSecret.reveal() };
  const answer = await ask(clouds, siteUrl, '/api/v1/auth/universal-auth/login', body);
  return readToken(answer, [], clientSecret);
};

/** A site that an author names is a stranger's, also when it is Infisical's own. */
const ask = (clouds: Clouds, siteUrl: string | undefined, path: string, body: object): Promise<CloudAnswer> => {
  const post = siteUrl === undefined ? clouds.post : clouds.postToStranger;
  const url = below(siteUrl ?? clouds.endpoints.infisical ?? SITE, path);
  return post({ url, headers: JSON_BODY, body: JSON.stringify(body) });
};

const readToken = (answer: CloudAnswer, hints: Hints, sent: Secret): Secret => {
  const json = readJson(answer);
  if (!isGranted(answer)) {
    throw refusedBy(CLOUD, answer, { code: textAt(json, 'error'), message: textAt(json, 'message') }, hints, [sent]);
  }
  const token = textAt(json, 'accessToken');
  if (token === undefined) throw withoutCredentials(CLOUD, answer);
  return new Secret(token);
};

const OIDC_HINTS: Hints = [
  [
    /./,
    'Compare issuer, audience, subject and claims of the identity with {claims}, and "siteUrl" with the instance that has it.',
  ],
];

import { Secret } from '../secret.ts';
import { below, type Clouds, JSON_BODY } from './clouds.ts';
import { type Hints, isGranted, refusedBy, withoutCredentials } from './problem.ts';
import { memberAt, readJson, textAt } from './read-answer.ts';

const CLOUD = 'Doppler';
const API = 'https://api.doppler.com';

/** Turns an ID token into an access token of a service account. Doppler API, `/v3/auth/oidc`. Throws `CloudProblem`. */
export const loginToDoppler = async ({ post, endpoints }: Clouds, token: Secret, identity: string): Promise<Secret> => {
  const answer = await post({
    url: below(endpoints.doppler ?? API, '/v3/auth/oidc'),
    headers: JSON_BODY,
    body: JSON.stringify({ identity, token: token.reveal() }),
  });
  const json = readJson(answer);
  if (!isGranted(answer)) throw refusedBy(CLOUD, answer, { message: messagesOf(json) }, HINTS, [token]);
  const accessToken = textAt(json, 'token');
  if (accessToken === undefined) throw withoutCredentials(CLOUD, answer);
  return new Secret(accessToken);
};

const messagesOf = (json: unknown): string => {
  const messages = memberAt(json, 'messages');
  return Array.isArray(messages) ? messages.filter((message) => typeof message === 'string').join('; ') : '';
};

const HINTS: Hints = [
  [/./, 'Compare discovery URL, audience and subject of the identity with iss, aud and sub; see {claims}.'],
];

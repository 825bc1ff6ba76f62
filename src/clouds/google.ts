import { Secret } from '../secret.ts';
import { readTime } from '../system.ts';
import { below, type CloudAnswer, type Clouds, FORM, JSON_BODY } from './clouds.ts';
import { type CloudRefusal, type Hints, isGranted, refusedBy, withoutCredentials } from './problem.ts';
import { memberAt, readJson, textAt } from './read-answer.ts';

/** A provider of a workload identity pool, by the parts of its resource name. */
export interface WorkloadIdentityProvider {
  /** The project's number, not its id. */
  readonly project: string;
  /** `global`, for all pools but regional ones. */
  readonly location: string;
  readonly pool: string;
  readonly provider: string;
}

export interface GoogleAccessToken {
  readonly accessToken: Secret;
  /** RFC 3339. */
  readonly expiry: string;
}

/** Seconds that the access token of a service account may live; beyond an hour an organization policy must allow it. */
export const GOOGLE_LIFETIME = { shortest: 600, longest: 43_200 } as const;

/** Where Google publishes to be. */
export const GOOGLE_STS = 'https://sts.googleapis.com';
export const GOOGLE_IAM_CREDENTIALS = 'https://iamcredentials.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** What Google calls a provider, without `https:`. */
export const resourceNameOf = ({ project, location, pool, provider }: WorkloadIdentityProvider): string =>
  `//iam.googleapis.com/projects/${project}/locations/${location}/workloadIdentityPools/${pool}/providers/${provider}`;

/**
 * Turns an ID token into a federated access token. Google Security Token Service, RFC 8693.
 *
 * That is good for little but `impersonate`. Throws `CloudProblem`.
 */
export const exchangeAtGoogle = async (
  { post, endpoints }: Clouds,
  token: Secret,
  provider: WorkloadIdentityProvider,
): Promise<Secret> => {
  const cloud = 'Google STS';
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: resourceNameOf(provider),
    scope: SCOPE,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: token.reveal(),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  });
  const answer = await post({
    url: below(endpoints.googleSts ?? GOOGLE_STS, '/v1/token'),
    headers: FORM,
    body: form.toString(),
  });
  const json = readJson(answer);
  if (!isGranted(answer)) {
    const refusal = { code: textAt(json, 'error'), message: textAt(json, 'error_description') };
    throw refusedBy(cloud, answer, refusal, STS_HINTS, [token]);
  }
  const accessToken = textAt(json, 'access_token');
  if (accessToken === undefined) throw withoutCredentials(cloud, answer);
  return new Secret(accessToken);
};

/** Turns an access token into one of a service account. IAM Credentials, generateAccessToken. Throws `CloudProblem`. */
export const impersonate = async (
  { post, endpoints }: Clouds,
  accessToken: Secret,
  serviceAccount: string,
  lifetimeSeconds: number,
): Promise<GoogleAccessToken> => {
  const cloud = 'Google IAM Credentials';
  const path = `/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}:generateAccessToken`;
  const answer = await post({
    url: below(endpoints.googleIamCredentials ?? GOOGLE_IAM_CREDENTIALS, path),
    headers: { ...JSON_BODY, authorization: `Bearer ${accessToken.reveal()}` },
    body: JSON.stringify({ scope: [SCOPE], lifetime: `${lifetimeSeconds}s` }),
  });
  if (!isGranted(answer)) throw refusedBy(cloud, answer, refusalOf(answer), IAM_HINTS, [accessToken]);
  const json = readJson(answer);
  const [granted, expiry = ''] = [textAt(json, 'accessToken'), textAt(json, 'expireTime')];
  if (granted === undefined || readTime(expiry) === undefined) throw withoutCredentials(cloud, answer);
  return { accessToken: new Secret(granted), expiry };
};

const refusalOf = (answer: CloudAnswer): CloudRefusal => {
  const error = memberAt(readJson(answer), 'error');
  return { code: textAt(error, 'status'), message: textAt(error, 'message') };
};

const STS_HINTS: Hints = [
  [
    /invalid value for "?audience/i,
    'Check {project}, "workloadPoolId" and "providerId", and leave "region" out: only a regional pool has one.',
  ],
  [/audience/i, "List the token's aud among the allowed audiences of the workload identity pool's provider."],
  [/127 bytes/, 'The subject is too long for google.subject: {shorten}, or map another claim.'],
  [/attribute condition|^unauthorized_client/, "The provider's attribute condition says no: compare it with {claims}."],
  [
    /issuer/i,
    "Google must reach the issuer from the internet, and the provider's issuer URI must be the token's iss, byte for byte.",
  ],
];

const IAM_HINTS: Hints = [
  [
    /getAccessToken|^PERMISSION_DENIED/,
    'Grant roles/iam.workloadIdentityUser on the service account to the principal with this subject, or correct "serviceAccount".',
  ],
  [/lifetime/i, 'Write a "tokenLifetime" of at most 1h, or let an organization policy extend the lifetime.'],
];

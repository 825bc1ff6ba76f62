import { randomBytes } from 'node:crypto';
import { type CloudHost, type CloudQuestion, type CloudReply, keysOfIssuer, startCloudHost } from './cloud-host.ts';
import { type GoogleProvider, googleVerdict } from './clouds.ts';
import { readToken } from './profile.ts';

/** A project with one provider of workload identities and one service account, as an administrator set them up. */
export interface GoogleProject {
  /** Resource name without `https:`. */
  readonly audience: string;
  provider: GoogleProvider;
  readonly serviceAccount: string;
  /** Who may be the service account: a subject. */
  workloadIdentityUser: string;
}

export interface StrictGoogle extends CloudHost {
  readonly project: GoogleProject;
}

const stsRefusal = (error: string, error_description: string): CloudReply => ({
  status: 400,
  body: { error, error_description },
});

const iamRefusal = (code: number, status: string, message: string): CloudReply => ({
  status: code,
  body: { error: { code, message, status } },
});

/** Google's STS and IAM Credentials, as strict as their documentation says. */
export const startStrictGoogle = async (project: GoogleProject): Promise<StrictGoogle> => {
  const federated = new Map<string, string>();
  const host = await startCloudHost(async (question) => {
    if (question.method !== 'POST') return { status: 404, body: {} };
    if (question.path === '/v1/token') return exchange(project, new URLSearchParams(question.body), federated);
    const mail = /^\/v1\/projects\/-\/serviceAccounts\/([^/]+):generateAccessToken$/.exec(question.path)?.[1];
    if (mail === undefined) return { status: 404, body: {} };
    return impersonate(project, decodeURIComponent(mail), question, federated);
  });
  return { ...host, project };
};

const exchange = async (
  project: GoogleProject,
  form: URLSearchParams,
  federated: Map<string, string>,
): Promise<CloudReply> => {
  const jwt = form.get('subject_token') ?? '';
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange' || !form.get('scope')) {
    return stsRefusal('invalid_request', 'Invalid grant type or scope.');
  }
  if (form.get('subject_token_type') !== 'urn:ietf:params:oauth:token-type:jwt') {
    return stsRefusal('invalid_request', 'Invalid subject token type.');
  }
  if (form.get('audience') !== project.audience) {
    return stsRefusal(
      'invalid_request',
      'Invalid value for "audience". This value should be the full resource name of the Identity Provider.',
    );
  }
  // Nothing is trimmed.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt)) return stsRefusal('invalid_grant', 'Error parsing the subject token.');
  const { claims } = readToken(jwt);
  if (claims['iss'] !== project.provider.issuer) {
    return stsRefusal('invalid_grant', `The issuer in ID Token ${claims['iss']} does not match the expected ones.`);
  }
  const keys = await keysOfIssuer(project.provider.issuer);
  if (!keys) return stsRefusal('invalid_grant', "Error connecting to the given credential's issuer.");
  const verdict = googleVerdict({ jwt, keys, now: Math.floor(Date.now() / 1000) }, project.provider);
  if (verdict !== undefined) return stsRefusal('invalid_grant', SAID[verdict] ?? `${verdict}.`);
  const token = `ya29.federated-${randomBytes(16).toString('hex')}`;
  federated.set(token, String(claims['sub']));
  return {
    status: 200,
    body: {
      access_token: token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3599,
    },
  };
};

const SAID: Readonly<Record<string, string>> = {
  'invalid_grant: audience': 'The audience in ID Token does not match the expected audience.',
  'google.subject exceeds the 127 bytes limit':
    'The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.',
};

const impersonate = (
  project: GoogleProject,
  mail: string,
  { headers, body }: CloudQuestion,
  federated: ReadonlyMap<string, string>,
): CloudReply => {
  const subject = federated.get((headers.authorization ?? '').replace(/^Bearer /i, ''));
  if (subject === undefined)
    return iamRefusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
  if (mail !== project.serviceAccount || subject !== project.workloadIdentityUser) {
    return iamRefusal(
      403,
      'PERMISSION_DENIED',
      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
    );
  }
  const { lifetime = '3600s' } = JSON.parse(body) as { readonly lifetime?: string };
  const seconds = Number(/^(\d+)s$/.exec(lifetime)?.[1]);
  if (!(seconds >= 600 && seconds <= 3600))
    return iamRefusal(400, 'INVALID_ARGUMENT', 'The token lifetime is not allowed.');
  const expireTime = new Date(Date.now() + seconds * 1000).toISOString();
  return { status: 200, body: { accessToken: `ya29.account-for-${subject}`, expireTime } };
};

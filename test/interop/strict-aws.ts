import { randomBytes } from 'node:crypto';
import { type CloudHost, type CloudQuestion, type CloudReply, keysOfIssuer, startCloudHost } from './cloud-host.ts';
import { awsVerdict } from './clouds.ts';
import { readToken } from './profile.ts';

/** An account with one identity provider and one role: what an administrator set up, and may set up anew. */
export interface AwsAccount {
  /** The provider's URL, and its client IDs. */
  issuer: string;
  /** Where that URL leads, where it is not reached as it stands. */
  keysAt?: string;
  clientIds: readonly string[];
  roleArn: string;
  /** The role's conditions. `sub` is for StringLike; several are alternatives. */
  audience: string;
  subject: string | readonly string[];
  maxSessionDuration: number;
  /** The role's trust policy has sts:TagSession. */
  mayTag: boolean;
  /** Seconds by which the clock of AWS is ahead of ours. */
  clockAhead: number;
}

export interface StrictAws extends CloudHost {
  readonly account: AwsAccount;
}

interface Session {
  readonly secretAccessKey: string;
  readonly token: string;
  readonly arn: string;
  readonly expires: number;
}

class Refused extends Error {
  readonly reply: { readonly status: number; readonly code: string };

  constructor(status: number, code: string, message: string) {
    super(message);
    this.reply = { status, code };
  }
}

const demand = (holds: boolean, status: number, code: string, message: string): void => {
  if (!holds) throw new Refused(status, code, message);
};

const NOT_AUTHORIZED = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';

/** AWS STS, as strict as anybody has seen it: it knows the issuer's URL, and nothing else of us. */
export const startStrictAws = async (account: AwsAccount): Promise<StrictAws> => {
  const sessions = new Map<string, Session>();
  const host = await startCloudHost(async (question) => {
    const form = new URLSearchParams(question.body);
    const action = form.get('Action') ?? '';
    try {
      if (action === 'AssumeRoleWithWebIdentity') return reply(question, action, await assume(account, form, sessions));
      if (action === 'GetCallerIdentity') return reply(question, action, callerIdentity(question, sessions));
      throw new Refused(400, 'InvalidAction', `Could not find operation ${action}`);
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      return refusal(question, refused);
    }
  });
  return { ...host, account };
};

const assume = async (account: AwsAccount, form: URLSearchParams, sessions: Map<string, Session>) => {
  const [token, name, arn] = ['WebIdentityToken', 'RoleSessionName', 'RoleArn'].map((field) => form.get(field) ?? '');
  if (token === undefined || name === undefined || arn === undefined) throw new Error('never');
  const duration = Number(form.get('DurationSeconds') ?? 3600);
  const policies = [...form.keys()].filter((field) => /^PolicyArns\.member\.\d+\.arn$/.test(field));

  // 1. The request itself.
  demand(
    /^[\w+=,.@-]{2,64}$/.test(name),
    400,
    'ValidationError',
    "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint",
  );
  demand(arn.length >= 20 && arn.length <= 2048, 400, 'ValidationError', `${arn} is invalid`);
  demand(
    Number.isInteger(duration) && duration >= 900 && duration <= 43_200,
    400,
    'ValidationError',
    "Value at 'durationSeconds' failed to satisfy constraint",
  );
  demand(policies.length <= 10, 400, 'ValidationError', "Value at 'policyArns' failed to satisfy constraint");
  demand(
    /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token),
    400,
    'InvalidIdentityToken',
    'The ID Token provided is not a valid JWT.',
  );

  // 2. The token, with nothing but the URL of its issuer.
  const { claims } = readToken(token);
  demand(
    claims['iss'] === account.issuer,
    400,
    'InvalidIdentityToken',
    `No OpenIDConnect provider found in your account for ${claims['iss']}`,
  );
  const keys = await keysOfIssuer(account.issuer, account.keysAt);
  if (!keys)
    throw new Refused(
      400,
      'InvalidIdentityToken',
      "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  const verdict = awsVerdict(
    { jwt: token, keys, now: Math.floor(Date.now() / 1000) + account.clockAhead },
    account.clientIds,
  );
  demand(
    verdict !== 'ExpiredTokenException',
    400,
    'ExpiredTokenException',
    'Token expired: current date/time must be before the expiration date/time',
  );
  demand(verdict !== 'Incorrect token audience', 400, 'InvalidIdentityToken', 'Incorrect token audience');
  demand(verdict === undefined, 403, 'IDPRejectedClaim', verdict ?? '');

  // 3. The role's trust policy.
  const isLike = (pattern: string): boolean => {
    const parts = pattern.split('*').map((part) => RegExp.escape(part));
    return new RegExp(`^${parts.join('.*')}$`).test(String(claims['sub']));
  };
  const isTrusted =
    arn === account.roleArn && claims['aud'] === account.audience && [account.subject].flat().some(isLike);
  demand(isTrusted, 403, 'AccessDenied', NOT_AUTHORIZED);
  demand(account.mayTag || !('https://aws.amazon.com/tags' in claims), 403, 'AccessDenied', NOT_AUTHORIZED);
  const roles = claims['https://aws.amazon.com/roles'];
  demand(!Array.isArray(roles) || roles.includes(arn), 400, 'InvalidIdentityToken', 'Role is not listed in the token');
  demand(
    duration <= account.maxSessionDuration,
    400,
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  );

  const keyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
  const expires = Math.floor(Date.now() / 1000) + duration;
  const session: Session = {
    secretAccessKey: randomBytes(30).toString('base64'),
    token: randomBytes(60).toString('base64'),
    arn: `arn:aws:sts::111122223333:assumed-role/${arn.split('/').at(-1)}/${name}`,
    expires,
  };
  sessions.set(keyId, session);
  return {
    Credentials: {
      AccessKeyId: keyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.token,
      Expiration: expires,
    },
    SubjectFromWebIdentityToken: String(claims['sub']),
    AssumedRoleUser: { AssumedRoleId: `AROAX:${name}`, Arn: session.arn },
    Provider: account.issuer,
    Audience: String(claims['aud']),
  };
};

/** Signed requests are known by the key that they name and the session that goes with it. */
const callerIdentity = ({ headers }: CloudQuestion, sessions: ReadonlyMap<string, Session>) => {
  const keyId = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
  const session = sessions.get(keyId);
  if (!session || headers['x-amz-security-token'] !== session.token) {
    throw new Refused(403, 'InvalidClientTokenId', 'The security token included in the request is invalid');
  }
  demand(
    session.expires > Date.now() / 1000,
    403,
    'ExpiredToken',
    'The security token included in the request is expired',
  );
  return { Arn: session.arn, UserId: 'AROAX', Account: '111122223333' };
};

const wantsJson = ({ headers }: CloudQuestion): boolean => headers.accept === 'application/json';

const reply = (question: CloudQuestion, action: string, result: object): CloudReply => ({
  status: 200,
  body: wantsJson(question)
    ? { [`${action}Response`]: { [`${action}Result`]: result, ResponseMetadata: { RequestId: 'r' } } }
    : `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${xml(result)}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`,
});

const refusal = (question: CloudQuestion, { message, reply: { status, code } }: Refused): CloudReply => ({
  status,
  body: wantsJson(question)
    ? { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: 'r' }
    : `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
});

/** Times are numbers in JSON and texts in XML. */
const xml = (value: object): string =>
  Object.entries(value)
    .map(([name, inside]) => {
      if (typeof inside === 'object') return `<${name}>${xml(inside)}</${name}>`;
      const text =
        name === 'Expiration' ? new Date(Number(inside) * 1000).toISOString().replace('.000', '') : String(inside);
      return `<${name}>${escapeXml(text)}</${name}>`;
    })
    .join('');

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

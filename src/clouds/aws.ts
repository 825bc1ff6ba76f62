import { Secret } from '../secret.ts';
import { type EpochSeconds, readTime } from '../system.ts';
import { below, type CloudAnswer, type Clouds, FORM } from './clouds.ts';
import { type CloudRefusal, type Hints, isGranted, refusedBy, withoutCredentials } from './problem.ts';
import { memberAt, readJson, textAt } from './read-answer.ts';

/** The role to assume. What each member may be: AWS STS API reference, AssumeRoleWithWebIdentity. */
export interface AwsRole {
  readonly roleArn: string;
  readonly sessionName: string;
  /** 900 to 43,200, and not more than the role's own maximum. */
  readonly durationSeconds: number;
  /** Managed policies that narrow the session down: at most ten. */
  readonly policyArns: readonly string[];
}

export const AWS_DURATION = { shortest: 900, longest: 43_200 } as const;
export const AWS_MAX_POLICIES = 10;

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  /** Absent where that was not said. */
  readonly expires?: EpochSeconds;
}

const CLOUD = 'AWS STS';

/** Roles of another partition are known to the STS of that partition alone. */
const STS_OF_PARTITION: ReadonlyMap<string, string> = new Map([
  ['aws-cn', 'https://sts.cn-north-1.amazonaws.com.cn'],
  ['aws-us-gov', 'https://sts.us-gov-west-1.amazonaws.com'],
]);
const STS = 'https://sts.amazonaws.com';

/**
 * Turns an ID token into credentials of a role. AWS STS, AssumeRoleWithWebIdentity: unsigned, so no SDK is needed.
 *
 * The session's length does not depend on the token's. Throws `CloudProblem`.
 */
export const assumeRoleWithWebIdentity = async (
  { post, endpoints }: Clouds,
  token: Secret,
  role: AwsRole,
): Promise<AwsCredentials> => {
  const base = endpoints.awsSts ?? STS_OF_PARTITION.get(role.roleArn.split(':')[1] ?? '') ?? STS;
  const answer = await post({ url: below(base, '/'), headers: FORM, body: formOf(token, role).toString() });
  if (!isGranted(answer)) throw refusedBy(CLOUD, answer, refusalOf(answer), HINTS, [token]);
  return credentialsOf(answer);
};

const formOf = (token: Secret, { roleArn, sessionName, durationSeconds, policyArns }: AwsRole): URLSearchParams => {
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token.reveal(),
    DurationSeconds: String(durationSeconds),
  });
  policyArns.forEach((arn, index) => {
    form.set(`PolicyArns.member.${index + 1}.arn`, arn);
  });
  return form;
};

/** AWS answers in JSON, since that is what `accept` asks for; its XML comes from others that speak its protocol. */
const credentialsOf = (answer: CloudAnswer): AwsCredentials => {
  const json = memberAt(readJson(answer), 'AssumeRoleWithWebIdentityResponse', 'AssumeRoleWithWebIdentityResult');
  const read = (name: string): string => {
    const text = textAt(json, 'Credentials', name) ?? leafOf(answer.text, name);
    if (text === undefined) throw withoutCredentials(CLOUD, answer);
    return text;
  };
  const expires = endOf(memberAt(json, 'Credentials', 'Expiration') ?? leafOf(answer.text, 'Expiration'));
  return {
    accessKeyId: read('AccessKeyId'),
    secretAccessKey: new Secret(read('SecretAccessKey')),
    sessionToken: new Secret(read('SessionToken')),
    ...(expires !== undefined && { expires }),
  };
};

/** A number of seconds in JSON, a time in XML. */
const endOf = (value: unknown): EpochSeconds | undefined => {
  if (typeof value === 'string') return readTime(value);
  return typeof value === 'number' && Number.isFinite(value) ? Math.floor(value) : undefined;
};

const refusalOf = (answer: CloudAnswer): CloudRefusal => {
  const json = readJson(answer);
  const read = (name: string): string | undefined => textAt(json, 'Error', name) ?? leafOf(answer.text, name);
  return { code: read('Code'), message: read('Message') };
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of the first XML element of this name that has no others inside: AWS's answers nest no name in itself. */
const leafOf = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>([^<]{1,65536})</${name}>`).exec(xml)?.[1];
  return found?.trim().replace(/&(amp|lt|gt|quot|apos);/g, (_entity, short: string) => ENTITIES[short] ?? '');
};

const HINTS: Hints = [
  [
    /MaxSessionDuration/i,
    'Write a shorter "duration" (1h is what every role allows), or raise the role\'s maximum session duration in IAM.',
  ],
  [
    /^AccessDenied/,
    "The role's trust policy does not let this token in: compare its conditions on aud and sub with {claims}.",
  ],
  [
    /No OpenIDConnect provider found/i,
    "The account has no IAM identity provider for this issuer: its URL must be the token's iss, byte for byte.",
  ],
  [/audience/i, "List the token's aud as a client ID of the IAM identity provider."],
  [/verification key/i, 'AWS must reach the discovery document and the key set of the issuer from the internet.'],
  [/^InvalidIdentityToken/, 'Compare the IAM identity provider with {claims}: iss byte for byte, and aud.'],
  [/^ExpiredToken/, 'The clock of the server is behind by more than five minutes, or the login took too long.'],
  [/^IDPCommunicationError/, 'AWS could not reach the issuer just now; try again.'],
  [/^RegionDisabled/, 'STS is not active in that region: activate it in the account settings of IAM.'],
];

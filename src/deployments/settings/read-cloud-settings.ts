import { AWS_DURATION, AWS_MAX_POLICIES } from '../../clouds/aws.ts';
import { GOOGLE_LIFETIME } from '../../clouds/google.ts';
import { writeGoDuration } from '../../duration.ts';
import { problemWithAudience } from '../../tokens/draft.ts';
import { tagProblems } from './aws-tags.ts';
import type {
  AwsSettings,
  AzureSettings,
  CloudSettings,
  CloudSettingsOnWire,
  FieldProblem,
  GoogleSettings,
  TagClaim,
  VaultSettings,
} from './cloud-settings.ts';
import { type Fields, form, isAbsent, isObject, isUnset, openFields } from './fields.ts';
import { problemWithSessionName } from './session-name.ts';

/**
 * Reads `operationContext.oidc`, or says everything that is wrong with it; `at` stands before every path.
 *
 * Absent, `null` and the empty text are the same; a cloud of which nothing is set is not set at all. Contract section
 * 1.7; bounds: the APIs of the clouds.
 */
export const readCloudSettings = (
  json: unknown,
  at: string,
): { readonly settings: CloudSettings } | { readonly problems: readonly FieldProblem[] } => {
  if (isAbsent(json)) return { settings: {} };
  const problems: FieldProblem[] = [];
  if (!isObject(json)) return { problems: [{ path: at, kind: 'invalid', problem: 'must be an object' }] };
  const clouds = openFields(json, at, ['aws', 'azure', 'gcp', 'vault'], problems);
  const read = <T>(name: string, members: readonly string[], of: (fields: Fields) => T): T | undefined => {
    const cloud = json[name];
    if (isAbsent(cloud) || isUnset(cloud)) return undefined;
    if (isObject(cloud)) return of(openFields(cloud, `${at}.${name}`, members, problems));
    clouds.complain([name], 'must be an object');
    return undefined;
  };
  const aws = read('aws', AWS_MEMBERS, readAws);
  const azure = read('azure', AZURE_MEMBERS, readAzure);
  const gcp = read('gcp', GOOGLE_MEMBERS, readGoogle);
  const vault = read('vault', VAULT_MEMBERS, readVault);
  if (problems.length > 0) return { problems };
  return { settings: { ...(aws && { aws }), ...(azure && { azure }), ...(gcp && { gcp }), ...(vault && { vault }) } };
};

/** Undoes `readCloudSettings`. */
export const writeCloudSettings = ({ aws, azure, gcp, vault }: CloudSettings): CloudSettingsOnWire => ({
  ...(aws && { aws: writeAws(aws) }),
  ...(azure && { azure }),
  ...(gcp && { gcp: writeGoogle(gcp) }),
  ...(vault && { vault }),
});

const AWS_MEMBERS = [
  'roleArn',
  'sessionName',
  'duration',
  'policyArns',
  'pinRole',
  'sourceIdentity',
  'tags',
  'transitiveTags',
  'audience',
];
const AZURE_MEMBERS = ['clientId', 'tenantId', 'subscriptionId', 'audience'];
const GOOGLE_MEMBERS = [
  'projectId',
  'workloadPoolId',
  'providerId',
  'serviceAccount',
  'region',
  'tokenLifetime',
  'mapsSubject',
  'audience',
];
const VAULT_MEMBERS = ['address', 'role', 'mount', 'namespace', 'audience'];

/** IAM API reference: ARNs have 20 to 2,048 characters; paths and names take these. */
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/;
const POLICY_ARN = /^arn:aws[a-z-]*:iam::(?:aws|\d{12}):policy\/[\w+=,.@/-]{1,640}$/;

const readAws = (fields: Fields): AwsSettings => {
  const duration = fields.duration('duration', AWS_DURATION, 'must be from 15m to 12h');
  const sourceIdentity = fields.text('sourceIdentity', problemWithSessionName);
  const entries = fields.entries('tags', 50);
  const transitiveTags = fields.texts('transitiveTags', 50, () => undefined);
  for (const { path, problem } of tagProblems(entries, transitiveTags)) fields.complain(path, problem);
  return {
    roleArn: fields.requiredText(
      'roleArn',
      form(ROLE_ARN, 'must be the ARN of a role, such as arn:aws:iam::123456789012:role/deploy'),
    ),
    sessionName: fields.requiredText('sessionName', problemWithSessionName),
    ...(duration !== undefined && { duration }),
    policyArns: fields.texts(
      'policyArns',
      AWS_MAX_POLICIES,
      form(POLICY_ARN, 'must be the ARN of a policy, such as arn:aws:iam::aws:policy/ReadOnlyAccess'),
    ),
    pinRole: fields.flag('pinRole') ?? false,
    ...(sourceIdentity !== undefined && { sourceIdentity }),
    tags: Object.fromEntries(entries) as Record<string, TagClaim>,
    transitiveTags,
    ...audienceOf(fields, 255),
  };
};

const GUID = form(
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'must be a GUID, such as 01234567-89ab-cdef-0123-456789abcdef',
);

const readAzure = (fields: Fields): AzureSettings => {
  const clientId = fields.text('clientId', GUID);
  const tenantId = fields.text('tenantId', GUID);
  const subscriptionId = fields.text('subscriptionId', GUID);
  return {
    ...(clientId !== undefined && { clientId }),
    ...(tenantId !== undefined && { tenantId }),
    ...(subscriptionId !== undefined && { subscriptionId }),
    ...audienceOf(fields, 512),
  };
};

const RESOURCE_ID = form(/^[a-z0-9-]{4,32}$/, 'must be 4 to 32 characters of a-z, 0-9 and "-"');
const SERVICE_ACCOUNT = /^[a-z0-9][a-z0-9._-]{0,99}@[a-z0-9][a-z0-9.-]{0,99}\.gserviceaccount\.com$/;

const readGoogle = (fields: Fields): GoogleSettings => {
  const region = fields.text('region', form(/^[a-z0-9-]{1,40}$/, 'must be the name of a region'));
  const tokenLifetime = fields.duration('tokenLifetime', GOOGLE_LIFETIME, 'must be from 10m to 12h');
  return {
    projectId: fields.requiredText(
      'projectId',
      form(
        /^[1-9]\d{0,18}$/,
        "must be the project's number: gcloud projects describe ID --format='value(projectNumber)'",
      ),
    ),
    workloadPoolId: fields.requiredText('workloadPoolId', RESOURCE_ID),
    providerId: fields.requiredText('providerId', RESOURCE_ID),
    serviceAccount: fields.requiredText(
      'serviceAccount',
      form(SERVICE_ACCOUNT, 'must be the e-mail address of a service account, ending in .gserviceaccount.com'),
    ),
    ...(region !== undefined && { region }),
    ...(tokenLifetime !== undefined && { tokenLifetime }),
    mapsSubject: fields.flag('mapsSubject') ?? false,
    ...audienceOf(fields, 256),
  };
};

const ADDRESS = /^https?:\/\/[^/?#@\\\s]+\/?$/i;
const MOUNT = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9._-]{1,64}(?:\/[A-Za-z0-9._-]{1,64}){0,7}$/;
const PRINTABLE = /^[^\s\p{Cc}]{1,256}$/u;

const readVault = (fields: Fields): VaultSettings => {
  const namespace = fields.text('namespace', form(PRINTABLE, 'must be 1 to 256 characters without white space'));
  return {
    address: fields
      .requiredText('address', (text) =>
        ADDRESS.test(text) && URL.canParse(text)
          ? undefined
          : 'must be http:// or https:// and a host, perhaps with a port, and no path',
      )
      .replace(/\/$/, ''),
    role: fields.requiredText('role', form(PRINTABLE, 'must be 1 to 256 characters without white space')),
    mount: fields.text('mount', form(MOUNT, 'must be the path at which the auth method is mounted')) ?? 'jwt',
    ...(namespace !== undefined && { namespace }),
    ...audienceOf(fields, 512),
  };
};

/** `longest`: what the cloud takes in characters. */
const audienceOf = (fields: Fields, longest: number): { readonly audience?: string } => {
  const audience = fields.text(
    'audience',
    (text) =>
      problemWithAudience(text) ?? (text.length > longest ? `must have at most ${longest} characters` : undefined),
  );
  return audience === undefined ? {} : { audience };
};

const writeAws = (aws: AwsSettings): NonNullable<CloudSettingsOnWire['aws']> => ({
  roleArn: aws.roleArn,
  sessionName: aws.sessionName,
  ...(aws.duration !== undefined && { duration: writeGoDuration(aws.duration) }),
  ...(aws.policyArns.length > 0 && { policyArns: aws.policyArns }),
  ...(aws.pinRole && { pinRole: true }),
  ...(aws.sourceIdentity !== undefined && { sourceIdentity: aws.sourceIdentity }),
  ...(Object.keys(aws.tags).length > 0 && { tags: aws.tags }),
  ...(aws.transitiveTags.length > 0 && { transitiveTags: aws.transitiveTags }),
  ...(aws.audience !== undefined && { audience: aws.audience }),
});

const writeGoogle = ({
  tokenLifetime,
  mapsSubject,
  ...google
}: GoogleSettings): NonNullable<CloudSettingsOnWire['gcp']> => ({
  ...google,
  ...(tokenLifetime !== undefined && { tokenLifetime: writeGoDuration(tokenLifetime) }),
  ...(mapsSubject && { mapsSubject }),
});

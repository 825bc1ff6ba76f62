import type { AwsCredentials, AwsRole } from '../clouds/aws.ts';
import type { CloudEndpoints } from '../clouds/clouds.ts';
import { GOOGLE_IAM_CREDENTIALS, GOOGLE_STS, resourceNameOf } from '../clouds/google.ts';
import type { Secret } from '../secret.ts';
import type { IdToken } from './id-token.ts';
import type { AzureClient, GoogleAccount, VaultRole } from './targets.ts';

/** A token that stands in a file, under this path, for as long as the command runs. */
export interface TokenFile {
  readonly path: string;
}

/** All that a run has come to hold for its command. */
export interface Credentials {
  /** For whoever knows what to do with it. */
  readonly token: IdToken;
  readonly aws?:
    | { readonly kind: 'keys'; readonly role: AwsRole; readonly keys: AwsCredentials }
    | ({ readonly kind: 'file'; readonly role: AwsRole } & TokenFile);
  readonly azure?: { readonly client: AzureClient; readonly token: IdToken } & TokenFile;
  readonly google?: { readonly account: GoogleAccount; readonly configPath: string } & TokenFile;
  readonly vault?: { readonly role: VaultRole; readonly token: Secret };
}

/** Where the command asks for ID tokens by itself: the protocol of GitHub Actions. */
export interface TokenRequests {
  /** With a query already in it, so that clients may append to it. */
  readonly url: string;
  readonly token: Secret;
}

export interface PublishWish {
  readonly requests: TokenRequests;
  /** Replace also the request variables of the GitHub job that we may be in. */
  readonly asActions: boolean;
  readonly endpoints: Pick<CloudEndpoints, 'googleSts' | 'googleIamCredentials'>;
  /** Variables that are set already. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
}

/** What credentials are as variables. */
export interface Published {
  readonly set: Readonly<Record<string, string>>;
  /** Variables that would be taken in the place of ours. */
  readonly unset: readonly string[];
}

/**
 * What the command finds in its environment: the names that the SDKs and providers of each cloud read by themselves.
 *
 * Contract sections 1.6 and 1.7, and what `docs/exec.md` lists. Whatever would come before these names in the search
 * of a stock SDK, or belongs to other credentials, is unset.
 */
export const publishedBy = (credentials: Credentials, wish: PublishWish): Published => {
  const { token, aws, azure, google, vault } = credentials;
  const parts: readonly Published[] = [
    { set: { PULUMI_OIDC_TOKEN: token.text.reveal() }, unset: [] },
    ...(aws ? [forAws(aws)] : []),
    ...(azure ? [forAzure(azure, wish)] : []),
    ...(google ? [forGoogle(google, wish)] : []),
    ...(vault ? [forVault(vault)] : []),
    forRequests(wish),
  ];
  const set = Object.assign({}, ...parts.map((part) => part.set)) as Record<string, string>;
  return { set, unset: parts.flatMap(({ unset }) => unset).filter((name) => !(name in set)) };
};

const AWS_NAMES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
] as const;

const forAws = (aws: NonNullable<Credentials['aws']>): Published => ({
  set:
    aws.kind === 'keys'
      ? {
          AWS_ACCESS_KEY_ID: aws.keys.accessKeyId,
          AWS_SECRET_ACCESS_KEY: aws.keys.secretAccessKey.reveal(),
          AWS_SESSION_TOKEN: aws.keys.sessionToken.reveal(),
        }
      : {
          AWS_WEB_IDENTITY_TOKEN_FILE: aws.path,
          AWS_ROLE_ARN: aws.role.roleArn,
          AWS_ROLE_SESSION_NAME: aws.role.sessionName,
        },
  unset: AWS_NAMES,
});

const AZURE_RIVALS = [
  'ARM_CLIENT_SECRET',
  'ARM_CLIENT_CERTIFICATE',
  'ARM_CLIENT_CERTIFICATE_PATH',
  'ARM_CLIENT_CERTIFICATE_PASSWORD',
  'ARM_OIDC_TOKEN_FILE_PATH',
  'ARM_USE_MSI',
  'ARM_USE_AKS_WORKLOAD_IDENTITY',
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PATH',
  'AZURE_USERNAME',
  'AZURE_PASSWORD',
] as const;

const forAzure = (
  { client, token, path }: NonNullable<Credentials['azure']>,
  { requests }: Pick<PublishWish, 'requests'>,
): Published => {
  const { clientId, tenantId, subscriptionId } = client;
  return {
    set: {
      ARM_USE_OIDC: 'true',
      ...named('ARM_CLIENT_ID', clientId),
      ...named('ARM_TENANT_ID', tenantId),
      ...named('ARM_SUBSCRIPTION_ID', subscriptionId),
      ARM_OIDC_TOKEN: token.text.reveal(),
      // With its audience: the Azure providers add Microsoft's own where there is none, and v1 may not give that.
      ARM_OIDC_REQUEST_URL: `${requests.url}&target=azure&audience=${encodeURIComponent(token.aud)}`,
      ARM_OIDC_REQUEST_TOKEN: requests.token.reveal(),
      ...named('AZURE_CLIENT_ID', clientId),
      ...named('AZURE_TENANT_ID', tenantId),
      AZURE_FEDERATED_TOKEN_FILE: path,
    },
    unset: AZURE_RIVALS,
  };
};

const GOOGLE_RIVALS = [
  'GOOGLE_OAUTH_ACCESS_TOKEN',
  'GOOGLE_CLOUD_KEYFILE_JSON',
  'GCLOUD_KEYFILE_JSON',
  'GOOGLE_IMPERSONATE_SERVICE_ACCOUNT',
] as const;

const forGoogle = (google: NonNullable<Credentials['google']>, { endpoints }: Pick<PublishWish, 'endpoints'>) => ({
  set: {
    GOOGLE_APPLICATION_CREDENTIALS: google.configPath,
    GOOGLE_CREDENTIALS: googleConfig(google.account, { file: google.path }, endpoints),
  },
  unset: GOOGLE_RIVALS,
});

/** Vault's own server too: a token is never sent to another one. */
const forVault = ({ role: { server }, token }: NonNullable<Credentials['vault']>): Published => ({
  set: {
    VAULT_TOKEN: token.reveal(),
    VAULT_ADDR: server.address,
    ...named('VAULT_NAMESPACE', server.namespace),
  },
  unset: ['VAULT_NAMESPACE'],
});

const forRequests = ({ requests, asActions, inherited }: PublishWish): Published => {
  const [url, token] = [requests.url, requests.token.reveal()];
  const given = inherited['ACTIONS_ID_TOKEN_REQUEST_URL'];
  // In a command of another run of ours they are that run's.
  const isInJob = Boolean(given) && given !== inherited['RUNPASS_ID_TOKEN_REQUEST_URL'];
  return {
    set: {
      RUNPASS_ID_TOKEN_REQUEST_URL: url,
      RUNPASS_ID_TOKEN_REQUEST_TOKEN: token,
      ...((asActions || !isInJob) && { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token }),
    },
    unset: [],
  };
};

/**
 * How Google's libraries get from a file of ours to an access token: an external-account configuration, as text.
 *
 * It holds no secret.
 */
export const googleConfig = (
  { provider, serviceAccount, tokenLifetime }: GoogleAccount,
  credentialSource: { readonly file: string },
  endpoints: PublishWish['endpoints'],
): string => {
  const sts = endpoints.googleSts ?? GOOGLE_STS;
  const iam = endpoints.googleIamCredentials ?? GOOGLE_IAM_CREDENTIALS;
  const url = `${iam}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
  return JSON.stringify({
    type: 'external_account',
    audience: resourceNameOf(provider),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${sts}/v1/token`,
    credential_source: { ...credentialSource, format: { type: 'text' } },
    service_account_impersonation_url: url,
    ...(tokenLifetime !== undefined && {
      service_account_impersonation: { token_lifetime_seconds: tokenLifetime },
    }),
  });
};

const named = (name: string, value: string | undefined): Readonly<Record<string, string>> =>
  value === undefined ? {} : { [name]: value };

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the contract, not of this language
import { fileURLToPath } from 'node:url';
import { type ExecDesk, makeExecDesk } from '../cli/exec-desk.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { CERTIFICATE_FILE } from './cloud-host.ts';
import { type StrictAws, startStrictAws } from './strict-aws.ts';
import { type StrictEntra, startStrictEntra } from './strict-entra.ts';
import { type StrictGoogle, startStrictGoogle } from './strict-google.ts';
import { type StrictVault, startStrictVault } from './strict-vault.ts';

const ROLE = 'arn:aws:iam::111122223333:role/deploy';
export const SUBJECT = 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write';
const [CLIENT, TENANT, SUBSCRIPTION] = ['2', '1', '3'].map(
  (digit) => `${digit.repeat(8)}-1111-4111-8111-${digit.repeat(12)}`,
);
const ACCOUNT = 'deploy@core-123456.iam.gserviceaccount.com';

/** Settings of the stack for three of them. */
export const OIDC = {
  aws: { roleArn: ROLE, sessionName: 'core-${stack.name}-${deployment.version}' },
  azure: { clientId: CLIENT, tenantId: TENANT, subscriptionId: SUBSCRIPTION },
  gcp: { projectId: '951040570662', workloadPoolId: 'the-pool', providerId: 'the-provider', serviceAccount: ACCOUNT },
};

/** Programs that know a cloud's own SDK, and nothing of us. */
export type Stock = 'aws' | 'azure' | 'google';
export const stockProgram = (cloud: Stock): string => fileURLToPath(new URL(`stock/${cloud}.ts`, import.meta.url));

/** A real server, and four clouds that trust it by nothing but the URL of its issuer. */
export interface CloudWorld {
  readonly server: TestServer;
  readonly aws: StrictAws;
  readonly entra: StrictEntra;
  readonly google: StrictGoogle;
  readonly vault: StrictVault;
  readonly desk: ExecDesk;
  /** Where the clouds are, as the SDKs are told it. */
  readonly places: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export const openCloudWorld = async (): Promise<CloudWorld> => {
  const server = await startTestServer();
  const issuer = server.settings.issuers.v1.url;
  const aws = await startStrictAws({
    issuer,
    clientIds: ['acme'],
    roleArn: ROLE,
    audience: 'acme',
    subject: SUBJECT.replace('operation:update', 'operation:*'),
    maxSessionDuration: 3600,
    mayTag: false,
    clockAhead: 0,
  });
  const entra = await startStrictEntra({
    tenantId: TENANT ?? '',
    clientId: CLIENT ?? '',
    credential: { issuer, subject: SUBJECT, audience: 'acme' },
  });
  const google = await startStrictGoogle({
    audience:
      '//iam.googleapis.com/projects/951040570662/locations/global/workloadIdentityPools/the-pool/providers/the-provider',
    provider: { issuer, allowedAudiences: ['acme'] },
    serviceAccount: ACCOUNT,
    workloadIdentityUser: SUBJECT,
  });
  const vault = await startStrictVault({
    issuer,
    role: 'deployer',
    boundAudiences: ['acme'],
    boundSubject: SUBJECT,
    lease: 3600,
  });
  const places = {
    AWS_ENDPOINT_URL_STS: aws.url,
    AWS_REGION: 'eu-west-1',
    AZURE_AUTHORITY_HOST: entra.url,
    NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE,
    RUNPASS_GOOGLE_STS_URL: google.url,
    RUNPASS_GOOGLE_IAM_CREDENTIALS_URL: google.url,
    // Else Google's library asks for it at an address that nobody can move.
    GOOGLE_CLOUD_PROJECT: 'core-123456',
  };
  const desk = makeExecDesk(server, places);
  return {
    server,
    aws,
    entra,
    google,
    vault,
    desk,
    places,
    async stop() {
      desk.remove();
      await Promise.all([server, aws, entra, google, vault].map((part) => part.stop()));
    },
  };
};

/** The SDK of a cloud inside of exec. */
export const stockInExec = (desk: ExecDesk, cloud: Stock, args: readonly string[] = []) =>
  desk.run(args, [process.execPath, stockProgram(cloud)]);

/** Something is set up otherwise, for a while. */
export const changed = async <T extends object>(
  target: T,
  change: Partial<T>,
  work: () => Promise<void>,
): Promise<void> => {
  const before = { ...target };
  Object.assign(target, change);
  await work().finally(() => Object.assign(target, before));
};

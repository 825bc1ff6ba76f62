import type { CloudSettings, GoogleSettings, Target } from './cloud-settings.ts';

/**
 * The audience of a v2 token for a target where the run asks for none; `undefined` where nothing says it.
 *
 * On v1 the audience is the organization, whatever the target.
 */
export const audienceAt = (target: Target, clouds: CloudSettings, organization: string): string | undefined => {
  switch (target) {
    case 'aws':
      return clouds.aws?.audience ?? 'sts.amazonaws.com';
    case 'azure':
      return clouds.azure?.audience ?? 'api://AzureADTokenExchange';
    case 'google':
      return clouds.gcp && (clouds.gcp.audience ?? providerName(clouds.gcp));
    case 'vault':
      return clouds.vault?.audience ?? `vault:${organization}`;
  }
};

/** The provider's resource name, which it takes as an audience where it lists none. Google Cloud IAM. */
const providerName = ({ projectId, workloadPoolId, providerId }: GoogleSettings): string =>
  `https://iam.googleapis.com/projects/${projectId}/locations/global/workloadIdentityPools/${workloadPoolId}/providers/${providerId}`;

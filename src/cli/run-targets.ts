import type { CloudSettingsOnWire } from '../deployments/settings/cloud-settings.ts';
import { readGoDuration } from '../duration.ts';
import type { Targets } from '../runner/targets.ts';
import { isLoopbackHost } from '../settings/rules.ts';

import { failed } from './failure.ts';

const AWS_DURATION = 3600;

/** The clouds of a run, of what the server answered when it started: `operationContext.oidc`, checked there. */
export const targetsOf = ({ aws, azure, gcp, vault }: CloudSettingsOnWire): Targets => ({
  ...(aws && {
    aws: {
      roleArn: aws.roleArn,
      sessionName: aws.resolvedSessionName ?? aws.sessionName,
      durationSeconds: secondsOf(aws.duration) ?? AWS_DURATION,
      policyArns: aws.policyArns ?? [],
    },
  }),
  ...(azure && { azure }),
  ...(gcp && {
    google: {
      provider: { project: gcp.projectId, location: 'global', pool: gcp.workloadPoolId, provider: gcp.providerId },
      serviceAccount: gcp.serviceAccount,
      ...withLifetime(secondsOf(gcp.tokenLifetime)),
    },
  }),
  ...(vault && {
    vault: {
      server: { address: guarded(vault.address), ...(vault.namespace !== undefined && { namespace: vault.namespace }) },
      mount: vault.mount,
      role: vault.role,
    },
  }),
});

const withLifetime = (tokenLifetime: number | undefined) => (tokenLifetime === undefined ? {} : { tokenLifetime });

const secondsOf = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : readGoDuration(duration);

/** A token is sent there, and comes from there. */
const guarded = (address: string): string => {
  const url = URL.parse(address);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))) return address;
  throw failed(
    'The settings of the stack name a Vault server without TLS: a token is not sent there.',
    'write its https: address into the settings',
  );
};

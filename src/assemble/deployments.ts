import { openAgentPools } from '../deployments/agent-pool-records.ts';
import { openDeploymentLogs } from '../deployments/deployment-log.ts';
import { openDeploymentQueue } from '../deployments/deployment-queue.ts';
import { openDeployments } from '../deployments/deployment-records.ts';
import type { DeploymentParts } from '../flows/deployment-parts.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../store/store.ts';
import type { System } from '../system.ts';

/** Everything that is stored of deployments. */
export type StoredDeployments = Pick<
  DeploymentParts,
  'deployments' | 'deploymentLogs' | 'deploymentQueue' | 'agentPools'
>;

export const openStoredDeployments = (
  store: Store,
  { clock }: Pick<System, 'clock'>,
  { retention: { finishedRuns: retention }, runs: { maxDuration } }: Pick<Settings, 'retention' | 'runs'>,
): StoredDeployments => ({
  deployments: openDeployments({ store, retention, maxDuration }),
  deploymentLogs: openDeploymentLogs(store, clock, retention),
  deploymentQueue: openDeploymentQueue(store),
  agentPools: openAgentPools(store, clock),
});
